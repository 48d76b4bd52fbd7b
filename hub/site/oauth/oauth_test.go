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
	for name := range r.header {
		if strings.HasPrefix(name, "Access-Control") {
			t.Errorf("%s: got the header %s", what, name)
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

func TestRoundTrip(t *testing.T) {
	h := newHub(t)
	public := store.Credential{ClientID: h.alpha.ClientID}
	uid := ""
	for what, s := range map[string]site{
		"with the secret":          {h, h.alpha, ""},
		"with the secret and PKCE": {h, h.alpha, verifier},
		"without the secret":       {h, public, verifier},
	} {
		got := s.exchange(s.code())
		got.want(t, what, http.StatusOK, "")
		if got.Type != "Bearer" || got.Expires != 3600 || got.Scope != "profile email" {
			t.Errorf("%s: got %+v", what, got)
		}
		me := h.me(got.Access)
		if me["username"] != "ann" || len(me["uid"]) != 36 || uid != "" && me["uid"] != uid {
			t.Errorf("%s: it is %v, before it was %s", what, me, uid)
		}
		uid = me["uid"]
		again := s.refresh(got.Refresh)
		again.want(t, what+", again", http.StatusOK, "")
		if again.Access == got.Access || again.Refresh == got.Refresh || h.me(again.Access)["uid"] != uid {
			t.Errorf("%s, again: got %+v", what, again)
		}
	}
	if h.me("x") != nil || h.me("") != nil {
		t.Error("a wrong access token is somebody's")
	}
	if text := h.log.String(); text != "" {
		t.Errorf("logged %s", text)
	}
	if g, err := h.st.Game(t.Context(), "Alpha"); err != nil || g.LastSeenAt != nil {
		t.Errorf("the game was seen: %+v, %v", g, err)
	}
}

// TestOldClients: what clients of Grapevine's documents send is understood.
func TestOldClients(t *testing.T) {
	h := newHub(t)
	s := site{h, h.alpha, ""}
	_, got := s.authorize(url.Values{"scope": {"profile+email"}})
	body := `{"grant_type": "authorization_code", "code": "` + got.Get("code") + `", "client_id": "` + h.alpha.ClientID +
		`", "client_secret": "` + h.alpha.Secret + `", "redirect_uri": "` + redirectURI + `"}`
	answer := h.post(oauth.TokenPath, "application/json; charset=utf-8", body, nil)
	answer.want(t, "JSON", http.StatusOK, "")
	if answer.Scope != "profile email" {
		t.Errorf("got the scope %q", answer.Scope)
	}

	both := url.Values{
		"grant_type": {"authorization_code"}, "code": {s.code()}, "redirect_uri": {redirectURI},
		"client_id": {h.alpha.ClientID}, "client_secret": {h.alpha.Secret},
	}
	h.post(oauth.TokenPath, form, both.Encode(), func(r *http.Request) { r.SetBasicAuth(h.alpha.ClientID, h.alpha.Secret) }).
		want(t, "the secret in body and header", http.StatusOK, "")
	both.Set("code", s.code())
	h.post(oauth.TokenPath, form, both.Encode(), func(r *http.Request) { r.SetBasicAuth(h.alpha.ClientID, "another") }).
		want(t, "two secrets", http.StatusBadRequest, "invalid_request")

	_, got = s.authorize(url.Values{"scope": {""}})
	if answer := s.exchange(got.Get("code")); answer.Scope != "profile" {
		t.Errorf("without a scope: got %+v", answer)
	}
	_, got = s.authorize(url.Values{"scope": {"email"}})
	if me := h.me(s.exchange(got.Get("code")).Access); me["username"] != "" || me["uid"] == "" {
		t.Errorf("the scope email tells %v", me)
	}
}

func TestExchange_refused(t *testing.T) {
	h := newHub(t)
	beta := h.addGame("Beta", redirectURI)
	confidential, public := site{h, h.alpha, ""}, site{h, store.Credential{ClientID: h.alpha.ClientID}, verifier}
	pkce := site{h, h.alpha, verifier}
	for _, test := range []struct {
		what   string
		from   site // who gets the code
		change url.Values
		status int
		code   string
	}{
		{"a wrong redirect", confidential, url.Values{"redirect_uri": {"https://alpha.example/back"}}, 400, "invalid_grant"},
		{"no redirect", confidential, url.Values{"redirect_uri": nil}, 400, "invalid_request"},
		{"a wrong code", confidential, url.Values{"code": {"x"}}, 400, "invalid_grant"},
		{"no code", confidential, url.Values{"code": {""}}, 400, "invalid_request"},
		{"a wrong secret", confidential, url.Values{"client_secret": {"x"}}, 401, "invalid_client"},
		{"no secret, and no PKCE", confidential, url.Values{"client_secret": nil}, 401, "invalid_client"},
		{"a verifier without a challenge", confidential, url.Values{"code_verifier": {verifier}}, 400, "invalid_grant"},
		{"an unknown client", public, url.Values{"client_id": {"x"}}, 401, "invalid_client"},
		{"no client", public, url.Values{"client_id": nil}, 401, "invalid_client"},
		{"another game's secret", confidential, url.Values{"client_secret": {beta.Secret}}, 401, "invalid_client"},
		{"another game", confidential, url.Values{"client_id": {beta.ClientID}, "client_secret": {beta.Secret}}, 400, "invalid_grant"},
		{"another game without its secret", public, url.Values{"client_id": {beta.ClientID}}, 400, "invalid_grant"},
		{"a wrong verifier", public, url.Values{"code_verifier": {verifier + "x"}}, 400, "invalid_grant"},
		{"no verifier", public, url.Values{"code_verifier": nil}, 400, "invalid_grant"},
		{"the secret, but no verifier", pkce, url.Values{"code_verifier": nil}, 400, "invalid_grant"},
		{"the challenge as the verifier", public, url.Values{"code_verifier": public.query(nil)["code_challenge"]}, 400, "invalid_grant"},
		{"no grant type", public, url.Values{"grant_type": nil}, 400, "invalid_request"},
		{"the grant type password", public, url.Values{"grant_type": {"password"}}, 400, "unsupported_grant_type"},
		{"two codes", public, url.Values{"code": {"x", "y"}}, 400, "invalid_request"},
	} {
		code := test.from.code()
		values := url.Values{
			"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {redirectURI}, "client_id": {h.alpha.ClientID},
		}
		if test.from.credential.Secret != "" {
			values.Set("client_secret", h.alpha.Secret)
		}
		if test.from.verifier != "" {
			values.Set("code_verifier", verifier)
		}
		for name, value := range test.change {
			if values[name] = value; value == nil {
				values.Del(name)
			}
		}
		got := h.post(oauth.TokenPath, form, values.Encode(), nil)
		got.want(t, test.what, test.status, test.code)
		if strings.ContainsAny(got.Description, "\"\\") || got.Description == "" {
			t.Errorf("%s: got the description %q", test.what, got.Description)
		}
		test.from.exchange(code).want(t, test.what+", then the right one", http.StatusOK, "")
	}
	for _, secret := range []string{h.alpha.Secret, beta.Secret, verifier} {
		if strings.Contains(h.log.String(), secret) {
			t.Error("a secret is in the log")
		}
	}
}

// TestToken_malformed: what is no request of OAuth.
func TestToken_malformed(t *testing.T) {
	h := newHub(t)
	for _, test := range []struct {
		kind, body string
		status     int
	}{
		{form, "%", 400},
		{form, "client_id=x", 400},
		{"application/json", "[]", 400},
		{"application/json", `{"code": 1}`, 400},
		{"application/json", "null", 401},
		{"text/plain", "client_id=x", 400},
		{"", "client_id=x", 400},
		{form, "client_id=" + strings.Repeat("x", 8<<10), 413},
		{form, "client_id=" + strings.Repeat("x", 101), 401},
	} {
		code := "invalid_request"
		if test.status == 401 {
			code = "invalid_client"
		}
		h.post(oauth.TokenPath, test.kind, test.body, nil).want(t, test.kind+" "+test.body[:min(len(test.body), 20)], test.status, code)
	}
	got := h.post(oauth.TokenPath, form, "grant_type=authorization_code", func(r *http.Request) { r.Header.Set("Authorization", "Bearer x") })
	got.want(t, "a bearer token", 401, "invalid_client")
	if !strings.HasPrefix(got.header.Get("WWW-Authenticate"), "Basic ") {
		t.Errorf("got %v", got.header)
	}
	answer, err := http.Get(h.page.URL + oauth.TokenPath)
	check(t, err)
	check(t, answer.Body.Close())
	if answer.StatusCode != http.StatusMethodNotAllowed || answer.Header.Get("Allow") != "POST" {
		t.Errorf("GET: got %s, Allow %q", answer.Status, answer.Header.Get("Allow"))
	}
}

// TestReplay: a code that is used again ends what came of it.
func TestReplay(t *testing.T) {
	h := newHub(t)
	s := site{h, h.alpha, verifier}
	other := s.exchange(s.code())
	code := s.code()
	first := s.exchange(code)
	first.want(t, "first", http.StatusOK, "")
	thief := site{h, store.Credential{ClientID: h.alpha.ClientID}, verifier}
	thief.exchange(code).want(t, "without the secret", http.StatusUnauthorized, "invalid_client")
	if h.me(first.Access) == nil {
		t.Error("somebody without the secret ended the login")
	}
	s.exchange(code).want(t, "again", http.StatusBadRequest, "invalid_grant")
	if h.me(first.Access) != nil {
		t.Error("the access token is still good")
	}
	s.refresh(first.Refresh).want(t, "its refresh token", http.StatusBadRequest, "invalid_grant")
	if h.me(other.Access) == nil {
		t.Error("another login has ended")
	}
	s.refresh(other.Refresh).want(t, "another refresh token", http.StatusOK, "")
}

// TestReuse: a refresh token that is used again, by the site or a thief, ends what came of
// the same code.
func TestReuse(t *testing.T) {
	h := newHub(t)
	for what, s := range map[string]site{
		"with the secret":    {h, h.alpha, ""},
		"without the secret": {h, store.Credential{ClientID: h.alpha.ClientID}, verifier},
	} {
		first := s.exchange(s.code())
		second := s.refresh(first.Refresh)
		second.want(t, what, http.StatusOK, "")
		third := s.refresh(second.Refresh)
		third.want(t, what, http.StatusOK, "")
		s.refresh(first.Refresh).want(t, what+", reused", http.StatusBadRequest, "invalid_grant")
		for _, token := range []string{first.Access, second.Access, third.Access} {
			if h.me(token) != nil {
				t.Errorf("%s: an access token is still good", what)
			}
		}
		s.refresh(third.Refresh).want(t, what+", the last", http.StatusBadRequest, "invalid_grant")
	}
	if !strings.Contains(h.log.String(), string(store.ReusedToken)) {
		t.Errorf("logged %s", h.log)
	}
}

func TestRefresh_refused(t *testing.T) {
	h := newHub(t)
	beta := h.addGame("Beta", redirectURI)
	s := site{h, h.alpha, ""}
	public := site{h, store.Credential{ClientID: h.alpha.ClientID}, ""}
	_, got := s.authorize(url.Values{"scope": {"profile"}})
	token := s.exchange(got.Get("code"))
	public.refresh(token.Refresh).want(t, "without the secret", http.StatusUnauthorized, "invalid_client")
	site{h, beta, ""}.refresh(token.Refresh).want(t, "another game", http.StatusBadRequest, "invalid_grant")
	for _, text := range []string{"x", ".", token.Access} {
		s.refresh(text).want(t, text, http.StatusBadRequest, "invalid_grant")
	}
	s.refresh("").want(t, "none", http.StatusBadRequest, "invalid_request")
	for _, scope := range []string{"profile email", "email", "openid"} {
		s.ask(oauth.TokenPath, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token.Refresh}, "scope": {scope}}).
			want(t, scope, http.StatusBadRequest, "invalid_scope")
	}
	s.refresh(token.Refresh).want(t, "then the right one", http.StatusOK, "")
}

