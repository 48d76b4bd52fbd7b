package hub

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"hearsay/hub/store"
	"hearsay/hub/wire"
)

// TestTroubles: who tries in vain to come in or to stay is found, and forgotten when it is well.
func TestTroubles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, Options{Limits: unlimited()})
		alpha, beta := w.game("Alpha"), w.game("Beta")
		want := func(when string, want ...string) {
			t.Helper()
			settle(time.Second)
			var got []string
			for _, one := range w.Troubles() {
				got = append(got, fmt.Sprintf("%s: %s, %d, stays: %v", w.TroubledGame(one), one.Cause, one.Count, one.Stays))
			}
			equal(t, when, got, want)
		}
		home := "192.0.2.1"
		wrong := store.Credential{ClientID: alpha.ClientID, Secret: "wrong"}
		for range 3 {
			w.try(wrong, home)
		}
		want("a wrong secret", "Alpha: the secret was wrong, 3, stays: false")
		s := w.join(alpha, `,"channels":["gossip"]`)
		want("it is here")
		s.hangUp()
		settle(time.Minute)
		want("it has been here")
		w.try(wrong, home)
		want("and fails again", "Alpha: the secret was wrong, 4, stays: false")
		settle(lately)
		want("a day ago")

		deaf := func() {
			s := w.join(beta, "")
			s.beats.Store(false)
			settle(time.Minute + 5*time.Second)
			s.wantEnd(wire.CloseHeartbeat)
		}
		deaf()
		deaf()
		want("closed twice")
		deaf()
		want("closed for the third time", "Beta: it left heartbeats unanswered, 3, stays: true")
		w.join(beta, "")
		want("it is back", "Beta: it left heartbeats unanswered, 3, stays: true")
		settle(endsOver)
		want("it stays")
	})
}
