package admin

import (
	"bytes"
	"encoding/base64"
	"errors"
	"image/png"
	"net/http"
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
	Codes    int // recovery codes that are left
}

func (s *server) serveAccount(w http.ResponseWriter, r *http.Request) error {
	return s.showAccount(w, r, http.StatusOK, page.Form{})
}

func (s *server) showAccount(w http.ResponseWriter, r *http.Request, code int, f page.Form) error {
	v := page.Who(r)
	p := account{Frame: s.Frame(r, "Your account"), Form: f}
	all, err := s.Store.Sessions(r.Context(), v.Username)
	if err != nil {
		return err
	}
	p.Sessions = sessions{Frame: p.Frame, List: all, Current: v.ID, Revoke: "/admin/account/sessions/"}
	if p.Codes, err = s.Store.RecoveryCodes(r.Context(), v.User.ID); err != nil {
		return err
	}
	s.Render(w, r, code, accountPage(p))
	return nil
}

// servePasswordChange ends all of the user's sessions, and begins this one anew.
func (s *server) servePasswordChange(w http.ResponseWriter, r *http.Request) error {
	v, f, now := page.Who(r), page.Posted(r), time.Now()
	if !s.logins.begin(v.Username, s.Remote(r), now) {
		return page.ErrTooMany
	}
	_, err := s.Store.CheckPassword(r.Context(), v.Username, r.PostFormValue("old"))
	if errors.Is(err, store.ErrUnauthorized) {
		err = page.Invalid("old", "that is not your password")
	}
	password := r.PostFormValue("password")
	if err == nil {
		s.logins.succeeded(v.Username, s.Remote(r))
		if password != r.PostFormValue("again") {
			err = page.Invalid("again", "these two are not the same; write the password twice")
		}
	}
	if err == nil {
		err = s.Store.SetPassword(r.Context(), v.Username, password)
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
	token, err := s.Store.StartSession(r.Context(), page.Who(r).User.ID, s.Remote(r).String(), r.UserAgent())
	if err != nil {
		return err
	}
	s.SetCookie(w, r, token, store.SessionLasts)
	one, err := s.Store.Session(r.Context(), token, time.Now())
	if err != nil {
		return err
	}
	s.Drawer(one.ID, func(d *page.Drawer) { d.Flash = page.Flash{Text: text} })
	http.Redirect(w, r, "/admin/account", http.StatusSeeOther)
	return nil
}

func (s *server) serveOwnSessionRevoke(w http.ResponseWriter, r *http.Request) error {
	return s.revoke(w, r, page.Who(r).User.ID, "/admin/account")
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
	s.Render(w, r, code, twoFactorPage(twoFactor{
		Frame: s.Frame(r, "Two-factor login"), Form: f, Secret: key.Secret(),
		Image: "data:image/png;base64," + base64.StdEncoding.EncodeToString(b.Bytes()),
	}))
	return nil
}

func (s *server) serveTOTPEnable(w http.ResponseWriter, r *http.Request) error {
	f, url := page.Posted(r), ""
	s.Drawer(page.Who(r).ID, func(d *page.Drawer) { url = d.TOTP })
	key, err := otp.NewKeyFromURL(url)
	if url == "" || err != nil {
		return s.Done(w, r, "/admin/account", "That took too long. Begin again.")
	}
	codes, err := s.Store.EnableTOTP(r.Context(), page.Who(r).Username, key.Secret(), f.Text("code"), time.Now())
	if f.Fault(err) {
		return s.showTOTP(w, r, http.StatusUnprocessableEntity, key, f)
	}
	if err != nil {
		return err
	}
	s.Drawer(page.Who(r).ID, func(d *page.Drawer) { d.TOTP = "" })
	return s.Show(w, r, recoveryPage(twoFactor{Frame: s.Frame(r, "Recovery codes"), Codes: codes}))
}

func (s *server) serveTOTPDisable(w http.ResponseWriter, r *http.Request) error {
	v, f := page.Who(r), page.Posted(r)
	if !s.logins.begin(v.Username, s.Remote(r), time.Now()) {
		return page.ErrTooMany
	}
	_, err := s.Store.CheckPassword(r.Context(), v.Username, r.PostFormValue("current"))
	if errors.Is(err, store.ErrUnauthorized) {
		err = page.Invalid("current", "that is not your password")
	}
	if err == nil {
		s.logins.succeeded(v.Username, s.Remote(r))
		err = s.Store.DisableTOTP(r.Context(), v.Username)
	}
	if f.Fault(err) {
		return s.showAccount(w, r, http.StatusUnprocessableEntity, f)
	}
	if err != nil {
		return err
	}
	return s.Done(w, r, "/admin/account", "A login takes your password alone now.")
}