// TestAuthorize_refused: nobody is sent to where the game does not want people to come from
// the hub; all else the site is told.
func TestAuthorize_refused(t *testing.T) {
	h := newHub(t)
	s := site{h, h.alpha, verifier}
	gone := h.addGame("Gone", redirectURI)
	check(t, h.st.SuspendGame(t.Context(), "Gone", store.Suspension{}))
	for _, test := range []struct {
		change url.Values
		code   string // none: the person is told
	}{
		{url.Values{"client_id": {"x"}}, ""},
		{url.Values{"client_id": {gone.ClientID}}, ""},
		{url.Values{"client_id": {""}}, ""},
		{url.Values{"client_id": {h.alpha.ClientID, h.alpha.ClientID}}, ""},
		{url.Values{"redirect_uri": {""}}, ""},
		{url.Values{"redirect_uri": {redirectURI, redirectURI}}, ""},
		{url.Values{"redirect_uri": {redirectURI + "x"}}, ""},
		{url.Values{"redirect_uri": {strings.ToUpper(redirectURI)}}, ""},
		{url.Values{"redirect_uri": {"https://evil.example/back?from=hub"}}, ""},
		{url.Values{"redirect_uri": {"https://alpha.example/back"}}, ""},
		{url.Values{"state": {strings.Repeat("x", 4096)}}, ""},
		{url.Values{"response_type": {"token"}}, "unsupported_response_type"},
		{url.Values{"response_type": {""}}, "invalid_request"},
		{url.Values{"response_type": {"code", "code"}}, "invalid_request"},
		{url.Values{"response_mode": {"fragment"}}, "invalid_request"},
		{url.Values{"scope": {"profile admin"}}, "invalid_scope"},
		{url.Values{"code_challenge_method": {"plain"}}, "invalid_request"},
		{url.Values{"code_challenge_method": {""}}, "invalid_request"}, // it would mean plain
		{url.Values{"code_challenge": {""}}, "invalid_request"},
		{url.Values{"code_challenge": {"x"}}, "invalid_request"},
		{url.Values{"code_challenge": {strings.Repeat("=", 43)}}, "invalid_request"},
		{url.Values{"deny": {""}}, "access_denied"},
	} {
		answer, got := s.authorize(test.change)
		to := answer.Header.Get("Location")
		if test.code == "" {
			if answer.StatusCode != http.StatusBadRequest || to != "" {
				t.Errorf("%v: got %s to %q", test.change, answer.Status, to)
			}
			continue
		}
		if !strings.HasPrefix(to, redirectURI+"&") || got.Get("error") != test.code || got.Get("state") != "a b&c" || got.Get("iss") != h.page.URL || got.Has("code") {
			t.Errorf("%v: got %s to %q", test.change, answer.Status, to)
		}
	}
	if all, err := h.st.Grants(t.Context(), ""); err != nil || len(all) != 0 {
		t.Errorf("granted is %v, %v", all, err)
	}
}

