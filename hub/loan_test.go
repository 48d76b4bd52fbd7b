package hub

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hearsay/hub/store"
	"hearsay/hub/wire"
)

// borrow lends a game, and comes in with the loan.
func (w *world) borrow(c store.Credential, more string) (Loan, *socket) {
	w.t.Helper()
	l, err := w.Lend(w.t.Context(), store.GameID(c.ID))
	w.do(err)
	return l, w.join(store.Credential{ClientID: l.ClientID, Secret: l.Secret}, more)
}

// TestLoan comes in as a game without a trace in its record.
func TestLoan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, Options{})
		alpha := w.game("Alpha")
		site := w.join(w.application("Site", "versions"), "")
		if answer := site.ask(wire.Sync, `{"since":null}`); !succeeded(answer) {
			t.Fatal(answer)
		}
		before, err := w.st.Game(t.Context(), "Alpha")
		w.do(err)
		l, s := w.borrow(alpha, `,"channels":["gossip"],"user_agent":"Console","version":"9"`)
		if got := time.Until(l.Ends); got > LoanFor || got <= 0 {
			t.Errorf("the loan lasts %v", got)
		}
		c := w.GameChart(store.GameID(alpha.ID))
		if !c.Online || len(c.Sockets) != 1 || !c.Sockets[0].Console {
			t.Errorf("got %+v", c)
		}
		if d := c.Diagnose(Patient{}); !strings.HasPrefix(d.Verdict, "It is not connected") {
			t.Errorf("a browser counts as the client: %q", d.Verdict)
		}
		if strings.Contains(strings.Join(shown(c.Sockets[0]), ""), l.Secret) {
			t.Error("the secret is shown")
		}
		s.ask("no/such", `{}`)
		s.hangUp()
		settle(time.Second)
		w.do(w.st.FlushTouches(t.Context()))
		after, err := w.st.Game(t.Context(), "Alpha")
		w.do(err)
		equal(t, "the record", after, before)
		equal(t, "what applications hear", site.texts(), []string{})
		c = w.GameChart(store.GameID(alpha.ID))
		if len(c.Endings) > 0 || len(c.Mistakes) > 0 || c.Last != nil {
			t.Errorf("the browser's socket is remembered as the client's: %+v", c)
		}
	})
}

// TestLoan_presence: a browser alone is no news.
func TestLoan_presence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, Options{})
		alpha := w.game("Alpha")
		watcher := w.join(w.game("Watcher"), "")
		lists := func() string {
			return watcher.ask(wire.GamesStatus, `{"game":"Alpha"}`)
		}
		l, s := w.borrow(alpha, "")
		settle(time.Second)
		equal(t, "a browser comes", watcher.texts(), []string{})
		if answer := lists(); strings.Contains(answer, `"supports"`) {
			t.Errorf("a browser makes the game online: %s", answer)
		}
		own := w.join(alpha, "")
		settle(time.Second)
		if got := watcher.texts(); len(got) != 1 || !strings.Contains(got[0], wire.GamesConnect) {
			t.Errorf("the game comes: got %q", got)
		}
		if answer := lists(); !strings.Contains(answer, `"supports"`) {
			t.Errorf("the game is online: %s", answer)
		}
		own.hangUp()
		settle(OfflineAfter - time.Second)
		own = w.join(alpha, "")
		settle(2 * OfflineAfter)
		equal(t, "the game comes back in time", watcher.texts(), []string{})
		own.hangUp()
		settle(OfflineAfter + time.Second)
		if got := watcher.texts(); len(got) != 1 || !strings.Contains(got[0], wire.GamesDisconnect) {
			t.Errorf("the game goes, and the browser stays: got %q", got)
		}
		s.fence()
		s.hangUp()
		settle(2 * OfflineAfter)
		equal(t, "the browser goes", watcher.texts(), []string{})
		if c := w.GameChart(store.GameID(alpha.ID)); c.Online {
			t.Error("the game is still online")
		}
		s = w.join(store.Credential{ClientID: l.ClientID, Secret: l.Secret}, "")
		w.do(w.st.DeleteGame(t.Context(), "Alpha"))
		s.wantEnd(wire.CloseRemoved)
		settle(time.Second)
		equal(t, "the game is removed", watcher.texts(), []string{})
	})
}

