package admin

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"hearsay/hub/page"
	"hearsay/hub/quota"
	"hearsay/hub/store"
)

// How many mails are sent within mailWindow.
const (
	mailWindow  = time.Hour
	mailAccount = 3  // of a kind, to one account
	mailNetwork = 10 // asked for from one network
)

// prove sends the visitor the link that verifies an address, and says what was done.
func (s *server) prove(r *http.Request, email string) string {
	switch {
	case email == "":
		return "Took your address away."
	case !s.Mail.Works():
		return "Changed your address."
	case !s.mails.Take(s.mailKeys(r, "account "+page.Who(r).Username), mailWindow, time.Now()):
		return "That was too often. Wait an hour, then have the link sent again."
	}
	s.Mail.ProveEmail(r.Context(), page.Who(r).Username)
	return "A link is on its way to " + email + ". Open it to say that the address is yours."
}

func (s *server) mailKeys(r *http.Request, to string) map[string]int {
	return map[string]int{to: mailAccount, "network " + quota.Network(s.Remote(r)): mailNetwork}
}

// serveEmailChange gives the visitor another address, or none.
func (s *server) serveEmailChange(w http.ResponseWriter, r *http.Request) error {
	f, err := page.Posted(r), s.proved(r, "email_password")
	email := f.Text("email")
	if err == nil {
		err = s.Store.SetEmail(r.Context(), page.Who(r).Username, email)
	}
	if f.Fault(err) {
		return s.showAccount(w, r, http.StatusUnprocessableEntity, f)
	}
	if err != nil {
		return err
	}
	if email == page.Who(r).User.Email {
		return s.Done(w, r, "/account", "Your address is as it was.")
	}
	return s.Done(w, r, "/account", s.prove(r, email))
}

// serveEmailSend sends the link that verifies the visitor's address once more.
func (s *server) serveEmailSend(w http.ResponseWriter, r *http.Request) error {
	u := page.Who(r).User
	if u.Email == "" || u.EmailVerifiedAt != nil || !s.Mail.Works() {
		return s.Done(w, r, "/account", "There is nothing to send.")
	}
	return s.Done(w, r, "/account", s.prove(r, u.Email))
}

// emailProof is the page of a link that verifies an address. Programs that look through
// mails open links, so it takes a button.
type emailProof struct {
	page.Frame
	Token string
	Of    string // whose address is verified now
}

func (s *server) serveEmailLink(w http.ResponseWriter, r *http.Request) error {
	return s.Show(w, r, emailProofPage(emailProof{Frame: s.Frame(r, "Your address"), Token: r.PathValue("token")}))
}

func (s *server) serveEmailVerify(w http.ResponseWriter, r *http.Request) error {
	u, err := s.Store.VerifyEmail(r.Context(), r.PathValue("token"), time.Now())
	if errors.Is(err, store.ErrNotFound) {
		return s.badLink(w, r, err, "Have another sent on the page of your account.")
	}
	if err != nil {
		return err
	}
	return s.Show(w, r, emailProofPage(emailProof{Frame: s.Frame(r, "Your address"), Of: u.Username}))
}

// forgotten is the page of who has forgotten the password.
type forgotten struct {
	page.Frame
	page.Form
	Mails bool
	Sent  bool // perhaps: it never says whether there is such an account
}

func (s *server) serveForgotten(w http.ResponseWriter, r *http.Request) error {
	return s.Show(w, r, forgottenPage(forgotten{Frame: s.Frame(r, "Forgotten your password?"), Mails: s.Mail.Works()}))
}

// serveForgottenSend has a link for a new password sent. The answer is the same, and takes
// as long, whether there is somebody with that address or not.
func (s *server) serveForgottenSend(w http.ResponseWriter, r *http.Request) error {
	p := forgotten{Frame: s.Frame(r, "Forgotten your password?"), Form: page.Posted(r), Mails: s.Mail.Works()}
	email, now, remote := p.Text("email"), time.Now(), s.Remote(r)
	switch {
	case !p.Mails:
		return s.Show(w, r, forgottenPage(p))
	case email == "":
		p.Fault(page.Invalid("email", "is missing; write the address of your account"))
		s.Render(w, r, http.StatusUnprocessableEntity, forgottenPage(p))
		return nil
	case !s.mails.Take(map[string]int{"network " + quota.Network(remote): mailNetwork}, mailWindow, now):
		return page.ErrOften
	case s.mails.Take(map[string]int{"address " + strings.ToLower(email): mailAccount}, mailWindow, now):
		s.Mail.ResetPassword(r.Context(), email, remote.String())
	}
	p.Sent = true
	return s.Show(w, r, forgottenPage(p))
}
