package hub

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hearsay/hub/store"
	"hearsay/hub/wire"
)

const characterSupports = `["channels","players","tells","characters"]`

// person adds somebody who can have characters.
func (w *world) person(username string) store.User {
	w.t.Helper()
	u, err := w.st.InviteUser(w.t.Context(), store.User{Username: username, Role: store.Moderator})
	w.do(err)
	return u
}

// key gives a person's open key.
func (w *world) key(u store.User) string {
	w.t.Helper()
	k, err := w.st.RegistrationKey(w.t.Context(), u.ID, time.Now())
	w.do(err)
	return k.Key
}

// openGame adds a game that lets characters be registered.
func (w *world) openGame(shortName string) store.Credential {
	w.t.Helper()
	return w.gameWith(store.Game{ShortName: shortName, Name: shortName + " MUD", Display: true, AllowCharacterRegistration: true})
}

// joinAs is join with those flags; players are signed in.
func (w *world) joinAs(c store.Credential, supports string, players ...string) *socket {
	w.t.Helper()
	s := w.dial()
	s.joinWith(credentials(c, supports, ""))
	s.fence()
	s.signIn(players...)
	return s
}

func (s *socket) signIn(players ...string) {
	s.t.Helper()
	for _, name := range players {
		s.ask(wire.PlayersSignIn, fmt.Sprintf(`{"name":%q}`, name))
	}
}

// tellsHub tells the hub something, and gives its answer.
func (s *socket) tellsHub(player, message string) string {
	s.t.Helper()
	if answer := s.ask(wire.TellsSend, fmt.Sprintf(`{"from_name":%q,"to_game":"Hearsay","to_name":"system","message":%q}`, player, message)); !succeeded(answer) {
		s.t.Fatal(answer)
	}
	return s.told(player)
}

// told waits for a tell of the hub, and passes over what comes before.
func (s *socket) told(player string) string {
	s.t.Helper()
	for {
		f := conform(s.t, s.next())
		if f.Event != wire.TellsReceive {
			continue
		}
		var p wire.ReceivePayload
		if err := json.Unmarshal(f.Payload, &p); err != nil || p.FromName != systemPlayer || p.ToName != player {
			s.t.Fatalf("got %+v, %v", p, err)
		}
		return p.Message
	}
}

// characterNews gives what came on the socket, each tell and notice in a few words, sorted.
func (s *socket) characterNews() (all []string) {
	s.t.Helper()
	synctest.Wait()
	for _, text := range s.texts() {
		f := conform(s.t, text)
		var p struct {
			wire.Character
			Message string
		}
		if err := json.Unmarshal(f.Payload, &p); err != nil {
			s.t.Fatal(err)
		}
		switch f.Event {
		case wire.CharactersChanged:
			all = append(all, fmt.Sprintf("%s %t %t %s", p.Name, p.Registered, p.Approved, p.Username))
		case wire.TellsReceive:
			all = append(all, p.Message)
		}
	}
	slices.Sort(all)
	return all
}

func (s *socket) characterStatus(name string) string {
	s.t.Helper()
	f := conform(s.t, s.ask(wire.CharactersStatus, fmt.Sprintf(`{"name":%q}`, name)))
	return string(f.Payload)
}

