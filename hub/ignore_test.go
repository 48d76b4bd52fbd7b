package hub

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"hearsay/hub/store"
	"hearsay/hub/wire"
)

// ignore has a game ignore somebody; it does when it returns.
func (w *world) ignore(game, pattern string) {
	w.t.Helper()
	_, err := w.st.AddIgnore(w.t.Context(), game, pattern)
	w.do(err)
	synctest.Wait()
}

// came is what has come to a socket unasked, each as "EVENT NAME@GAME".
func (s *socket) came() (all []string) {
	s.t.Helper()
	synctest.Wait()
	for _, text := range s.texts() {
		f, err := wire.Decode([]byte(text))
		var p struct {
			Name, Game string
			FromName   string `json:"from_name"`
			FromGame   string `json:"from_game"`
		}
		if err == nil && f.Status == "" {
			err = json.Unmarshal(f.Payload, &p)
			all = append(all, fmt.Sprintf("%s %s@%s", f.Event, cmp.Or(p.Name, p.FromName), cmp.Or(p.Game, p.FromGame)))
		}
		if err != nil {
			s.t.Fatalf("%s: %v", text, err)
		}
	}
	return all
}

// TestIgnores: each form of a pattern against each way in which a game hears of somebody. A
// second game, which ignores nobody, hears all of it; the sender notices nothing.
func TestIgnores(t *testing.T) {
	for _, test := range []struct {
		pattern        string
		bob, ann, beta bool // are ignored
	}{
		{"bOB@beta", true, false, false},
		{"*@BETA", true, true, true},
		{"BOB@*", true, false, false},
		{"Bob@Gamma", false, false, false},
		{"Bobby@*", false, false, false},
	} {
		t.Run(test.pattern, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := open(t, Options{Limits: unlimited()})
				c := w.game("Alpha")
				alpha, gamma := w.enter(c, `"Eve"`), w.enter(w.game("Gamma"), `"Eve"`)
				w.rule(store.WordRule, "buy", store.Hold)
				beta := w.game("Beta")
				w.ignore("Alpha", test.pattern)
				alpha.came()
				gamma.came()
				hear := func(what string, ignored bool, want ...string) {
					t.Helper()
					equal(t, what+", to the other", gamma.came(), want)
					if ignored {
						want = nil
					}
					equal(t, what, alpha.came(), want)
				}
				b := w.enter(beta, `"Bob","Ann"`)
				hear("connect", test.beta, "games/connect @Beta")
				for i, who := range []string{"Bob", "Ann"} {
					ignored := []bool{test.bob, test.ann}[i]
					player := who + "@Beta"
					equal(t, "answer", b.says("gossip", who, "hi"), "")
					hear("message", ignored, "channels/broadcast "+player)

					equal(t, "answer", b.says("gossip", who, "buy"), "")
					hear("held message", ignored)
					_, err := w.st.Decide(t.Context(), store.HeldID(i+1), store.Approve)
					w.do(err)
					hear("approved message", ignored, "channels/broadcast "+player)

					equal(t, "answer", b.tells(who, "Alpha", "Eve", "hi"), "")
					equal(t, "answer", b.tells(who, "Gamma", "Eve", "hi"), "")
					hear("tell", ignored, "tells/receive "+player)
					equal(t, "answer", b.tells(who, "Alpha", "Nobody", "hi"), wire.ErrorReceiverOffline)

					for _, payload := range []string{`{"game":"Beta"}`, ``} {
						equal(t, "players/status", strings.Contains(alpha.ask(wire.PlayersStatus, payload), `"`+who+`"`), !ignored)
						equal(t, "players/status, to the other", strings.Contains(gamma.ask(wire.PlayersStatus, `{"game":"Beta"}`), `"`+who+`"`), true)
						alpha.came()
					}
					equal(t, "history", strings.Count(alpha.ask(wire.ChannelsHistory, `{"channel":"gossip"}`), `"`+who+`"`) > 0, !ignored)
					equal(t, "history, to the other", strings.Count(gamma.ask(wire.ChannelsHistory, `{"channel":"gossip"}`), `"`+who+`"`) > 0, true)

					equal(t, "answer", alpha.tells("Eve", "Hearsay", "system", "who"), "")
					synctest.Wait()
					equal(t, "who", strings.Contains(strings.Join(alpha.heard(), ""), who), !ignored)

					b.ask(wire.PlayersSignOut, `{"name":"`+who+`"}`)
					hear("sign-out", ignored, "players/sign-out "+player)
					b.ask(wire.PlayersSignIn, `{"name":"`+who+`"}`)
					hear("sign-in", ignored, "players/sign-in "+player)

					said := false // which the doctor shows
					for _, f := range w.GameChart(store.GameID(c.ID)).Sockets[0].Frames {
						said = said || f.Published && strings.Contains(f.Text, `"`+who+`"`)
					}
					equal(t, "frames", said, !ignored)
				}
				hidden := false
				w.do(w.st.UpdateGame(t.Context(), "Beta", store.GameEdit{Display: &hidden}))
				hear("disconnect", test.beta, "games/disconnect @Beta")
			})
		})
	}
}

