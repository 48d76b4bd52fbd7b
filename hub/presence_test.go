package hub

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hearsay/hub/store"
	"hearsay/hub/wire"
)

// notices are the events about a game among the frames that have come.
func (s *socket) notices(game string) (events []string) {
	s.t.Helper()
	synctest.Wait()
	for _, text := range s.texts() {
		f, err := wire.Decode([]byte(text))
		if err != nil {
			s.t.Fatal(err)
		}
		if string(f.Payload) == `{"game":"`+game+`"}` {
			events = append(events, f.Event)
		}
	}
	return events
}

var (
	came []string = []string{wire.GamesConnect}
	went []string = []string{wire.GamesDisconnect}
	none []string
)

func TestPresence_offlineNotice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, Options{})
		watcher := w.join(w.game("Watcher"), "")
		alpha := w.game("Alpha")

		s := w.join(alpha, "")
		equal(t, "when it comes", watcher.notices("Alpha"), came)
		s.hangUp()
		settle(OfflineAfter - 1)
		equal(t, "before the minute is over", watcher.notices("Alpha"), none)
		settle(1)
		equal(t, "after a minute", watcher.notices("Alpha"), went)

		s = w.join(alpha, "")
		equal(t, "when it comes again", watcher.notices("Alpha"), came)
		s.hangUp()
		settle(59 * time.Second)
		s = w.join(alpha, "")
		settle(2 * time.Minute)
		equal(t, "when it returns after 59 s", watcher.notices("Alpha"), none)

		second := w.join(alpha, "")
		s.hangUp()
		settle(2 * time.Minute)
		equal(t, "while a second socket lives", watcher.notices("Alpha"), none)
		second.hangUp()
		settle(OfflineAfter - 1)
		equal(t, "59 s after the last socket", watcher.notices("Alpha"), none)
		settle(1)
		equal(t, "a minute after the last socket", watcher.notices("Alpha"), went)
	})
}

func TestPresence_hidden(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, Options{})
		watcher := w.join(w.game("Watcher"), "")
		site := w.join(w.application("Site", "versions"), "")
		hidden := w.gameWith(store.Game{ShortName: "Hidden", Name: "Hidden"})
		yes := true

		w.join(hidden, "").hangUp()
		w.join(w.application("Other", "versions"), "").hangUp()
		settle(2 * time.Minute)
		equal(t, "to a game", watcher.notices("Hidden"), none)
		equal(t, "to an application", site.notices("Hidden"), none)

		w.join(hidden, "").hangUp()
		settle(30 * time.Second)
		w.do(w.st.UpdateGame(t.Context(), "Hidden", store.GameEdit{Display: &yes}))
		equal(t, "shown while its link is down", watcher.notices("Hidden"), came)
		settle(30 * time.Second)
		equal(t, "when it has been gone a minute", watcher.notices("Hidden"), went)
	})
}

// TestPresence_lastKnown asks for a game whose link is down, and then again when it
// is offline.
func TestPresence_lastKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, Options{})
		watcher := w.join(w.game("Watcher"), "")
		c := w.game("Alpha")
		for _, channel := range []string{"secret", "gossip"} {
			_, err := w.ensureChannel(t.Context(), channel)
			w.do(err)
		}
		first, second := w.dial(), w.dial()
		first.send(wire.Authenticate, "", credentials(c, `["channels","tells"]`, `,"channels":["gossip"],"players":["Bob"]`))
		second.send(wire.Authenticate, "", credentials(c, `["channels","players"]`, `,"channels":["testing","secret"],"players":["Eve"]`))
		synctest.Wait()
		ask := func() string { return watcher.ask(wire.GamesStatus, `{"game":"Alpha"}`) }
		const (
			both    = `"supports":["channels","players","tells"],"channels":["gossip","testing"],"player_online_count":2`
			one     = `"supports":["channels","players"],"channels":["testing"],"player_online_count":1`
			known   = `"supports":["channels","players"],"channels":["testing"],"player_online_count":0,"players_online_count":0`
			nothing = `"connections":[],"player_online_count":0,"players_online_count":0}}`
		)
		for _, test := range []struct {
			when string
			do   func()
			want string
		}{
			{"online", func() {}, both},
			{"one socket left", first.hangUp, one},
			{"link down", second.hangUp, known},
			{"59 s later", func() { settle(OfflineAfter - 1) }, known},
			{"offline", func() { settle(1) }, nothing},
		} {
			test.do()
			synctest.Wait()
			if got := ask(); !strings.Contains(got, test.want) {
				t.Errorf("%s: got %s, want in it %s", test.when, got, test.want)
			}
			online := strings.Contains(watcher.ask(wire.PlayersStatus, `{"game":"Alpha"}`), `"status":"success"`)
			equal(t, test.when+": players/status knows it", online, test.want != nothing)
		}
	})
}

