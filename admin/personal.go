package admin

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"hearsay/hub/page"
	"hearsay/hub/store"
)

// serveAccountExport gives the visitor all that the file has about them.
func (s *server) serveAccountExport(w http.ResponseWriter, r *http.Request) error {
	username := page.Who(r).Username
	a, err := s.Store.ExportAccount(r.Context(), username, s.Settings.Config().Name, time.Now())
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(a, "", "  ")
	if err != nil {
		return fmt.Errorf("export the account of %q: %w", username, err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Disposition", `attachment; filename="hearsay-`+username+`.json"`)
	_, _ = w.Write(append(text, '\n')) // fails only when the browser has gone
	return nil
}

// serveAccountClose takes the visitor's account away.
func (s *server) serveAccountClose(w http.ResponseWriter, r *http.Request) error {
	username := page.Who(r).Username
	f := page.Posted(r)
	var err error
	if !strings.EqualFold(f.Text("confirm"), username) {
		err = page.Invalid("confirm", "type your username, "+username+", to close the account")
	} else {
		err = s.proved(r, "close_password")
	}
	if err == nil {
		err = s.Store.CloseAccount(r.Context(), username, store.Closing{Hub: s.Settings.Config().Name, ForgetMessages: f.On("forget")}, time.Now())
	}
	var wrong *store.FieldError
	if errors.As(err, &wrong) && wrong.Field == "username" { // the last admin
		err = page.Invalid("confirm", wrong.Reason)
	}
	if f.Fault(err) {
		return s.showAccount(w, r, http.StatusUnprocessableEntity, f)
	}
	if err != nil {
		return err
	}
	s.SetCookie(w, r, "", -time.Second)
	http.Redirect(w, r, "/closed", http.StatusSeeOther)
	return nil
}

// serveClosed is where one comes who has closed the account.
func (s *server) serveClosed(w http.ResponseWriter, r *http.Request) error {
	return s.Show(w, r, closedPage(s.Frame(r, "Your account is closed")))
}
