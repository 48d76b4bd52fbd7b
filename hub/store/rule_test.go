package store_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"hearsay/hub/store"
)

func addRule(t testing.TB, s *store.Store, r store.Rule) store.Rule {
	t.Helper()
	r.Enabled = true
	r, err := s.CreateRule(t.Context(), r)
	check(t, err)
	return r
}

func TestRules(t *testing.T) {
	s := open(t)
	addGame(t, s, "Alpha")
	ctx := store.WithActor(t.Context(), store.Actor{Name: "ann"})
	end := time.Now().Add(time.Hour).Truncate(time.Microsecond).UTC()
	began := time.Now().Truncate(time.Microsecond)
	one, err := s.CreateRule(ctx, store.Rule{
		ID: 99, Kind: store.PlayerRule, Subject: " Bob@alpha ", Action: store.Mute, Reason: "shouts", Replacement: "ignored", Channel: "gossip", EndsAt: &end, Enabled: true, CreatedBy: "ignored",
	})
	check(t, err)
	want := store.Rule{
		ID: 1, Kind: store.PlayerRule, Subject: "Bob@alpha", Action: store.Mute, Reason: "shouts", Channel: "gossip", EndsAt: &end, Enabled: true,
		CreatedBy: "ann", CreatedAt: one.CreatedAt,
	}
	if !reflect.DeepEqual(one, want) || one.CreatedAt.Before(began) || one.CreatedAt.After(time.Now()) {
		t.Errorf("got %+v, want %+v", one, want)
	}
	two := addRule(t, s, store.Rule{Kind: store.WordRule, Subject: "darn", Action: store.Replace})
	if two.Replacement != store.Replacement || two.CreatedBy != "" {
		t.Errorf("got %+v", two)
	}
	if got, err := s.Rule(t.Context(), 1); err != nil || !reflect.DeepEqual(got, one) {
		t.Errorf("got %+v, %v, want %+v", got, err, one)
	}
	if got, err := s.Rules(t.Context()); err != nil || !reflect.DeepEqual(got, []store.Rule{two, one}) {
		t.Errorf("got %+v, %v", got, err)
	}
	payload := versions(t, s, newest(t, s)-1)[0].Payload
	if want := fmt.Sprintf(`{"id":2,"kind":"word","subject":"darn","channel":null,"action":"replace","replacement":"***","reason":null,"ends_at":null,"enabled":true,"created_by":null,"created_at":%q}`,
		two.CreatedAt.Format(time.RFC3339)); payload != want {
		t.Errorf("logged %s, want %s", payload, want)
	}

	got, err := s.UpdateRule(ctx, 2, store.RuleEdit{Replacement: pointer("(beep)"), EndsAt: &end, Channel: pointer("testing"), Reason: pointer("rude")})
	two.Replacement, two.EndsAt, two.Channel, two.Reason = "(beep)", &end, "testing", "rude"
	if err != nil || !reflect.DeepEqual(got, two) {
		t.Errorf("got %+v, %v, want %+v", got, err, two)
	}
	got, err = s.UpdateRule(ctx, 2, store.RuleEdit{Action: pointer(store.Hold), EndsAt: new(time.Time), Channel: pointer(""), Reason: pointer(""), Enabled: pointer(false)})
	two.Replacement, two.EndsAt, two.Channel, two.Reason, two.Action, two.Enabled = "", nil, "", "", store.Hold, false
	if err != nil || !reflect.DeepEqual(got, two) {
		t.Errorf("got %+v, %v, want %+v", got, err, two)
	}
	if got, err := s.Rule(ctx, 2); err != nil || !reflect.DeepEqual(got, two) {
		t.Errorf("got %+v, %v, want %+v", got, err, two)
	}

	check(t, s.EndRule(ctx, 1))
	ended, err := s.Rule(ctx, 1)
	if err != nil || ended.EndsAt == nil || ended.EndsAt.After(time.Now()) || ended.Active(time.Now()) || !ended.Ended(time.Now()) {
		t.Errorf("got %+v, %v", ended, err)
	}
	check(t, s.EndRule(ctx, 1))
	if again, err := s.Rule(ctx, 1); err != nil || !again.EndsAt.Equal(*ended.EndsAt) {
		t.Errorf("got %+v, %v, want %+v", again, err, ended)
	}
	if active, err := s.ActiveRules(ctx, began); err != nil || len(active) != 1 || active[0].ID != 1 { // before it ended; the other is not enabled
		t.Errorf("got %+v, %v", active, err)
	}
	if active, err := s.ActiveRules(ctx, time.Now()); err != nil || len(active) != 0 {
		t.Errorf("got %+v, %v", active, err)
	}

	_, err = s.Rule(ctx, 9)
	wantErr(t, "a rule that is not there", err, store.ErrNotFound)
	_, err = s.UpdateRule(ctx, 9, store.RuleEdit{Reason: pointer("x")})
	wantErr(t, "an edit of it", err, store.ErrNotFound)
	wantErr(t, "its end", s.EndRule(ctx, 9), store.ErrNotFound)

	conn := connect(t, s.Path())
	audit := ask(t, conn, `SELECT actor, action, subject, before_state, after_state FROM audit ORDER BY id`)
	for i, want := range []string{
		`ann|rule add|1|NULL|{"action":"mute","channel":"gossip","enabled":1,`,
		`ann|rule edit|2|{"channel":null,"ends_at":null,"reason":null,"replacement":"***"}|{"channel":"testing",`,
		`ann|rule edit|2|{"action":"replace",`,
		`ann|rule end|1|{"ends_at":"`,
		`ann|rule end|1|NULL|NULL`,
	} {
		if i >= len(audit) || !strings.HasPrefix(audit[i], want) {
			t.Errorf("audit row %d of %q is not %q", i, audit, want)
		}
	}

	check(t, s.PurgeRules(ctx, time.Now().Add(364*24*time.Hour)))
	if all, err := s.Rules(ctx); err != nil || len(all) != 2 {
		t.Errorf("got %+v, %v", all, err)
	}
	removed := logged(t, s, func() { check(t, s.PurgeRules(ctx, time.Now().Add(366*24*time.Hour))) })
	if got := brief(removed); !slices.Equal(got, []string{"rules 1 delete"}) {
		t.Errorf("logged %q", got)
	}
}

