package site_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"hearsay/hub/hubtest"
	"hearsay/hub/site/oauth"
	"hearsay/hub/store"
)

// game adds one with redirect URIs.
func (w *world) game(t testing.TB, shortName string, uris ...string) store.Credential {
	t.Helper()
	c, err := w.store.CreateGame(t.Context(), store.Game{ShortName: shortName, Name: shortName + " MUD", Display: true}, store.LongSecret)
	check(t, err)
	for _, uri := range uris {
		check(t, w.store.AddRedirectURI(t.Context(), shortName, uri))
	}
	return c
}

const verifier = "a-verifier-of-PKCE-has-43-to-128-characters"

// authorize is the address that a site of a game sends the browser to.
func authorize(c store.Credential, redirectURI, scope string) string {
	sum := sha256.Sum256([]byte(verifier))
	return oauth.AuthorizePath + "?" + url.Values{
		"response_type": {"code"}, "client_id": {c.ClientID}, "redirect_uri": {redirectURI}, "scope": {scope}, "state": {"s"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
	}.Encode()
}

func allow(name string) url.Values { return url.Values{"as": {name}, "answer": {"allow"}} }

// TestConsent_access: who may use which of the routes of games' sites.
func TestConsent_access(t *testing.T) {
	w := newWorld(t, hubtest.NewFile(t))
	const back = "https://alpha.example/back"
	ask := authorize(w.game(t, "Alpha", back), back, "profile")
	people := []struct{ name, token string }{
		{"", ""}, {"ann", w.member(t, "ann", store.Person)}, {"mod", w.member(t, "mod", store.Moderator)}, {"boss", w.member(t, "boss", store.Admin)},
	}
	for _, tt := range []struct {
		method, path string
		status       [2]int // of nobody, of whoever is signed in
	}{
		{"GET", ask, [2]int{303, 200}},
		{"POST", ask, [2]int{401, 303}},
		{"GET", "/account/grants", [2]int{303, 200}},
		{"POST", "/account/grants/revoke", [2]int{401, 303}},
		{"GET", oauth.MetadataPath, [2]int{200, 200}},
		{"GET", oauth.UserPath, [2]int{401, 401}}, // no matter who is signed in: it takes a token
		{"POST", oauth.TokenPath, [2]int{401, 401}},
		{"GET", oauth.TokenPath, [2]int{405, 405}},
		{"POST", oauth.RevokePath, [2]int{401, 401}},
	} {
		for _, who := range people {
			form := allow(who.name)
			form.Set("game", "alpha")
			if tt.method == "GET" {
				form = nil
			}
			want := tt.status[1]
			if who.token == "" {
				want = tt.status[0]
			}
			got := w.send(t, who.token, tt.path, form)
			if got.StatusCode != want {
				t.Errorf("%s %.40s by %q: got %d, want %d", tt.method, tt.path, who.name, got.StatusCode, want)
			}
			if to := got.Header.Get("Location"); who.token == "" && want == 303 && to != "/login?next="+url.QueryEscape(tt.path) {
				t.Errorf("%.40s sends nobody to %s", tt.path, to)
			}
		}
	}
}

// TestConsent: what the page says, and where it leads.
func TestConsent(t *testing.T) {
	w := newWorld(t, hubtest.NewFile(t))
	const back, local = "https://alpha.example/back", "http://localhost:4000/back"
	alpha := w.game(t, "Alpha", back, local)
	ann := w.member(t, "ann", store.Person)
	bob := w.member(t, "bob", store.Person)

	p := w.send(t, ann, authorize(alpha, back, "profile email"), nil)
	p.want(t, 200, "Alpha MUD", `href="/games/Alpha"`, "<strong>ann</strong>", "not verified any", "<strong>alpha.example</strong>", `name="as" value="ann"`) // the first time
	if got := p.Header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("got Cache-Control %q", got)
	}
	check(t, w.store.ConfirmEmail(t.Context(), "ann", "ann@example.org", time.Now()))
	w.send(t, ann, authorize(alpha, back, "profile email"), nil).want(t, 200, "<strong>ann@example.org</strong>") // with an address
	if p := w.send(t, ann, authorize(alpha, back, "profile"), nil); strings.Contains(p.text, "e-mail") || strings.Contains(p.text, "ann@") {
		t.Error("it speaks of an address that nobody has asked for")
	}
	if p := w.send(t, ann, authorize(alpha, back, "email"), nil); strings.Contains(p.text, "your username") {
		t.Error("it speaks of a username that nobody has asked for")
	}
	w.send(t, ann, authorize(alpha, local, "profile"), nil).want(t, 200, "your own machine", "<strong>localhost:4000</strong>") // to the own machine
	veiled, err := w.store.CreateGame(t.Context(), store.Game{ShortName: "Veiled", Name: "Veiled MUD"}, store.LongSecret)
	check(t, err)
	check(t, w.store.AddRedirectURI(t.Context(), "Veiled", back))
	p = w.send(t, ann, authorize(veiled, back, "profile"), nil)
	p.want(t, 200, "Veiled MUD") // a game that is in no list
	if strings.Contains(p.text, "/games/Veiled") {
		t.Error("it leads to a page that is not there")
	}

	ask := authorize(alpha, back, "profile")
	w.send(t, ann, ask, url.Values{"as": {"ann"}}).want(t, 422, "press Allow or Deny") // no answer
	w.send(t, bob, ask, allow("ann")).want(t, 303, oauth.AuthorizePath)                // another's answer
	if all, err := w.store.Grants(t.Context(), ""); err != nil || len(all) > 0 {
		t.Errorf("so far there are the grants %v, %v", all, err)
	}
	w.send(t, ann, ask, allow("ann"), "Sec-Fetch-Site", "cross-site", "Origin", "https://alpha.example").want(t, 403) // an answer from elsewhere
	w.send(t, ann, ask, url.Values{"as": {"ann"}, "answer": {"deny"}}).want(t, 303, back+"?error=access_denied")      // deny
	w.send(t, ann, ask, allow("ann")).want(t, 303, back+"?code=")                                                     // allow

	w.send(t, ann, ask, nil, "Sec-Fetch-Site", "cross-site").want(t, 303, back+"?code=")                                          // the second time
	w.send(t, ann, ask, nil, "Sec-Fetch-Site", "same-origin").want(t, 200, `http-equiv="refresh" content="0; url=`+back+"?code=") // out of the login
	w.send(t, ann, authorize(alpha, back, "profile email"), nil).want(t, 200, "Allow")                                            // more than before
	w.send(t, bob, ask, nil).want(t, 200, "Allow")                                                                                // somebody else
}