func TestLoan_end(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, Options{})
		alpha := w.game("Alpha")
		l, s := w.borrow(alpha, "")
		c := store.Credential{ClientID: l.ClientID, Secret: l.Secret}
		w.wantTry("once more", c, home, 0)
		w.wantTry("a wrong secret", wrong(c), home, wire.CloseAuthentication)
		flagless := w.dial()
		flagless.send(wire.Authenticate, "", credentials(c, `[]`, ""))
		flagless.wantEnd(wire.CloseAuthentication)
		equal(t, "the game's failures", len(w.GameChart(store.GameID(alpha.ID)).Failures), 0)
		settle(time.Until(l.Ends) - time.Second)
		s.wantOpen()
		settle(2 * time.Second)
		s.wantEnd(wire.CloseRemoved)
		w.wantTry("when it has ended", c, home, wire.CloseAuthentication)

		if _, err := w.Lend(w.t.Context(), store.GameID(999)); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("no game: got %v", err)
		}
		first, err := w.Lend(w.t.Context(), store.GameID(alpha.ID))
		w.do(err)
		for range loansMost {
			_, err := w.Lend(w.t.Context(), store.GameID(alpha.ID))
			w.do(err)
		}
		w.wantTry("one of too many", store.Credential{ClientID: first.ClientID, Secret: first.Secret}, home, wire.CloseAuthentication)

		l, s = w.borrow(alpha, "")
		w.do(w.st.UpdateGame(t.Context(), "Alpha", store.GameEdit{Suspended: new(true)}))
		s.wantEnd(wire.CloseRemoved)
		w.wantTry("of a suspended game", store.Credential{ClientID: l.ClientID, Secret: l.Secret}, home, wire.CloseRemoved)
	})
}

func TestPrompt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, Options{})
		alpha := w.game("Alpha")
		other := w.join(alpha, `,"channels":["gossip"],"players":["Sam"]`) // a socket of the game's own
		l, s := w.borrow(alpha, "")
		for _, p := range []Prompt{PromptTell, PromptBroadcast, "other"} {
			if err := w.Prompt(l.ClientID, p); !errors.Is(err, store.ErrInvalid) {
				t.Errorf("%s: got %v", p, err)
			}
		}
		s.ask(wire.PlayersSignIn, `{"name":"Bob"}`)
		s.ask(wire.ChannelsSubscribe, `{"channel":"gossip"}`)
		for _, p := range []Prompt{PromptTell, PromptBroadcast, PromptRestart} {
			w.do(w.Prompt(l.ClientID, p))
			f := conform(t, s.next())
			want := map[Prompt]string{PromptTell: wire.TellsReceive, PromptBroadcast: wire.ChannelsBroadcast, PromptRestart: wire.Restart}[p]
			if f.Event != want || len(f.Ref) == 0 {
				t.Errorf("%s: got %+v", p, f)
			}
		}
		s.fence()
		equal(t, "to the game's own socket", other.texts(), []string{})
		s.hangUp()
		settle(time.Second)
		if err := w.Prompt(l.ClientID, PromptRestart); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("without a socket: got %v", err)
		}
		if err := w.Prompt(alpha.ClientID, PromptRestart); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("the game's own client id: got %v", err)
		}

		_, err := w.Lend(w.t.Context(), store.GameID(alpha.ID))
		w.do(err)
		quiet := w.dial()
		l, err = w.Lend(w.t.Context(), store.GameID(alpha.ID))
		w.do(err)
		quiet.send(wire.Authenticate, "", credentials(store.Credential{ClientID: l.ClientID, Secret: l.Secret}, `["channels"]`, ""))
		quiet.next()
		if err := w.Prompt(l.ClientID, PromptTell); !errors.Is(err, store.ErrInvalid) {
			t.Errorf("without the flag: got %v", err)
		}
	})
}
