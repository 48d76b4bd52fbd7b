package hub

import (
	"context"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"hearsay/hub/store"
	"hearsay/hub/wire"
)

// faults is a log that counts errors; flooded is closed at the thousandth.
type faults struct {
	slog.Handler
	n       atomic.Int64
	flooded chan struct{}
}

func (f *faults) Enabled(context.Context, slog.Level) bool { return true }

func (f *faults) Handle(_ context.Context, r slog.Record) error {
	if r.Level == slog.LevelError && f.n.Add(1) == 1000 {
		close(f.flooded)
	}
	return nil
}

// outside runs a query as another program does.
func (w *world) outside(query string) {
	w.t.Helper()
	conn, err := sqlite.OpenConn(w.path, sqlite.OpenReadWrite)
	w.do(err)
	w.do(sqlitex.ExecuteTransient(conn, query, nil))
	w.do(conn.Close())
}

// TestRun_unreadable has a rule end that cannot be read again. The hub tries it after a pause,
// and follows all else meanwhile.
func TestRun_unreadable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &faults{Handler: slog.DiscardHandler, flooded: make(chan struct{})}
		w := open(t, Options{Log: slog.New(f)})
		ends := time.Now().Add(10 * time.Second)
		w.rule(store.WordRule, "darn", store.Mute, func(r *store.Rule) { r.EndsAt = &ends })
		alpha := w.join(w.game("Alpha"), `,"channels":["gossip"]`)
		w.outside(`ALTER TABLE rules RENAME TO away`)
		select {
		case <-f.flooded:
			w.stopRun()
			t.Fatal("a thousand errors in no time")
		case <-time.After(2 * time.Minute):
		}
		synctest.Wait()
		if n := f.n.Load(); n < 5 || n > 20 {
			t.Errorf("it was tried %d times within two minutes, want 5 to 20", n)
		}
		w.do(w.st.SuspendGame(t.Context(), "Alpha", store.Suspension{Reason: "test"}))
		alpha.wantEnd(1008)
		w.outside(`ALTER TABLE away RENAME TO rules`)
		settle(time.Second)
		if w.rules.Load() != nil {
			t.Error("the rule that has ended is still there")
		}
	})
}

// TestRun_acknowledges: what another process has changed holds in the hub when that process has
// waited for it.
func TestRun_acknowledges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, Options{})
		ctx := t.Context()
		alpha := w.join(w.game("Alpha"), `,"channels":["gossip"]`)
		other, err := store.Open(ctx, w.path, store.Options{})
		w.do(err)
		defer other.Close()
		for i := range 20 {
			settle(time.Duration(i) * 17 * time.Millisecond) // wherever the hub is between two looks
			w.do(other.PauseChannel(ctx, "gossip", time.Hour))
			followed, err := other.AwaitFollowers(ctx)
			if err != nil || !followed {
				t.Fatalf("got %t, %v", followed, err)
			}
			equal(t, "when it is paused", alpha.says("gossip", "Ann", "hi"), wire.ErrorPaused)
			w.do(other.UnpauseChannel(ctx, "gossip"))
			_, err = other.AwaitFollowers(ctx)
			w.do(err)
			equal(t, "when it is not", alpha.says("gossip", "Ann", "hi"), "")
			settle(time.Minute)
		}
		w.stopRun()
		<-w.ran
		w.do(other.PauseChannel(ctx, "gossip", time.Hour))
		began := time.Now()
		if followed, err := other.AwaitFollowers(ctx); followed || err != nil || time.Since(began) != time.Second {
			t.Errorf("nobody follows: got %t, %v after %v", followed, err, time.Since(began))
		}
	})
}
