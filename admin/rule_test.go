package admin_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"hearsay/hub/store"
)

func TestRules(t *testing.T) {
	s := newSite(t)
	s.game(t, "Alpha")
	b := s.signedIn(t, store.Moderator)
	b.get(t, "/admin/rules").want(t, http.StatusOK, "There are no rules", "/admin/new/rule")
	b.get(t, "/admin/new/rule?kind=word&subject=darn&reason=rude").want(t, http.StatusOK,
		`value="darn"`, `value="rude"`, `<option value="word" selected>`, `<option value="mute" selected>`, "every channel, and tells", "only gossip")

	// Tried, then saved.
	for i := range 14 {
		s.say(t, 1, "Alpha", "Bob", fmt.Sprint("Darn it ", i))
	}
	s.say(t, 1, "Alpha", "Bob", "Darned")
	fields := []string{"kind", "word", "subject", "darn", "action", "replace", "replacement", "<beep>", "channel", "", "reason", "rude & loud", "ends_at", "", "enabled", "on"}
	b.post(t, "/admin/new/rule", append(fields, "do", "test")...).want(t, http.StatusOK,
		"It would have matched <strong>14</strong> of", "15 messages", "of the last 7 days.", "&lt;beep&gt; it 13", "The newest 10 are shown.", `value="darn"`, "/admin/messages/14")
	if all, err := s.Store.Rules(t.Context()); err != nil || len(all) > 0 {
		t.Errorf("trying made %+v, %v", all, err)
	}
	b.post(t, "/admin/new/rule", append(fields, "do", "save")...).want(t, http.StatusSeeOther, "/admin/rules")
	b.get(t, "/admin/rules").want(t, http.StatusOK, "Saved the rule; it acts from now on.", ">darn</a>", "&lt;beep&gt;", "rude &amp; loud", "never", "1 rule")

	// What is wrong stands at its field, with what was entered.
	for _, test := range []struct{ field, value, reason string }{
		{"subject", "two words", "is not one word of letters and digits"},
		{"subject", "", "Subject is missing; give a player"},
		{"subject", "DARN", "The rule 1 does this already; edit that one"},
		{"replacement", strings.Repeat("x", 101), "Replacement has 101 characters"},
		{"ends_at", "tomorrow", "Ends at is no moment"},
		{"ends_at", "2020-01-01T00:00", "2020-01-01T00:00:00Z has passed"},
		{"channel", "nowhere", "There is no channel"},
		{"action", "kick", "will not do; use warn"},
		{"kind", "game", "will not do; use player"},
	} {
		wrong := append([]string{}, fields...)
		for i := 0; i < len(wrong); i += 2 {
			if wrong[i] == test.field {
				wrong[i+1] = test.value
			}
		}
		for _, do := range []string{"save", "test"} {
			if do == "test" && (test.reason[:3] == "The" || strings.Contains(test.reason, "has passed")) {
				continue // a rule may be tried that may not be saved
			}
			b.post(t, "/admin/new/rule", append(wrong, "do", do)...).want(t, http.StatusUnprocessableEntity, test.reason, `aria-invalid="true"`, `value="rude &amp; loud"`)
		}
	}

	b.get(t, "/admin/rules/1").want(t, http.StatusOK, "Rule 1", `value="darn"`, `value="&lt;beep&gt;"`, `checked`, "End it now", "moderator")
	end := time.Now().Add(48 * time.Hour).UTC().Format("2006-01-02T15:04")
	b.post(t, "/admin/rules/1", "kind", "player", "subject", "Bob@Alpha", "action", "warn", "channel", "gossip", "reason", "", "ends_at", end, "do", "save").
		want(t, http.StatusSeeOther, "/admin/rules")
	b.get(t, "/admin/rules").want(t, http.StatusOK, "Saved the rule 1.", "Bob@Alpha", ">off<", "in 1 day", "on gossip")
	r, err := s.Store.Rule(t.Context(), 1)
	if err != nil || r.Kind != store.PlayerRule || r.Enabled || r.Reason != "" || r.EndsAt == nil || r.Replacement != "" {
		t.Errorf("got %+v, %v", r, err)
	}
	b.post(t, "/admin/rules/1", "kind", "player", "subject", "Bob", "action", "warn", "do", "save").want(t, http.StatusUnprocessableEntity, "is no player", `value="Bob"`)
	b.post(t, "/admin/rules/1", "kind", "player", "subject", "bob@*", "action", "warn", "do", "test").want(t, http.StatusOK, "<strong>15</strong>")
	b.post(t, "/admin/rules/1", "kind", "player", "subject", "Bob@Alpha", "action", "warn", "enabled", "on", "do", "save").want(t, http.StatusSeeOther)
	if r, err := s.Store.Rule(t.Context(), 1); err != nil || !r.Enabled || r.EndsAt != nil || r.Channel != "" {
		t.Errorf("got %+v, %v", r, err)
	}

	b.post(t, "/admin/rules/1/end").want(t, http.StatusSeeOther, "/admin/rules")
	b.get(t, "/admin/rules").want(t, http.StatusOK, "Ended the rule about Bob@Alpha.", "0 rules")
	b.get(t, "/admin/rules?filter=ended").want(t, http.StatusOK, "Bob@Alpha", "just now")
	b.get(t, "/admin/rules?filter=all&q=nothing").want(t, http.StatusOK, "Nothing matches", "Show all")
	b.get(t, "/admin/rules/1").want(t, http.StatusOK, ">ended<")
	for _, path := range []string{"/admin/rules/9", "/admin/rules/x"} {
		b.get(t, path).want(t, http.StatusNotFound)
	}
	b.post(t, "/admin/rules/9/end").want(t, http.StatusNotFound)
}

