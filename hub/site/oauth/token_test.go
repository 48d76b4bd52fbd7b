package oauth_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"hearsay/hub/site/oauth"
	"hearsay/hub/store"
)

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
	beta := h.addGame("Beta", redirectURI)
	both.Del("client_secret")
	h.post(oauth.TokenPath, form, both.Encode(), func(r *http.Request) { r.SetBasicAuth(beta.ClientID, beta.Secret) }).
		want(t, "two client ids", http.StatusBadRequest, "invalid_request")
	both.Del("client_id")
	h.post(oauth.TokenPath, form, both.Encode(), func(r *http.Request) { r.SetBasicAuth(h.alpha.ClientID, h.alpha.Secret) }).
		want(t, "the header alone", http.StatusOK, "")

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
		s.exchange("x").want(t, "wrong codes with the secret", http.StatusBadRequest, "invalid_grant")
	}
	s.exchange(s.code()).want(t, "another client", http.StatusOK, "")

	public := site{h, store.Credential{ClientID: h.alpha.ClientID}, verifier}
	for range 29 {
		public.exchange("x").want(t, "wrong codes without the secret", http.StatusBadRequest, "invalid_grant")
	}
	public.exchange(public.code()).want(t, "a good code", http.StatusOK, "")
	for range 30 {
		public.exchange("x").want(t, "wrong codes, counted anew", http.StatusBadRequest, "invalid_grant")
	}
	public.exchange(public.code()).want(t, "too many wrong codes", http.StatusTooManyRequests, "temporarily_unavailable")
}
