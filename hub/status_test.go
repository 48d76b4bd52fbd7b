package hub

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"hearsay/hub/store"
	"hearsay/hub/wire"
)

func TestStatus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, Options{})
		equal(t, "games at the start", len(w.Status().Games), 0)
		began := time.Now()
		alpha := w.game("Alpha")
		signIn := func(s *socket, names ...string) {
			synctest.Wait() // the answer to the first heartbeat names no players
			for _, name := range names {
				s.ask(wire.PlayersSignIn, fmt.Sprintf(`{"name":%q}`, name))
			}
		}
		beta := w.join(w.game("Beta"), "")
		later := began.Add(61 * time.Second) // between two heartbeats: each answer to one would take players away
		settle(time.Until(later))
		signIn(beta, "Kim", "Lee", "Max")
		first := w.join(alpha, `,"channels":["gossip"],"user_agent":"DikuMUD"`)
		signIn(first, "Ann", "Bob")
		second := w.join(alpha, "")
		signIn(second, "bob", "Cid")
		w.dial() // it says nothing
		settle(0)

		st := w.Status()
		equal(t, "sockets", st.Sockets, 4)
		equal(t, "players", st.Players, 6)
		equal(t, "games", st.Games, []GameStatus{
			{1, "Alpha", "Alpha MUD", "DikuMUD", later, 3, 2}, // Bob is one player; of two games with as many players the first by name
			{2, "Beta", "Beta MUD", "", began, 3, 1},
		})
		first.hangUp()
		second.hangUp()
		settle(time.Second)
		equal(t, "sockets of a game whose link is down", w.Status().Games[1], GameStatus{1, "Alpha", "Alpha MUD", "DikuMUD", later, 0, 0})
	})
}

// TestDisplayedGames: hidden games, those that are only there in a browser, and applications
// are not among them.
func TestDisplayedGames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, Options{})
		alpha, beta, gamma := w.game("Alpha"), w.game("Beta"), w.game("Gamma")
		began := time.Now()
		w.enter(alpha, "")
		w.enter(beta, `"Ann","Bob"`)
		w.join(w.gameWith(store.Game{ShortName: "Hidden", Name: "Hidden"}), "")
		w.join(w.application("Site", "versions"), "")
		loan, err := w.Lend(t.Context(), store.GameID(gamma.ID))
		w.do(err)
		w.join(store.Credential{ClientID: loan.ClientID, Secret: loan.Secret}, "")
		a, b := GameStatus{1, "Alpha", "Alpha MUD", "", began, 0, 1}, GameStatus{2, "Beta", "Beta MUD", "", began, 2, 1}
		equal(t, "games", w.DisplayedGames(), []GameStatus{b, a})
		hidden := false
		w.do(w.st.UpdateGame(t.Context(), "Beta", store.GameEdit{Display: &hidden}))
		synctest.Wait()
		equal(t, "after one was hidden", w.DisplayedGames(), []GameStatus{a})
	})
}

func TestStatus_messages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, Options{Limits: unlimited()})
		s := w.join(w.game("Alpha"), `,"channels":["gossip"]`)
		say := func(n int) {
			for range n {
				s.ask(wire.ChannelsSend, `{"channel":"gossip","name":"Bob","message":"Hello"}`)
			}
		}
		want := func(minute int, all uint64) {
			t.Helper()
			st := w.Status()
			if st.Minute != minute || st.Messages != all {
				t.Errorf("got %d in the minute, %d in all, want %d and %d", st.Minute, st.Messages, minute, all)
			}
		}
		want(0, 0)
		say(10)
		want(10, 10)
		time.Sleep(30 * time.Second)
		say(5)
		want(15, 15)
		time.Sleep(30 * time.Second)
		want(5, 15)
		time.Sleep(29 * time.Second)
		say(1)
		want(6, 16)
		time.Sleep(time.Second)
		want(1, 16)
		time.Sleep(time.Hour)
		want(0, 16)
	})
}

