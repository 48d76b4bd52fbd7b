package hub

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"hearsay/hub/hubtest"
	"hearsay/hub/wire"
)

// downtime reads a restart notice, which has no other key.
func downtime(t testing.TB, text string) int {
	t.Helper()
	f, err := wire.Decode([]byte(text))
	if err != nil || f.Event != wire.Restart || len(f.Ref) == 0 {
		t.Fatalf("got %s, want a restart", text)
	}
	var p map[string]int
	if err := json.Unmarshal(f.Payload, &p); err != nil || len(p) != 1 {
		t.Fatalf("got %s, want only downtime", text)
	}
	return p["downtime"]
}

func TestShutdown_downtime(t *testing.T) {
	for _, test := range []struct{ announced, least, most int }{{15, 10, 20}, {300, 295, 305}, {3, 1, 8}} {
		t.Run(fmt.Sprint(test.announced), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := DefaultLimits()
				l.Sockets = 0
				w := open(t, Options{Limits: &l})
				game, application := w.game("Alpha"), w.application("Site", "records")
				var sockets []*socket
				for range 30 {
					sockets = append(sockets, w.join(game, ""), w.join(application, ""))
				}
				w.Shutdown(t.Context(), time.Duration(test.announced)*time.Second)
				seen := map[int]bool{}
				for _, s := range sockets {
					before := s.wantEnd(wire.ClosePlannedStop)
					n := downtime(t, before[len(before)-1])
					if n < test.least || n > test.most {
						t.Errorf("got downtime %d, want %d to %d", n, test.least, test.most)
					}
					seen[n] = true
				}
				if len(seen) < 4 {
					t.Errorf("got only the downtimes %v", seen)
				}
			})
		})
	}
}

// TestShutdown_unauthenticated: those that have said nothing are told nothing.
func TestShutdown_unauthenticated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, Options{})
		s := w.dial()
		w.Shutdown(t.Context(), Downtime)
		equal(t, "frames before the end", s.wantEnd(wire.ClosePlannedStop), []string(nil))
		equal(t, "frames to a new socket", w.dial().wantEnd(wire.ClosePlannedStop), []string(nil))
	})
}

// TestShutdown_parallel has many sockets that take a second each to read and to
// answer the close.
func TestShutdown_parallel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := DefaultLimits()
		l.Sockets = 0
		w := open(t, Options{Limits: &l})
		c := w.game("Alpha")
		var sockets []*socket
		for range 200 {
			s := w.dialPaused()
			s.send(wire.Authenticate, "", credentials(c, `["channels"]`, ""))
			sockets = append(sockets, s)
		}
		synctest.Wait()
		began := time.Now()
		for _, s := range sockets {
			time.AfterFunc(time.Second, func() { close(s.turns) })
		}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		w.Shutdown(ctx, Downtime)
		equal(t, "the stop took", time.Since(began), time.Second)
		equal(t, "sockets", w.Sockets(), 0)
		for _, s := range sockets {
			before := s.wantEnd(wire.ClosePlannedStop)
			downtime(t, before[len(before)-1])
		}
	})
}

// TestShutdown_stubborn has clients that do not answer the close, or read nothing:
// the stop takes no longer than its context.
func TestShutdown_stubborn(t *testing.T) {
	for _, reads := range []int{0, 1, 100, 1 << 20} {
		t.Run(fmt.Sprintf("reads %d bytes", reads), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := open(t, Options{})
				c := w.game("Alpha")
				polite := w.join(w.game("Beta"), "")
				conn, status := hubtest.RawPipe(t, w.Hub, home)
				equal(t, "status", status, http.StatusSwitchingProtocols)
				var read []byte
				done := make(chan struct{})
				go func() {
					defer close(done)
					read, _ = io.ReadAll(io.LimitReader(conn, int64(reads))) // until the hub cuts it off
				}()
				w.do(rawSend(conn, `{"event":"authenticate","payload":`+credentials(c, `["channels"]`, "")+`}`))
				synctest.Wait()
				began := time.Now()
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
				defer cancel()
				w.Shutdown(ctx, Downtime)
				if took := time.Since(began); took > 2*time.Second {
					t.Errorf("the stop took %v, want at most the 2 s of its context", took)
				}
				equal(t, "sockets", w.Sockets(), 0)
				<-done
				t.Logf("read %q", read)
				polite.wantEnd(wire.ClosePlannedStop)
			})
		})
	}
}

// TestShutdown_noNotices: when the hub stops, games do not go offline.
func TestShutdown_noNotices(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, Options{})
		watcher := w.join(w.game("Watcher"), "")
		w.join(w.game("Alpha"), "").hangUp()
		settle(30 * time.Second)
		w.join(w.game("Beta"), "")
		watcher.notices("")
		w.Shutdown(t.Context(), Downtime)
		settle(2 * OfflineAfter)
		equal(t, "frames", len(watcher.wantEnd(wire.ClosePlannedStop)), 1)
	})
}

// TestShutdown_inSync stops while an application waits in its first sync.
func TestShutdown_inSync(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, Options{})
		c := w.application("Site", "records")
		w.fill(60)
		s := w.dialPaused()
		s.send(wire.Authenticate, "", credentials(c, allSupports, ""))
		synctest.Wait()
		time.AfterFunc(time.Second, func() { close(s.turns) })
		w.Shutdown(t.Context(), Downtime)
		s.wantEnd(wire.ClosePlannedStop)
	})
}