// TestIgnores_others: applications, people in browsers and the hub may be ignored like games; a
// game's own players are not, and applications ignore nobody.
func TestIgnores_others(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, Options{Limits: unlimited()})
		c := w.game("Alpha")
		alpha, own, gamma := w.enter(c, `"Eve"`), w.enter(c, `"Bob"`), w.enter(w.game("Gamma"), `"Eve"`)
		site := w.enter(w.application("Site", "versions"), "")
		for _, pattern := range []string{"*@site", "ann@Hearsay", "bob@*"} {
			w.ignore("Alpha", pattern)
		}
		hear := func(what string, s *socket, want ...string) {
			t.Helper()
			synctest.Wait()
			equal(t, what, s.heard(), append([]string{}, want...))
		}
		hear("before", alpha)
		hear("before", gamma)
		equal(t, "answer", site.says("gossip", "Bot", "hi"), "")
		hear("of an application", alpha)
		hear("of an application", gamma, "gossip Bot@Site: hi")
		for _, name := range []string{"Ann", "Zed"} {
			_, err := w.Say(t.Context(), name, "gossip", "hi")
			w.do(err)
		}
		hear("of people", alpha, "gossip Zed@Hearsay: hi")
		hear("of people", gamma, "gossip Ann@Hearsay: hi", "gossip Zed@Hearsay: hi")
		hear("an application", site, "gossip Ann@Hearsay: hi", "gossip Zed@Hearsay: hi")

		equal(t, "answer", own.says("gossip", "Bob", "mine"), "")
		equal(t, "answer", own.tells("Bob", "Alpha", "Eve", "hi"), "")
		hear("the own player", alpha, "Eve Bob@Alpha: hi")
		if got := alpha.ask(wire.PlayersStatus, `{"game":"Alpha"}`); !strings.Contains(got, "Bob") {
			t.Errorf("players/status leaves out the own player: %s", got)
		}
		if got := alpha.ask(wire.ChannelsHistory, `{"channel":"gossip"}`); !strings.Contains(got, "mine") || strings.Contains(got, "Ann") {
			t.Errorf("history: got %s", got)
		}
		if got := site.ask(wire.ChannelsHistory, `{"channel":"gossip"}`); !strings.Contains(got, "Ann") {
			t.Errorf("an application's history: got %s", got)
		}
	})
}

// TestIgnores_atOnce: lists count and cease to, whoever writes them, and after a restart.
func TestIgnores_atOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, Options{Limits: unlimited()})
		c, d := w.game("Alpha"), w.game("Beta")
		alpha, beta := w.join(c, `,"channels":["gossip"]`), w.join(d, `,"channels":["gossip"]`)
		hears := func(what string, want bool) {
			t.Helper()
			synctest.Wait()
			alpha.texts()
			equal(t, what+": the answer", beta.says("gossip", "Bob", "hi"), "")
			synctest.Wait()
			equal(t, what, len(alpha.heard()) == 1, want)
		}
		hears("without a list", true)
		w.ignore("Alpha", "Bob@Beta")
		hears("ignored", false)
		_, err := w.st.RemoveIgnore(t.Context(), "Alpha", "bob@beta")
		w.do(err)
		hears("removed", true)
		equal(t, "no list", w.ignorers.Load() == nil, true)

		conn, err := sqlite.OpenConn(w.path, sqlite.OpenReadWrite) // another program's hand
		w.do(err)
		run := func(query string) {
			t.Helper()
			w.do(sqlitex.Execute(conn, query, nil))
			settle(time.Second)
		}
		run(`INSERT INTO ignores (game_id, name, game) VALUES (1, '*', 'beta')`)
		hears("from the shell", false)
		run(`UPDATE ignores SET game = 'Gamma'`)
		hears("changed by the shell", true)
		run(`UPDATE ignores SET name = 'Bob', game = '*'`)
		hears("changed by the shell again", false)
		w.do(conn.Close())

		again, err := New(t.Context(), w.st, Options{}) // before it follows anything
		w.do(err)
		equal(t, "after a restart", again.deaf("bob", "beta").Has(1), true)
		again.Shutdown(t.Context(), Downtime)

		w.do(w.st.DeleteGame(t.Context(), "Alpha"))
		synctest.Wait()
		equal(t, "after the game was removed", w.ignorers.Load() == nil, true)
	})
}

// BenchmarkIgnores is what ignore lists cost: a message (who ignores its sender?), and then
// each receiver, of which there are a thousand here.
func BenchmarkIgnores(b *testing.B) {
	const games = 1000
	for _, test := range []struct {
		name, ignored string
	}{{"none", ""}, {"others", "Zed%d@*"}, {"sender", "Bob@*"}} {
		b.Run(test.name, func(b *testing.B) {
			w := open(b, Options{Limits: unlimited()})
			sh := newShard()
			for i := range games {
				name := fmt.Sprint("G", i)
				w.game(name)
				if test.ignored != "" && i%2 == 0 {
					_, err := w.st.AddIgnore(b.Context(), name, strings.ReplaceAll(test.ignored, "%d", fmt.Sprint(i)))
					w.do(err)
				}
				g, err := w.st.Game(b.Context(), name)
				w.do(err)
				sh.do(operation{session: deafened(sh, int64(g.ID)), listens: true})
			}
			w.do(w.heedIgnores(b.Context()))
			p := packets(func(bool) []byte { return []byte("hello") })
			for b.Loop() {
				sh.empty = &batch{}
				sh.do(operation{publication: publication{frame: p, deaf: w.deaf("Bob", "Sends")}})
				for _, s := range sh.round {
					s.batch, s.waits = nil, false
				}
				clear(sh.round)
				sh.round, sh.at = sh.round[:0], 0
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*games), "ns/receiver")
		})
	}
}
