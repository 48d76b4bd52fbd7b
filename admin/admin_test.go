package admin_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"go.uber.org/goleak"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"hearsay/admin"
	"hearsay/hub/hubtest/chrome"
	shared "hearsay/hub/page"
	"hearsay/hub/store"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(tests{m})
}

// tests end the browser before leaks are looked for.
type tests struct{ *testing.M }

func (m tests) Run() int {
	code := m.M.Run()
	chrome.End()
	return code
}

// policy is of every page, but for the nonce, which is another each time.
const policy = "default-src 'none'; script-src 'nonce-?'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"require-trusted-types-for 'script'; trusted-types htmx; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

var nonce = regexp.MustCompile(`'nonce-[A-Z2-7]{26}'`)

func TestRoutes(t *testing.T) {
	const html, text = "text/html; charset=utf-8", "text/plain; charset=utf-8"
	for _, tt := range []struct {
		method, path string
		status       int
		contentType  string
		landmarks    []string
	}{
		{"GET", "/nowhere", 404, html, []string{
			"<title>Not found · Starlight &amp; Co</title>", "<header>", "<main id", "<h1>There is no page here</h1>", `href="/"`,
			"ws://hub.example:4000/socket", "<footer>", "Hearsay, v1.2.3",
		}},
		{"GET", "/healthz/", 404, html, []string{"<h1>There is no page here</h1>"}},
		{"POST", "/", 404, html, nil},
		{"GET", "/healthz", 200, text, []string{"ok\n"}},
		{"GET", "/readyz", 200, text, []string{"ready\n"}},
		{"GET", "/assets/0000000000000000/app.css", 404, text, nil},
	} {
		t.Run(tt.method+" "+tt.path, func(t *testing.T) {
			h := admin.New(admin.Options{Options: shared.Options{Heading: func() string { return "Starlight & Co" }, Build: "v1.2.3"}})
			r := httptest.NewRequest(tt.method, tt.path, nil)
			r.Host = "hub.example:4000"
			w := answer(h, r)
			if w.Code != tt.status {
				t.Errorf("status: got %d, want %d", w.Code, tt.status)
			}
			for name, want := range map[string]string{
				"Content-Type":               tt.contentType,
				"Content-Security-Policy":    policy,
				"Referrer-Policy":            "no-referrer",
				"X-Content-Type-Options":     "nosniff",
				"Cross-Origin-Opener-Policy": "same-origin",
				"Cache-Control":              "no-store",
			} {
				if got := nonce.ReplaceAllString(w.Header().Get(name), "'nonce-?'"); got != want {
					t.Errorf("%s: got %q, want %q", name, got, want)
				}
			}
			for _, want := range tt.landmarks {
				if !strings.Contains(w.Body.String(), want) {
					t.Errorf("body lacks %q:\n%s", want, w.Body)
				}
			}
			for _, bad := range []string{"<script", "<style", "style=", "//cdn"} {
				if strings.Contains(w.Body.String(), bad) {
					t.Errorf("body has %q, which the policy forbids", bad)
				}
			}
		})
	}
}

func TestMissing_socket(t *testing.T) {
	for _, tt := range []struct {
		name    string
		tls     bool
		options admin.Options
		want    string
	}{
		{"plain", false, admin.Options{}, "ws://hub.example/socket"},
		{"TLS here", true, admin.Options{}, "wss://hub.example/socket"},
		{"TLS at the proxy", false, admin.Options{Options: shared.Options{Secure: func(*http.Request) bool { return true }}}, "wss://hub.example/socket"},
	} {
		r := httptest.NewRequest(http.MethodGet, "/nowhere", nil)
		r.Host = "hub.example"
		if tt.tls {
			r.TLS = new(tls.ConnectionState)
		}
		if got := answer(admin.New(tt.options), r).Body.String(); !strings.Contains(got, ">"+tt.want+"<") {
			t.Errorf("%s: page lacks %q:\n%s", tt.name, tt.want, got)
		}
	}
}

func TestMissing_hostileHost(t *testing.T) {
	r := httptest.NewRequest(http.MethodGet, "/nowhere", nil)
	r.Host = `"><img src=x>`
	if got := answer(admin.New(admin.Options{}), r).Body.String(); strings.Contains(got, "<img src=x>") {
		t.Errorf("the host came through unescaped:\n%s", got)
	}
}

