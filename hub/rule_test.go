package hub

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"hearsay/hub/store"
	"hearsay/hub/wire"
)

// rule adds a rule; it acts when it returns.
func (w *world) rule(kind store.RuleKind, subject string, action store.RuleAction, more ...func(*store.Rule)) store.RuleID {
	w.t.Helper()
	r := store.Rule{Kind: kind, Subject: subject, Action: action, Enabled: true}
	for _, change := range more {
		change(&r)
	}
	r, err := w.st.CreateRule(w.t.Context(), r)
	w.do(err)
	w.do(w.follow(w.t.Context()))
	return r.ID
}

// heard are the messages that have come to a socket, as "CHANNEL NAME@GAME: TEXT", a tell
// with the receiver in the channel's place.
func (s *socket) heard() []string {
	s.t.Helper()
	all := []string{}
	for _, text := range s.texts() {
		f, err := wire.Decode([]byte(text))
		if err != nil {
			s.t.Fatal(err)
		}
		var p map[string]any
		switch f.Event {
		case wire.ChannelsBroadcast:
			err = json.Unmarshal(f.Payload, &p)
			all = append(all, fmt.Sprintf("%v %v@%v: %v", p["channel"], p["name"], p["game"], p["message"]))
		case wire.TellsReceive:
			err = json.Unmarshal(f.Payload, &p)
			all = append(all, fmt.Sprintf("%v %v@%v: %v", p["to_name"], p["from_name"], p["from_game"], p["message"]))
		}
		if err != nil {
			s.t.Fatal(err)
		}
	}
	return all
}

// says sends a message, and gives the answer's error, "" for success.
func (s *socket) says(channel, name, message string) string {
	s.t.Helper()
	return answerError(s, s.ask(wire.ChannelsSend, string(wire.Encode(wire.SendPayload{Channel: channel, Name: name, Message: message}))))
}

// tells does so with a tell.
func (s *socket) tells(from, toGame, to, message string) string {
	s.t.Helper()
	return answerError(s, s.ask(wire.TellsSend, string(wire.Encode(wire.TellPayload{FromName: from, ToGame: toGame, ToName: to, Message: message}))))
}

func answerError(s *socket, answer string) string {
	s.t.Helper()
	f, err := wire.Decode([]byte(answer))
	if err != nil || (f.Status == wire.StatusSuccess) != (f.Error == "") {
		s.t.Fatalf("%s: %v", answer, err)
	}
	return f.Error
}

