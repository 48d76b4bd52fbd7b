package admin

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"hearsay/hub/store"
)

// rules is the list of rules.
type rules struct {
	frame
	listing
	List []store.Rule
}

var ruleFilters = []choice{{"", "In force"}, {"ended", "Ended"}, {"all", "All"}}

func (s *server) serveRules(w http.ResponseWriter, r *http.Request) error {
	p := rules{frame: s.frame(r, "Rules"), listing: readListing(r)}
	var err error
	if p.List, p.Total, err = s.Store.RulesPage(r.Context(), p.page(), p.Now); err != nil {
		return err
	}
	return s.show(w, r, rulesPage(p))
}

// ruleForm is the page on which a rule is made, tried or changed.
type ruleForm struct {
	frame
	form
	Rule     store.Rule // the one that is changed; zero: a new one
	Channels []choice
	Trial    *store.Trial // what it would have matched; nil: it was not tried
}

var (
	ruleKinds   = []choice{{"player", "a player or a game"}, {"word", "a word"}, {"pattern", "a pattern"}}
	ruleActions = []choice{
		{"mute", "mute: refuse the message, and say so"},
		{"drop", "drop: swallow it, and say nothing"},
		{"hold", "hold: let it wait for review; a tell is refused"},
		{"replace", "replace: take out what matches"},
		{"warn", "warn: deliver it, and tell the player"},
	}
)

func (s *server) showRuleForm(w http.ResponseWriter, r *http.Request, code int, p ruleForm) error {
	title := "New rule"
	if p.Rule.ID != 0 {
		title = "Rule " + p.Rule.ID.String()
	}
	p.frame = s.frame(r, title)
	p.Channels = []choice{{"", "every channel, and tells"}}
	all, err := s.Store.Channels(r.Context())
	if err != nil {
		return err
	}
	for _, c := range all {
		p.Channels = append(p.Channels, choice{c.Name, "only " + c.Name})
	}
	s.render(w, r, code, ruleFormPage(p))
	return nil
}

// serveRuleNew takes what it fills in from the query: other pages lead to it.
func (s *server) serveRuleNew(w http.ResponseWriter, r *http.Request) error {
	f := form{values: url.Values{"kind": {"player"}, "action": {"mute"}, "enabled": {"on"}}}
	for _, name := range []string{"kind", "subject", "action", "channel", "reason"} {
		if value := r.URL.Query().Get(name); value != "" {
			f.values.Set(name, value)
		}
	}
	return s.showRuleForm(w, r, http.StatusOK, ruleForm{form: f})
}

// ruleOf reads a rule from its form.
func ruleOf(f form) (r store.Rule, err error) {
	r = store.Rule{
		Kind: store.RuleKind(f.Text("kind")), Subject: f.Text("subject"), Channel: f.Text("channel"), Action: store.RuleAction(f.Text("action")),
		Replacement: f.Text("replacement"), Reason: f.Text("reason"), Enabled: f.On("enabled"),
	}
	end, err := f.moment("ends_at")
	if !end.IsZero() {
		r.EndsAt = &end
	}
	return r, err
}

// tried shows the form again, with what the rule would have matched.
func (s *server) tried(w http.ResponseWriter, r *http.Request, p ruleForm, rule store.Rule) error {
	trial, err := s.Store.Try(r.Context(), rule, time.Now())
	if p.fault(err) {
		return s.showRuleForm(w, r, http.StatusUnprocessableEntity, p)
	}
	if err != nil {
		return err
	}
	p.Trial = &trial
	return s.showRuleForm(w, r, http.StatusOK, p)
}

func (s *server) serveRuleAdd(w http.ResponseWriter, r *http.Request) error {
	p := ruleForm{form: posted(r)}
	rule, err := ruleOf(p.form)
	if err == nil && p.Text("do") == "test" {
		return s.tried(w, r, p, rule)
	}
	if err == nil {
		_, err = s.Store.CreateRule(r.Context(), rule)
	}
	if p.fault(err) {
		return s.showRuleForm(w, r, http.StatusUnprocessableEntity, p)
	}
	if err != nil {
		return err
	}
	return s.done(w, r, "/admin/rules", "Saved the rule; it acts from now on.")
}

// rule finds the one that the path names.
func (s *server) rule(r *http.Request) (store.Rule, error) {
	id, _ := strconv.ParseInt(r.PathValue("id"), 10, 64) // 0 is none
	return s.Store.Rule(r.Context(), store.RuleID(id))
}

func (s *server) serveRule(w http.ResponseWriter, r *http.Request) error {
	rule, err := s.rule(r)
	if err != nil {
		return err
	}
	f := form{values: url.Values{
		"kind": {string(rule.Kind)}, "subject": {rule.Subject}, "channel": {rule.Channel}, "action": {string(rule.Action)},
		"replacement": {rule.Replacement}, "reason": {rule.Reason}, "enabled": {checkbox(rule.Enabled)},
	}}
	if rule.EndsAt != nil {
		f.values.Set("ends_at", rule.EndsAt.Format(dateTime))
	}
	return s.showRuleForm(w, r, http.StatusOK, ruleForm{form: f, Rule: rule})
}

func (s *server) serveRuleChange(w http.ResponseWriter, r *http.Request) error {
	was, err := s.rule(r)
	if err != nil {
		return err
	}
	p := ruleForm{form: posted(r), Rule: was}
	rule, err := ruleOf(p.form)
	if err == nil && p.Text("do") == "test" {
		return s.tried(w, r, p, rule)
	}
	if err == nil {
		e := store.RuleEdit{
			Kind: &rule.Kind, Subject: &rule.Subject, Channel: &rule.Channel, Action: &rule.Action,
			Replacement: &rule.Replacement, Reason: &rule.Reason, Enabled: &rule.Enabled, EndsAt: rule.EndsAt,
		}
		if rule.EndsAt == nil {
			e.EndsAt = &time.Time{}
		}
		if was.EndsAt != nil && p.Text("ends_at") == was.EndsAt.Format(dateTime) {
			e.EndsAt = nil // the browser's is cut to the minute
		}
		_, err = s.Store.UpdateRule(r.Context(), was.ID, e)
	}
	if p.fault(err) {
		return s.showRuleForm(w, r, http.StatusUnprocessableEntity, p)
	}
	if err != nil {
		return err
	}
	return s.done(w, r, "/admin/rules", "Saved the rule "+was.ID.String()+".")
}

func (s *server) serveRuleEnd(w http.ResponseWriter, r *http.Request) error {
	rule, err := s.rule(r)
	if err != nil {
		return err
	}
	if err := s.Store.EndRule(r.Context(), rule.ID); err != nil {
		return err
	}
	return s.done(w, r, "/admin/rules", "Ended the rule about "+rule.Subject+".")
}
