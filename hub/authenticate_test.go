package hub

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

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
		sockets := []*socket{w.join(c, ""), w.join(c, ""), w.join(c, "")}
		equal(t, "frames before the end", w.dial().wantEnd(wire.CloseTryLater), []string(nil))
		sockets[1].hangUp()
		synctest.Wait()
		w.join(c, "").fence()
		sockets[0].fence()
	})
}

// TestAuthenticate_loop: a client that tries again at once after each refusal is slowed down,
// and a game at its address is let in all the while.
func TestAuthenticate_loop(t *testing.T) {
	for _, test := range []struct {
		name string
		code int // of the first refusals
		make func(w *world) store.Credential
	}{
		{"wrong secret", wire.CloseAuthentication, func(w *world) store.Credential { return wrong(w.game("Alpha")) }},
		{"unknown", wire.CloseAuthentication, func(w *world) store.Credential { return store.Credential{ClientID: "x", Secret: "y"} }},
		{"suspended", wire.CloseRemoved, func(w *world) store.Credential {
			c := w.game("Alpha")
			w.do(w.st.SuspendGame(w.t.Context(), "Alpha", store.Suspension{Reason: "spam"}))
			return c
		}},
		{"too many sockets", wire.CloseTryLater, func(w *world) store.Credential {
			c := w.game("Alpha")
			w.join(c, "", "192.0.2.99:1")
			return c
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := DefaultLimits()
				l.Sockets = 1
				w := open(t, Options{Limits: &l})
				bad, good := test.make(w), w.game("Good")
				refusals := 0
				for end := time.Now().Add(time.Minute - 1); time.Now().Before(end); refusals++ {
					want := test.code
					if refusals >= 30 {
						want = wire.CloseTryLater
					}
					if code, _ := w.try(bad, home); code != want {
						t.Fatalf("refusal %d: got code %d, want %d", refusals, code, want)
					}
					if refusals > 30 {
						w.wantTry("a game at the same address", good, home, 0)
					}
				}
				equal(t, "refusals within a minute", refusals, 41) // 30 at once, then after 1, 2, ... 10 s, and one more
			})
		})
	}
}

// TestAuthenticate_refusalsAddress: refusals of all kinds count for the address, and a
// client that is shut out is told for how long.
func TestAuthenticate_refusalsAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, Options{})
		for i := range 10 {
			name := fmt.Sprint("Game", i)
			c := w.game(name)
			w.do(w.st.SuspendGame(t.Context(), name, store.Suspension{Reason: "spam"}))
			for range 30 {
				w.wantTry(name, c, home, wire.CloseRemoved)
			}
		}
		answer, err := hubtest.Pipes(w.Hub, home).Get("http" + strings.TrimPrefix(hubtest.PipeURL, "ws"))
		w.do(err)
		equal(t, "status", answer.StatusCode, http.StatusTooManyRequests)
		equal(t, "Retry-After", answer.Header.Get("Retry-After"), "60")
	})
}

// TestPending: sockets that do not authenticate make way for newcomers, the oldest first.
func TestPending(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := DefaultLimits()
		l.AllSockets = 20
		w := open(t, Options{Limits: &l})
		c := w.game("Alpha")
		var silent []*socket
		for i := range 60 { // more than all
			silent = append(silent, w.dial(fmt.Sprintf("192.0.2.1:%d", 2000+i)))
			synctest.Wait()
		}
		w.join(c, "").fence()
		w.join(c, "", "192.0.2.2:1").fence()
		equal(t, "pending", w.pending.n, pendingLeast-1) // the place of the one that has just authenticated
		if n := w.Sockets(); n > l.AllSockets {
			t.Errorf("%d sockets, want at most %d", n, l.AllSockets)
		}
		for _, s := range silent[:45] {
			s.wantEnd(wire.CloseTryLater)
		}
		for _, s := range silent[45:] {
			s.wantOpen()
		}
	})
}

// TestPending_network: the sockets of one network do not push out another's.
func TestPending_network(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := DefaultLimits()
		l.AllSockets = 100
		w := open(t, Options{Limits: &l})
		slow := w.dial("198.51.100.1:1")
		synctest.Wait()
		for i := range 200 {
			w.dial(fmt.Sprintf("[2001:db8::%x]:1", i+1))
			synctest.Wait()
		}
		slow.send(wire.Authenticate, "", credentials(w.game("Alpha"), allSupports, ""))
		equal(t, "answer", slow.next(), string(welcome))
		if n := len(w.pending.queue); n > 3*pendingLeast {
			t.Errorf("%d sockets are remembered", n)
		}
	})
}