// TestRules: what becomes of messages and tells under each action.
func TestRules(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, Options{Limits: unlimited()})
		c := w.game("Alpha")
		alpha := w.join(c, `,"channels":["gossip","testing"]`)
		players, beta := w.dial(), w.dial() // which answer no heartbeat: that would sign the players out
		players.authenticate(c, `,"players":["Bob","Ann"]`)
		beta.authenticate(w.game("Beta"), `,"channels":["gossip","testing"],"players":["Eve"]`)
		site := w.join(w.application("Site", "versions"), "")
		heard := func(what string, s *socket, want ...string) {
			t.Helper()
			synctest.Wait()
			equal(t, what, s.heard(), append([]string{}, want...))
		}
		equal(t, "without rules", alpha.says("gossip", "Bob", "darn"), "")
		heard("without rules", beta, "gossip Bob@Alpha: darn")
		heard("without rules", site, "gossip Bob@Alpha: darn")

		w.rule(store.PlayerRule, "bob@alpha", store.Mute)
		w.rule(store.PlayerRule, "Ann@*", store.Drop, func(r *store.Rule) { r.Channel = "testing" })
		w.rule(store.WordRule, "darn", store.Replace)
		w.rule(store.WordRule, "heck", store.Warn, func(r *store.Rule) { r.Reason = "be <b>kind</b>" })
		w.rule(store.PatternRule, "^BUY", store.Hold)
		w.rule(store.WordRule, "b", store.Replace, func(r *store.Rule) { r.Replacement = "<" })
		w.rule(store.WordRule, "odd", store.Replace, func(r *store.Rule) { r.Replacement = "<b>" })
		for _, test := range []struct {
			do      func() string
			want    string   // the answer
			hears   []string // Beta
			warning string   // Alpha
		}{
			{func() string { return alpha.says("gossip", "BOB", "hi") }, "muted", nil, ""},
			{func() string { return alpha.says("gossip", "Ann", "hi") }, "", []string{"gossip Ann@Alpha: hi"}, ""},
			{func() string { return alpha.says("testing", "Ann", "hi") }, "", nil, ""},
			{func() string { return alpha.says("gossip", "Ann", "Darn it") }, "", []string{"gossip Ann@Alpha: *** it"}, ""},
			{func() string { return alpha.says("gossip", "Ann", "what the heck") }, "", []string{"gossip Ann@Alpha: what the heck"},
				"Ann system@Hearsay: Your message to gossip broke a rule of this network: be kind"},
			{func() string { return alpha.says("gossip", "Zed", "what the heck") }, "", []string{"gossip Zed@Alpha: what the heck"}, ""}, // is not on
			{func() string { return alpha.says("gossip", "Ann", "heck and darn") }, "", []string{"gossip Ann@Alpha: heck and ***"},
				"Ann system@Hearsay: Your message to gossip broke a rule of this network: be kind"},
			{func() string { return alpha.says("gossip", "Ann", "BUY NOW") }, "", nil, ""},
			{func() string { return alpha.says("gossip", "Ann", "x B y") }, "", []string{"gossip Ann@Alpha: x < y"}, ""},
			{func() string { return alpha.says("gossip", "Ann", "1 B-a> 2") }, "", []string{"gossip Ann@Alpha: 1 <-a> 2"}, ""}, // no tag
			{func() string { return alpha.says("gossip", "Ann", "odd") }, "", nil, ""},                                         // nothing is left

			{func() string { return alpha.tells("Bob", "Beta", "Eve", "hi") }, "muted", nil, ""},
			{func() string { return alpha.tells("Ann", "Beta", "Eve", "darn") }, "", []string{"Eve Ann@Alpha: ***"}, ""},
			{func() string { return alpha.tells("ann", "Beta", "Eve", "heck") }, "", []string{"Eve Ann@Alpha: heck"},
				"Ann system@Hearsay: Your tell broke a rule of this network: be kind"},
			{func() string { return alpha.tells("Ann", "Beta", "Eve", "BUY NOW") }, "message refused", nil, ""},
			{func() string { return alpha.tells("Bob", "Beta", "Nobody", "hi") }, "receiving player offline", nil, ""},
			{func() string { return alpha.tells("Bob", "Hearsay", "system", "BUY NOW") }, "", nil, ""}, // the hub is told anything
			{func() string { return site.says("gossip", "Bot", "darn") }, "", []string{"gossip Bot@Site: ***"}, ""},
		} {
			equal(t, "the answer", test.do(), test.want)
			heard("Beta", beta, test.hears...)
			if test.warning == "" {
				heard("Alpha", players)
			} else {
				heard("Alpha", players, test.warning)
			}
		}
		held, _, err := w.st.HeldPage(t.Context(), store.Page{Limit: 10})
		w.do(err)
		equal(t, "held", len(held), 1)
		equal(t, "held", held[0], store.Held{
			ID: 1, Channel: 1, ChannelName: "gossip", Sender: 1, Game: "Alpha", Name: "Ann", Text: "BUY NOW", Rule: 5, HeldAt: held[0].HeldAt,
		})
	})
}

// TestRules_unasked: what a rule refuses is not answered where nobody asked.
func TestRules_unasked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, Options{})
		alpha := w.join(w.game("Alpha"), `,"channels":["gossip"]`)
		w.rule(store.PlayerRule, "*@Alpha", store.Mute)
		alpha.send(wire.ChannelsSend, "", `{"channel":"gossip","name":"Bob","message":"hi"}`)
		equal(t, "answers", alpha.fence(), []string(nil))
	})
}