func TestRules_invalid(t *testing.T) {
	s := open(t)
	addGame(t, s, "Alpha")
	addApplication(t, s, "Site")
	long := strings.Repeat("é", 201)
	past := time.Now().Add(-time.Minute)
	addRule(t, s, store.Rule{Kind: store.WordRule, Subject: "darn", Action: store.Mute})
	addRule(t, s, store.Rule{Kind: store.PatternRule, Subject: "da?rn", Action: store.Mute})
	for _, test := range []struct {
		rule  store.Rule
		field string
	}{
		{store.Rule{Kind: "game", Subject: "x", Action: store.Mute}, "kind"},
		{store.Rule{Kind: store.WordRule, Subject: "x", Action: "kick"}, "action"},
		{store.Rule{Kind: store.PlayerRule, Subject: "a@Alpha", Action: store.Replace}, "action"},
		{store.Rule{Kind: store.PlayerRule, Subject: "", Action: store.Mute}, "subject"},
		{store.Rule{Kind: store.PlayerRule, Subject: "Bob", Action: store.Mute}, "subject"},
		{store.Rule{Kind: store.PlayerRule, Subject: "@Alpha", Action: store.Mute}, "subject"},
		{store.Rule{Kind: store.PlayerRule, Subject: "Bob@", Action: store.Mute}, "subject"},
		{store.Rule{Kind: store.PlayerRule, Subject: "*@*", Action: store.Mute}, "subject"},
		{store.Rule{Kind: store.PlayerRule, Subject: "Bob@Al-pha", Action: store.Mute}, "subject"},
		{store.Rule{Kind: store.PlayerRule, Subject: "Bob@Alpah", Action: store.Mute}, "subject"},
		{store.Rule{Kind: store.WordRule, Subject: "two words", Action: store.Mute}, "subject"},
		{store.Rule{Kind: store.WordRule, Subject: "da-rn", Action: store.Mute}, "subject"},
		{store.Rule{Kind: store.WordRule, Subject: "!", Action: store.Mute}, "subject"},
		{store.Rule{Kind: store.WordRule, Subject: "darn!", Action: store.Mute}, "subject"},
		{store.Rule{Kind: store.WordRule, Subject: "\xff", Action: store.Mute}, "subject"},
		{store.Rule{Kind: store.WordRule, Subject: long, Action: store.Mute}, "subject"},
		{store.Rule{Kind: store.PatternRule, Subject: "(", Action: store.Mute}, "subject"},
		{store.Rule{Kind: store.PatternRule, Subject: `(a)\1`, Action: store.Mute}, "subject"},
		{store.Rule{Kind: store.PatternRule, Subject: "x*", Action: store.Mute}, "subject"},
		{store.Rule{Kind: store.PatternRule, Subject: "a{900}", Action: store.Mute}, "subject"},
		{store.Rule{Kind: store.PatternRule, Subject: "(a{30}){30}", Action: store.Mute}, "subject"},
		{store.Rule{Kind: store.PatternRule, Subject: "a\nb", Action: store.Mute}, "subject"},
		{store.Rule{Kind: store.WordRule, Subject: "x", Action: store.Replace, Replacement: strings.Repeat("x", 101)}, "replacement"},
		{store.Rule{Kind: store.WordRule, Subject: "x", Action: store.Mute, Reason: long}, "reason"},
		{store.Rule{Kind: store.WordRule, Subject: "x", Action: store.Mute, Channel: "nowhere"}, "channel"},
		{store.Rule{Kind: store.WordRule, Subject: "x", Action: store.Mute, Channel: "no"}, "channel"},
		{store.Rule{Kind: store.WordRule, Subject: "x", Action: store.Mute, EndsAt: &past}, "ends_at"},
	} {
		test.rule.Enabled = true
		_, err := s.CreateRule(t.Context(), test.rule)
		wantField(t, fmt.Sprintf("%+v", test.rule), err, store.ErrInvalid, test.field)
	}
	_, err := s.CreateRule(t.Context(), store.Rule{Kind: store.WordRule, Subject: "DARN", Action: store.Mute, Enabled: true})
	wantField(t, "the same rule", err, store.ErrConflict, "subject")
	_, err = s.UpdateRule(t.Context(), 1, store.RuleEdit{EndsAt: &past})
	wantField(t, "an end that has passed", err, store.ErrInvalid, "ends_at")
	_, err = s.UpdateRule(t.Context(), 1, store.RuleEdit{Kind: pointer(store.PlayerRule)})
	wantField(t, "a word for a player", err, store.ErrInvalid, "subject")

	for _, fits := range []store.Rule{
		{Kind: store.WordRule, Subject: "darn", Action: store.Hold},
		{Kind: store.WordRule, Subject: "darn", Action: store.Mute, Channel: "gossip"},
		{Kind: store.PatternRule, Subject: "DA?rn", Action: store.Mute},
		{Kind: store.PlayerRule, Subject: "*@Site", Action: store.Mute},
		{Kind: store.WordRule, Subject: strings.Repeat("é", 200), Action: store.Mute},
	} {
		addRule(t, s, fits)
	}
	// What does not act may be about what is gone.
	off, err := s.UpdateRule(t.Context(), 1, store.RuleEdit{Enabled: pointer(false)})
	check(t, err)
	addRule(t, s, store.Rule{Kind: store.WordRule, Subject: "darn", Action: store.Mute})
	_, err = s.UpdateRule(t.Context(), off.ID, store.RuleEdit{Enabled: pointer(true)})
	wantField(t, "the same rule, enabled again", err, store.ErrConflict, "subject")
}

