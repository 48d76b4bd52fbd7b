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

// TestCensus has players come and go, and a game that is off for a while.
func TestCensus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, Options{Limits: unlimited(), Heartbeat: 24 * time.Hour})
		began := time.Now()
		alpha := w.game("Alpha")
		s := w.join(alpha, "")
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			w.Sample(ctx)
			close(done)
		}()
		settle(5 * time.Minute)
		s.ask(wire.PlayersSignIn, `{"name":"Ann"}`)
		settle(5 * time.Minute)
		s.ask(wire.PlayersSignIn, `{"name":"Bob"}`)
		settle(5 * time.Minute) // a quarter: five minutes with none, one and two
		s.ask(wire.PlayersSignOut, `{"name":"Ann"}`)
		settle(15 * time.Minute)
		s.hangUp()
		settle(30 * time.Minute) // it is off after a minute, in which nobody is on
		gone := w.game("Gone")
		w.join(gone, "")
		w.join(alpha, "")
		settle(5 * time.Minute)
		w.do(w.st.DeleteGame(t.Context(), "Gone"))
		stop() // in the middle of a quarter
		<-done

		for span, want := range map[store.Span][]string{
			store.Quarter:  {"0s 1.0 2", "15m0s 1.0 1", "30m0s 0.0 0", "1h0m0s 0.0 0"},
			store.TwoHours: {"0s 0.8 2"},
			store.Day:      {"0s 0.8 2"},
		} {
			all, err := w.st.GameSamples(t.Context(), store.GameID(alpha.ID), span, began)
			w.do(err)
			var got []string
			for _, one := range all {
				got = append(got, fmt.Sprintf("%v %.1f %d", one.At.Sub(began), one.Players, one.Most))
			}
			equal(t, fmt.Sprint(time.Duration(span)), got, want)
		}
		all, err := w.st.GameSamples(t.Context(), store.GameID(gone.ID), store.Day, began)
		w.do(err)
		equal(t, "a game that is gone", len(all), 0)
	})
}