// TestRules_atOnce: rules act and cease to act whoever writes them, and end by themselves.
func TestRules_atOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, Options{Limits: unlimited()})
		alpha := w.join(w.game("Alpha"), `,"channels":["gossip"]`)
		says := func(what, want string) {
			t.Helper()
			synctest.Wait()
			equal(t, what, alpha.says("gossip", "Bob", "darn"), want)
		}
		says("without rules", "")
		end := time.Now().Add(time.Minute)
		r, err := w.st.CreateRule(t.Context(), store.Rule{Kind: store.WordRule, Subject: "darn", Action: store.Mute, Enabled: true, EndsAt: &end})
		w.do(err)
		says("a rule", "muted")
		settle(time.Minute - time.Microsecond)
		says("before its end", "muted")
		settle(time.Microsecond)
		says("at its end", "")
		equal(t, "the rules", w.rules.Load() == nil, true)
		end = time.Now().Add(time.Hour)
		_, err = w.st.UpdateRule(t.Context(), r.ID, store.RuleEdit{EndsAt: &end})
		w.do(err)
		says("revived", "muted")
		no := false
		_, err = w.st.UpdateRule(t.Context(), r.ID, store.RuleEdit{Enabled: &no})
		w.do(err)
		says("switched off", "")

		// Another program's hand.
		conn, err := sqlite.OpenConn(w.path, sqlite.OpenReadWrite)
		w.do(err)
		run := func(query string) {
			t.Helper()
			w.do(sqlitex.Execute(conn, query, nil))
			settle(time.Second)
		}
		run(`INSERT INTO rules (kind, subject, action) VALUES ('pattern', '(', 'mute'), ('player', '*@alpha', 'mute')`)
		says("from the shell", "muted")
		run(`UPDATE rules SET ends_at = 1 WHERE kind = 'player'`)
		says("ended by the shell", "")
		run(`UPDATE rules SET enabled = 1 WHERE kind = 'word'`)
		says("switched on by the shell", "muted")
		run(`DELETE FROM rules`)
		says("removed by the shell", "")
		w.do(conn.Close())

		w.rule(store.WordRule, "darn", store.Mute)
		alpha.hangUp()
		w.stop()
		w = reopen(t, w.path, Options{})
		alpha = w.join(w.game("Beta"), `,"channels":["gossip"]`)
		equal(t, "after a restart", alpha.says("gossip", "Bob", "darn"), "muted")
		w.stop()
	})
}

// TestReview: an approved message is delivered to all who hear the channel but its own
// game, a rejected one never, whichever process decides.
func TestReview(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "hearsay.db")
		w := reopen(t, path, Options{Limits: unlimited()})
		c := w.game("Alpha")
		alpha, other := w.join(c, `,"channels":["gossip"]`), w.join(c, `,"channels":["gossip"]`)
		beta := w.join(w.game("Beta"), `,"channels":["gossip"]`)
		site := w.join(w.application("Site", "versions"), "")
		w.rule(store.WordRule, "buy", store.Hold)
		w.rule(store.WordRule, "darn", store.Replace)
		for i := range 4 {
			equal(t, "held", alpha.says("gossip", "Bob", fmt.Sprint("buy darn ", i)), "")
		}
		equal(t, "held", site.says("gossip", "Bot", "buy that"), "")
		equal(t, "not held", alpha.says("gossip", "Bob", "hello"), "")
		synctest.Wait()
		equal(t, "Beta", beta.heard(), []string{"gossip Bob@Alpha: hello"})
		site.take()

		_, err := w.st.Decide(t.Context(), 2, store.Approve)
		w.do(err)
		_, err = w.st.Decide(t.Context(), 1, store.Reject)
		w.do(err)
		_, err = w.st.Decide(t.Context(), 5, store.Approve)
		w.do(err)
		synctest.Wait()
		equal(t, "Beta", beta.heard(), []string{"gossip Bob@Alpha: buy *** 1", "gossip Bot@Site: buy that"})
		equal(t, "the application", site.heard(), []string{"gossip Bob@Alpha: buy *** 1"})
		equal(t, "Alpha", alpha.heard(), []string{"gossip Bot@Site: buy that"})
		equal(t, "Alpha's other socket", other.heard(), []string{"gossip Bot@Site: buy that"})

		conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
		w.do(err)
		decide := func(id int) {
			t.Helper()
			w.do(sqlitex.Execute(conn, `UPDATE held SET decision = 'approve', decided_at = 1 WHERE id = ?1`, &sqlitex.ExecOptions{Args: []any{id}}))
		}
		decide(3)
		settle(time.Second)
		equal(t, "Beta", beta.heard(), []string{"gossip Bob@Alpha: buy *** 2"})

		_, total, err := w.st.History(t.Context(), store.HistoryQuery{Channel: 1, Limit: 10})
		equal(t, "the log", fmt.Sprint(total, err), "4 <nil>")
		w.stop()

		// What is decided while nothing runs is delivered at the next start.
		decide(4)
		w.do(conn.Close())
		w = reopen(t, path, Options{})
		settle(time.Second)
		history, total, err := w.st.History(t.Context(), store.HistoryQuery{Channel: 1, Limit: 1})
		w.do(err)
		equal(t, "the log", fmt.Sprintf("%d %s", total, history[0].Text), "5 buy *** 3")
		w.stop()
		w = reopen(t, path, Options{})
		settle(time.Second)
		_, total, err = w.st.History(t.Context(), store.HistoryQuery{Channel: 1, Limit: 1})
		equal(t, "the log after another start", fmt.Sprint(total, err), "5 <nil>")
		w.stop()
	})
}

