package site_test

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/security"
	"github.com/chromedp/chromedp"

	"hearsay/hub/hubtest"
	"hearsay/hub/hubtest/chrome"
	"hearsay/hub/site/oauth"
	"hearsay/hub/store"
)

// A client is a game's site that signs people in: with the game's secret, or without.
type client struct {
	*httptest.Server
	store.Credential
	t     testing.TB
	hub   string // address
	scope string

	mu       sync.Mutex        // guards what follows
	begun    map[string]string // verifiers of logins that have begun, by their state
	code     string            // that came last, and its verifier
	verifier string
	has      tokens // of the last login
}

// tokens are what the hub gives a site, or why it does not.
type tokens struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
	Error   string `json:"error"`
}

// newClient starts the site of a game that is new, with TLS or on the person's own machine.
func (w *world) newClient(t testing.TB, hub, shortName string, tls bool) *client {
	t.Helper()
	c := &client{t: t, hub: hub, scope: "profile", begun: map[string]string{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) { c.show(w, `<a href="/sign-in">Sign in</a>`) })
	mux.HandleFunc("GET /sign-in", c.serveSignIn)
	mux.HandleFunc("GET /back", c.serveBack)
	c.Server = httptest.NewUnstartedServer(mux)
	c.Config.ErrorLog = log.New(io.Discard, "", 0) // Chromium connects once before it has been told to trust the site
	if tls {
		c.StartTLS()
	} else {
		c.Start()
	}
	t.Cleanup(func() {
		c.CloseClientConnections()
		c.Close()
	})
	c.Credential = w.game(t, shortName, c.back())
	return c
}

func (c *client) back() string { return c.URL + "/back" }

func (c *client) show(w http.ResponseWriter, body string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprint(w, `<!DOCTYPE html><title>A game</title><link rel="icon" href="data:,"><main>`+body+`</main>`)
}

func (c *client) serveSignIn(w http.ResponseWriter, r *http.Request) {
	state, verifier := rand.Text(), rand.Text()+rand.Text()
	c.mu.Lock()
	c.begun[state] = verifier
	c.mu.Unlock()
	http.SetCookie(w, &http.Cookie{Name: "state", Value: state, HttpOnly: true, SameSite: http.SameSiteLaxMode})
	sum := sha256.Sum256([]byte(verifier))
	http.Redirect(w, r, c.hub+oauth.AuthorizePath+"?"+url.Values{
		"response_type": {"code"}, "client_id": {c.ClientID}, "redirect_uri": {c.back()}, "scope": {c.scope}, "state": {state},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
	}.Encode(), http.StatusSeeOther)
}

func (c *client) serveBack(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	q := r.URL.Query()
	cookie, err := r.Cookie("state")
	verifier, known := c.begun[q.Get("state")]
	delete(c.begun, q.Get("state"))
	switch {
	case err != nil || !known || cookie.Value != q.Get("state") || q.Get("iss") != c.hub:
		c.show(w, "That is no login of ours")
		return
	case q.Has("error"):
		c.show(w, "Not signed in: "+html.EscapeString(q.Get("error")))
		return
	}
	c.code, c.verifier = q.Get("code"), verifier
	if c.has = c.exchange(c.code, verifier, c.back()); c.has.Error != "" {
		c.show(w, "No tokens: "+c.has.Error)
		return
	}
	_, who := c.me(c.has.Access)
	c.show(w, "Welcome, "+html.EscapeString(who["username"])+" "+html.EscapeString(who["email"]))
}

// token asks for tokens as the site's server does.
func (c *client) token(values url.Values) (got tokens) {
	c.t.Helper()
	values.Set("client_id", c.ClientID)
	r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, c.hub+oauth.TokenPath, strings.NewReader(values.Encode()))
	if err != nil {
		c.t.Error(err)
		return tokens{Error: err.Error()}
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if c.Secret != "" {
		r.SetBasicAuth(c.ClientID, c.Secret)
	}
	answer, err := http.DefaultClient.Do(r)
	if err == nil {
		defer answer.Body.Close()
		err = json.NewDecoder(answer.Body).Decode(&got)
	}
	if err != nil {
		c.t.Error(err)
		got.Error = err.Error()
	}
	return got
}

func (c *client) exchange(code, verifier, back string) tokens {
	return c.token(url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {back}, "code_verifier": {verifier}})
}

func (c *client) refresh(token string) tokens {
	return c.token(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}})
}

