package oauth_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"hearsay/hub/site/oauth"
	"hearsay/hub/store"
)

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
