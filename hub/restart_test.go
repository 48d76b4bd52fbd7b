package hub

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hearsay/hub/wire"
)

// TestAnnounce: active sockets hear of the restart, and all stay.
func TestAnnounce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, Options{})
		alpha, site := w.game("Alpha"), w.application("Site", "records")
		sockets := []*socket{w.join(alpha, ""), w.join(alpha, ""), w.join(site, "")}
		silent := w.dial()
		if told := w.Announce(300 * time.Second); !slices.Equal(told, []string{"Alpha", "Site"}) {
			t.Errorf("told %q", told)
		}
		for _, s := range sockets {
			if n := downtime(t, s.next()); n < 295 || n > 305 {
				t.Errorf("got the downtime %d", n)
			}
			s.fence()
		}
		silent.send(wire.Authenticate, "", credentials(alpha, `["channels"]`, ""))
		if first := silent.next(); !strings.Contains(first, `"success"`) {
			t.Errorf("one that had not authenticated heard %s", first)
		}
	})
}

// TestRestart: what the store is asked for, from whichever process, the hub does.
func TestRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var again []time.Duration
		w := open(t, Options{Restart: func(downtime time.Duration) { again = append(again, downtime) }})
		s := w.join(w.game("Alpha"), "")
		r, err := w.st.AskRestart(t.Context(), 30, false)
		w.do(err)
		if n := downtime(t, s.next()); n < 25 || n > 35 {
			t.Errorf("got the downtime %d", n)
		}
		synctest.Wait()
		r, err = w.st.Restart(t.Context(), r.ID)
		if err != nil || r.ToldAt == nil || !slices.Equal(r.Told, []string{"Alpha"}) {
			t.Errorf("got %+v, %v", r, err)
		}
		equal(t, "restarts", len(again), 0)

		now, err := w.st.AskRestart(t.Context(), 5, true)
		w.do(err)
		synctest.Wait()
		equal(t, "restarts", again, []time.Duration{5 * time.Second})
		now, err = w.st.Restart(t.Context(), now.ID)
		if err != nil || !slices.Equal(now.Told, []string{"Alpha"}) {
			t.Errorf("got %+v, %v", now, err)
		}
		s.fence() // Shutdown tells it, not this
	})
}