// The clock of a machine may be set back: what is said then counts in the second that
// was the last, and nothing breaks.
func TestMinute_setBack(t *testing.T) {
	var m minute
	m.add(1000)
	m.add(400)
	equal(t, "sum", m.sum(1000), 2)
	equal(t, "sum of the past", m.sum(300), 2)
	equal(t, "sum of the next minute", m.sum(1060), 0)
}

func TestSynced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, Options{Limits: unlimited()})
		w.join(w.game("Alpha"), "")
		version := func() store.VersionID {
			t.Helper()
			id, err := w.st.Newest(t.Context())
			w.do(err)
			synctest.Wait()
			return id
		}
		want := func(what string, version store.VersionID, n, of int) {
			t.Helper()
			if gotN, gotOf := w.Synced(version); gotN != n || gotOf != of {
				t.Errorf("%s: synced to %d of %d, want %d of %d", what, gotN, gotOf, n, of)
			}
		}
		want("without applications", version(), 0, 0)

		records := w.join(w.application("Records", "records"), "")
		want("with one that gets records", version(), 1, 1)
		versions := w.join(w.application("Versions", "versions"), "")
		want("with one that has not asked", version(), 1, 1)
		versions.send(wire.Sync, "1", `{}`)
		want("when it has asked", version(), 2, 2)
		want("a version that is not there yet", version()+1, 0, 2)

		edit := func() store.VersionID {
			t.Helper()
			text := fmt.Sprint("edit ", time.Now())
			w.do(w.st.UpdateGame(t.Context(), "Alpha", store.GameEdit{Description: &text}))
			return version()
		}
		at := time.Now()
		want("after an edit", edit(), 2, 2)
		for _, a := range w.Status().Applications {
			if a.Fed != 1 || a.Cursor != w.Status().Newest || !a.SentAt.Equal(at) || a.Waiting != 0 || a.Form != map[string]string{"Records": "records", "Versions": "versions"}[a.ShortName] {
				t.Errorf("got %+v", a)
			}
		}

		// An event is not for the form records, but it is seen all the same.
		_, err := w.st.CreateEvent(t.Context(), store.Event{Game: "Alpha", Title: "Feast", StartDate: "2026-12-24", EndDate: "2026-12-25"})
		w.do(err)
		want("after an event", version(), 2, 2)

		second := w.join(w.application("Second", "versions"), "")
		second.send(wire.Sync, "1", fmt.Sprintf(`{"after":%d}`, version()))
		want("with another at the end", version(), 3, 3)
		records.hangUp()
		settle(time.Second)
		want("without the first", edit(), 2, 2)
	})
}

// An application that does not read is behind, and it is seen.
func TestSynced_behind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, Options{Limits: unlimited(), Heartbeat: time.Hour})
		w.game("Alpha")
		c := w.application("Deaf", "records")
		w.join(w.application("Hears", "records"), "")
		deaf := w.dialPaused()
		deaf.send(wire.Authenticate, "", credentials(c, allSupports, ""))
		for range 4 { // welcome, channels, games, heartbeat
			deaf.turns <- struct{}{}
		}
		settle(time.Second)
		for i := range 300 {
			text := fmt.Sprintf("%d%0900d", i, 0)
			w.do(w.st.UpdateGame(t.Context(), "Alpha", store.GameEdit{Description: &text}))
		}
		synctest.Wait()
		newest := w.Status().Newest
		if n, of := w.Synced(newest); n != 1 || of != 2 {
			t.Errorf("synced to %d of %d, want 1 of 2", n, of)
		}
		a := w.Status().Applications[0]
		if a.ShortName != "Deaf" || a.Cursor >= newest || a.Cursor == 0 || a.Waiting == 0 {
			t.Errorf("got %+v; the log ends at %d", a, newest)
		}
		close(deaf.turns)
		synctest.Wait()
		if n, of := w.Synced(newest); n != 2 || of != 2 {
			t.Errorf("when it reads: synced to %d of %d, want 2 of 2", n, of)
		}
	})
}