func TestRules_most(t *testing.T) {
	s := open(t)
	conn := connect(t, s.Path())
	run(t, conn, `INSERT INTO rules (kind, subject, action) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1) SELECT 'pattern', 'p' || i, 'mute' FROM n`, store.MostPatterns)
	_, err := s.CreateRule(t.Context(), store.Rule{Kind: store.PatternRule, Subject: "x", Action: store.Mute, Enabled: true})
	wantField(t, "a pattern too many", err, store.ErrInvalid, "subject")
	run(t, conn, `INSERT INTO rules (kind, subject, action) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1) SELECT 'word', 'w' || i, 'mute' FROM n`, store.MostRules-store.MostPatterns)
	word := store.Rule{Kind: store.WordRule, Subject: "x", Action: store.Mute, Enabled: true}
	_, err = s.CreateRule(t.Context(), word)
	wantField(t, "a rule too many", err, store.ErrInvalid, "subject")
	_, err = s.UpdateRule(t.Context(), 1, store.RuleEdit{Reason: pointer("still works")})
	check(t, err)
	check(t, s.EndRule(t.Context(), 1))
	addRule(t, s, word)
	run(t, conn, `INSERT INTO rules (kind, subject, action) VALUES ('word', 'a', 'mute'), ('word', 'b', 'mute')`)
	if all, err := s.ActiveRules(t.Context(), time.Now()); err != nil || len(all) != store.MostRules+1 || all[0].ID != 2 {
		t.Errorf("got %d rules from %d on, %v", len(all), all[0].ID, err)
	}
}