// TestKnown: who has granted as much before need not be asked again, but for a site that may
// be any program.
func TestKnown(t *testing.T) {
	h := newHub(t)
	const local = "http://localhost:4000/"
	check(t, h.st.AddRedirectURI(t.Context(), "Alpha", local))
	server := oauth.New(oauth.Options{Store: h.st, Issuer: func(*http.Request) string { return h.page.URL }})
	s := site{h, h.alpha, ""}
	known := func(change url.Values) bool {
		t.Helper()
		q, err := server.ParseAuthorize(httptest.NewRequest(http.MethodGet, oauth.AuthorizePath+"?"+s.query(change).Encode(), nil))
		check(t, err)
		known, err := server.Known(t.Context(), q, h.ann.ID)
		check(t, err)
		return known
	}
	profile := url.Values{"scope": {"profile"}}
	if known(profile) {
		t.Error("it is known before")
	}
	s.authorize(profile)
	if !known(profile) || known(nil) || known(url.Values{"scope": {"email"}}) {
		t.Error("the scope profile was granted")
	}
	s.code()
	if !known(nil) || !known(profile) || known(url.Values{"redirect_uri": {local}}) {
		t.Error("all was granted")
	}
	check(t, h.st.RevokeGrant(t.Context(), "ann", "Alpha"))
	if known(profile) {
		t.Error("it is known when it was revoked")
	}
}

