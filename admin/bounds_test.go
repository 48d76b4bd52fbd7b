package admin_test

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"hearsay/admin"
	"hearsay/hub/store"
)

// TestQueries_bounded: whatever stands in the query of a page, the hub finds no fault with
// itself.
func TestQueries_bounded(t *testing.T) {
	s := newSite(t)
	b := s.signedIn(t, store.Admin)
	s.give(t, "Mine", "admin")
	names := []string{
		"q", "filter", "sort", "desc", "page", "period", "kind", "name", "version", "before", "after", "socket", "words", "game", "player", "channel",
		"from", "until", "since", "actor", "action", "subject", "text", "below", "next", "client_id", "redirect_uri", "state", "event",
	}
	query := func(value string) string {
		q := url.Values{}
		for _, name := range names {
			q.Set(name, value)
		}
		return q.Encode()
	}
	queries := []string{
		query("x\x00y"), query("\xff\xfe"), query("-1"), query("99999999999999999999"), query(`%'"\_*`), query(strings.Repeat("é", 60)),
		"q=" + strings.Repeat("x", 7000), "text=" + strings.Repeat("x", 7000), "words=" + strings.Repeat("a+", 3000), "q=" + strings.Repeat("x", 50_001),
	}
	routes := append(admin.Routes(), publicRoutes...)
	for _, pattern := range routes {
		method, path, ok := strings.Cut(pattern, " ")
		if !ok || method != http.MethodGet || strings.Contains(path, "/live/") { // those go on for ever
			continue
		}
		path = strings.NewReplacer("{$}", "", "{name}", "Mine", "{username}", "admin", "{id}", "1", "{token}", "x").Replace(path)
		if path == "/readyz" {
			continue
		}
		for _, q := range queries {
			if got := b.get(t, path+"?"+q); got.StatusCode >= 500 {
				t.Errorf("%s?%.60s: got %d", path, q, got.StatusCode)
			}
		}
	}
	b.get(t, "/games?q="+strings.Repeat("x", 50_001)).want(t, http.StatusRequestURITooLong, "Use at most 8192")
	b.get(t, "/games?q="+strings.Repeat("x", 201)).want(t, http.StatusUnprocessableEntity, "has 201 characters; use at most 200")
	b.get(t, "/games?q="+strings.Repeat("x", 200)).want(t, http.StatusOK)
	b.get(t, "/games/"+strings.Repeat("x", 9000)).want(t, http.StatusRequestURITooLong)
}

// publicRoutes are those of the public pages that have a query.
var publicRoutes = []string{
	"GET /{$}", "GET /games", "GET /games/{name}", "GET /channels", "GET /channels/{name}", "GET /events", "GET /events.atom", "GET /sign-up",
	"GET /people/{username}", "GET /characters", "GET /widget/{name}", "GET /oauth/authorize", "GET /account/grants",
}

// A syncBuffer may be written to by many at once.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// TestForms_aborted: a form whose sender goes away is neither acted on nor an error.
func TestForms_aborted(t *testing.T) {
	var logged syncBuffer
	s := newSite(t, func(o *admin.Options) { o.Log = slog.New(slog.NewTextHandler(&logged, nil)) })
	s.user(t, store.Admin)
	s.game(t, "Alpha")
	cookie := s.session(t, "admin")
	for i := range 30 {
		path := []string{"/login", "/admin/games/Alpha/edit", "/admin/settings/title"}[i%3]
		c, err := net.Dial("tcp", s.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(c, "POST %s HTTP/1.1\r\nHost: x\r\nCookie: %s=%s\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\nname=A&username=", path, cookie.Name, cookie.Value)
		if i%2 == 0 {
			c.Close()
			continue
		}
		if err := c.(*net.TCPConn).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, c) // until the handler has answered
		c.Close()
	}
	s.Close() // waits for the handlers
	if text := logged.String(); strings.Contains(text, "level=ERROR") || strings.Contains(text, "a login failed") {
		t.Errorf("logged is %s", text)
	}
	if got := s.ask(t, `SELECT name FROM games`); got[0] != "Alpha MUD" {
		t.Errorf("the game is called %q now", got[0])
	}
	if got := s.ask(t, `SELECT count(*) FROM settings`); got[0] != "0" {
		t.Errorf("%s settings were changed", got[0])
	}
}

