package oauth_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"hearsay/hub/hubtest"
	"hearsay/hub/site/oauth"
	"hearsay/hub/store"
)

const redirectURI = "https://alpha.example/back?from=hub"

// A hub is a server that signs people in: whoever asks to be, as ann, without a question,
// unless the query has deny.
type hub struct {
	t     testing.TB
	st    *store.Store
	page  *httptest.Server
	ann   store.User
	alpha store.Credential
	log   *strings.Builder
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newHub(t testing.TB) *hub {
	t.Helper()
	ctx := context.Background()
	st, err := store.Open(ctx, hubtest.NewFile(t), store.Options{})
	check(t, err)
	t.Cleanup(func() { check(t, st.Close()) })
	h := &hub{t: t, st: st, log: &strings.Builder{}}
	h.ann, err = st.CreateUser(ctx, store.User{Username: "ann", Role: store.Moderator}, "correct horse battery")
	check(t, err)
	h.alpha = h.addGame("Alpha", redirectURI)
	server := oauth.New(oauth.Options{
		Store: st, Log: slog.New(slog.NewTextHandler(h.log, nil)),
		Issuer: func(r *http.Request) string { return "http://" + r.Host },
		Remote: func(r *http.Request) netip.Addr { return netip.MustParseAddrPort(r.RemoteAddr).Addr() },
	})
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+oauth.AuthorizePath, func(w http.ResponseWriter, r *http.Request) {
		q, err := server.ParseAuthorize(r)
		if wrong, ok := errors.AsType[*oauth.Mistake](err); ok {
			if wrong.URL == "" {
				http.Error(w, wrong.Description, http.StatusBadRequest)
				return
			}
			http.Redirect(w, r, wrong.URL, http.StatusSeeOther)
			return
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		if r.URL.Query().Has("deny") {
			http.Redirect(w, r, server.Deny(q), http.StatusSeeOther)
			return
		}
		to, err := server.Approve(r.Context(), q, h.ann.ID)
		if err != nil {
			http.Error(w, err.Error(), http.StatusForbidden)
			return
		}
		http.Redirect(w, r, to, http.StatusSeeOther)
	})
	mux.HandleFunc(oauth.TokenPath, server.ServeToken)
	mux.HandleFunc(oauth.RevokePath, server.ServeRevoke)
	mux.HandleFunc(oauth.UserPath, server.ServeUser)
	mux.HandleFunc(oauth.MetadataPath, server.ServeMetadata)
	h.page = httptest.NewServer(mux)
	t.Cleanup(h.page.Close)
	return h
}

func (h *hub) addGame(shortName, uri string) store.Credential {
	h.t.Helper()
	c, err := h.st.CreateGame(context.Background(), store.Game{ShortName: shortName, Name: shortName, Display: true}, store.LongSecret)
	check(h.t, err)
	check(h.t, h.st.AddRedirectURI(context.Background(), shortName, uri))
	return c
}

// A site is a game's: a small client.
type site struct {
	*hub
	credential store.Credential // no secret: a public client
	verifier   string           // of PKCE; empty: none
}

const verifier = "a-verifier-of-PKCE-has-43-to-128-characters"

func (s site) query(change url.Values) url.Values {
	values := url.Values{
		"response_type": {"code"}, "client_id": {s.credential.ClientID}, "redirect_uri": {redirectURI},
		"state": {"a b&c"}, "scope": {"profile email"},
	}
	if s.verifier != "" {
		sum := sha256.Sum256([]byte(s.verifier))
		values.Set("code_challenge", base64.RawURLEncoding.EncodeToString(sum[:]))
		values.Set("code_challenge_method", "S256")
	}
	for name, value := range change {
		values[name] = value
	}
	return values
}

// authorize gives what the browser gets, and what the site at the redirect URI gets by it.
func (s site) authorize(change url.Values) (*http.Response, url.Values) {
	s.t.Helper()
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := browser.Get(s.page.URL + oauth.AuthorizePath + "?" + s.query(change).Encode())
	check(s.t, err)
	check(s.t, answer.Body.Close())
	to, err := url.Parse(answer.Header.Get("Location"))
	check(s.t, err)
	return answer, to.Query()
}

// code signs ann in.
func (s site) code() string {
	s.t.Helper()
	answer, got := s.authorize(nil)
	to := answer.Header.Get("Location")
	if !strings.HasPrefix(to, redirectURI+"&") || got.Get("state") != "a b&c" || got.Get("iss") != s.page.URL || len(got.Get("code")) != 43 || got.Get("from") != "hub" {
		s.t.Fatalf("the browser was sent to %q", to)
	}
	return got.Get("code")
}

// A reply is what the token endpoint says.
type reply struct {
	status int
	header http.Header

	Access      string `json:"access_token"`
	Type        string `json:"token_type"`
	Expires     int    `json:"expires_in"`
	Refresh     string `json:"refresh_token"`
	Scope       string `json:"scope"`
	Code        string `json:"error"`
	Description string `json:"error_description"`
}

func (r reply) want(t testing.TB, what string, status int, code string) {
	t.Helper()
	if r.status != status || r.Code != code || (code == "") != (r.Access != "") {
		t.Errorf("%s: got %+v, want %d %s", what, r, status, code)
	}
	if got := r.header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("%s: got Cache-Control %q", what, got)
	}
	for name := range r.header { // scripts of all sites may read it, and none sends a cookie along
		if is := r.header.Get(name); strings.HasPrefix(name, "Access-Control") && (name != "Access-Control-Allow-Origin" || is != "*") {
			t.Errorf("%s: got the header %s: %s", what, name, is)
		}
	}
}