// TestConsent_mistake: whoever sends people here with a wrong address. The site hears of it
// only at an address of its own, and after the person has signed in.
func TestConsent_mistake(t *testing.T) {
	w := newWorld(t, hubtest.NewFile(t))
	const back = "https://alpha.example/back"
	alpha := w.game(t, "Alpha", back)
	ann := w.member(t, "ann", store.Person)
	for what, path := range map[string]string{
		"No game has this client id": authorize(store.Credential{ClientID: "none"}, back, "profile"),
		"not one of the game":        authorize(alpha, back+"/elsewhere", "profile"),
		"must give one client_id":    oauth.AuthorizePath,
	} {
		for _, token := range []string{"", ann} {
			p := w.send(t, token, path, nil)
			p.want(t, 400, what)
			if p.Header.Get("Location") != "" || strings.Contains(p.text, "http-equiv") {
				t.Errorf("%s: it leads elsewhere", what)
			}
		}
	}
	wrong := authorize(alpha, back, "everything")
	w.send(t, "", wrong, nil).want(t, 303, "/login?next=")                                         // nobody, with a wrong scope
	w.send(t, ann, wrong, nil, "Sec-Fetch-Site", "none").want(t, 303, back+"?error=invalid_scope") // ann, with a wrong scope
	check(t, w.store.SuspendGame(t.Context(), "Alpha", store.Suspension{Reason: "Floods"}))
	w.send(t, ann, authorize(alpha, back, "profile"), nil).want(t, 400, "The game is suspended.") // a suspended game
}

