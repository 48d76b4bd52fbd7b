package hub

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"hearsay/hub/hubtest"
	"hearsay/hub/store"
	"hearsay/hub/wire"
)

// try authenticates on a new socket, and says how that ended: 0 is success. With a
// close code it also counts the frames before.
func (w *world) try(c store.Credential, from string) (code, frames int) {
	w.t.Helper()
	s := w.dial(from)
	s.send(wire.Authenticate, "", credentials(c, allSupports, ""))
	a := s.arrive()
	if a.text == string(welcome) {
		s.hangUp()
		return 0, 0
	}
	for ; a.end == nil; a = s.arrive() {
		frames++
	}
	code, _ = status(a.end)
	return code, frames
}

func (w *world) wantTry(what string, c store.Credential, from string, code int) {
	w.t.Helper()
	frames := 0
	if code == wire.CloseAuthentication {
		frames = 1 // the failure, which is only for what is wrong in the request
	}
	if got, n := w.try(c, from); got != code || n != frames {
		w.t.Errorf("%s: got code %d after %d frames, want %d after %d", what, got, n, code, frames)
	}
}

// TestAuthenticate_oldSecret rotates a secret. The file is closed over the week,
// because an open one is looked at four times a second.
func TestAuthenticate_oldSecret(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, Options{})
		old := w.game("Alpha")
		s := w.join(old, "")
		rotated := time.Now()
		c, err := w.st.RotateGame(t.Context(), "Alpha", store.Rotation{OldEnds: rotated.Add(store.OldSecretKept)})
		w.do(err)
		settle(time.Minute)
		s.fence() // rotating closes nothing
		w.wantTry("the old secret at once", old, home, 0)
		w.wantTry("the new secret", c, home, 0)
		w.stop()

		settle(time.Until(rotated.Add(7*24*time.Hour - time.Second)))
		w = reopen(t, w.path, Options{})
		w.wantTry("the old secret before the week is over", old, home, 0)
		settle(time.Second)
		w.wantTry("the old secret after a week", old, home, wire.CloseAuthentication)
		w.wantTry("the new secret after a week", c, home, 0)
	})
}

func TestAuthenticate_oldSecretExpired(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, Options{})
		game, application := w.game("Alpha"), w.application("Site", "versions")
		sockets := []*socket{w.join(game, ""), w.join(application, "")}
		now := store.Rotation{OldEnds: time.Now()}
		newGame, err := w.st.RotateGame(t.Context(), "Alpha", now)
		w.do(err)
		newApplication, err := w.st.RotateApplication(t.Context(), "Site", now)
		w.do(err)
		w.wantTry("the game's old secret", game, home, wire.CloseAuthentication)
		w.wantTry("the application's old secret", application, home, wire.CloseAuthentication)
		w.wantTry("the game's new secret", newGame, home, 0)
		w.wantTry("the application's new secret", newApplication, home, 0)
		settle(time.Minute)
		for _, s := range sockets {
			s.fence()
		}
	})
}

// wrong is a credential with another secret.
func wrong(c store.Credential) store.Credential {
	c.Secret = "wrong"
	return c
}

func TestAuthenticate_failures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, Options{})
		alpha, beta := w.game("Alpha"), w.game("Beta")
		began := time.Now()
		for i := range 30 {
			settle(time.Second)
			w.wantTry(fmt.Sprintf("failure %d", i), wrong(alpha), fmt.Sprintf("192.0.2.1:%d", 2000+i), wire.CloseAuthentication)
		}
		began = began.Add(time.Second) // the first failure
		w.wantTry("one more", wrong(alpha), home, wire.CloseTryLater)
		w.wantTry("the right secret", alpha, home, wire.CloseTryLater)
		w.wantTry("another client id", beta, home, 0)
		w.wantTry("another address", alpha, "192.0.2.2:1", 0)
		settle(time.Until(began.Add(time.Minute - 1)))
		w.wantTry("before the minute is over", alpha, home, wire.CloseTryLater)
		settle(1)
		w.wantTry("after the minute", alpha, home, 0)
		w.wantTry("a failure after the minute", wrong(alpha), home, wire.CloseAuthentication)
	})
}

// TestAuthenticate_failuresAddress has one address try many client ids; of an IPv6
// address the network counts.
func TestAuthenticate_failuresAddress(t *testing.T) {
	for _, test := range []struct{ name, from, same, other string }{
		{"IPv4", "192.0.2.1:%d", "192.0.2.1:9", "192.0.2.2:1"},
		{"IPv4 in IPv6", "[::ffff:192.0.2.1]:%d", "192.0.2.1:9", "[::ffff:192.0.2.2]:1"},
		{"IPv6", "[2001:db8::%x]:1", "[2001:db8::ffff:2]:1", "[2001:db8:0:1::1]:1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := open(t, Options{})
				alpha := w.game("Alpha")
				stays := w.join(alpha, "", test.same)
				for i := range 300 {
					id := store.Credential{ClientID: fmt.Sprint(i / 20), Secret: "wrong"}
					w.wantTry(fmt.Sprintf("failure %d", i), id, fmt.Sprintf(test.from, i+1), wire.CloseAuthentication)
				}
				for _, from := range []string{test.same, fmt.Sprintf(test.from, 1000)} {
					_, status := hubtest.RawPipe(t, w.Hub, from)
					equal(t, "status for "+from, status, http.StatusTooManyRequests)
				}
				w.wantTry("another address", alpha, test.other, 0)
				settle(time.Minute - 1)
				_, status := hubtest.RawPipe(t, w.Hub, test.same)
				equal(t, "status before the minute is over", status, http.StatusTooManyRequests)
				settle(1)
				w.wantTry("after the minute", alpha, test.same, 0)
				stays.fence()
			})
		})
	}
}