// TestPresence_kick has games and applications removed and suspended: their sockets
// close, and others hear it at once, not a minute later.
func TestPresence_kick(t *testing.T) {
	yes := true
	for _, test := range []struct {
		name string
		do   func(*world) error
		want []string // of Alpha's notices
	}{
		{"remove game", func(w *world) error { return w.st.DeleteGame(w.t.Context(), "Alpha") }, went},
		{"suspend game", func(w *world) error {
			return w.st.UpdateGame(w.t.Context(), "Alpha", store.GameEdit{Suspended: &yes})
		}, went},
		{"remove application", func(w *world) error { return w.st.DeleteApplication(w.t.Context(), "Site") }, none},
		{"suspend application", func(w *world) error {
			return w.st.UpdateApplication(w.t.Context(), "Site", store.ApplicationEdit{Suspended: &yes})
		}, none},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := open(t, Options{})
				watcher := w.join(w.game("Watcher"), "")
				alpha, site := w.game("Alpha"), w.application("Site", "records")
				games := []*socket{w.join(alpha, ""), w.join(alpha, "")}
				applications := []*socket{w.join(site, ""), w.join(site, "")}
				watcher.notices("Alpha")
				kicked, stay, c := games, applications, alpha
				if strings.HasSuffix(test.name, "application") {
					kicked, stay, c = applications, games, site
				}
				began := time.Now()
				w.do(test.do(w))
				for _, s := range kicked {
					code, _, at, before := s.ended()
					equal(t, "close code", code, wire.CloseRemoved)
					equal(t, "closed after", at.Sub(began), time.Duration(0))
					for _, text := range before {
						if strings.Contains(text, `"failure"`) {
							t.Errorf("before the end: %s", text)
						}
					}
				}
				for _, s := range stay {
					s.fence()
				}
				equal(t, "notices", watcher.notices("Alpha"), test.want)
				settle(2 * OfflineAfter)
				equal(t, "notices later", watcher.notices("Alpha"), none)
				for _, s := range stay {
					s.fence()
				}
				w.wantBarred(c, strings.HasPrefix(test.name, "suspend"))
			})
		})
	}
}

// wantBarred fails the test unless credentials are refused: those of a suspended
// owner without the failure that makes clients leave for ever.
func (w *world) wantBarred(c store.Credential, suspended bool) {
	w.t.Helper()
	s := w.dial()
	s.send(wire.Authenticate, "", credentials(c, allSupports, ""))
	code, failures := wire.CloseAuthentication, 1
	if suspended {
		code, failures = wire.CloseRemoved, 0
	}
	equal(w.t, "failures", len(s.wantEnd(code)), failures)
}

