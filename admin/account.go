package admin

import (
	"bytes"
	"encoding/base64"
	"errors"
	"image/png"
	"net/http"
	"time"

	"github.com/pquerna/otp"

	"hearsay/hub/store"
)

// account is what a user sees of themselves.
type account struct {
	frame
	form
	Sessions sessions
	Codes    int // recovery codes that are left
}

func (s *server) serveAccount(w http.ResponseWriter, r *http.Request) error {
	return s.showAccount(w, r, http.StatusOK, form{})
}

func (s *server) showAccount(w http.ResponseWriter, r *http.Request, code int, f form) error {
	v := who(r)
	p := account{frame: s.frame(r, "Your account"), form: f}
	all, err := s.Store.Sessions(r.Context(), v.Username)
	if err != nil {
		return err
	}
	p.Sessions = sessions{frame: p.frame, List: all, Current: v.ID, Revoke: "/admin/account/sessions/"}
	if p.Codes, err = s.Store.RecoveryCodes(r.Context(), v.User.ID); err != nil {
		return err
	}
	s.render(w, r, code, accountPage(p))
	return nil
}

// servePasswordChange ends all of the user's sessions, and begins this one anew.
func (s *server) servePasswordChange(w http.ResponseWriter, r *http.Request) error {
	v, f, now := who(r), posted(r), time.Now()
	if !s.logins.begin(v.Username, s.Remote(r), now) {
		return errTooMany
	}
	_, err := s.Store.CheckPassword(r.Context(), v.Username, r.PostFormValue("old"))
	if errors.Is(err, store.ErrUnauthorized) {
		err = invalid("old", "that is not your password")
	}
	password := r.PostFormValue("password")
	if err == nil {
		s.logins.succeeded(v.Username, s.Remote(r))
		if password != r.PostFormValue("again") {
			err = invalid("again", "these two are not the same; write the password twice")
		}
	}
	if err == nil {
		err = s.Store.SetPassword(r.Context(), v.Username, password)
	}
	if f.fault(err) {
		return s.showAccount(w, r, http.StatusUnprocessableEntity, f)
	}
	if err != nil {
		return err
	}
	return s.signAnew(w, r, "Changed your password. Your other browsers are signed out.")
}

// signAnew begins the visitor's session again after all were ended.
func (s *server) signAnew(w http.ResponseWriter, r *http.Request, text string) error {
	token, err := s.Store.StartSession(r.Context(), who(r).User.ID, s.Remote(r).String(), r.UserAgent())
	if err != nil {
		return err
	}
	s.setCookie(w, r, token, store.SessionLasts)
	one, err := s.Store.Session(r.Context(), token, time.Now())
	if err != nil {
		return err
	}
	s.drawers.open(one.ID, func(d *drawer) { d.flash = flash{Text: text} })
	http.Redirect(w, r, "/admin/account", http.StatusSeeOther)
	return nil
}

func (s *server) serveOwnSessionRevoke(w http.ResponseWriter, r *http.Request) error {
	return s.revoke(w, r, who(r).User.ID, "/admin/account")
}

// twoFactor is the page on which an authenticator is set up.
type twoFactor struct {
	frame
	form
	Image  string   // of the code to scan, as a data URL
	Secret string   // what it says
	Codes  []string // recovery codes, when it is done
}

func (s *server) serveTOTP(w http.ResponseWriter, r *http.Request) error {
	key, err := store.NewTOTP(s.heading(), who(r).Username)
	if err != nil {
		return err
	}
	s.drawers.open(who(r).ID, func(d *drawer) { d.totp = key.URL() })
	return s.showTOTP(w, r, http.StatusOK, key, form{})
}

func (s *server) showTOTP(w http.ResponseWriter, r *http.Request, code int, key *otp.Key, f form) error {
	image, err := key.Image(240, 240)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := png.Encode(&b, image); err != nil {
		return err
	}
	s.render(w, r, code, twoFactorPage(twoFactor{
		frame: s.frame(r, "Two-factor login"), form: f, Secret: key.Secret(),
		Image: "data:image/png;base64," + base64.StdEncoding.EncodeToString(b.Bytes()),
	}))
	return nil
}

func (s *server) serveTOTPEnable(w http.ResponseWriter, r *http.Request) error {
	f, url := posted(r), ""
	s.drawers.open(who(r).ID, func(d *drawer) { url = d.totp })
	key, err := otp.NewKeyFromURL(url)
	if url == "" || err != nil {
		return s.done(w, r, "/admin/account", "That took too long. Begin again.")
	}
	codes, err := s.Store.EnableTOTP(r.Context(), who(r).Username, key.Secret(), f.Text("code"), time.Now())
	if f.fault(err) {
		return s.showTOTP(w, r, http.StatusUnprocessableEntity, key, f)
	}
	if err != nil {
		return err
	}
	s.drawers.open(who(r).ID, func(d *drawer) { d.totp = "" })
	return s.show(w, r, recoveryPage(twoFactor{frame: s.frame(r, "Recovery codes"), Codes: codes}))
}

func (s *server) serveTOTPDisable(w http.ResponseWriter, r *http.Request) error {
	v, f := who(r), posted(r)
	if !s.logins.begin(v.Username, s.Remote(r), time.Now()) {
		return errTooMany
	}
	_, err := s.Store.CheckPassword(r.Context(), v.Username, r.PostFormValue("current"))
	if errors.Is(err, store.ErrUnauthorized) {
		err = invalid("current", "that is not your password")
	}
	if err == nil {
		s.logins.succeeded(v.Username, s.Remote(r))
		err = s.Store.DisableTOTP(r.Context(), v.Username)
	}
	if f.fault(err) {
		return s.showAccount(w, r, http.StatusUnprocessableEntity, f)
	}
	if err != nil {
		return err
	}
	return s.done(w, r, "/admin/account", "A login takes your password alone now.")
}