// TestConsent_policy: the page's policy has the site's origin, and nothing else that stands
// in the address.
func TestConsent_policy(t *testing.T) {
	w := newWorld(t, hubtest.NewFile(t))
	ann := w.member(t, "ann", store.Person)
	uris := map[string]string{ // to what form-action has beside 'self'
		"https://alpha.example/back?x=y":          " https://alpha.example",
		"https://alpha.example:8443/back":         " https://alpha.example:8443",
		"http://127.0.0.1:4000/":                  " http://127.0.0.1:4000",
		"http://[::1]:4000/":                      "",
		"https://b\u00fccher.example/zur\u00fcck": "",
	}
	alpha := w.game(t, "Alpha")
	plain := w.get(t, "/").Header.Get("Content-Security-Policy")
	rest := func(policy string) string { // without the nonce
		_, after, _ := strings.Cut(policy, "; style-src")
		return after
	}
	for uri, origin := range uris {
		check(t, w.store.AddRedirectURI(t.Context(), "Alpha", uri))
		ask := authorize(alpha, uri, "profile")
		got := rest(w.send(t, ann, ask, nil).Header.Get("Content-Security-Policy"))
		if want := strings.Replace(rest(plain), "form-action 'self'", "form-action 'self'"+origin, 1); got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", uri, got, want)
		}
		answer := w.send(t, ann, ask, url.Values{"as": {"ann"}, "answer": {"deny"}})
		if want := 303; origin != "" && answer.StatusCode != want || origin == "" && !strings.Contains(answer.text, `http-equiv="refresh"`) {
			t.Errorf("%s: the answer is %d: %.300s", uri, answer.StatusCode, answer.text)
		}
	}
}

// TestConsent_hostile: an address that would write into the policy is refused when it is added,
// and leads nowhere if the file has it.
func TestConsent_hostile(t *testing.T) {
	w := newWorld(t, hubtest.NewFile(t))
	ann := w.member(t, "ann", store.Person)
	alpha := w.game(t, "Alpha")
	conn, err := sqlite.OpenConn(w.store.Path(), sqlite.OpenReadWrite)
	check(t, err)
	defer conn.Close()
	for _, uri := range []string{"https://a.example;script-src'*'/", "https://a.example,default-src*/", "https://*.example/"} {
		if err := w.store.AddRedirectURI(t.Context(), "Alpha", uri); !errors.Is(err, store.ErrInvalid) {
			t.Errorf("%s: got %v", uri, err)
		}
		check(t, sqlitex.ExecuteTransient(conn, `INSERT INTO redirect_uris (game_id, uri) VALUES (?1, ?2)`, &sqlitex.ExecOptions{Args: []any{alpha.ID, uri}}))
		p := w.send(t, ann, authorize(alpha, uri, "profile"), nil).want(t, 400)
		if policy := p.Header.Get("Content-Security-Policy"); strings.Contains(policy, "example") || strings.Contains(policy, "default-src*") {
			t.Errorf("%s: the policy is %s", uri, policy)
		}
	}
}