// TestPending_descriptors: few descriptors leave room for those that authenticate.
func TestPending_descriptors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, Options{Descriptors: 40})
		for range 30 {
			w.dial()
			synctest.Wait()
		}
		equal(t, "pending", w.pending.n, 10)
	})
}

// TestUnauthenticated_frames: 50 frames at once and 10 a second, whatever they are; then the
// socket is closed.
func TestUnauthenticated_frames(t *testing.T) {
	write := func(text string) func(*socket) {
		return func(s *socket) {
			_ = s.conn.Write(context.Background(), websocket.MessageText, []byte(text)) // fails after the end
		}
	}
	for name, send := range map[string]func(*socket){
		"event":     write(`{"event":"players/status"}`),
		"heartbeat": write(`{"event":"heartbeat"}`),
		"nonsense":  write(`nonsense`),
		"ping":      func(s *socket) { _ = s.conn.Ping(context.Background()) }, // the same
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := open(t, Options{})
				s := w.dial()
				for range 50 {
					send(s)
				}
				settle(time.Second)
				for range 10 {
					send(s)
				}
				synctest.Wait()
				for _, a := range s.take() {
					if a.end != nil {
						t.Fatalf("the socket ended within its limits: %v", a.end)
					}
				}
				for range 3 {
					send(s)
				}
				s.wantEnd(wire.CloseRemoved)
			})
		})
	}
}

// TestUnauthenticated_pongs: pongs that nobody asked for count too.
func TestUnauthenticated_pongs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, Options{})
		conn, _ := hubtest.RawPipe(t, w.Hub, home)
		for range 51 {
			if _, err := conn.Write([]byte{0x8a, 0x80, 0, 0, 0, 0}); err != nil {
				t.Fatal(err)
			}
		}
		got := make([]byte, 4)
		if _, err := io.ReadFull(conn, got); err != nil || got[0] != 0x88 || int(got[2])<<8|int(got[3]) != wire.CloseRemoved {
			t.Errorf("got % x, %v, want a close frame with %d", got, err, wire.CloseRemoved)
		}
	})
}

// TestUnauthenticated_fragments: a message that never ends is bounded, though its fragments may be
// empty; one in fragments of a byte is taken.
func TestUnauthenticated_fragments(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := DefaultLimits()
		l.MaxMessage = 1 << 10
		w := open(t, Options{Limits: &l})
		conn, _ := hubtest.RawPipe(t, w.Hub, home)
		write := func(first byte, data ...byte) error {
			_, err := conn.Write(append([]byte{first, 0x80 | byte(len(data)), 0, 0, 0, 0}, data...))
			return err
		}
		check := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		check(write(0x01, '{'))
		for range 1000 {
			check(write(0x00, ' '))
		}
		check(write(0x80, '}'))
		answer := make([]byte, 2)
		if _, err := io.ReadFull(conn, answer); err != nil || answer[0] != 0x81 {
			t.Fatalf("got % x, %v, want an answer", answer, err)
		}
		go func() { _, _ = io.Copy(io.Discard, conn) }()
		check(write(0x01, '{'))
		n := 0
		for ; n < 1000 && write(0x00) == nil; n++ {
		}
		if n == 1000 {
			t.Errorf("%d empty fragments were taken", n)
		}
	})
}

// TestAuthenticate_unnoted: a game whose client is another comes in, though that cannot be noted.
func TestAuthenticate_unnoted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, Options{})
		c := w.game("Alpha")
		w.join(c, "").hangUp()
		w.outside(`CREATE TRIGGER full BEFORE UPDATE ON games BEGIN SELECT raise(ABORT, 'full'); END`)
		w.join(c, `,"user_agent":"New 2.0"`)
		w.outside(`DROP TRIGGER full`)
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

// A bad name that an authenticate lists twice makes one failure: each crashes some clients.
func TestAuthenticate_badNameTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, Options{})
		s := w.dial()
		s.beats.Store(true)
		s.send(wire.Authenticate, "", credentials(w.game("Alpha"), allSupports, `,"channels":["x1","all","x1","all"]`))
		equal(t, "first", s.next(), string(welcome))
		for _, name := range []string{"x1", "all"} {
			equal(t, name, s.next(), `{"event":"channels/subscribe","status":"failure","error":"Could not subscribe to '`+name+`'"}`)
		}
		synctest.Wait()
		equal(t, "more", len(s.texts()), 0)
	})
}
