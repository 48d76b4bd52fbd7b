package hub

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"unicode/utf8"

	"hearsay/hub/store"
	"hearsay/hub/wire"
)

// TestSystem tells the hub's own player what it understands, and what it does not.
func TestSystem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, Options{Limits: unlimited()})
		s := w.join(w.game("Alpha"), `,"players":["Ann"]`)
		s.fence() // its first heartbeat has said that nobody is on
		s.ask(wire.PlayersSignIn, `{"name":"Ann"}`)
		told := func(message string) string {
			t.Helper()
			answer := s.ask(wire.TellsSend, fmt.Sprintf(`{"from_name":"ann","to_game":"hearsay","to_name":"System","message":%q}`, message))
			if !succeeded(answer) {
				t.Fatal(answer)
			}
			f := conform(t, s.next())
			for f.Event != wire.TellsReceive { // notices of who came may come after the answer
				f = conform(t, s.next())
			}
			var p wire.ReceivePayload
			if err := json.Unmarshal(f.Payload, &p); err != nil || p.FromGame != "Hearsay" || p.FromName != "system" || p.ToName != "ann" {
				t.Fatalf("got %+v, %v", f, err)
			}
			return p.Message
		}
		const unknown = "I am Hearsay, the hub of this network, not a person. I understand: register KEY, help, who."
		equal(t, "anything", told("Are you there?"), unknown)
		equal(t, "more than a word", told("who are you"), unknown)
		equal(t, "help", told(" HELP "), "Tell me: register KEY, with the key that your profile shows, and this character is yours once you approve it there; "+
			"who, and I say who is on elsewhere, game by game; help, and I say this.")
		equal(t, "alone", told("who"), "No other game is online now.")

		beta := w.join(w.game("Beta"), "")
		beta.ask(wire.PlayersSignIn, `{"name":"Bob"}`)
		beta.ask(wire.PlayersSignIn, `{"name":"Eve"}`)
		w.join(w.game("Gamma"), "")
		hidden := w.join(w.gameWith(store.Game{ShortName: "Hidden", Name: "Hidden"}), "")
		hidden.ask(wire.PlayersSignIn, `{"name":"Mole"}`)
		equal(t, "with others", told("Who"), "Elsewhere: Beta (Bob, Eve), Gamma (nobody).")

		for i := range 60 {
			beta.ask(wire.PlayersSignIn, fmt.Sprintf(`{"name":"%s%d"}`, strings.Repeat("b", 20), i))
		}
		l := *unlimited()
		l.MaxText = 1000
		w.SetLimits(l)
		equal(t, "when the first game alone is too much", told("who"), "Elsewhere 2 games are online.")
		for i := range 200 {
			w.join(w.game(fmt.Sprintf("Aaa%d", i)), "")
		}
		text := told("who")
		if n := utf8.RuneCountInString(text); n > 1000 || n < 900 || !strings.HasPrefix(text, "Elsewhere: Aaa0 (nobody), ") || !strings.HasSuffix(text, " more.") {
			t.Errorf("with many games: %d characters, %q", n, text)
		}
	})
}