// TestRevoke: by the site, by the person, and by the hub.
func TestRevoke(t *testing.T) {
	h := newHub(t)
	s := site{h, h.alpha, ""}
	beta := site{h, h.addGame("Beta", redirectURI), ""}
	public := site{h, store.Credential{ClientID: h.alpha.ClientID}, ""}
	revoke := func(s site, token string) int {
		t.Helper()
		return s.ask(oauth.RevokePath, url.Values{"token": {token}, "token_type_hint": {"access_token"}}).status
	}

	got := s.exchange(s.code())
	if status := revoke(beta, got.Access); status != 200 || h.me(got.Access) == nil {
		t.Errorf("another game: %d, or the token has ended", status)
	}
	if status := revoke(public, got.Refresh); status != 200 || h.me(got.Access) == nil {
		t.Errorf("without the secret: %d, or the token has ended", status)
	}
	if status := revoke(site{h, store.Credential{ClientID: "x"}, ""}, got.Access); status != 401 {
		t.Errorf("an unknown client: %d", status)
	}
	if status := revoke(s, got.Access); status != 200 || h.me(got.Access) != nil {
		t.Errorf("the access token: %d, or it is still good", status)
	}
	got = s.refresh(got.Refresh)
	got.want(t, "the login", http.StatusOK, "")
	if status := revoke(s, got.Refresh); status != 200 || h.me(got.Access) != nil {
		t.Errorf("the refresh token: %d, or the access token is still good", status)
	}
	s.refresh(got.Refresh).want(t, "revoked", http.StatusBadRequest, "invalid_grant")

	got, code := s.exchange(s.code()), s.code()
	check(t, h.st.RevokeGrant(t.Context(), "ann", "Alpha"))
	if h.me(got.Access) != nil {
		t.Error("the person has revoked it, and it is still good")
	}
	s.refresh(got.Refresh).want(t, "revoked by the person", http.StatusBadRequest, "invalid_grant")
	s.exchange(code).want(t, "a code that is revoked by the person", http.StatusBadRequest, "invalid_grant")

	got, code = s.exchange(s.code()), s.code()
	check(t, h.st.SuspendGame(t.Context(), "Alpha", store.Suspension{}))
	if h.me(got.Access) != nil {
		t.Error("the game is suspended, and its token still good")
	}
	s.refresh(got.Refresh).want(t, "suspended", http.StatusUnauthorized, "invalid_client")
	s.exchange(code).want(t, "the code of a suspended game", http.StatusUnauthorized, "invalid_client")
	public.refresh(got.Refresh).want(t, "suspended, without the secret", http.StatusUnauthorized, "invalid_client")
}