// TestPresence_kickWhileDown has no socket to close.
func TestPresence_kickWhileDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, Options{})
		watcher := w.join(w.game("Watcher"), "")
		w.join(w.game("Alpha"), "").hangUp()
		settle(30 * time.Second)
		equal(t, "while the link is down", watcher.notices("Alpha"), came)
		w.do(w.st.DeleteGame(t.Context(), "Alpha"))
		equal(t, "when it is removed", watcher.notices("Alpha"), went)
		settle(2 * OfflineAfter)
		equal(t, "later", watcher.notices("Alpha"), none)
	})
}

func TestPresence_players(t *testing.T) {
	on := &online{}
	for _, names := range [][]string{{"Bob", "eve"}, {"EVE", "bob", "Zoë"}, nil} {
		on.sessions = append(on.sessions, &session{players: newRoster(names)})
	}
	equal(t, "union", on.players(), []string{"Bob", "eve", "Zoë"})
	for name, want := range map[string]string{"BOB": "Bob", "Eve": "eve", "zoË": "Zoë", "Al": ""} {
		got, ok := on.find(name)
		equal(t, fmt.Sprintf("find %q", name), got, want)
		equal(t, fmt.Sprintf("find %q", name), ok, want != "")
	}
}

// TestPresence_spelling signs a player in on two sockets: the first spelling stays.
func TestPresence_spelling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, Options{})
		c := w.game("Alpha")
		older, newer := w.join(c, ""), w.join(c, "")
		synctest.Wait() // the first heartbeats' answers, without players
		newer.ask(wire.PlayersSignIn, `{"name":"bob"}`)
		older.ask(wire.PlayersSignIn, `{"name":"BOB"}`)
		if got := older.ask(wire.PlayersStatus, `{"game":"Alpha"}`); !strings.Contains(got, `"players":["bob"]`) {
			t.Errorf("got %s, want bob in it", got)
		}
	})
}

// TestPresence_teller picks the socket that a tell goes to.
func TestPresence_teller(t *testing.T) {
	plain, flag := wire.SupportChannels, wire.SupportChannels|wire.SupportTells
	on := &online{sessions: []*session{
		{supports: flag, players: newRoster([]string{"Bob"})},
		{supports: plain, players: newRoster([]string{"Eve"})},
		{supports: flag},
		{supports: plain},
	}}
	for name, want := range map[string]int{"bob": 0, "eve": 2, "Al": 2} {
		if got := on.teller(name); got != on.sessions[want] {
			t.Errorf("a tell for %q does not go to socket %d", name, want)
		}
	}
	on.sessions = on.sessions[3:]
	if on.teller("Bob") != nil {
		t.Error("a tell goes to a socket without the flag")
	}
}

// TestPresence_lastSeen: the file knows of a connected game, within two minutes, that it is
// there, so that a crash does not make it look long gone.
func TestPresence_lastSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, Options{})
		alpha, site := w.game("Alpha"), w.application("Site", "records")
		w.join(alpha, "")
		w.join(site, "")
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			w.st.Maintain(ctx)
		}()
		settle(time.Hour)
		game, err := w.st.Game(t.Context(), "Alpha")
		w.do(err)
		application, err := w.st.Application(t.Context(), "Site")
		w.do(err)
		for name, seen := range map[string]*time.Time{"Alpha": game.LastSeenAt, "Site": application.LastSeenAt} {
			if seen == nil || time.Since(*seen) > 2*time.Minute {
				t.Errorf("%s was last seen at %v, want within two minutes of %v", name, seen, time.Now())
			}
		}
		cancel()
		<-done
	})
}