// TestFault_token: when a page fails whose address has a token, the token is not logged.
func TestFault_token(t *testing.T) {
	var log bytes.Buffer
	s := newSite(t, func(o *admin.Options) { o.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	conn, err := sqlite.OpenConn(s.Store.Path(), sqlite.OpenReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := sqlitex.ExecuteScript(conn, `ALTER TABLE links RENAME TO moved`, nil); err != nil {
		t.Fatal(err)
	}
	s.browser(t).get(t, "/password/horse").want(t, http.StatusInternalServerError)
	if text := log.String(); strings.Contains(text, "horse") || !strings.Contains(text, "path=/password/…") {
		t.Errorf("logged %s", text)
	}
}

// TestGame_software: the version that a client says is the protocol's.
func TestGame_software(t *testing.T) {
	s := newSite(t)
	b := s.signedIn(t, store.Admin)
	c := s.game(t, "Alpha")
	if err := s.Store.SetClient(t.Context(), store.GameID(c.ID), "Evennia 4.5.0", "1.0.0"); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{"/admin/games/Alpha": "<dd>1.0.0, says its client</dd>", "/admin/games": "Evennia 4.5.0<"} {
		if p := b.get(t, path).want(t, http.StatusOK, "Evennia 4.5.0", want); strings.Contains(p.text, "Evennia 4.5.0 1.0.0") {
			t.Errorf("%s has %s", path, p.text)
		}
	}
}

// TestMissing: a page says once what is not there.
func TestMissing(t *testing.T) {
	b := newSite(t).signedIn(t, store.Admin)
	for _, p := range []page{b.get(t, "/admin/games/Nope"), b.post(t, "/admin/games/Nope/edit", "name", "Nope"), b.post(t, "/admin/games/Nope/suspend")} {
		p.want(t, http.StatusNotFound, `>Game &#34;Nope&#34; is not there, or not any more.<`)
	}
	b.post(t, "/admin/invites/99999999999999999999/revoke").want(t, http.StatusSeeOther)
	b.post(t, "/admin/sessions/99999999999999999999/revoke").want(t, http.StatusSeeOther)
}

// TestUndo_fault: only what is over is told to be too late.
func TestUndo_fault(t *testing.T) {
	s := newSite(t)
	b := s.signedIn(t, store.Admin)
	b.post(t, "/admin/undo", "kind", "game", "name", "Alpha").want(t, http.StatusSeeOther)
	conn, err := sqlite.OpenConn(s.Store.Path(), sqlite.OpenReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := sqlitex.ExecuteScript(conn, `ALTER TABLE removals RENAME TO moved`, nil); err != nil {
		t.Fatal(err)
	}
	b.post(t, "/admin/undo", "kind", "game", "name", "Alpha").want(t, http.StatusInternalServerError)
}

func TestReady_notReady(t *testing.T) {
	const reason = "the hub is stopping"
	h := admin.New(admin.Options{Ready: func(ctx context.Context) error {
		if _, ok := ctx.Deadline(); !ok {
			t.Error("Ready was asked without a deadline")
		}
		return errors.New(reason)
	}})
	w := answer(h, httptest.NewRequest(http.MethodGet, "/readyz", nil))
	if w.Code != http.StatusServiceUnavailable || w.Body.String() != reason+"\n" {
		t.Errorf("/readyz: got %d %q, want 503 %q", w.Code, w.Body, reason+"\n")
	}
	if w := answer(h, httptest.NewRequest(http.MethodGet, "/healthz", nil)); w.Code != http.StatusOK {
		t.Errorf("/healthz while not ready: got %d, want 200", w.Code)
	}
}

// TestMetrics_access: the token alone opens them. That a request comes from this machine is no
// proof, because a proxy here may have forwarded it for anybody.
func TestMetrics_access(t *testing.T) {
	const token = "correct-horse"
	for _, tt := range []struct {
		name   string
		header http.Header
		token  string // of the hub
		status int
	}{
		{"without a token", nil, token, 401},
		{"without a token of the hub", nil, "", 401},
		{"with the token", http.Header{"Authorization": {"Bearer " + token}}, token, 200},
		{"scheme in lower case", http.Header{"Authorization": {"bearer " + token}}, token, 200},
		{"forwarded with the token", http.Header{"Authorization": {"Bearer " + token}, "Via": {"1.1 proxy"}}, token, 200},
		{"wrong token", http.Header{"Authorization": {"Bearer wrong"}}, token, 401},
		{"longer token", http.Header{"Authorization": {"Bearer " + token + "s"}}, token, 401},
		{"other scheme", http.Header{"Authorization": {"Basic " + token}}, token, 401},
		{"no token set, none sent", http.Header{"Authorization": {"Bearer "}}, "", 401},
		{"no token set, one sent", http.Header{"Authorization": {"Bearer " + token}}, "", 401},
	} {
		for _, remote := range []string{"127.0.0.1:5000", "[::1]:5000", "203.0.113.9:5000", "@"} { // the last is a Unix socket
			r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
			r.RemoteAddr = remote
			for name, values := range tt.header {
				r.Header[name] = values
			}
			w := answer(admin.New(admin.Options{MetricsToken: tt.token}), r)
			want := map[int]string{200: "go_goroutines ", 401: "--metrics-listen"}[tt.status]
			if w.Code != tt.status || !strings.Contains(w.Body.String(), want) {
				t.Errorf("%s, from %s: got %d %.300q, want %d with %q", tt.name, remote, w.Code, w.Body, tt.status, want)
			}
		}
	}
}

func answer(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}
