package hub

import (
	"fmt"
	"strings"
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

// What other games' terminals would obey is refused in titles, and cleaned out of descriptions
// and of what is in the file already.
func TestAchievements_terminals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, Options{Limits: unlimited()})
		s := w.enter(w.game("Alpha"), "")
		for _, title := range []string{`T\u001b[2J`, `T\u009b2J`, `T\nU`, `T\u202e`, `\u3164`} {
			if got := s.ask(wire.AchievementsCreate, `{"title":"`+title+`"}`); !strings.Contains(got, `"payload":{"errors":{"title":["is invalid"]}}`) {
				t.Errorf("%s: got %s", title, got)
			}
		}
		if got := s.ask(wire.AchievementsCreate, `{"title":"T","description":"one\u001b[2J\n<b>two\u202e</b>"}`); !strings.Contains(got, `"description":"one\ntwo"`) {
			t.Errorf("got %s", got)
		}
		w.outside(`UPDATE achievements SET title = 'T' || char(27) || '[2J'`)
		if got := s.ask(wire.AchievementsSync, ``); !strings.Contains(got, `"title":"T",`) {
			t.Errorf("got %s", got)
		}
		w.outside(`UPDATE games SET name = 'T' || char(27) || '[2J', description = char(0x9b) || '2Jx'`)
		w.do(w.follow(t.Context()))
		if got := s.ask(wire.GamesStatus, `{"game":"Alpha"}`); !strings.Contains(got, `"display_name":"T","description":"x"`) {
			t.Errorf("got %s", got)
		}
	})
}