// TestReview_full: what cannot be held is refused.
func TestReview_full(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, Options{Limits: unlimited()})
		alpha := w.join(w.game("Alpha"), `,"channels":["gossip"]`)
		w.rule(store.WordRule, "buy", store.Hold)
		for range store.MostHeld {
			w.do(w.st.Hold(t.Context(), store.Held{Channel: 1, Sender: 1, Game: "Alpha", Name: "Bob", Text: "x", Rule: 1}))
		}
		equal(t, "one too many", alpha.says("gossip", "Bob", "buy"), "message refused")
	})
}

// TestHistory_hidden: hidden messages are in no history.
func TestHistory_hidden(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, Options{})
		alpha := w.dial()
		alpha.beats.Store(true)
		alpha.send(wire.Authenticate, "", credentials(w.game("Alpha"), `["channels","history"]`, `,"channels":["gossip"]`))
		for _, text := range []string{"one", "two", "three"} {
			alpha.says("gossip", "Bob", text)
		}
		history := func() (texts []string) {
			answer := alpha.ask(wire.ChannelsHistory, `{"channel":"gossip"}`)
			for _, text := range []string{"one", "two", "three", `"total":3`, `"total":2`} {
				if strings.Contains(answer, text) {
					texts = append(texts, text)
				}
			}
			return texts
		}
		w.do(w.st.HideMessage(t.Context(), 2))
		equal(t, "hidden", history(), []string{"one", "three", `"total":2`})
		w.do(w.st.UnhideMessage(t.Context(), 2))
		equal(t, "shown again", history(), []string{"one", "two", "three", `"total":3`})
	})
}

// BenchmarkRules is what a message costs under many rules, none of which matches.
func BenchmarkRules(b *testing.B) {
	for _, rules := range []int{0, 1, store.MostRules} {
		b.Run(fmt.Sprint(rules), func(b *testing.B) {
			w := open(b, Options{Limits: unlimited()})
			all := make([]store.Rule, rules)
			for i := range all {
				all[i] = store.Rule{ID: store.RuleID(i + 1), Kind: store.WordRule, Subject: fmt.Sprint("darn", i), Action: store.Mute, Enabled: true}
			}
			m, errs := store.NewMatcher(all)
			equal(b, "errors", errs, []error(nil))
			w.rules.Store(m)
			said := store.Said{Channel: "gossip", Game: "Alpha", Name: "Bob", Text: "What a day to be a dragon: " + strings.Repeat("gold, ", 10)}
			for b.Loop() {
				if text, err := w.obey(said, nil, nil); text == "" || err != nil {
					b.Fatal("refused")
				}
			}
		})
	}
}