func (h *hub) do(r *http.Request) (answer *http.Response, body []byte) {
	h.t.Helper()
	answer, err := http.DefaultClient.Do(r)
	check(h.t, err)
	defer answer.Body.Close()
	body, err = io.ReadAll(answer.Body)
	check(h.t, err)
	return answer, body
}

func (h *hub) post(path, kind, body string, change func(*http.Request)) (got reply) {
	h.t.Helper()
	r, err := http.NewRequestWithContext(h.t.Context(), http.MethodPost, h.page.URL+path, strings.NewReader(body))
	check(h.t, err)
	r.Header.Set("Content-Type", kind)
	if change != nil {
		change(r)
	}
	answer, text := h.do(r)
	got.status, got.header = answer.StatusCode, answer.Header
	if err := json.Unmarshal(text, &got); err != nil {
		h.t.Fatalf("%s: %v", text, err)
	}
	return got
}

const form = "application/x-www-form-urlencoded"

// ask posts a form with the site's credentials.
func (s site) ask(path string, values url.Values) reply {
	s.t.Helper()
	values.Set("client_id", s.credential.ClientID)
	if s.credential.Secret != "" {
		values.Set("client_secret", s.credential.Secret)
	}
	return s.post(path, form, values.Encode(), nil)
}

func (s site) exchange(code string) reply {
	s.t.Helper()
	values := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {redirectURI}}
	if s.verifier != "" {
		values.Set("code_verifier", s.verifier)
	}
	return s.ask(oauth.TokenPath, values)
}

func (s site) refresh(token string) reply {
	s.t.Helper()
	return s.ask(oauth.TokenPath, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}})
}

// me says who an access token is of; empty if it is of nobody.
func (h *hub) me(token string) map[string]string {
	h.t.Helper()
	r, err := http.NewRequestWithContext(h.t.Context(), http.MethodGet, h.page.URL+oauth.UserPath, nil)
	check(h.t, err)
	r.Header.Set("Authorization", "Bearer "+token)
	answer, text := h.do(r)
	got := map[string]string{}
	check(h.t, json.Unmarshal(text, &got))
	if answer.StatusCode == http.StatusUnauthorized && got["error"] == "invalid_token" && strings.Contains(answer.Header.Get("WWW-Authenticate"), "invalid_token") {
		return nil
	}
	if answer.StatusCode != http.StatusOK || got["uid"] == "" {
		h.t.Errorf("got %s %s", answer.Status, text)
	}
	return got
}
