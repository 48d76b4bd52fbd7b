package admin

import (
	"crypto/rand"
	"errors"
	"net/http"
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
	pairFailures    = 10  // of an account from a network
	accountFailures = 100 // of an account from everywhere
	addressFailures = 30  // from a network
	browserFailures = 10  // of a browser that has signed in to the account before
	codeFailures    = 30  // of an account, whose password was right
	codeTries       = 5   // of one login
	pendingLasts    = 5 * time.Minute
	pendingMost     = 1000

	// usernameMost is how many bytes are kept of what was given as a username. Those that
	// there are have 50 at most.
	usernameMost = 64
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

// An attempt is what a login is counted by. Names that nobody has are counted as well, so that
// nobody learns which are known.
type attempt struct {
	username string
	network  string
	browser  string // token of one that has signed in to the account before; "": it has not
}

// keys say how often each may fail. A browser that has signed in before is counted by itself:
// nobody else can use up its tries.
func (a attempt) keys() map[string]int {
	if a.browser != "" {
		return map[string]int{a.known(): browserFailures}
	}
	return map[string]int{a.pair(): pairFailures, a.account(): accountFailures, a.address(): addressFailures}
}

func (a attempt) account() string { return "account " + strings.ToLower(a.username) }
func (a attempt) address() string { return "address " + a.network }
func (a attempt) known() string   { return "browser " + a.browser }
func (a attempt) pair() string    { return a.account() + " " + a.network }

// codes are what codes of the second factor are counted by.
func (a attempt) codes() map[string]int {
	if a.browser != "" {
		return map[string]int{"codes of " + a.known(): codeFailures}
	}
	return map[string]int{"codes of " + a.account(): codeFailures}
}

// begin counts an attempt before it is looked at, and reports whether it may be made.
func (l *logins) begin(a attempt, now time.Time) bool {
	return l.failed.Take(a.keys(), loginWindow, now)
}

// passed takes back what begin has counted, when the password was right or could not be
// looked at.
func (l *logins) passed(a attempt) { l.failed.Return(a.keys()) }

// succeeded is passed, and forgets what the account has failed from this network or in this
// browser. What has failed for other accounts, and from elsewhere, stays counted.
func (l *logins) succeeded(a attempt) {
	l.passed(a)
	l.failed.Forget(map[string]int{a.pair(): 0, a.known(): 0})
}

// wait keeps a login that wants a code. When too many wait, the oldest is dropped.
func (l *logins) wait(u store.User, next string, now time.Time) (token string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	oldest := ""
	for key, one := range l.pending {
		if now.Sub(one.since) > pendingLasts {
			delete(l.pending, key)
		} else if oldest == "" || one.since.Before(l.pending[oldest].since) {
			oldest = key
		}
	}
	if l.pending == nil {
		l.pending = map[string]*pending{}
	}
	if len(l.pending) >= pendingMost {
		delete(l.pending, oldest)
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
	// Restored: the hub has just begun with the file of a backup.
	Restored bool
	Pending  string // the login that wants a code
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
	return s.Show(w, r, loginPage(login{Frame: s.Frame(r, "Sign in"), Next: page.Local(r.URL.Query().Get("next")), NoAdmin: !has, Restored: s.restoredLately()}))
}

// attempt is what this request is counted by, when it is to sign in as that user.
func (s *server) attempt(r *http.Request, username string) attempt {
	return attempt{username, quota.Network(s.Remote(r)), s.Known(r, username)}
}

// serveLogIn takes name and password.
func (s *server) serveLogIn(w http.ResponseWriter, r *http.Request) error {
	f := page.Posted(r)
	username, address, now := page.Cut(f.Text("username"), usernameMost), s.Remote(r), time.Now()
	f.Values.Set("username", username)
	a := s.attempt(r, username)
	if !s.logins.begin(a, now) {
		return page.ErrTooMany
	}
	u, err := s.Store.CheckPassword(r.Context(), username, r.PostFormValue("password"))
	p := login{Frame: s.Frame(r, "Sign in"), Form: f, Next: page.Local(f.Text("next"))}
	var barred *store.Barred
	switch {
	case errors.Is(err, store.ErrUnauthorized):
		known := "(nobody's)" // it may be a password that got into the wrong field
		if u, err := s.Store.User(r.Context(), username); err == nil {
			known = u.Username
		}
		s.Log.Warn("a login failed", "username", known, "remote", address)
		p.Wrong = "The username or the password is wrong."
		s.Render(w, r, http.StatusUnauthorized, loginPage(p))
		return nil
	case errors.As(err, &barred):
		s.Log.Warn("a login was refused", "username", username, "remote", address, "reason", barred.Reason)
		p.Wrong = page.Capital(barred.Reason) + "."
		s.Render(w, r, http.StatusForbidden, loginPage(p))
		return nil
	case err != nil:
		s.logins.passed(a)
		return err
	case u.TwoFactor:
		s.logins.passed(a) // what is guessed from here on is the code
		p.Pending = s.logins.wait(u, p.Next, now)
		return s.Show(w, r, loginCodePage(p))
	}
	s.logins.succeeded(a)
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
	a := s.attempt(r, waiting.user.Username)
	if !s.logins.failed.Take(a.codes(), loginWindow, now) {
		return page.ErrTooMany
	}
	err := s.Store.CheckSecondFactor(r.Context(), waiting.user.ID, f.Text("code"), now)
	if errors.Is(err, store.ErrUnauthorized) {
		s.Log.Warn("a login's code was wrong", "username", waiting.user.Username, "remote", s.Remote(r))
		p := login{Frame: s.Frame(r, "Sign in"), Pending: f.Text("pending"), Wrong: "The code is wrong, or was used before. Wait for the next one."}
		s.Render(w, r, http.StatusUnauthorized, loginCodePage(p))
		return nil
	}
	s.logins.failed.Return(a.codes())
	if err != nil {
		return err
	}
	s.logins.forget(f.Text("pending"))
	s.logins.failed.Forget(map[string]int{a.pair(): 0, a.known(): 0})
	return s.signedIn(w, r, waiting.user, waiting.next)
}

func (s *server) signedIn(w http.ResponseWriter, r *http.Request, u store.User, next string) error {
	if err := s.SignIn(w, r, u, ""); err != nil {
		return err
	}
	http.Redirect(w, r, landing(u, next), http.StatusSeeOther)
	return nil
}
