package hub

import (
	"fmt"
	"testing"
	"testing/synctest"

	"hearsay/hub/wire"
)

// TestAchievements_together has two sockets of a game change different attributes of an
// achievement at the same time: both changes are kept.
func TestAchievements_together(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, Options{Limits: unlimited()})
		c := w.game("Alpha")
		var sockets [2]*socket
		for i := range sockets {
			sockets[i] = w.dial()
			sockets[i].joinWith(credentials(c, `["channels","achievements"]`, ""))
		}
		sockets[0].ask(wire.AchievementsCreate, `{"title":"0"}`)
		all, err := w.st.Achievements(t.Context(), 1)
		w.do(err)
		key := all[0].Key
		for i := 1; i <= 20; i++ {
			sockets[0].send(wire.AchievementsUpdate, "x", fmt.Sprintf(`{"key":%q,"title":"%d"}`, key, i))
			sockets[1].send(wire.AchievementsUpdate, "x", fmt.Sprintf(`{"key":%q,"points":%d}`, key, i))
			for _, s := range sockets {
				if answer := s.next(); !succeeded(answer) {
					t.Fatal(answer)
				}
			}
			a, err := w.st.Achievement(t.Context(), 1, key)
			w.do(err)
			if a.Title != fmt.Sprint(i) || a.Points != i {
				t.Fatalf("got title %q and %d points, want %d twice", a.Title, a.Points, i)
			}
		}
	})
}