// TestGrants: each person sees their own, and ends no other's.
func TestGrants(t *testing.T) {
	w := newWorld(t, hubtest.NewFile(t))
	const back = "https://alpha.example/back"
	alpha := w.game(t, "Alpha", back)
	ann, bob := w.member(t, "ann", store.Person), w.member(t, "bob", store.Admin)
	w.send(t, ann, "/account/grants", nil).want(t, 200, "There is none")                                                    // nothing yet
	w.send(t, ann, authorize(alpha, back, "profile email"), allow("ann")).want(t, 303)                                      // allow
	w.send(t, ann, "/account/grants", nil).want(t, 200, "Alpha MUD", "your username and your e-mail address", "never used") // ann's
	w.send(t, bob, "/account/grants", nil).want(t, 200, "There is none")                                                    // bob's
	w.send(t, bob, "/account/grants/revoke", url.Values{"game": {"Alpha"}}).want(t, 404)                                    // another's
	w.send(t, ann, "/account/grants/revoke", url.Values{"game": {""}}).want(t, 404)                                         // no game
	w.send(t, ann, "/account/grants/revoke", url.Values{"game": {"Alpha"}}, "Sec-Fetch-Site", "cross-site").want(t, 403)    // from elsewhere
	w.send(t, ann, "/account/grants/revoke", url.Values{"game": {"Alpha"}}).want(t, 303, "/account/grants")                 // her own
	w.send(t, ann, "/account/grants", nil).want(t, 200, "There is none", "has no way to ask about you")                     // afterwards
	all, err := w.store.Audit(t.Context(), store.AuditQuery{Limit: 1})
	check(t, err)
	if len(all) != 1 || all[0].Actor != "ann" || all[0].Subject != "ann at Alpha" {
		t.Errorf("the audit log has %+v", all)
	}
}

// TestMetadata: it tells of the addresses as the request came, and each of them answers.
func TestMetadata(t *testing.T) {
	w := newWorld(t, hubtest.NewFile(t))
	var m map[string]any
	check(t, json.Unmarshal([]byte(w.get(t, oauth.MetadataPath).text), &m))
	if m["issuer"] != w.URL {
		t.Errorf("the issuer is %v, want %s", m["issuer"], w.URL)
	}
	for name, status := range map[string]int{"authorization_endpoint": 400, "token_endpoint": 405, "revocation_endpoint": 405, "userinfo_endpoint": 401} {
		path := strings.TrimPrefix(m[name].(string), w.URL)
		if got := w.get(t, path); got.StatusCode != status {
			t.Errorf("%s: %s answers %d, want %d", name, path, got.StatusCode, status)
		}
	}
}

// TestToken_otherSites: scripts of any site may ask for tokens, because nobody is known by a cookie
// there; the person's answer is taken from our own page alone.
func TestToken_otherSites(t *testing.T) {
	w := newWorld(t, hubtest.NewFile(t))
	foreign := []string{"Origin", "https://alpha.example", "Sec-Fetch-Site", "cross-site"}
	ask := func(path string) reply {
		t.Helper()
		r := request(t, w.URL+path)
		r.Method = http.MethodOptions
		r.Header.Set("Origin", "https://alpha.example")
		r.Header.Set("Access-Control-Request-Method", "POST")
		return w.do(t, r)
	}
	for path, method := range map[string]string{
		oauth.TokenPath: "POST", oauth.RevokePath: "POST", oauth.UserPath: "GET, HEAD", oauth.MetadataPath: "GET, HEAD",
	} {
		got := ask(path).want(t, http.StatusNoContent)
		if h := got.Header; h.Get("Access-Control-Allow-Origin") != "*" || h.Get("Access-Control-Allow-Methods") != method ||
			h.Get("Access-Control-Allow-Headers") != "Authorization, Content-Type" || h.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%s: got %v", path, h)
		}
	}
	for _, path := range []string{oauth.TokenPath, oauth.RevokePath} {
		got := w.send(t, "", path, url.Values{"client_id": {"x"}, "client_secret": {"y"}, "grant_type": {"refresh_token"}}, foreign...)
		if got.want(t, http.StatusUnauthorized, "invalid_client").Header.Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s: another site cannot read the answer", path)
		}
	}
	for _, path := range []string{oauth.AuthorizePath, "/sign-up", "/login"} {
		got := w.send(t, "", path, url.Values{"allow": {"1"}}, foreign...).want(t, http.StatusForbidden)
		if got.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: another site can read the answer", path)
		}
	}
}