func TestTry(t *testing.T) {
	s := open(t)
	conn := connect(t, s.Path())
	now := time.Now().Truncate(time.Microsecond)
	trial := func(r store.Rule) store.Trial {
		t.Helper()
		got, err := s.Try(t.Context(), r, now)
		check(t, err)
		return got
	}
	word := store.Rule{Kind: store.WordRule, Subject: "darn", Action: store.Replace}
	if got := trial(word); got.Matched != 0 || got.Messages != 0 || got.Examples == nil || !got.Since.Equal(now.Add(-7*24*time.Hour)) {
		t.Errorf("got %+v of an empty log", got)
	}
	for i := range 30 {
		text := fmt.Sprint(i, " darn")
		if i%2 == 0 {
			text = "fine"
		}
		run(t, conn, `INSERT INTO messages (channel_id, game, name, message, sent_at) VALUES (?1, 'Alpha', 'Bob', ?2, ?3)`,
			1+i%4/2, text, now.Add(-time.Duration(30-i)*8*time.Hour).UnixMicro()) // ten days
	}
	run(t, conn, `UPDATE messages SET hidden_at = 1, hidden_by = 'ann' WHERE id = 28`)
	check(t, s.DeleteChannel(t.Context(), "testing"))
	got := trial(word)
	if got.Messages != 21 || got.Matched != 11 || len(got.Examples) != 10 {
		t.Errorf("got %+v", got)
	}
	want := store.TrialItem{ID: 30, Channel: "gossip", Game: "Alpha", Name: "Bob", Text: "29 darn", Left: "29 ***", SentAt: got.Examples[0].SentAt}
	if got.Examples[0] != want || got.Examples[1].Channel != "" || got.Examples[1].ID != 28 {
		t.Errorf("got %+v, want %+v first", got.Examples, want)
	}
	ended := now.Add(-time.Hour)
	for _, test := range []struct {
		rule store.Rule
		want int
	}{
		{store.Rule{Kind: store.WordRule, Subject: "darn", Action: store.Mute, Channel: "gossip", EndsAt: &ended}, 6},
		{store.Rule{Kind: store.PlayerRule, Subject: "bob@*", Action: store.Mute}, 21},
		{store.Rule{Kind: store.PatternRule, Subject: `^\d+`, Action: store.Mute}, 11},
	} {
		if got := trial(test.rule); got.Matched != test.want || got.Examples[0].Left != "" {
			t.Errorf("%+v: got %+v, want %d", test.rule, got, test.want)
		}
	}
	_, err := s.Try(t.Context(), store.Rule{Kind: store.WordRule, Subject: "a b", Action: store.Mute}, now)
	wantField(t, "no rule", err, store.ErrInvalid, "subject")
	if all, err := s.Rules(t.Context()); err != nil || len(all) > 0 {
		t.Errorf("trying made %+v, %v", all, err)
	}
}

