package admin

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"hearsay/hub/page"
	"hearsay/hub/store"
)

// review is the queue of messages that rules hold.
type review struct {
	page.Frame
	page.Listing
	List    []store.Held
	Rules   map[store.RuleID]store.Rule
	Waiting int
	Hub     string // short name of the hub itself
}

var heldFilters = []page.Choice{{Value: "", Label: "Waiting"}, {Value: "decided", Label: "Decided"}}

func (s *server) serveReview(w http.ResponseWriter, r *http.Request) error {
	p := review{Frame: s.Frame(r, "Review"), Listing: page.ReadListing(r), Rules: map[store.RuleID]store.Rule{}, Hub: s.Hub.Terms().Name}
	var err error
	if p.List, p.Total, err = s.Store.HeldPage(r.Context(), p.Page()); err != nil {
		return err
	}
	if p.Waiting, err = s.Store.Waiting(r.Context()); err != nil {
		return err
	}
	all, err := s.Store.Rules(r.Context())
	if err != nil {
		return err
	}
	for _, one := range all {
		p.Rules[one.ID] = one
	}
	return s.Show(w, r, reviewPage(p))
}

// waiting is the topic of how many messages wait.
func (s *server) waiting() page.Topic {
	t := page.Showing(func(ctx context.Context, _ url.Values) (int, error) { return s.Store.Waiting(ctx) }, waitingText)
	t.Watch = s.Store.Watch
	return t
}

// serveReviewDecide decides on one message, by its own button, or on those that are
// ticked.
func (s *server) serveReviewDecide(w http.ResponseWriter, r *http.Request) error {
	f := page.Posted(r)
	d, texts := store.Decision(f.Text("do")), f.Values["id"]
	for _, one := range []store.Decision{store.Approve, store.Reject} {
		if id := f.Text(string(one)); id != "" {
			d, texts = one, []string{id}
		}
	}
	if len(texts) == 0 {
		return s.Done(w, r, "/admin/review", "Nothing was ticked.")
	}
	decided, late := 0, 0
	for _, text := range texts {
		id, _ := strconv.ParseInt(text, 10, 64) // 0 is none
		_, err := s.Store.Decide(r.Context(), store.HeldID(id), d)
		switch {
		case errors.Is(err, store.ErrConflict), errors.Is(err, store.ErrNotFound):
			late++
		case err != nil:
			return err
		default:
			decided++
		}
	}
	return s.Done(w, r, "/admin/review", decidedText(d, decided, late))
}

func decidedText(d store.Decision, decided, late int) string {
	text := "Approved " + page.Count(decided, "message") + ": delivered."
	if d == store.Reject {
		text = "Rejected " + page.Count(decided, "message") + "."
	}
	if late > 0 {
		text += " Somebody else was quicker with " + page.Count(late, "message") + "."
	}
	return text
}
