package admin_test

import (
	"html"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"hearsay/admin"
	"hearsay/hub"
	"hearsay/hub/hubtest"
	"hearsay/hub/site/oauth"
	"hearsay/hub/wire"
)

// TestDocs: the page has all of the tables, and this hub's own settings.
func TestDocs(t *testing.T) {
	s := newSite(t)
	hubtest.Eventually(t, "the settings", func() bool { return s.Hub.Limits().Events == hub.DefaultLimits().Events })
	got := s.browser(t).get(t, "/docs").want(t, http.StatusOK, `<link rel="canonical" href="`+s.URL+`/docs"`, `property="og:title"`, "ws://"+strings.TrimPrefix(s.URL, "http://")+"/socket",
		s.URL+oauth.AuthorizePath+"?response_type=code", "curl "+s.URL+oauth.TokenPath, "curl "+s.URL+oauth.UserPath,
		">GET "+oauth.AuthorizePath+"<", ">POST "+oauth.TokenPath+"<", ">POST "+oauth.RevokePath+"<", ">GET "+oauth.UserPath+"<", ">GET "+oauth.MetadataPath+"<",
		"100 at once, then 20 a second", "2\u202f000 characters", "one each 15 minutes", `&#34;to_game&#34;: &#34;Hearsay&#34;`)
	text := got.text
	for _, e := range wire.Events {
		if n := strings.Count(text, `<h3 id="event-`+strings.ReplaceAll(e.Name, "/", "-")+`"`); n != 1 {
			t.Errorf("%s has %d sections", e.Name, n)
		}
	}
	for _, f := range wire.Flags {
		if !strings.Contains(text, html.EscapeString(f.About)) {
			t.Errorf("the flag %s is missing", f.Name)
		}
	}
	for _, c := range wire.Closes {
		if !strings.Contains(text, html.EscapeString(c.About)) {
			t.Errorf("the close code %d is missing", c.Code)
		}
	}
	ids := map[string]bool{}
	for _, m := range regexp.MustCompile(` id="([^"]*)"`).FindAllStringSubmatch(text, -1) {
		if ids[m[1]] {
			t.Errorf("the id %s is there twice", m[1])
		}
		ids[m[1]] = true
	}
	for _, m := range regexp.MustCompile(` href="#([^"]*)"`).FindAllStringSubmatch(text, -1) {
		if !ids[m[1]] {
			t.Errorf("a link leads to #%s, which is not there", m[1])
		}
	}
	for _, word := range []string{"CHANNEL", "PLAYER", "OTHER_GAME", ">HUB", "`"} {
		if strings.Contains(text, word) {
			t.Errorf("%s is left on the page", word)
		}
	}
}

// TestDocs_limits: limits are those of the hub, not the default.
func TestDocs_limits(t *testing.T) {
	s := newSite(t, func(o *admin.Options) {
		l := hub.DefaultLimits()
		l.Sends, l.MaxText, l.Sockets = hub.Rate{Burst: 7, PerSecond: 0.5}, 777, 0
		h, err := hub.New(t.Context(), o.Store, hub.Options{Name: "Nexus", Limits: &l})
		if err != nil {
			t.Fatal(err)
		}
		o.Hub = h
		t.Cleanup(func() { h.Shutdown(t.Context(), 0) })
	})
	s.browser(t).get(t, "/docs").want(t, http.StatusOK, "7 at once, then 0.5 a second", "777 characters", "no limit", "system at Nexus")
	s.browser(t).get(t, "/").want(t, http.StatusOK, `href="/docs"`)
}