// Of very many messages a trial looks at the newest, and says so.
func TestTry_most(t *testing.T) {
	if testing.Short() {
		t.Skip("many messages")
	}
	s := open(t)
	now := time.Now()
	run(t, connect(t, s.Path()), `
		INSERT INTO messages (channel_id, game, name, message, sent_at)
		WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1) SELECT 1, 'Alpha', 'Bob', 'darn', ?2 + i FROM n`,
		store.MostTried+1000, now.Add(-time.Hour).UnixMicro())
	got, err := s.Try(t.Context(), store.Rule{Kind: store.WordRule, Subject: "darn", Action: store.Mute}, now)
	if err != nil || got.Messages != store.MostTried || got.Matched != store.MostTried || got.Since.UnixMicro() != now.Add(-time.Hour).UnixMicro()+1001 {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestMessage(t *testing.T) {
	s := open(t)
	ctx := store.WithActor(t.Context(), store.Actor{Name: "ann"})
	one, two := send(t, s, 1, "one"), send(t, s, 1, "two")
	got, err := s.Message(ctx, one.ID)
	if want := (store.Found{Message: one, ChannelName: "gossip"}); err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	began := time.Now().Truncate(time.Microsecond)
	check(t, s.HideMessage(ctx, one.ID))
	got, err = s.Message(ctx, one.ID)
	hidden := got.Hidden
	if err != nil || hidden == nil || hidden.By != "ann" || hidden.At.Before(began) {
		t.Errorf("got %+v, %v", hidden, err)
	}
	check(t, s.HideMessage(store.WithActor(ctx, store.Actor{Name: "bob"}), one.ID)) // twice is once
	if again, err := s.Message(ctx, one.ID); err != nil || *again.Hidden != *hidden {
		t.Errorf("got %+v, %v, want %+v", again, err, hidden)
	}
	history := func(want ...store.Message) {
		t.Helper()
		for _, after := range []*store.MessageID{nil, pointer(store.MessageID(0))} {
			got, total, err := s.History(ctx, store.HistoryQuery{Channel: 1, Limit: 10, After: after})
			if err != nil || total != len(want) || !slices.Equal(got, want) {
				t.Errorf("got %+v, %d, %v, want %+v", got, total, err, want)
			}
		}
	}
	history(two)
	check(t, s.UnhideMessage(ctx, one.ID))
	history(one, two)
	for _, err := range []error{s.HideMessage(ctx, 9), s.UnhideMessage(ctx, 9)} {
		wantErr(t, "a message that is not there", err, store.ErrNotFound)
	}
	_, err = s.Message(ctx, 9)
	wantErr(t, "a message that is not there", err, store.ErrNotFound)
	check(t, s.DeleteChannel(ctx, "gossip"))
	if got, err := s.Message(ctx, one.ID); err != nil || got.ChannelName != "" {
		t.Errorf("got %+v, %v", got, err)
	}
	want := []string{
		`ann|message hide|1|{"hidden":0}|{"hidden":1}`, `bob|message hide|1|NULL|NULL`, `ann|message unhide|1|{"hidden":1}|{"hidden":0}`,
	}
	if got := ask(t, connect(t, s.Path()), `SELECT actor, action, subject, before_state, after_state FROM audit WHERE action LIKE 'message%' ORDER BY id`); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// The message log is counted in the index alone, hidden messages or not.
func TestHistory_plan(t *testing.T) {
	s := open(t)
	plan := ask(t, connect(t, s.Path()), `EXPLAIN QUERY PLAN SELECT count(*) FROM messages WHERE channel_id = 1 AND id > 5 AND hidden_at IS NULL`)
	if !strings.Contains(strings.Join(plan, " "), "USING COVERING INDEX messages_channel") {
		t.Errorf("got %q", plan)
	}
}

func held(s *store.Store, filter string) ([]store.Held, error) {
	all, _, err := s.HeldPage(context.Background(), store.Page{Filter: filter, Limit: store.MostHeld})
	return all, err
}

func TestReview(t *testing.T) {
	s := open(t)
	ctx := store.WithActor(t.Context(), store.Actor{Name: "ann"})
	conn := connect(t, s.Path())
	wake, stop := s.Watch()
	defer stop()
	hold := func(text string, channel store.ChannelID) {
		t.Helper()
		check(t, s.Hold(t.Context(), store.Held{Channel: channel, Sender: 7, Game: "Alpha", Name: "Bob", Text: text, Rule: 3}))
	}
	began := time.Now().Truncate(time.Microsecond)
	hold("one", 1)
	hold("two", 1)
	hold("three", 2)
	check(t, s.Hold(t.Context(), store.Held{Channel: 1, Application: true, Sender: 8, Game: "Site", Name: "Bot", Text: "four", Rule: 4}))
	if n, err := s.Waiting(ctx); err != nil || n != 4 {
		t.Errorf("got %d, %v", n, err)
	}
	all, err := held(s, "")
	want := store.Held{ID: 1, Channel: 1, ChannelName: "gossip", Sender: 7, Game: "Alpha", Name: "Bob", Text: "one", Rule: 3, HeldAt: all[0].HeldAt}
	if err != nil || len(all) != 4 || !reflect.DeepEqual(all[0], want) || all[0].HeldAt.Before(began) || !all[3].Application {
		t.Errorf("got %+v, %v", all, err)
	}

	reviews := s.Reviews()
	<-wake
	decided, err := s.Decide(ctx, 1, store.Approve)
	if err != nil || decided.Decision != store.Approve || decided.DecidedBy != "ann" || decided.DecidedAt == nil {
		t.Errorf("got %+v, %v", decided, err)
	}
	<-wake
	if s.Reviews() == reviews {
		t.Error("a decision does not count")
	}
	if again, err := s.Decide(ctx, 1, store.Approve); err != nil || !reflect.DeepEqual(again, decided) {
		t.Errorf("got %+v, %v, want %+v", again, err, decided)
	}
	_, err = s.Decide(ctx, 1, store.Reject)
	wantErr(t, "another decision", err, store.ErrConflict)
	_, err = s.Decide(ctx, 2, store.Reject)
	check(t, err)
	_, err = s.Decide(ctx, 4, store.Approve)
	check(t, err)
	_, err = s.Decide(ctx, 9, store.Reject)
	wantErr(t, "what is not there", err, store.ErrNotFound)
	_, err = s.Decide(ctx, 3, "maybe")
	wantErr(t, "no decision", err, store.ErrInvalid)
	if all, err := held(s, "decided"); err != nil || len(all) != 3 || all[0].ID != 4 || !reflect.DeepEqual(all[2], decided) {
		t.Errorf("got %+v, %v", all, err)
	}
	if all, err := held(s, ""); err != nil || len(all) != 1 || all[0].ID != 3 {
		t.Errorf("got %+v, %v", all, err)
	}

	approved, err := s.Approved(ctx)
	if err != nil || len(approved) != 2 || approved[0].Text != "one" || approved[1].Text != "four" {
		t.Errorf("got %+v, %v", approved, err)
	}
	var delivered []store.Message
	for range 2 { // twice is once
		check(t, s.Release(ctx, approved[0], func(m store.Message) { delivered = append(delivered, m) }))
	}
	if len(delivered) != 1 || delivered[0].ID != 1 || delivered[0].Text != "one" || delivered[0].Name != "Bob" || delivered[0].Game != "Alpha" || delivered[0].SentAt.Before(began) {
		t.Errorf("delivered %+v", delivered)
	}
	if got, total, err := s.History(ctx, store.HistoryQuery{Channel: 1, Limit: 10}); err != nil || total != 1 || !slices.Equal(got, delivered) {
		t.Errorf("got %+v, %d, %v", got, total, err)
	}
	rejected := store.Held{ID: 2, Channel: 1, Text: "two"}
	check(t, s.Release(ctx, rejected, func(store.Message) { t.Error("a rejected message is delivered") }))
	// What is refused by the log is not delivered, and tried again.
	run(t, conn, `CREATE TRIGGER no BEFORE INSERT ON messages BEGIN SELECT RAISE(ABORT, 'no'); END`)
	if err := s.Release(ctx, approved[1], func(store.Message) { t.Error("delivered") }); err == nil {
		t.Error("released although the log refuses it")
	}
	if left, err := s.Approved(ctx); err != nil || len(left) != 1 || left[0].Text != "four" {
		t.Errorf("got %+v, %v", left, err)
	}

	audit := []string{
		`ann|review approve|1|{"decision":null}|{"decision":"approve"}`, `ann|review reject|2|{"decision":null}|{"decision":"reject"}`,
		`ann|review approve|4|{"decision":null}|{"decision":"approve"}`,
	}
	if got := ask(t, conn, `SELECT actor, action, subject, before_state, after_state FROM audit ORDER BY id`); !slices.Equal(got, audit) {
		t.Errorf("got %q, want %q", got, audit)
	}

	// Held messages are forgotten with their channel's log.
	check(t, s.UpdateChannel(ctx, "gossip", store.ChannelEdit{KeepDays: pointer(0)}))
	left := func(after time.Duration) []string {
		t.Helper()
		check(t, s.PurgeRules(ctx, time.Now().Add(after)))
		return ask(t, conn, `SELECT id FROM held ORDER BY id`)
	}
	for _, test := range []struct {
		after time.Duration
		want  []string
	}{{23 * time.Hour, []string{"1", "2", "3", "4"}}, {25 * time.Hour, []string{"3"}}, {29 * 24 * time.Hour, []string{"3"}}, {31 * 24 * time.Hour, []string{}}} {
		if got := left(test.after); !slices.Equal(got, test.want) {
			t.Errorf("%v later %q are left, want %q", test.after, got, test.want)
		}
	}
}

func TestReview_full(t *testing.T) {
	s := open(t)
	conn := connect(t, s.Path())
	run(t, conn, `
		INSERT INTO held (channel_id, application, sender_id, game, name, message, rule_id, held_at)
		WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1) SELECT 1, 0, 1, 'g', 'n', 'm', 1, ?2 FROM n`, store.MostHeld, time.Now().UnixMicro())
	hold := func() error {
		return s.Hold(t.Context(), store.Held{Channel: 1, Sender: 1, Game: "Alpha", Name: "Bob", Text: "x", Rule: 1})
	}
	wantErr(t, "one too many", hold(), store.ErrConflict)
	if _, err := s.Decide(t.Context(), 5, store.Reject); err != nil {
		t.Error(err)
	}
	check(t, hold())
	if err := hold(); !errors.Is(err, store.ErrConflict) {
		t.Errorf("got %v", err)
	}
	run(t, conn, `DELETE FROM channels`)
	if all, err := held(s, ""); err != nil || len(all) != 0 {
		t.Errorf("got %d, %v of a channel that is gone", len(all), err)
	}
}

func TestRulesPage(t *testing.T) {
	s := open(t)
	end := time.Now().Add(time.Hour)
	for _, subject := range []string{"delta", "alpha", "Charlie", "bravo"} {
		addRule(t, s, store.Rule{Kind: store.WordRule, Subject: subject, Action: store.Hold, Reason: "of " + subject})
	}
	_, err := s.UpdateRule(t.Context(), 1, store.RuleEdit{EndsAt: &end, Action: pointer(store.Warn)})
	check(t, err)
	check(t, s.EndRule(t.Context(), 2))
	for _, test := range []struct {
		page  store.Page
		want  []store.RuleID
		total int
	}{
		{store.Page{Limit: 10}, []store.RuleID{4, 3, 1}, 3},
		{store.Page{Limit: 10, Desc: true}, []store.RuleID{1, 3, 4}, 3},
		{store.Page{Limit: 1, Offset: 1}, []store.RuleID{3}, 3},
		{store.Page{Limit: 10, Filter: "ended"}, []store.RuleID{2}, 1},
		{store.Page{Limit: 10, Filter: "all", Sort: "subject"}, []store.RuleID{2, 4, 3, 1}, 4},
		{store.Page{Limit: 10, Sort: "subject", Desc: true}, []store.RuleID{1, 3, 4}, 3},
		{store.Page{Limit: 10, Sort: "action", Desc: true}, []store.RuleID{1, 4, 3}, 3},
		{store.Page{Limit: 10, Sort: "ends"}, []store.RuleID{1, 3, 4}, 3},
		{store.Page{Limit: 10, Search: "BRAV"}, []store.RuleID{4}, 1},
		{store.Page{Limit: 10, Search: "of c"}, []store.RuleID{3}, 1},
		{store.Page{Limit: 10, Search: "%"}, nil, 0},
	} {
		all, total, err := s.RulesPage(t.Context(), test.page, time.Now())
		check(t, err)
		var ids []store.RuleID
		for _, r := range all {
			ids = append(ids, r.ID)
		}
		if !slices.Equal(ids, test.want) || total != test.total {
			t.Errorf("%+v: got %d of %d, want %d of %d", test.page, ids, total, test.want, test.total)
		}
	}
}

func TestHeldPage(t *testing.T) {
	s := open(t)
	for i, name := range []string{"Cat", "ant", "Bee", "dog"} {
		check(t, s.Hold(t.Context(), store.Held{Channel: store.ChannelID(1 + i%2), Sender: 1, Game: "Alpha", Name: name, Text: "text " + name, Rule: 1}))
	}
	for _, id := range []store.HeldID{2, 1} {
		_, err := s.Decide(t.Context(), id, store.Reject)
		check(t, err)
	}
	for _, test := range []struct {
		page  store.Page
		want  []store.HeldID
		total int
	}{
		{store.Page{Limit: 10}, []store.HeldID{3, 4}, 2},
		{store.Page{Limit: 1, Offset: 1}, []store.HeldID{4}, 2},
		{store.Page{Limit: 10, Sort: "held", Desc: true}, []store.HeldID{4, 3}, 2},
		{store.Page{Limit: 10, Filter: "decided"}, []store.HeldID{1, 2}, 2},
		{store.Page{Limit: 10, Search: "bee@al"}, []store.HeldID{3}, 1},
		{store.Page{Limit: 10, Search: "TESTING"}, []store.HeldID{4}, 1},
		{store.Page{Limit: 10, Search: "text d"}, []store.HeldID{4}, 1},
	} {
		all, total, err := s.HeldPage(t.Context(), test.page)
		check(t, err)
		var ids []store.HeldID
		for _, h := range all {
			ids = append(ids, h.ID)
		}
		if !slices.Equal(ids, test.want) || total != test.total {
			t.Errorf("%+v: got %d of %d, want %d of %d", test.page, ids, total, test.want, test.total)
		}
	}
}