// TestFailures: whoever fails too often waits, beside others who do not.
func TestFailures(t *testing.T) {
	h := newHub(t)
	s, wrong := site{h, h.alpha, ""}, site{h, h.addGame("Beta", redirectURI), ""}
	right := wrong.credential.Secret
	wrong.credential.Secret = "wrong"
	for range 30 {
		wrong.exchange("x").want(t, "wrong", http.StatusUnauthorized, "invalid_client")
	}
	wrong.credential.Secret = right
	got := wrong.exchange("x")
	got.want(t, "too many", http.StatusTooManyRequests, "temporarily_unavailable")
	if got.header.Get("Retry-After") == "" {
		t.Error("it does not say when to try again")
	}
	for range 31 {
		s.exchange(s.code()).want(t, "another client", http.StatusOK, "")
	}
}

func TestMetadata(t *testing.T) {
	h := newHub(t)
	answer, err := http.Get(h.page.URL + oauth.MetadataPath)
	check(t, err)
	defer answer.Body.Close()
	var got map[string]any
	check(t, json.NewDecoder(answer.Body).Decode(&got))
	for name, want := range map[string]string{
		"issuer": "", "authorization_endpoint": oauth.AuthorizePath, "token_endpoint": oauth.TokenPath,
		"revocation_endpoint": oauth.RevokePath, "userinfo_endpoint": oauth.UserPath,
	} {
		if got[name] != h.page.URL+want {
			t.Errorf("%s is %v", name, got[name])
		}
	}
	if methods, ok := got["code_challenge_methods_supported"].([]any); !ok || len(methods) != 1 || methods[0] != "S256" {
		t.Errorf("the methods are %v", got["code_challenge_methods_supported"])
	}
}

// FuzzParseAuthorize: whatever the query, nobody is sent to another place than the game's, and
// what is taken is whole.
func FuzzParseAuthorize(f *testing.F) {
	h := newHub(f)
	server := oauth.New(oauth.Options{Store: h.st, Issuer: func(*http.Request) string { return "https://hub.example" }})
	client := site{h, store.Credential{ClientID: "CLIENT"}, verifier}
	f.Add(client.query(nil).Encode())
	for _, name := range []string{"client_id", "redirect_uri", "response_type", "scope", "state", "code_challenge", "code_challenge_method"} {
		f.Add(client.query(url.Values{name: nil}).Encode())
		f.Add(client.query(nil).Encode() + "&" + name + "=%00%ff")
	}
	f.Add("%;&=")
	f.Fuzz(func(t *testing.T, query string) {
		// The client id differs from run to run: what found a fault must find it again.
		query = strings.ReplaceAll(query, "CLIENT", h.alpha.ClientID)
		r := &http.Request{Method: http.MethodGet, URL: &url.URL{Path: oauth.AuthorizePath, RawQuery: query}}
		q, err := server.ParseAuthorize(r)
		to := ""
		wrong, ok := errors.AsType[*oauth.Mistake](err)
		switch {
		case err == nil:
			if q.RedirectURI != redirectURI || q.Game.ShortName != "Alpha" || !q.Wants(store.ScopeProfile) && !q.Wants(store.ScopeEmail) {
				t.Errorf("%q: got %+v", query, q)
			}
			to = server.Deny(q)
		case !ok:
			t.Errorf("%q: got the fault %v", query, err)
		default:
			to = wrong.URL
		}
		if to == "" {
			return
		}
		if u, err := url.Parse(to); err != nil || u.Host != "alpha.example" || u.Scheme != "https" || u.Fragment != "" || !strings.HasPrefix(to, redirectURI+"&") ||
			u.Query().Get("error") == "" || u.Query().Get("iss") != "https://hub.example" {
			t.Errorf("%q: leads to %q, %v", query, to, err)
		}
	})
}
