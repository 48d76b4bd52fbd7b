package hub

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"hearsay/hub/store"
	"hearsay/hub/wire"
)

func TestSample(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, Options{Limits: unlimited()})
		began := time.Now()
		alpha := w.join(w.game("Alpha"), `,"channels":["gossip"]`)
		say := func(n int) {
			for range n {
				alpha.ask(wire.ChannelsSend, `{"channel":"gossip","name":"Bob","message":"Hello"}`)
			}
		}
		say(3) // before the sampling: it does not count
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			w.Sample(ctx)
			close(done)
		}()
		synctest.Wait()
		say(2)
		settle(time.Minute)
		w.join(w.game("Beta"), "")
		say(5)
		settle(time.Minute)
		settle(45 * time.Second) // one more
		say(7)
		stop()
		<-done

		all, err := w.st.Samples(t.Context(), store.Minute, began)
		w.do(err)
		var got []string
		for _, m := range all {
			got = append(got, fmt.Sprintf("%v: %v games, %d most, %d messages", m.At.Sub(began), m.Games, m.GamesMost, m.Messages))
		}
		equal(t, "samples", got, []string{
			"0s: 1 games, 1 most, 2 messages",
			"1m0s: 2 games, 2 most, 5 messages",
			"2m0s: 2 games, 2 most, 7 messages", // two: one was at the end
		})
	})
}

func TestUntilSample(t *testing.T) {
	minute := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	for at, want := range map[time.Duration]time.Duration{
		0:                                 30 * time.Second,
		29 * time.Second:                  time.Second,
		30 * time.Second:                  time.Minute,
		30*time.Second + time.Millisecond: time.Minute - time.Millisecond,
		59 * time.Second:                  31 * time.Second,
	} {
		equal(t, fmt.Sprint("at ", at), untilSample(minute.Add(at)), want)
	}
}

func TestHub_Lag(t *testing.T) {
	w := open(t, Options{})
	w.game("Alpha")
	w.do(w.follow(t.Context()))
	newest := w.Status().Newest
	for _, test := range []struct {
		what   string
		a      ApplicationStatus
		behind bool
	}{
		{"all read", ApplicationStatus{Fed: 1, Cursor: newest}, false},
		{"one version not", ApplicationStatus{Fed: 1, Cursor: newest - 1}, true},
		{"in its catch-up", ApplicationStatus{Fed: 1}, false},
		{"not fed", ApplicationStatus{}, false},
	} {
		lag := w.Lag(t.Context(), test.a)
		if test.behind != (lag > 0) || lag > time.Minute {
			t.Errorf("%s: got %v", test.what, lag)
		}
	}
}
