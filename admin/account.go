package admin

import (
	"bytes"
	"encoding/base64"
	"errors"
	"image/png"
	"net/http"
	"net/url"
	"time"

	"github.com/pquerna/otp"

	"hearsay/hub/page"
	"hearsay/hub/store"
)

// account is what a user sees of themselves.
type account struct {
	page.Frame
	page.Form
	Sessions sessions
	Codes    int  // recovery codes that are left
	Mails    bool // the hub sends mail
}

func (s *server) serveAccount(w http.ResponseWriter, r *http.Request) error {
	return s.showAccount(w, r, http.StatusOK, page.Form{})
}

func (s *server) showAccount(w http.ResponseWriter, r *http.Request, code int, f page.Form) error {
	v := page.Who(r)
	if f.Values == nil {
		f.Values = url.Values{}
	}
	if !f.Values.Has("email") {
		f.Values.Set("email", v.User.Email)
	}
	p := account{Frame: s.Frame(r, "Your account"), Form: f, Mails: s.Mail.Works()}
	all, err := s.Store.Sessions(r.Context(), v.Username)
	if err != nil {
		return err
	}
	p.Sessions = sessions{Frame: p.Frame, List: all, Current: v.ID, Revoke: "/account/sessions/"}
	if p.Codes, err = s.Store.RecoveryCodes(r.Context(), v.User.ID); err != nil {
		return err
	}
	s.Render(w, r, code, accountPage(p))
	return nil
}

// servePasswordChange ends all of the user's sessions, and begins this one anew.
func (s *server) servePasswordChange(w http.ResponseWriter, r *http.Request) error {
	f, err := page.Posted(r), s.proved(r, "old")
	password := r.PostFormValue("password")
	if err == nil && password != r.PostFormValue("again") {
		err = page.Invalid("again", "these two are not the same; write the password twice")
	}
	if err == nil {
		err = s.Store.SetPassword(r.Context(), page.Who(r).Username, password)
	}
	if f.Fault(err) {
		return s.showAccount(w, r, http.StatusUnprocessableEntity, f)
	}
	if err != nil {
		return err
	}
	return s.signAnew(w, r, "Changed your password. Your other browsers are signed out.")
}

// signAnew begins the visitor's session again after all were ended.
func (s *server) signAnew(w http.ResponseWriter, r *http.Request, text string) error {
	if err := s.SignIn(w, r, page.Who(r).User, text); err != nil {
		return err
	}
	http.Redirect(w, r, "/account", http.StatusSeeOther)
	return nil
}

// proved checks the visitor's own password, which stands in a field.
func (s *server) proved(r *http.Request, field string) error {
	v := page.Who(r)
	a := s.attempt(r, v.Username)
	if !s.logins.begin(a, time.Now()) {
		return page.ErrTooMany
	}
	_, err := s.Store.CheckPassword(r.Context(), v.Username, r.PostFormValue(field))
	if errors.Is(err, store.ErrUnauthorized) {
		return page.Invalid(field, "that is not your password")
	}
	if err == nil {
		s.logins.succeeded(a)
	}
	return err
}

func (s *server) serveOwnSessionRevoke(w http.ResponseWriter, r *http.Request) error {
	return s.revoke(w, r, page.Who(r).User.ID, "/account")
}

// twoFactor is the page on which an authenticator is set up.
type twoFactor struct {
	page.Frame
	page.Form
	Image  string   // of the code to scan, as a data URL
	Secret string   // what it says
	Codes  []string // recovery codes, when it is done
}

func (s *server) serveTOTP(w http.ResponseWriter, r *http.Request) error {
	key, err := store.NewTOTP(s.Heading(), page.Who(r).Username)
	if err != nil {
		return err
	}
	s.Drawer(page.Who(r).ID, func(d *page.Drawer) { d.TOTP = key.URL() })
	return s.showTOTP(w, r, http.StatusOK, key, page.Form{})
}

func (s *server) showTOTP(w http.ResponseWriter, r *http.Request, code int, key *otp.Key, f page.Form) error {
	image, err := key.Image(240, 240)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := png.Encode(&b, image); err != nil {
		return err
	}
	page.Secret(w)
	s.Render(w, r, code, twoFactorPage(twoFactor{
		Frame: s.Frame(r, "Two-factor login"), Form: f, Secret: key.Secret(),
		Image: "data:image/png;base64," + base64.StdEncoding.EncodeToString(b.Bytes()),
	}))
	return nil
}

// serveTOTPEnable wants the password, so that nobody who finds the browser open can shut its user
// out, and ends the user's other sessions.
func (s *server) serveTOTPEnable(w http.ResponseWriter, r *http.Request) error {
	f, url := page.Posted(r), ""
	s.Drawer(page.Who(r).ID, func(d *page.Drawer) { url = d.TOTP })
	key, err := otp.NewKeyFromURL(url)
	if url == "" || err != nil {
		return s.Done(w, r, "/account", "That took too long. Begin again.")
	}
	var codes []string
	if err = s.proved(r, "current"); err == nil {
		codes, err = s.Store.EnableTOTP(r.Context(), page.Who(r).Username, key.Secret(), f.Text("code"), time.Now())
	}
	if f.Fault(err) {
		return s.showTOTP(w, r, http.StatusUnprocessableEntity, key, f)
	}
	if err != nil {
		return err
	}
	s.Drawer(page.Who(r).ID, func(d *page.Drawer) { d.TOTP = "" })
	if err := s.SignIn(w, r, page.Who(r).User, ""); err != nil {
		return err
	}
	return s.Show(w, r, recoveryPage(twoFactor{Frame: s.Frame(r, "Recovery codes"), Codes: codes}))
}

func (s *server) serveTOTPDisable(w http.ResponseWriter, r *http.Request) error {
	f, err := page.Posted(r), s.proved(r, "current")
	if err == nil {
		err = s.Store.DisableTOTP(r.Context(), page.Who(r).Username)
	}
	if f.Fault(err) {
		return s.showAccount(w, r, http.StatusUnprocessableEntity, f)
	}
	if err != nil {
		return err
	}
	return s.Done(w, r, "/account", "A login takes your password alone now.")
}