// Names are the same when their keys are: on all sockets of a game, in tells, and for who
// signs in.
func TestPresence_sameNames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, Options{Limits: unlimited()})
		c := w.game("Alpha")
		first := w.enter(c, `"Νικος","B\u200bob"`)
		w.enter(c, `"ΝΙΚΟΣ","Ｂｏｂ","\u3164"`)
		beta := w.enter(w.game("Beta"), `"Eve"`)
		if got := beta.ask(wire.PlayersStatus, `{"game":"Alpha"}`); !strings.Contains(got, `"players":["Νικος","Bob"]`) {
			t.Errorf("the union: got %s", got)
		}
		for _, name := range []string{"νικοσ", "ΝΙΚΟΣ", "Νι\u00adκος"} {
			equal(t, "a tell to "+name, beta.tells("ＥＶＥ", "alpha", name, "hi"), "")
			synctest.Wait()
			equal(t, "what comes", first.heard(), []string{"Νικος Eve@Beta: hi"})
		}
		equal(t, "to the hub", beta.tells("Eve", "ＨＥＡＲＳＡＹ", "Sy\u200bstem", "help"), "")
		equal(t, "nothing visible", answerError(beta, beta.ask(wire.PlayersSignIn, `{"name":"\u2800"}`)), "name is empty")
		beta.came()
		first.ask(wire.PlayersSignIn, `{"name":"νικοσ"}`)
		equal(t, "who is on already", len(beta.came()), 0)
		first.ask(wire.PlayersSignOut, `{"name":"νικοσ"}`)
		equal(t, "who goes", beta.came(), []string{"players/sign-out Νικος@Alpha"})
	})
}

// TestPresence_hiddenPlayers: nobody but the game itself sees the players of a game that hides them,
// from its first moment on, and when that is changed.
func TestPresence_hiddenPlayers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, Options{Limits: unlimited()})
		shy := w.join(w.gameWith(store.Game{ShortName: "Shy", Name: "Shy MUD", Display: true, HidePlayers: true}), `,"channels":["gossip"]`)
		alpha, site := w.join(w.game("Alpha"), `,"channels":["gossip"]`), w.join(w.application("Site", "versions"), "")
		alpha.ask(wire.PlayersSignIn, `{"name":"Ann"}`)
		sees := func(s *socket) string {
			t.Helper()
			var status wire.GameStatus
			var players wire.PlayersPayload
			for event, payload := range map[string]any{wire.GamesStatus: &status, wire.PlayersStatus: &players} {
				f, err := wire.Decode([]byte(s.ask(event, `{"game":"Shy"}`)))
				w.do(err)
				w.do(json.Unmarshal(f.Payload, payload))
			}
			return fmt.Sprint(players.Players, status.PlayerOnlineCount, status.PlayersOnline)
		}
		for _, hides := range []bool{true, false, true} {
			w.do(w.st.UpdateGame(t.Context(), "Shy", store.GameEdit{HidePlayers: &hides}))
			synctest.Wait()
			alpha.texts()
			site.texts()
			shy.ask(wire.PlayersSignIn, `{"name":"Bob"}`)
			shown, notices, failure := "[Bob] 1 1", 1, ""
			if hides {
				shown, notices, failure = "[] 0 0", 0, wire.ErrorNotSupported
			}
			equal(t, fmt.Sprintf("hides %t: to Alpha", hides), sees(alpha), shown)
			equal(t, fmt.Sprintf("hides %t: to the application", hides), sees(site), shown)
			equal(t, fmt.Sprintf("hides %t: to itself", hides), sees(shy), "[Bob] 1 1")
			equal(t, fmt.Sprintf("hides %t: a tell to Bob", hides), alpha.tells("Ann", "Shy", "Bob", "hi"), failure)
			equal(t, fmt.Sprintf("hides %t: a tell of Bob", hides), shy.tells("Bob", "Alpha", "Ann", "hi"), "")
			equal(t, fmt.Sprintf("hides %t: a message of Bob", hides), shy.says("gossip", "Bob", "hi"), "")
			shy.ask(wire.PlayersSignOut, `{"name":"Bob"}`)
			synctest.Wait()
			told := strings.Join(append(alpha.texts(), site.texts()...), " ")
			if n := strings.Count(told, `"players/sign-out"`); n != 2*notices {
				t.Errorf("hides %t: told of the sign-out %d times, want %d: %s", hides, n, 2*notices, told)
			}
		}
	})
}
