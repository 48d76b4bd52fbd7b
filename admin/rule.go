package admin

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"hearsay/hub/page"
	"hearsay/hub/store"
)

// rules is the list of rules.
type rules struct {
	page.Frame
	page.Listing
	List []store.Rule
}

var ruleFilters = []page.Choice{{Value: "", Label: "In force"}, {Value: "ended", Label: "Ended"}, {Value: "all", Label: "All"}}

func (s *server) serveRules(w http.ResponseWriter, r *http.Request) error {
	p := rules{Frame: s.Frame(r, "Rules"), Listing: page.ReadListing(r)}
	var err error
	if p.List, p.Total, err = s.Store.RulesPage(r.Context(), p.Page(), p.Now); err != nil {
		return err
	}
	return s.Show(w, r, rulesPage(p))
}

// ruleForm is the page on which a rule is made, tried or changed.
type ruleForm struct {
	page.Frame
	page.Form
	Rule     store.Rule // the one that is changed; zero: a new one
	Channels []page.Choice
	Trial    *store.Trial // what it would have matched; nil: it was not tried
}

var (
	ruleKinds   = []page.Choice{{Value: "player", Label: "a player or a game"}, {Value: "word", Label: "a word"}, {Value: "pattern", Label: "a pattern"}}
	ruleActions = []page.Choice{
		{Value: "mute", Label: "mute: refuse the message, and say so"},
		{Value: "drop", Label: "drop: swallow it, and say nothing"},
		{Value: "hold", Label: "hold: let it wait for review; a tell is refused"},
		{Value: "replace", Label: "replace: take out what matches"},
		{Value: "warn", Label: "warn: deliver it, and tell the player"},
	}
)

func (s *server) showRuleForm(w http.ResponseWriter, r *http.Request, code int, p ruleForm) error {
	title := "New rule"
	if p.Rule.ID != 0 {
		title = "Rule " + p.Rule.ID.String()
	}
	p.Frame = s.Frame(r, title)
	p.Channels = []page.Choice{{Value: "", Label: "every channel, and tells"}}
	all, err := s.Store.Channels(r.Context())
	if err != nil {
		return err
	}
	for _, c := range all {
		p.Channels = append(p.Channels, page.Choice{Value: c.Name, Label: "only " + c.Name})
	}
	s.Render(w, r, code, ruleFormPage(p))
	return nil
}

// serveRuleNew takes what it fills in from the query: other pages lead to it.
func (s *server) serveRuleNew(w http.ResponseWriter, r *http.Request) error {
	f := page.Form{Values: url.Values{"kind": {"player"}, "action": {"mute"}, "enabled": {"on"}}}
	for _, name := range []string{"kind", "subject", "action", "channel", "reason"} {
		if value := r.URL.Query().Get(name); value != "" {
			f.Values.Set(name, value)
		}
	}
	return s.showRuleForm(w, r, http.StatusOK, ruleForm{Form: f})
}

// ruleOf reads a rule from its form.
func ruleOf(f page.Form) (r store.Rule, err error) {
	r = store.Rule{
		Kind: store.RuleKind(f.Text("kind")), Subject: f.Text("subject"), Channel: f.Text("channel"), Action: store.RuleAction(f.Text("action")),
		Replacement: f.Text("replacement"), Reason: f.Text("reason"), Enabled: f.On("enabled"),
	}
	end, err := f.Moment("ends_at")
	if !end.IsZero() {
		r.EndsAt = &end
	}
	return r, err
}

// tried shows the form again, with what the rule would have matched.
func (s *server) tried(w http.ResponseWriter, r *http.Request, p ruleForm, rule store.Rule) error {
	trial, err := s.Store.Try(r.Context(), rule, time.Now())
	if p.Fault(err) {
		return s.showRuleForm(w, r, http.StatusUnprocessableEntity, p)
	}
	if err != nil {
		return err
	}
	p.Trial = &trial
	return s.showRuleForm(w, r, http.StatusOK, p)
}

func (s *server) serveRuleAdd(w http.ResponseWriter, r *http.Request) error {
	p := ruleForm{Form: page.Posted(r)}
	rule, err := ruleOf(p.Form)
	if err == nil && p.Text("do") == "test" {
		return s.tried(w, r, p, rule)
	}
	if err == nil {
		_, err = s.Store.CreateRule(r.Context(), rule)
	}
	if p.Fault(err) {
		return s.showRuleForm(w, r, http.StatusUnprocessableEntity, p)
	}
	if err != nil {
		return err
	}
	return s.Done(w, r, "/admin/rules", "Saved the rule; it acts from now on.")
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
	f := page.Form{Values: url.Values{
		"kind": {string(rule.Kind)}, "subject": {rule.Subject}, "channel": {rule.Channel}, "action": {string(rule.Action)},
		"replacement": {rule.Replacement}, "reason": {rule.Reason}, "enabled": {page.Checkbox(rule.Enabled)},
	}}
	if rule.EndsAt != nil {
		f.Values.Set("ends_at", rule.EndsAt.Format(page.DateTime))
	}
	return s.showRuleForm(w, r, http.StatusOK, ruleForm{Form: f, Rule: rule})
}

func (s *server) serveRuleChange(w http.ResponseWriter, r *http.Request) error {
	was, err := s.rule(r)
	if err != nil {
		return err
	}
	p := ruleForm{Form: page.Posted(r), Rule: was}
	rule, err := ruleOf(p.Form)
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
		if was.EndsAt != nil && p.Text("ends_at") == was.EndsAt.Format(page.DateTime) {
			e.EndsAt = nil // the browser's is cut to the minute
		}
		_, err = s.Store.UpdateRule(r.Context(), was.ID, e)
	}
	if p.Fault(err) {
		return s.showRuleForm(w, r, http.StatusUnprocessableEntity, p)
	}
	if err != nil {
		return err
	}
	return s.Done(w, r, "/admin/rules", "Saved the rule "+was.ID.String()+".")
}

func (s *server) serveRuleEnd(w http.ResponseWriter, r *http.Request) error {
	rule, err := s.rule(r)
	if err != nil {
		return err
	}
	if err := s.Store.EndRule(r.Context(), rule.ID); err != nil {
		return err
	}
	return s.Done(w, r, "/admin/rules", "Ended the rule about "+rule.Subject+".")
}
