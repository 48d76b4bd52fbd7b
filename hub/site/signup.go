package site

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/netip"
	"time"

	"hearsay/hub/page"
	"hearsay/hub/quota"
	"hearsay/hub/store"
)

// How many may sign up.
const (
	signUpWindow  = time.Hour
	signUpTries   = 30  // of one network within the window, whatever comes of it
	signUpNetwork = 5   // accounts of one network within it
	signUpAll     = 200 // accounts of all within it
	signUpWaiting = 200 // that wait for approval
)

// signUp is the page to make an account.
type signUp struct {
	page.Frame
	page.Form
	Mode  store.SignUpMode
	Path  string // where the form goes
	Stamp string // when it was shown
	Next  string // where to go afterwards
	Mails bool   // the hub sends mail
	Wrong string // with the form as a whole
}

// Missing reports whether an account takes an invite, which is not there.
func (p signUp) Missing() bool { return p.Mode == store.SignUpInvite && p.Path == "/sign-up" }

// signUp makes the page; it reports false when it has answered already.
func (s *Site) signUp(w http.ResponseWriter, r *http.Request, f page.Form) (p signUp, ok bool, err error) {
	p = signUp{
		Form: f, Mode: s.SignUp(), Path: "/sign-up", Stamp: s.forms.stamp(time.Now()), Mails: s.Mail.Works(),
		Next: page.Local(cmp.Or(f.Text("next"), r.URL.Query().Get("next"))),
	}
	invite := r.PathValue("token")
	switch {
	case page.Who(r).SignedIn():
		http.Redirect(w, r, cmp.Or(p.Next, "/"), http.StatusSeeOther)
		return p, false, nil
	case p.Mode != store.SignUpClosed && invite != "":
		p.Path += "/" + invite
		err := s.Store.CheckInvite(r.Context(), invite, time.Now())
		if errors.Is(err, store.ErrInvalid) {
			s.Problem(w, r, http.StatusNotFound, "This invite does not work", "It was used before, or its time is over. Ask whoever gave it to you for another.")
			return p, false, nil
		}
		if err != nil {
			return p, false, err
		}
	}
	p.Frame = s.Frame(r, "Sign up")
	return p, true, nil
}

func (s *Site) serveSignUp(w http.ResponseWriter, r *http.Request) error {
	p, ok, err := s.signUp(w, r, page.Form{})
	if !ok {
		return err
	}
	return s.Show(w, r, signUpPage(p))
}

// serveSignUpMake makes an account.
func (s *Site) serveSignUpMake(w http.ResponseWriter, r *http.Request) error {
	now, remote := time.Now(), s.Remote(r)
	if !s.signUps.Take(map[string]int{"tries " + quota.Network(remote): signUpTries}, signUpWindow, now) {
		return page.ErrOften
	}
	f := page.Posted(r)
	p, ok, err := s.signUp(w, r, f)
	if !ok {
		return err
	}
	if p.Mode == store.SignUpClosed || p.Missing() {
		return s.Show(w, r, signUpPage(p))
	}
	var u store.User
	if p.Wrong = s.doubt(&p, now); p.Wrong == "" {
		if !s.rest(r.Context(), p.Stamp, now) {
			return nil
		}
		u, err = s.make(r, p, remote, now)
	}
	switch {
	case p.Wrong != "", p.Fault(err):
		if field := p.Faulty; field == "invite" || field == "sign_up" { // which is no field of the form
			p.Wrong = page.Sentence(field, p.Why)
		}
		s.Render(w, r, http.StatusUnprocessableEntity, signUpPage(p))
		return nil
	case errors.Is(err, errCrowd):
		s.Problem(w, r, http.StatusServiceUnavailable, "Too many wait already", "The operators have not looked at the last accounts yet. Try again in a few days.")
		return nil
	case err != nil:
		return err
	}
	s.Log.Info("somebody signed up", "username", u.Username, "remote", remote, "waits", u.Waiting())
	if u.Waiting() {
		http.Redirect(w, r, "/sign-up/waiting", http.StatusSeeOther)
		return nil
	}
	text := "Welcome, " + u.Username + "."
	if u.Email != "" && s.Mail.Works() {
		text += " A link that proves your address is on its way to it."
	}
	if err := s.SignIn(w, r, u, text); err != nil {
		return err
	}
	http.Redirect(w, r, cmp.Or(p.Next, "/"), http.StatusSeeOther)
	return nil
}

// rest lets the time pass that a person takes at least to fill in a form, so that a program gains
// nothing by its haste and a person with a password manager loses nothing. It reports false when
// the browser has gone meanwhile.
func (s *Site) rest(ctx context.Context, stamp string, now time.Time) bool {
	age, _ := s.forms.age(stamp, now)
	if age >= s.FillTime {
		return true
	}
	timer := time.NewTimer(s.FillTime - age)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// doubt says why a form looks like a program's. Others keep their stamp.
func (s *Site) doubt(p *signUp, now time.Time) string {
	age, ok := s.forms.age(p.Text("stamp"), now)
	switch {
	case !ok, age > fillMost:
		return "The form was open for too long. Send it once more."
	case p.Text("website") != "":
		return "Leave the field Website empty: it is there to catch programs."
	}
	p.Stamp = p.Text("stamp") // what is wrong otherwise can be mended at once
	return ""
}

var errCrowd = errors.New("too many accounts wait for approval")

// make makes the account, within the limits.
func (s *Site) make(r *http.Request, p signUp, remote netip.Addr, now time.Time) (u store.User, err error) {
	password := r.PostFormValue("password")
	if password != r.PostFormValue("again") {
		return u, page.Invalid("again", "these two are not the same; write the password twice")
	}
	n := store.SignUp{Mode: p.Mode, Username: p.Text("username"), Password: password, Email: p.Text("email"), Invite: r.PathValue("token")}
	if n.Mode == store.SignUpApproval && n.Invite == "" {
		waiting, err := s.Store.WaitingUsers(r.Context())
		if err != nil {
			return u, err
		}
		if waiting >= signUpWaiting {
			return u, errCrowd
		}
	}
	keys := map[string]int{"network " + quota.Network(remote): signUpNetwork, "all": signUpAll}
	if !s.signUps.Take(keys, signUpWindow, now) {
		return u, page.ErrOften
	}
	ctx := store.WithActor(r.Context(), store.Actor{Name: n.Username, Address: remote.String()})
	if u, err = s.Store.SignUp(ctx, n, now); err != nil {
		s.signUps.Return(keys)
		return u, err
	}
	if u.Email != "" {
		s.Mail.ProveEmail(ctx, u.Username)
	}
	return u, nil
}

func (s *Site) serveSignUpWaiting(w http.ResponseWriter, r *http.Request) error {
	return s.Show(w, r, signUpWaitingPage(s.Frame(r, "Your account waits"), s.Mail.Works()))
}