// TestForms_unreadable: a form that is no form, or too long, says so.
func TestForms_unreadable(t *testing.T) {
	s := newSite(t)
	b := s.signedIn(t, store.Admin)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/admin/settings/title", strings.NewReader("value=%zz"))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	b.do(t, r).want(t, http.StatusBadRequest, "cannot be read")
}

// TestForms_rewrittenHost: a proxy that changes Host makes forms foreign; the page says what to
// do, and one of the two mends it.
func TestForms_rewrittenHost(t *testing.T) {
	for _, publicURL := range []string{"", "http://hub.example"} {
		s := newSite(t, func(o *admin.Options) { o.PublicURL = publicURL })
		s.user(t, store.Admin)
		b, cookie := s.browser(t), s.session(t, "admin")
		post := func(host, origin, site string) page {
			t.Helper()
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/admin/blocks", strings.NewReader("kind=name&word="+host))
			if err != nil {
				t.Fatal(err)
			}
			r.Host = host
			r.AddCookie(cookie)
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("Origin", origin)
			if site != "" {
				r.Header.Set("Sec-Fetch-Site", site)
			}
			return b.do(t, r)
		}
		if publicURL == "" {
			post("backend", "http://hub.example", "").want(t, http.StatusForbidden, "http://hub.example", "Host: backend", "proxy_set_header Host", "--public-url")
		} else {
			post("backend", "http://hub.example", "").want(t, http.StatusSeeOther)
		}
		post("hub.example", "http://hub.example", "").want(t, http.StatusSeeOther)
		post("hub.example", "http://evil.example", "cross-site").want(t, http.StatusForbidden, "came from another site")
		post("hub.example", "null", "").want(t, http.StatusForbidden, "came from another site")
	}
}

// TestPublicURL: addresses that the hub tells are where the operator says that it is, whatever
// Host a request has.
func TestPublicURL(t *testing.T) {
	const home = "https://hub.example"
	s := newSite(t, func(o *admin.Options) { o.PublicURL = home })
	s.game(t, "Alpha")
	s.user(t, store.Admin)
	b, cookie := s.browser(t), s.session(t, "admin")
	get := func(path string) page {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = "evil.example"
		r.AddCookie(cookie)
		return b.do(t, r)
	}
	for path, want := range map[string]string{
		"/":                         `<link rel="canonical" href="` + home + `/"`,
		"/games":                    `<link rel="canonical" href="` + home + `/games"`,
		"/docs":                     "wss://hub.example/socket",
		"/events.atom":              home + "/events",
		"/sitemap.xml":              "<loc>" + home + "/",
		"/robots.txt":               home + "/sitemap.xml",
		"/admin/games/Alpha/doctor": "wss://hub.example/socket",
		"/.well-known/oauth-authorization-server": `"issuer":"` + home + `"`,
	} {
		if got := get(path).want(t, http.StatusOK, want); strings.Contains(got.text, "evil.example") {
			t.Errorf("%s tells the address that the request has", path)
		}
	}
}

// TestHSTS: who came by TLS is told to go on so, and nobody else.
func TestHSTS(t *testing.T) {
	for _, secure := range []bool{false, true} {
		s := newSite(t, func(o *admin.Options) { o.Secure = func(*http.Request) bool { return secure } })
		for _, path := range []string{"/", "/login", "/healthz", "/nowhere"} {
			want := ""
			if secure {
				want = "max-age=15552000"
			}
			if got := s.browser(t).get(t, path).Header.Get("Strict-Transport-Security"); got != want {
				t.Errorf("%s, secure %t: got %q", path, secure, got)
			}
		}
	}
}
