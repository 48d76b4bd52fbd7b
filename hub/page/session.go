package page

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"hearsay/hub/store"
)

// cookieName is the name of the session's cookie: over TLS one that no other host, and
// no page of http, can set.
func (p *Pages) cookieName(r *http.Request) string {
	if p.o.Secure(r) {
		return "__Host-hearsay"
	}
	return "hearsay"
}

// SetCookie gives the browser the token of its session; a negative age takes it away.
func (p *Pages) SetCookie(w http.ResponseWriter, r *http.Request, token string, age time.Duration) {
	p.setCookie(w, r, p.cookieName(r), token, age)
}

func (p *Pages) setCookie(w http.ResponseWriter, r *http.Request, name, token string, age time.Duration) {
	http.SetCookie(w, &http.Cookie{
		Name: name, Value: token, Path: "/", MaxAge: int(age / time.Second),
		Secure: p.o.Secure(r), HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

// knownSuffix makes of the name of the session's cookie that of the one by which a browser is
// known after it was signed out.
const knownSuffix = "-known"

// remember has the browser known as one that has signed in to the account. A sign-in does not
// fail because that cannot be noted.
func (p *Pages) remember(w http.ResponseWriter, r *http.Request, u store.User) {
	if p.Known(r, u.Username) != "" {
		return
	}
	token, err := p.o.Store.RememberBrowser(r.Context(), u.ID, time.Now())
	if err != nil {
		p.o.Log.Warn("a browser cannot be remembered", "username", u.Username, "err", err)
		return
	}
	p.setCookie(w, r, p.cookieName(r)+knownSuffix, token, store.BrowserLasts)
}

// Known gives the token of a browser that has signed in to the account before, else "".
func (p *Pages) Known(r *http.Request, username string) string {
	cookie, err := r.Cookie(p.cookieName(r) + knownSuffix)
	if err != nil {
		return ""
	}
	known, err := p.o.Store.KnowsBrowser(r.Context(), cookie.Value, username, time.Now())
	if err != nil || !known { // without an answer it is a browser like any other
		return ""
	}
	return cookie.Value
}

// SignIn begins a session with a new token, and ends the one that the browser had. The next
// page says the text, if there is one.
func (p *Pages) SignIn(w http.ResponseWriter, r *http.Request, u store.User, text string) error {
	if v := Who(r); v.SignedIn() {
		if err := p.o.Store.EndSession(r.Context(), v.Token); err != nil {
			return err
		}
	}
	token, err := p.o.Store.StartSession(r.Context(), u.ID, p.o.Remote(r).String(), r.UserAgent())
	if err != nil {
		return err
	}
	p.SetCookie(w, r, token, store.SessionLasts)
	p.remember(w, r, u)
	if text == "" {
		return nil
	}
	one, err := p.o.Store.Session(r.Context(), token, time.Now())
	if err == nil {
		p.Drawer(one.ID, func(d *Drawer) { d.Flash = Flash{Text: text} })
	}
	return err
}

// Login is the address of the login that leads on to a page of ours; next may be "".
func Login(next string) string {
	if next == "" {
		return "/login"
	}
	return "/login?" + url.Values{"next": {next}}.Encode()
}

// localMost is how many bytes the path of a page of ours has at most, with its query: those
// of a request to sign in at a game's site are the longest.
const localMost = 5 << 10

// Local gives back the path of a page of ours, and "" for whatever might lead elsewhere, or is
// longer than such a path.
func Local(path string) string {
	odd := strings.ContainsFunc(path, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '\\' })
	if len(path) > localMost || !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || odd { // browsers read \ as /, and skip tabs
		return ""
	}
	if u, err := url.Parse(path); err != nil || u.Scheme != "" || u.Host != "" {
		return ""
	}
	return path
}