// TestAuthenticate_longClientID: who fails with long client ids must not fill the
// memory of what is counted.
func TestAuthenticate_longClientID(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, Options{})
		for i := range 20 {
			id := fmt.Sprint(i, strings.Repeat("x", 60<<10))
			w.wantTry("a long client id", store.Credential{ClientID: id}, home, wire.CloseAuthentication)
		}
		size := 0
		for key := range w.failures.counts {
			size += len(key.clientID)
		}
		if size > 20*200 {
			t.Errorf("20 failures with long client ids keep %d bytes", size)
		}
	})
}

func TestAuthenticate_sockets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, Options{})
		for _, c := range []store.Credential{w.game("Alpha"), w.application("Site", "versions")} {
			var sockets []*socket
			for range 32 {
				sockets = append(sockets, w.join(c, ""))
			}
			w.wantTry("socket 33", c, home, wire.CloseTryLater)
			w.wantTry("socket 33 again", c, "192.0.2.9:1", wire.CloseTryLater)
			sockets[7].hangUp()
			synctest.Wait()
			w.wantTry("when one has left", c, home, 0)
			for i, s := range sockets {
				if i != 7 {
					s.fence()
				}
			}
		}
		w.wantTry("another game", w.game("Beta"), home, 0)
	})
}

func TestAuthenticate_allSockets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := DefaultLimits()
		l.AllSockets = 3
		w := open(t, Options{Limits: &l})
		c := w.game("Alpha")
		sockets := []*socket{w.join(c, ""), w.dial(), w.dial()}
		synctest.Wait() // until all are counted
		equal(t, "frames before the end", w.dial().wantEnd(wire.CloseTryLater), []string(nil))
		sockets[1].hangUp()
		synctest.Wait()
		w.join(c, "").fence()
		sockets[0].fence()
	})
}

// TestAuthenticate_barredMeanwhile suspends a peer between the look at its
// credentials and its welcome: no socket of it may stay.
func TestAuthenticate_barredMeanwhile(t *testing.T) {
	yes := true
	for name, bar := range map[string]func(*world) error{
		"suspend game": func(w *world) error {
			return w.st.UpdateGame(w.t.Context(), "Alpha", store.GameEdit{Suspended: &yes})
		},
		"remove game": func(w *world) error { return w.st.DeleteGame(w.t.Context(), "Alpha") },
		"suspend application": func(w *world) error {
			return w.st.UpdateApplication(w.t.Context(), "Site", store.ApplicationEdit{Suspended: &yes})
		},
		"remove application": func(w *world) error { return w.st.DeleteApplication(w.t.Context(), "Site") },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := open(t, Options{})
				watcher := w.join(w.game("Watcher"), "")
				c := w.game("Alpha")
				if strings.HasSuffix(name, "application") {
					c = w.application("Site", "records")
				}
				synctest.Wait()
				s := w.dial()
				synctest.Wait()
				commits := w.st.Admissions()
				peer, err := w.st.Authenticate(t.Context(), c.ClientID, c.Secret, time.Now())
				w.do(err)
				w.do(bar(w))
				synctest.Wait() // the hub has seen it, and no socket to close
				hub := w.unknownSession()
				p, _ := wire.DecodeAuthenticate(json.RawMessage(credentials(c, allSupports, "")))
				hub.admit(t.Context(), admission{peer: &peer, supports: wire.SupportChannels, counted: commits}, p)
				settle(time.Second)
				s.wantEnd(wire.CloseRemoved)
				settle(2 * OfflineAfter)
				equal(t, "notices", watcher.notices("Alpha"), none)
			})
		})
	}
}

// TestAuthenticate_newApplications adds applications that connect at once, while the
// hub looks who may be connected: nobody is sent away.
func TestAuthenticate_newApplications(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, Options{})
		done := make(chan struct{})
		var running sync.WaitGroup
		for range 3 {
			running.Go(func() {
				for {
					select {
					case <-done:
						return
					default:
						if err := w.Hub.admit(context.Background()); err != nil {
							t.Error(err)
						}
					}
				}
			})
		}
		for i := range 30 {
			w.wantTry("a new application", w.application(fmt.Sprint("Site", i), "versions"), home, 0)
		}
		close(done)
		running.Wait()
	})
}

// unknownSession is the hub's side of the only socket that has not authenticated.
func (w *world) unknownSession() *session {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for s := range w.sessions {
		if s.reserved == nil {
			return s
		}
	}
	w.t.Fatal("every socket has authenticated")
	return nil
}
