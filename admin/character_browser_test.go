package admin_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"hearsay/hub/hubtest"
	"hearsay/hub/store"
	"hearsay/hub/wire"
)

// A registrar is a game on the socket that has Bob register, and hears what comes of it.
type registrar struct {
	*hubtest.Socket
	t *testing.T
}

func (s *site) registrar(t *testing.T, c store.Credential) registrar {
	t.Helper()
	socket, err := hubtest.Dial(t.Context(), strings.Replace(s.URL, "http", "ws", 1)+"/socket")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { socket.Conn.CloseNow() })
	if err := socket.Authenticate(t.Context(), c, map[string]any{
		"supports": []string{"channels", "players", "tells", "characters"}, "players": []string{"Bob"},
	}); err != nil {
		t.Fatal(err)
	}
	return registrar{socket, t}
}

func (g registrar) tell(message string) {
	g.t.Helper()
	payload := map[string]string{"from_name": "Bob", "to_game": "Hearsay", "to_name": "system", "message": message}
	if err := g.Send(g.t.Context(), wire.TellsSend, nil, payload); err != nil {
		g.t.Fatal(err)
	}
}

// hears waits until the game has heard that of the character, and Bob has been told that.
func (g registrar) hears(changed, told string) {
	g.t.Helper()
	for changed != "" || told != "" {
		f, err := g.Read(g.t.Context())
		if err != nil {
			g.t.Fatalf("it never hears %q and %q: %v", changed, told, err)
		}
		var p struct {
			wire.Character
			Message string
		}
		_ = json.Unmarshal(f.Payload, &p) // other frames are no matter
		switch {
		case f.Event == wire.CharactersChanged && fmt.Sprint(p.Name, p.Registered, p.Approved, p.Username) == changed:
			changed = ""
		case f.Event == wire.TellsReceive && strings.Contains(p.Message, told):
			told = ""
		}
	}
}

// The whole way of a character: the key is told in a game, the person approves in the
// browser, everybody sees it, and an operator vetoes it.
func TestCharacters_inBrowser(t *testing.T) {
	t.Parallel() // most of the time is waiting
	s := newSite(t)
	s.user(t, store.Admin)
	s.user(t, store.Person)
	game := s.registrar(t, s.openGame(t, "Alpha"))

	b := s.tab(t)
	b.signIn(t, string(store.Person))
	b.Open(t, "/characters")
	b.Await(t, "#mine", "None yet.")
	words := b.Text(t, "#key .address code")
	game.tell("register 7K3M-Q9TX-2BWD")
	game.hears("", "There is no such key")
	game.tell(strings.ToUpper(strings.ReplaceAll(words, " ", "   ")))
	game.hears(fmt.Sprint("Bob", true, false, ""), "Bob of Alpha waits for you")
	b.Await(t, "#mine", "Is that you?")
	b.Await(t, "#mine", "Bob Alpha MUD")
	if next := b.Text(t, "#key .address code"); next == words {
		t.Errorf("the page shows a key that is used up: %s", next)
	}
	b.Press(t, "Approve")
	b.See(t, "Bob of Alpha MUD is approved")
	game.hears(fmt.Sprint("Bob", true, true, "person"), "Bob is approved")
	b.Open(t, "/people/person")
	b.See(t, "Bob of Alpha MUD")
	b.Open(t, "/characters")
	b.Await(t, "#mine", "Approved")

	operator := s.tab(t)
	operator.signIn(t, string(store.Admin))
	operator.Open(t, "/admin/games/Alpha")
	operator.Press(t, "Characters")
	operator.Press(t, "Bob")
	operator.Fill(t, "reason", "Bob is a monster of the game")
	operator.Press(t, "Veto Bob")
	operator.See(t, "Vetoed Bob")
	game.hears(fmt.Sprint("Bob", true, false, ""), "has vetoed that Bob is your character on this network: Bob is a monster of the game")
	b.Await(t, "#mine", "Bob is a monster of the game") // by itself
	b.Open(t, "/people/person")
	b.See(t, "person shows none.")

	operator.Press(t, "Lift the veto")
	operator.See(t, "Bob is approved again")
	game.hears(fmt.Sprint("Bob", true, true, "person"), "The veto is lifted")
	b.Open(t, "/characters")
	b.Press(t, "Withdraw")
	b.See(t, "Withdraw Bob of Alpha MUD?")
	b.Press(t, "Withdraw it")
	b.See(t, "Bob of Alpha MUD is withdrawn.")
	game.hears(fmt.Sprint("Bob", false, false, ""), "")
	b.Open(t, "/people/person")
	b.See(t, "person shows none.")
}