// me says who an access token is of.
func (c *client) me(token string) (status int, who map[string]string) {
	c.t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, c.hub+oauth.UserPath, nil)
	if err != nil {
		c.t.Error(err)
		return 0, nil
	}
	r.Header.Set("Authorization", "Bearer "+token)
	answer, err := http.DefaultClient.Do(r)
	if err == nil {
		defer answer.Body.Close()
		status, err = answer.StatusCode, json.NewDecoder(answer.Body).Decode(&who)
	}
	if err != nil {
		c.t.Error(err)
	}
	return status, who
}

// tokens of the last login.
func (c *client) last() tokens {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.has
}

func (c *client) wantMe(what, token string, status int) {
	c.t.Helper()
	if got, who := c.me(token); got != status {
		c.t.Errorf("%s: /users/me answers %d %v, want %d", what, got, who, status)
	}
}

func (c *client) wantError(what string, got tokens, code string) {
	c.t.Helper()
	if got.Error != code || (got.Access == "") != (code != "") {
		c.t.Errorf("%s: got the error %q and tokens: %t, want %q", what, got.Error, got.Access != "", code)
	}
}

// signIn writes name and password where the hub asks for them.
func signIn(t testing.TB, tab *chrome.Tab, name string) {
	t.Helper()
	tab.Fill(t, "username", name, "password", password)
	tab.Press(t, "Sign in")
}

// begin presses the link of a site.
func (c *client) begin(tab *chrome.Tab) {
	c.t.Helper()
	tab.Do(c.t, chromedp.Navigate(c.URL))
	tab.Press(c.t, "Sign in")
}

// TestOAuth_inBrowser: a person signs in at the site of a game that has no secret, and what
// is stolen on the way is of no use.
func TestOAuth_inBrowser(t *testing.T) {
	t.Parallel() // most of the time is waiting
	w := newWorld(t, hubtest.NewFile(t))
	hub := w.URL
	w.member(t, "ann", store.Person)
	c := w.newClient(t, hub, "Alpha", false)
	c.Secret = ""
	tab := chrome.NewTab(t, hub)

	c.begin(tab)
	signIn(t, tab, "ann")
	tab.See(t, "Sign in at Alpha MUD?")
	tab.See(t, "your own machine, at "+strings.TrimPrefix(c.URL, "http://"))
	if barriers := chrome.Barriers(t, tab.Ctx); len(barriers) > 0 {
		t.Errorf("axe: %q", barriers)
	}
	chrome.Picture(t, tab.Ctx, "consent.png")
	tab.Press(t, "Sign out") // as who is somebody else does
	signIn(t, tab, "ann")
	tab.See(t, "Sign in at Alpha MUD?")
	tab.Press(t, "Allow")
	tab.See(t, "Welcome, ann")
	first := c.last()
	c.wantMe("the first token", first.Access, 200)

	c.wantError("a replayed code", c.exchange(c.code, c.verifier, c.back()), "invalid_grant")
	c.wantMe("after a replayed code", first.Access, 401)
	c.wantError("refreshed after a replayed code", c.refresh(first.Refresh), "invalid_grant")

	again := func(answer, see string) {
		t.Helper()
		c.begin(tab)
		tab.See(t, "Sign in at Alpha MUD?") // what is on one's own machine is never known
		tab.Press(t, answer)
		tab.See(t, see)
	}
	again("Allow", "Welcome, ann")
	old := c.last()
	renewed := c.refresh(old.Refresh)
	c.wantError("refreshed", renewed, "")
	c.wantMe("refreshed", renewed.Access, 200)
	c.wantError("a stolen refresh token", c.refresh(old.Refresh), "invalid_grant")
	c.wantMe("after a stolen refresh token", renewed.Access, 401)
	c.wantError("refreshed after a stolen refresh token", c.refresh(renewed.Refresh), "invalid_grant")

	again("Deny", "Not signed in: access_denied")

	// Another program has caught the code, and does not know the verifier.
	c.begin(tab)
	tab.See(t, "Sign in at Alpha MUD?")
	var right string
	c.mu.Lock()
	for state := range c.begun { // the one that is under way
		right, c.begun[state] = c.begun[state], verifier
	}
	c.mu.Unlock()
	tab.Press(t, "Allow")
	tab.See(t, "No tokens: invalid_grant")
	c.wantError("another redirect URI", c.exchange(c.code, right, c.URL+"/"), "invalid_grant")
	c.wantError("all as it was", c.exchange(c.code, right, c.back()), "")
}