func TestReview(t *testing.T) {
	s := newSite(t)
	c := s.game(t, "Beta")
	s.game(t, "Alpha")
	hears := connect(t, s, c, "Eve")
	b := s.signedIn(t, store.Moderator)
	page := b.get(t, "/admin/review").want(t, http.StatusOK, "No message waits.", "0 messages wait")
	if strings.Contains(page.text, " waiting</span>") {
		t.Error("nothing waits, and the navigation says so")
	}
	if _, err := s.Store.CreateRule(t.Context(), store.Rule{Kind: store.WordRule, Subject: "buy", Action: store.Hold, Enabled: true}); err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		err := s.Store.Hold(t.Context(), store.Held{Channel: 1, Sender: 2, Game: "Alpha", Name: fmt.Sprint("Bob", i), Text: fmt.Sprint("buy <b> ", i), Rule: store.RuleID(1 + i)})
		if err != nil {
			t.Fatal(err)
		}
	}
	b.get(t, "/admin/review").want(t, http.StatusOK, "5 messages wait", "buy &lt;b&gt; 0", "Bob4@Alpha", ">5<span", `href="/admin/rules/1">buy</a>`, "rule 2")
	b.get(t, "/admin/rules").want(t, http.StatusOK, ">5<span")
	b.get(t, "/admin/review?q=bob3@al").want(t, http.StatusOK, "buy &lt;b&gt; 3", "1 message<")

	b.post(t, "/admin/review", "approve", "1", "id", "2", "id", "3").want(t, http.StatusSeeOther, "/admin/review")
	b.get(t, "/admin/review").want(t, http.StatusOK, "Approved 1 message: delivered.", "4 messages wait")
	f, err := hears.Read(t.Context())
	if err != nil || !strings.Contains(string(f.Payload), `"name":"Bob0","message":"buy <b> 0"`) {
		t.Errorf("Beta hears %s, %v", f.Payload, err)
	}
	b.post(t, "/admin/review", "do", "reject", "id", "2", "id", "3").want(t, http.StatusSeeOther, "/admin/review")
	b.get(t, "/admin/review").want(t, http.StatusOK, "Rejected 2 messages.", "2 messages wait")
	b.post(t, "/admin/review", "do", "approve", "id", "3", "id", "9", "id", "4").want(t, http.StatusSeeOther)
	b.get(t, "/admin/review").want(t, http.StatusOK, "Approved 1 message: delivered. Somebody else was quicker with 2 messages.")
	b.post(t, "/admin/review", "do", "approve").want(t, http.StatusSeeOther)
	b.get(t, "/admin/review").want(t, http.StatusOK, "Nothing was ticked.")
	b.post(t, "/admin/review", "do", "maybe", "id", "5").want(t, http.StatusUnprocessableEntity)
	b.get(t, "/admin/review?filter=decided").want(t, http.StatusOK, ">approved<", ">rejected<", "moderator", "4 messages")
}

