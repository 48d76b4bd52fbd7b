package admin

import (
	"context"
	"errors"
	"net/http"

	"hearsay/hub/page"
	"hearsay/hub/store"
)

// servePeopleDecide approves or denies those who are ticked of the ones that wait.
func (s *server) servePeopleDecide(w http.ResponseWriter, r *http.Request) error {
	const back = "/admin/people?filter=" + waitingFilter
	f := page.Posted(r)
	decide, done := s.approve, "Approved "
	switch f.Text("action") {
	case "approve":
	case "deny":
		decide, done = s.Store.DenyUser, "Denied "
	default:
		return page.Invalid("action", "will not do; use approve or deny")
	}
	if len(f.Values["username"]) == 0 {
		return s.Done(w, r, back, "Nobody was ticked.")
	}
	decided, late := 0, 0
	for _, username := range f.Values["username"] {
		switch err := decide(r.Context(), username); {
		case errors.Is(err, store.ErrConflict), errors.Is(err, store.ErrNotFound):
			late++
		case err != nil:
			return err
		default:
			decided++
		}
	}
	text := done + page.Count(decided, "account") + "."
	if late > 0 {
		text += " Somebody else was quicker with " + page.Count(late, "account") + "."
	}
	return s.Done(w, r, back, text)
}

// approve lets somebody in who has signed up, and tells them.
func (s *server) approve(ctx context.Context, username string) error {
	err := s.Store.ApproveUser(ctx, username)
	if err == nil {
		s.Mail.Approved(ctx, username)
	}
	return err
}

func (s *server) servePersonApprove(w http.ResponseWriter, r *http.Request) error {
	name := r.PathValue("name")
	if err := s.approve(r.Context(), name); err != nil {
		return err
	}
	return s.Done(w, r, "/admin/people/"+name, name+" may sign in now.")
}

func (s *server) servePersonDeny(w http.ResponseWriter, r *http.Request) error {
	name := r.PathValue("name")
	if err := s.Store.DenyUser(r.Context(), name); err != nil {
		return err
	}
	return s.Done(w, r, "/admin/people?filter="+waitingFilter, "Denied "+name+": the account is gone.")
}

func (s *server) servePersonBan(w http.ResponseWriter, r *http.Request) error {
	name, f := r.PathValue("name"), page.Posted(r)
	b := store.Ban{Reason: f.Text("reason")}
	until, err := f.Moment("until")
	if err != nil {
		return err
	}
	if !until.IsZero() {
		b.Until = &until
	}
	if err := s.Store.BanUser(r.Context(), name, b); err != nil {
		return err
	}
	return s.Done(w, r, "/admin/people/"+name, "Banned "+name+", who is signed out everywhere.")
}

func (s *server) servePersonUnban(w http.ResponseWriter, r *http.Request) error {
	name := r.PathValue("name")
	if err := s.Store.UnbanUser(r.Context(), name); err != nil {
		return err
	}
	return s.Done(w, r, "/admin/people/"+name, name+" may sign in again.")
}
