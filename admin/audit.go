package admin

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"hearsay/hub/page"
	"hearsay/hub/store"
)

// audit is the page of what operators did.
type audit struct {
	page.Frame
	page.Form        // the filters, as in the URL
	Actors, Actions  []page.Choice
	List             []store.AuditEntry
	Older            string // where the next page is; "": there is none
	Narrowed, Behind bool   // by filters; it is not the first page
}

func (s *server) serveAudit(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	p := audit{Frame: s.Frame(r, "Audit log"), Form: page.Form{Values: q}}
	query := store.AuditQuery{
		Text: p.Text("q"), Actor: p.Text("actor"), Action: p.Text("action"), Subject: p.Text("subject"), Limit: page.PageSize + 1,
	}
	var err error
	query.Below, _ = strconv.ParseInt(p.Text("below"), 10, 64) // what is none shows the first page
	if query.Since, err = dateOf(p.Text("since")); err != nil {
		p.Faulty, p.Why = "since", err.Error()
	}
	if query.Until, err = dateOf(p.Text("until")); err != nil {
		p.Faulty, p.Why = "until", err.Error()
	}
	if !query.Until.IsZero() {
		query.Until = query.Until.AddDate(0, 0, 1) // people mean that day, too
	}
	if p.List, err = s.Store.Audit(r.Context(), query); err != nil {
		return err
	}
	if len(p.List) > page.PageSize {
		p.List = p.List[:page.PageSize]
		older := url.Values{}
		for _, key := range []string{"q", "actor", "action", "subject", "since", "until"} {
			if p.Text(key) != "" {
				older.Set(key, p.Text(key))
			}
		}
		older.Set("below", strconv.FormatInt(p.List[page.PageSize-1].ID, 10))
		p.Older = "/admin/audit?" + older.Encode()
	}
	p.Behind = query.Below > 0
	p.Narrowed = p.Behind || query.Text != "" || query.Actor != "" || query.Action != "" || query.Subject != "" || !query.Since.IsZero() || !query.Until.IsZero()
	actors, actions, err := s.Store.AuditKinds(r.Context())
	if err != nil {
		return err
	}
	p.Actors, p.Actions = []page.Choice{{Value: "", Label: "anybody"}}, []page.Choice{{Value: "", Label: "anything"}}
	for _, one := range actors {
		p.Actors = append(p.Actors, page.Choice{Value: one, Label: one})
	}
	for _, one := range actions {
		p.Actions = append(p.Actions, page.Choice{Value: one, Label: one})
	}
	return s.Show(w, r, auditPage(p))
}

// dateOf reads a day, UTC.
func dateOf(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		err = page.Invalid("date", "write it as YYYY-MM-DD")
	}
	return t, err
}

// value is a JSON value as people read it.
func value(text json.RawMessage) string {
	var plain string
	switch {
	case len(text) == 0 || string(text) == "null" || string(text) == `""` || string(text) == "[]":
		return "nothing"
	case json.Unmarshal(text, &plain) == nil:
		return plain
	}
	return string(text)
}

// cut is the beginning of a long text.
func cut(text string, most int) string {
	if r := []rune(text); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return text
}