func TestMessage(t *testing.T) {
	s := newSite(t)
	s.game(t, "Alpha")
	b := s.signedIn(t, store.Moderator)
	id := s.say(t, 1, "Alpha", "Bob", "darn <it>")
	if _, err := s.Store.CreateRule(t.Context(), store.Rule{Kind: store.WordRule, Subject: "darn", Action: store.Warn, Enabled: true}); err != nil {
		t.Fatal(err)
	}
	path := fmt.Sprintf("/admin/messages/%d", id)
	b.get(t, path).want(t, http.StatusOK, "darn &lt;it&gt;", "Bob@Alpha", "gossip", `href="/admin/rules/1">darn</a>`, "Hide it", "For what was said on gossip")
	b.post(t, path+"/hide").want(t, http.StatusSeeOther, path)
	b.get(t, path).want(t, http.StatusOK, "Hid the message: no history has it any more.", "Show it again", "by moderator")
	if got, total, err := s.Store.History(t.Context(), store.HistoryQuery{Channel: 1, Limit: 5}); err != nil || total != 0 || len(got) > 0 {
		t.Errorf("history has %+v, %v", got, err)
	}
	b.post(t, path+"/unhide").want(t, http.StatusSeeOther, path)
	b.get(t, path).want(t, http.StatusOK, "The message is in history again.", "Hide it")

	b.post(t, path+"/mute", "who", "player", "for", "24h", "reason", "Shouts").want(t, http.StatusSeeOther, path)
	b.get(t, path).want(t, http.StatusOK, "Muted Bob@Alpha until "+time.Now().UTC().Add(24*time.Hour).Format("2006"), `href="/admin/rules/2">Bob@Alpha</a>`)
	b.post(t, path+"/mute", "who", "game", "for", "", "reason", "Floods").want(t, http.StatusSeeOther, path)
	b.get(t, path).want(t, http.StatusOK, "Muted *@Alpha.", `href="/admin/rules/3">*@Alpha</a>`)
	for id, want := range map[store.RuleID]string{2: "Bob@Alpha Shouts false", 3: "*@Alpha Floods true"} {
		r, err := s.Store.Rule(t.Context(), id)
		if got := fmt.Sprint(r.Subject, " ", r.Reason, " ", r.EndsAt == nil); err != nil || got != want || r.Action != store.Mute || r.CreatedBy != "moderator" {
			t.Errorf("got %+v, %v, want %s", r, err, want)
		}
	}
	b.post(t, path+"/mute", "who", "player", "for", "24h", "reason", "Shouts").want(t, http.StatusUnprocessableEntity, "The rule 2 does this already", `value="Shouts"`)
	b.post(t, path+"/mute", "who", "player", "reason", strings.Repeat("x", 201)).want(t, http.StatusUnprocessableEntity, "Reason has 201 characters")
	star := fmt.Sprintf("/admin/messages/%d", s.say(t, 1, "Alpha", "*", "hi"))
	b.post(t, star+"/mute", "who", "player", "for", "24h", "reason", "").want(t, http.StatusSeeOther, star)
	if r, err := s.Store.Rule(t.Context(), 4); err != nil || r.Subject != `\*@Alpha` {
		t.Errorf("got %+v, %v", r, err)
	}
	for _, gone := range []string{"/admin/messages/99", "/admin/messages/x"} {
		b.get(t, gone).want(t, http.StatusNotFound)
		b.post(t, gone+"/hide").want(t, http.StatusNotFound)
		b.post(t, gone+"/mute").want(t, http.StatusNotFound)
	}
}