// TestOAuth_knownInBrowser: a site with TLS that the person has let in needs no second
// answer, also when the login's form was on the way; until the person revokes it, or is banned.
func TestOAuth_knownInBrowser(t *testing.T) {
	t.Parallel() // most of the time is waiting
	w := newWorld(t, hubtest.NewFile(t))
	hub := w.URL
	w.member(t, "ann", store.Person)
	check(t, w.store.SetEmail(t.Context(), "ann", "ann@example.org"))
	c := w.newClient(t, hub, "Alpha", true)
	c.scope = "profile email"
	tab := chrome.NewTab(t, hub)
	tab.Do(t, chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		_, err := cdp.Call(ctx, tab, security.SetIgnoreCertificateErrors, security.SetIgnoreCertificateErrorsParams{Ignore: true})
		return err
	}))

	c.begin(tab)
	signIn(t, tab, "ann")
	tab.See(t, "your e-mail address: none for now")
	tab.Press(t, "Allow")
	tab.See(t, "Welcome, ann")
	if _, who := c.me(c.last().Access); who["email"] != "" || who["uid"] == "" {
		t.Errorf("with an address that is not verified the site knows %v", who)
	}
	check(t, w.store.ConfirmEmail(t.Context(), "ann", "ann@example.org", time.Now()))
	c.begin(tab)
	tab.See(t, "Welcome, ann ann@example.org")

	one, err := w.store.Sessions(t.Context(), "ann")
	check(t, err)
	for _, s := range one {
		check(t, w.store.RevokeSession(t.Context(), s.ID, 0))
	}
	c.begin(tab)
	signIn(t, tab, "ann")
	tab.See(t, "Welcome, ann") // through the page that goes on by itself

	tab.Open(t, "/account/grants")
	tab.See(t, "your username and your e-mail address")
	access := c.last()
	c.wantMe("until it is revoked", access.Access, 200)
	tab.Press(t, "Revoke")
	tab.See(t, "has no way to ask about you any more")
	c.wantMe("revoked", access.Access, 401)
	c.wantError("revoked", c.refresh(access.Refresh), "invalid_grant")
	c.begin(tab)
	tab.See(t, "Sign in at Alpha MUD?")
	tab.Press(t, "Allow")
	tab.See(t, "Welcome, ann ann@example.org")

	access = c.last()
	check(t, w.store.BanUser(t.Context(), "ann", store.Ban{Reason: "Floods"}))
	c.wantMe("banned", access.Access, 401)
	c.wantError("banned", c.refresh(access.Refresh), "invalid_grant")
	c.begin(tab)
	tab.Do(t, chromedp.WaitVisible("#username")) // the session is over as well
}

// TestConsentTour_inBrowser looks at the pages for who is signed in as people do. What is
// long in their addresses stands behind short ones.
func TestConsentTour_inBrowser(t *testing.T) {
	chrome.Long(t)
	browser := chrome.Open(t)
	w := newWorld(t, hubtest.NewFile(t))
	ann := w.member(t, "ann", store.Person)
	check(t, w.store.ConfirmEmail(t.Context(), "ann", "ann@example.org", time.Now()))
	const back, local = "https://alpha.example/back", "http://localhost:4000/back"
	alpha, beta := w.game(t, "Alpha", back), w.game(t, "Beta", local)
	mux := http.NewServeMux()
	mux.Handle("/", w.Config.Handler)
	for path, to := range map[string]string{
		"/consent-email": authorize(alpha, back, "profile email"), "/consent-local": authorize(beta, local, "profile"), "/consent-login": "/account/grants",
	} {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			http.SetCookie(w, &http.Cookie{Name: "hearsay", Value: ann, Path: "/", HttpOnly: true})
			http.Redirect(w, r, to, http.StatusSeeOther)
		})
	}
	front := httptest.NewServer(mux)
	t.Cleanup(func() {
		front.CloseClientConnections()
		front.Close()
	})
	chrome.Visit(t, browser, front.URL, "/consent-login", "/consent-email", "/consent-local")
	w.send(t, ann, authorize(alpha, back, "profile"), allow("ann")).want(t, 303)       // allow
	w.send(t, ann, authorize(beta, local, "profile email"), allow("ann")).want(t, 303) // allow
	chrome.Visit(t, browser, front.URL, "/account/grants")
}