// A character's whole way, and who hears of it.
func TestCharacter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, Options{Limits: unlimited()})
		ctx := t.Context()
		c, ann := w.openGame("Alpha"), w.person("ann")
		alpha, plain := w.joinAs(c, characterSupports, "Bob"), w.joinAs(c, allSupports)
		beta := w.joinAs(w.openGame("Beta"), characterSupports, "Bob")
		synctest.Wait()
		alpha.take()
		beta.take()

		equal(t, "status before", alpha.characterStatus("bob"), `{"name":"bob","registered":false,"approved":false}`)
		key := w.key(ann)
		alpha.ask(wire.TellsSend, fmt.Sprintf(`{"from_name":"bob","to_game":"hearsay","to_name":"System","message":"  REGISTER   %s "}`,
			strings.ToLower(strings.ReplaceAll(key, "-", " "))))
		equal(t, "registered", alpha.characterNews(), []string{
			"Bob of Alpha waits for you on your profile now: approve it there, and everybody may see that it is you.", "Bob true false "})
		equal(t, "status while pending", alpha.characterStatus("BOB"), `{"name":"Bob","registered":true,"approved":false}`)
		if w.key(ann) == key {
			t.Error("the key is not used up")
		}
		all, err := w.st.CharactersOf(ctx, ann.ID)
		w.do(err)
		if len(all) != 1 || all[0].Name != "Bob" || all[0].Game != "Alpha" || all[0].State != store.Pending {
			t.Fatalf("got %+v", all)
		}
		id := all[0].ID
		entries, err := w.st.Audit(ctx, store.AuditQuery{Action: "character", Limit: 9})
		w.do(err)
		if len(entries) != 1 || entries[0].Actor != "Bob@Alpha" || entries[0].Subject != "Bob@Alpha" || entries[0].Action != "character register" {
			t.Errorf("on record is %+v", entries)
		}

		do := func(what string, _ store.Character, err error, want ...string) {
			t.Helper()
			w.do(err)
			slices.Sort(want) // tells may overtake what is published
			equal(t, what, alpha.characterNews(), want)
		}
		one, err := w.st.ApproveCharacter(ctx, id, ann.ID)
		do("approved", one, err, "Bob true true ann", "Bob is approved: everybody on this network may see whose character it is.")
		equal(t, "status when approved", alpha.characterStatus("bob"), `{"name":"Bob","registered":true,"approved":true,"username":"ann"}`)
		one, err = w.st.VetoCharacter(ctx, id, store.GameID(c.ID), "he is <b>mine</b>")
		do("vetoed", one, err, "Bob true false ", "The owner of this game has vetoed that Bob is your character on this network: he is mine")
		equal(t, "status when vetoed", alpha.characterStatus("bob"), `{"name":"Bob","registered":true,"approved":false}`)
		one, err = w.st.LiftVeto(ctx, id, store.GameID(c.ID))
		do("lifted", one, err, "Bob true true ann", "The veto is lifted: Bob is your character again.")

		// Nobody tells who is not on; the game hears all the same.
		alpha.ask(wire.PlayersSignOut, `{"name":"Bob"}`)
		one, err = w.st.VetoCharacter(ctx, id, 0, "again")
		do("vetoed while away", one, err, "Bob true false ")
		one, err = w.st.LiftVeto(ctx, id, 0)
		do("lifted while away", one, err, "Bob true true ann")
		one, err = w.st.WithdrawCharacter(ctx, id, ann.ID)
		do("withdrawn", one, err, "Bob false false ")
		equal(t, "status when withdrawn", alpha.characterStatus("bob"), `{"name":"bob","registered":false,"approved":false}`)

		// It goes with its person.
		alpha.signIn("Eve")
		alpha.tellsHub("Eve", "register "+w.key(ann))
		alpha.characterNews()
		_, err = w.st.InviteUser(ctx, store.User{Username: "root", Role: store.Admin})
		w.do(err)
		w.do(w.st.DeleteUser(ctx, "ann"))
		equal(t, "removed", alpha.characterNews(), []string{"Eve false false "})

		equal(t, "a socket without the flag", plain.characterNews(), []string(nil))
		equal(t, "another game", beta.characterNews(), []string(nil))
		equal(t, "the other game's status", beta.characterStatus("Bob"), `{"name":"Bob","registered":false,"approved":false}`)
		site := w.dial() // it leaves its heartbeat without an answer, which would sign its players out
		site.send(wire.Authenticate, "", credentials(w.application("Site", "versions"), characterSupports, ""))
		equal(t, "an application", strings.Contains(site.ask(wire.CharactersStatus, `{"name":"Bob"}`), wire.ErrorMissingSupport(wire.SupportCharacters)[:20]), true)
		site.signIn("Bob")
		equal(t, "an application's player", site.tellsHub("Bob", "register "+key), "Only players of games can be registered.")
	})
}

