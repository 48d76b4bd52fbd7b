package admin

import (
	"crypto/rand"
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"

	"hearsay/hub/page"
	"hearsay/hub/quota"
	"hearsay/hub/store"
)

// Failed logins that are let pass within loginWindow.
const (
	loginWindow     = 10 * time.Minute
	accountFailures = 10
	addressFailures = 30
	codeTries       = 5 // of one login
	pendingLasts    = 5 * time.Minute
	pendingMost     = 10_000
)

// logins count what failed, and keep those that wait for a second factor.
type logins struct {
	failed quota.Quota

	mu      sync.Mutex // guards pending
	pending map[string]*pending
}

// A pending login has a good password, and wants a code.
type pending struct {
	user  store.User
	next  string
	since time.Time
	tries int
}

// keys are what a login is counted by: unknown names are counted too, so that nobody
// learns which are known.
func (l *logins) keys(username string, address netip.Addr) map[string]int {
	return map[string]int{"account " + strings.ToLower(username): accountFailures, "address " + quota.Network(address): addressFailures}
}

// begin counts an attempt before it is looked at, and reports whether it may be made.
func (l *logins) begin(username string, address netip.Addr, now time.Time) bool {
	return l.failed.Take(l.keys(username, address), loginWindow, now)
}

// succeeded forgets what an account and address had failed.
func (l *logins) succeeded(username string, address netip.Addr) {
	l.failed.Forget(l.keys(username, address))
}

// wait keeps a login that wants a code.
func (l *logins) wait(u store.User, next string, now time.Time) (token string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for key, one := range l.pending {
		if now.Sub(one.since) > pendingLasts {
			delete(l.pending, key)
		}
	}
	if l.pending == nil || len(l.pending) > pendingMost {
		l.pending = map[string]*pending{}
	}
	token = rand.Text()
	l.pending[token] = &pending{user: u, next: next, since: now}
	return token
}

// try gives a waiting login for one more try.
func (l *logins) try(token string, now time.Time) (p pending, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	one := l.pending[token]
	if one == nil || now.Sub(one.since) > pendingLasts || one.tries >= codeTries {
		delete(l.pending, token)
		return pending{}, false
	}
	one.tries++
	return *one, true
}

func (l *logins) forget(token string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.pending, token)
}

// login is the page to sign in.
type login struct {
	page.Frame
	page.Form
	Next    string
	Wrong   string
	NoAdmin bool
	Pending string // the login that wants a code
}

// ownersPage reports whether a path is of those that owners of games have.
func ownersPage(path string) bool {
	return path == minePath || strings.HasPrefix(path, minePath+"/") || strings.HasPrefix(path, gameKind.path(""))
}

// landing is where a login leads a user, who wanted a page of ours or none: those who run
// nothing have no pages of operators but those of their games.
func landing(u store.User, wanted string) string {
	operator := page.Moderator.May(u.Role)
	switch {
	case !operator && !ownersPage(wanted) && (wanted == "/admin" || strings.HasPrefix(wanted, "/admin/") || strings.HasPrefix(wanted, "/admin?")):
		return "/"
	case wanted != "":
		return wanted
	case operator:
		return "/admin"
	}
	return "/"
}

// signUpPath is the page to sign up, from which one comes where the login would have led.
func signUpPath(next string) string {
	if next == "" {
		return "/sign-up"
	}
	return "/sign-up?" + url.Values{"next": {next}}.Encode()
}

func (s *server) serveLogin(w http.ResponseWriter, r *http.Request) error {
	if page.Who(r).SignedIn() {
		http.Redirect(w, r, landing(page.Who(r).User, page.Local(r.URL.Query().Get("next"))), http.StatusSeeOther)
		return nil
	}
	has, err := s.Store.HasAdmin(r.Context())
	if err != nil {
		return err
	}
	return s.Show(w, r, loginPage(login{Frame: s.Frame(r, "Sign in"), Next: page.Local(r.URL.Query().Get("next")), NoAdmin: !has}))
}

// serveLogIn takes name and password.
func (s *server) serveLogIn(w http.ResponseWriter, r *http.Request) error {
	f := page.Posted(r)
	username, address, now := f.Text("username"), s.Remote(r), time.Now()
	if !s.logins.begin(username, address, now) {
		return page.ErrTooMany
	}
	u, err := s.Store.CheckPassword(r.Context(), username, r.PostFormValue("password"))
	p := login{Frame: s.Frame(r, "Sign in"), Form: f, Next: page.Local(f.Text("next"))}
	var barred *store.Barred
	switch {
	case errors.Is(err, store.ErrUnauthorized):
		s.Log.Warn("a login failed", "username", username, "remote", address)
		p.Wrong = "The username or the password is wrong."
		s.Render(w, r, http.StatusUnauthorized, loginPage(p))
		return nil
	case errors.As(err, &barred):
		s.Log.Warn("a login was refused", "username", username, "remote", address, "reason", barred.Reason)
		p.Wrong = page.Capital(barred.Reason) + "."
		s.Render(w, r, http.StatusForbidden, loginPage(p))
		return nil
	case err != nil:
		return err
	case u.TwoFactor:
		p.Pending = s.logins.wait(u, p.Next, now)
		return s.Show(w, r, loginCodePage(p))
	}
	return s.signedIn(w, r, u, p.Next)
}

// serveLoginCode takes the second factor.
func (s *server) serveLoginCode(w http.ResponseWriter, r *http.Request) error {
	f, now := page.Posted(r), time.Now()
	waiting, ok := s.logins.try(f.Text("pending"), now)
	if !ok {
		p := login{Frame: s.Frame(r, "Sign in"), Wrong: "That took too long, or too many tries. Begin again."}
		s.Render(w, r, http.StatusUnauthorized, loginPage(p))
		return nil
	}
	err := s.Store.CheckSecondFactor(r.Context(), waiting.user.ID, f.Text("code"), now)
	if errors.Is(err, store.ErrUnauthorized) {
		s.Log.Warn("a login's code was wrong", "username", waiting.user.Username, "remote", s.Remote(r))
		p := login{Frame: s.Frame(r, "Sign in"), Pending: f.Text("pending"), Wrong: "The code is wrong, or was used before. Wait for the next one."}
		s.Render(w, r, http.StatusUnauthorized, loginCodePage(p))
		return nil
	}
	if err != nil {
		return err
	}
	s.logins.forget(f.Text("pending"))
	return s.signedIn(w, r, waiting.user, waiting.next)
}

func (s *server) signedIn(w http.ResponseWriter, r *http.Request, u store.User, next string) error {
	s.logins.succeeded(u.Username, s.Remote(r))
	if err := s.SignIn(w, r, u, ""); err != nil {
		return err
	}
	http.Redirect(w, r, landing(u, next), http.StatusSeeOther)
	return nil
}
