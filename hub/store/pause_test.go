package store_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"hearsay/hub/store"
)

func TestPauseChannel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t)
		defer s.Close()
		ctx := store.WithActor(t.Context(), store.Actor{Name: "ann"})
		began := time.Now()
		paused := func() store.Channel {
			t.Helper()
			return must(s.Channel(ctx, "gossip"))
		}
		admissions := s.Admissions()
		if got := logged(t, s, func() { check(t, s.PauseChannel(ctx, "gossip", 5*time.Minute)) }); len(got) > 0 {
			t.Errorf("a pause is in the log of versions: %q", brief(got))
		}
		if s.Admissions() == admissions {
			t.Error("the hub does not hear of the pause")
		}
		c := paused()
		if c.PausedUntil == nil || !c.PausedUntil.Equal(began.Add(5*time.Minute)) || !c.Paused(time.Now()) || c.Paused(began.Add(5*time.Minute)) {
			t.Errorf("got %+v", c)
		}
		a := must(s.Admission(ctx))
		if r := a.Restraints[c.ID]; len(a.Restraints) != 1 || !r.PausedUntil.Equal(*c.PausedUntil) || r.Slow != 0 {
			t.Errorf("got %+v", a.Restraints)
		}
		check(t, s.UpdateChannel(ctx, "gossip", store.ChannelEdit{SlowSeconds: pointer(30)})) // leaves the pause alone
		if c := paused(); !c.Paused(time.Now()) || c.SlowSeconds != 30 {
			t.Errorf("got %+v", c)
		}

		time.Sleep(5 * time.Minute)
		if r := must(s.Admission(ctx)).Restraints[c.ID]; !r.PausedUntil.IsZero() || r.Slow != 30*time.Second {
			t.Errorf("after its end: got %+v", r)
		}

		check(t, s.PauseChannel(ctx, "gossip", 0))
		time.Sleep(time.Minute)
		if c := paused(); !c.PausedUntil.Equal(store.Indefinitely) || !c.Paused(time.Now()) {
			t.Errorf("a pause without end: got %+v", c)
		}
		check(t, s.UnpauseChannel(ctx, "gossip"))
		check(t, s.UnpauseChannel(ctx, "gossip"))
		if c := paused(); c.PausedUntil != nil {
			t.Errorf("got %+v", c)
		}

		wantErr(t, "pause", s.PauseChannel(ctx, "Gossip", 0), store.ErrNotFound)
		wantErr(t, "unpause", s.UnpauseChannel(ctx, "Gossip"), store.ErrNotFound)
		for _, d := range []time.Duration{-time.Minute, store.LongestPause + 1} {
			wantField(t, "pause", s.PauseChannel(ctx, "gossip", d), store.ErrInvalid, "minutes")
		}
		want := []string{
			`channel pause|{"paused_until":null}|{"paused_until":"2000-01-01T00:05:00Z"}`,
			`channel edit|{"slow_seconds":0}|{"slow_seconds":30}`,
			`channel pause|{"paused_until":"2000-01-01T00:05:00Z"}|{"paused_until":"9999-12-31T00:00:00Z"}`,
			`channel unpause|{"paused_until":"9999-12-31T00:00:00Z"}|{"paused_until":null}`,
			`channel unpause|NULL|NULL`,
		}
		if got := ask(t, connect(t, s.Path()), `SELECT action, before_state, after_state FROM audit ORDER BY id`); !slices.Equal(got, want) {
			t.Errorf("audit:\n got %q\nwant %q", got, want)
		}
	})
}

// What is over is taken out of the rows some time.
func TestMaintain_pauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t)
		defer s.Close()
		check(t, s.PauseChannel(t.Context(), "gossip", time.Minute))
		check(t, s.PauseChannel(t.Context(), "testing", time.Hour))
		stop := maintain(t, s)
		defer stop()
		time.Sleep(2*time.Minute + time.Second)
		synctest.Wait()
		all := must(s.Channels(t.Context()))
		if all[0].PausedUntil != nil || all[1].PausedUntil == nil {
			t.Errorf("got %+v", all)
		}
	})
}