// What the hub says when it does not register.
func TestCharacter_refused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, Options{Limits: unlimited()})
		ctx := t.Context()
		c, ann := w.openGame("Alpha"), w.person("ann")
		alpha := w.joinAs(c, characterSupports, "Bob", "Eve")
		closed := w.joinAs(w.game("Closed"), characterSupports, "Bob")
		key := w.key(ann)

		equal(t, "without a key", alpha.tellsHub("Bob", "Register"), "Tell me: register KEY. Your key is on your profile, on the pages of this network.")
		equal(t, "in a game that allows none", closed.tellsHub("Bob", "register "+key), "Closed does not let its characters be registered.")
		const unknown = "There is no such key: it is misspelt, used up or too old. Your profile shows the one that works."
		equal(t, "with a wrong key", alpha.tellsHub("Bob", "register ABCD-EFGH-JKMN"), unknown)
		alpha.tellsHub("Bob", "register "+key)
		equal(t, "with a used key", alpha.tellsHub("Eve", "register "+key), unknown)
		key = w.key(ann)
		equal(t, "twice", alpha.tellsHub("Bob", "register "+key), "Bob of Alpha is registered already.")

		all, err := w.st.CharactersOf(ctx, ann.ID)
		w.do(err)
		_, err = w.st.VetoCharacter(ctx, all[0].ID, 0, "no")
		w.do(err)
		alpha.characterNews()
		equal(t, "vetoed", alpha.tellsHub("Bob", "register "+key), "The owner of Alpha has vetoed Bob, and alone can lift that.")
		_, err = w.st.LiftVeto(ctx, all[0].ID, 0)
		w.do(err)
		_, err = w.st.DenyCharacter(ctx, all[0].ID, ann.ID)
		w.do(err)
		alpha.characterNews()
		settle(61 * time.Minute)
		alpha.signIn("Bob", "Eve")
		equal(t, "denied a while ago", alpha.tellsHub("Bob", "register "+key),
			"Bob of Alpha was denied or withdrawn a short while ago. It can be registered again in 23 hours.")
		equal(t, "in the last hour", inHours(time.Minute), "an hour")
		equal(t, "the key was never used up", alpha.tellsHub("Eve", "register "+key),
			"Eve of Alpha waits for you on your profile now: approve it there, and everybody may see that it is you.")

		for i := range store.MostCharacters - 2 {
			_, err := w.st.Register(ctx, store.GameID(c.ID), fmt.Sprint("Nr", i), w.key(ann), time.Now())
			w.do(err)
		}
		alpha.signIn("Sam")
		alpha.fence()
		equal(t, "too many", alpha.tellsHub("Sam", "register "+w.key(ann)), "You have 100 characters, and nobody may have more. Withdraw one on your profile first.")
	})
}

// Keys cannot be guessed: a game's wrong ones are counted.
func TestCharacter_guesses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, Options{Limits: unlimited()})
		alpha := w.joinAs(w.openGame("Alpha"), characterSupports, "Bob", "Eve")
		beta := w.joinAs(w.openGame("Beta"), characterSupports, "Bob")
		ann := w.person("ann")
		for i := range mostGuesses {
			if got := alpha.tellsHub("Eve", fmt.Sprintf("register %012d", i)); !strings.HasPrefix(got, "There is no such key") {
				t.Fatal(got)
			}
		}
		const much = "There were too many wrong keys from Alpha. Try again in ten minutes."
		equal(t, "a right one", alpha.tellsHub("Bob", "register "+w.key(ann)), much)
		settle(guessesFor - time.Second)
		alpha.signIn("Bob")
		equal(t, "shortly before the end", alpha.tellsHub("Bob", "register "+w.key(ann)), much)
		beta.signIn("Bob")
		equal(t, "in another game", strings.HasPrefix(beta.tellsHub("Bob", "register "+w.key(ann)), "Bob of Beta waits"), true)
		settle(time.Second)
		alpha.signIn("Bob")
		equal(t, "afterwards", strings.HasPrefix(alpha.tellsHub("Bob", "register "+w.key(ann)), "Bob of Alpha waits"), true)
	})
}

// Another program decides: the hub learns of that as of anything. What was decided while no
// hub ran is no news.
func TestCharacter_outside(t *testing.T) {
	w := open(t, Options{Limits: unlimited()})
	c, ann := w.openGame("Alpha"), w.person("ann")
	first, err := w.st.Register(t.Context(), store.GameID(c.ID), "Bob", w.key(ann), time.Now())
	w.do(err)
	w.stop()
	other, err := store.Open(context.Background(), w.path, store.Options{})
	w.do(err)
	defer other.Close()
	_, err = other.ApproveCharacter(t.Context(), first.ID, 0)
	w.do(err)

	w = reopen(t, w.path, Options{Limits: unlimited()})
	alpha := w.joinAs(c, characterSupports, "Bob")
	_, err = other.VetoCharacter(t.Context(), first.ID, 0, "no")
	w.do(err)
	equal(t, "the first that is told", alpha.told("Bob"), "The owner of this game has vetoed that Bob is your character on this network: no")
}
