package admin_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"hearsay/hub/store"
)

// links are the attributes with which a page leads elsewhere, or loads something.
var links = regexp.MustCompile(`(method="post")?\s(href|src|action)="([^"]*)"`)

// foreign are the schemes of links that lead out of the hub.
var foreign = []string{"http", "https", "telnet", "telnets", "mailto"}

// TestLinks looks at every link of every page that an admin can reach: it leads to something
// that is there, or has a scheme that browsers may be handed.
func TestLinks(t *testing.T) {
	s := newSite(t)
	furnish(t, s)
	for _, c := range []store.Connection{
		{Type: "secure telnet", Host: "alpha.example", Port: 4443},
		{Type: "telnet", Host: "2001:db8::2", Port: 4000},
	} {
		if _, err := s.Store.AddConnection(t.Context(), "Alpha", c); err != nil {
			t.Fatal(err)
		}
	}
	b, nobody := s.as(t, "admin"), s.browser(t)
	waiting := []string{"/", "/sitemap.xml"}
	for _, path := range tour {
		if path != "" {
			waiting = append(waiting, path)
		}
	}
	seen, out := map[string]bool{}, map[string]bool{}
	for len(waiting) > 0 {
		path := waiting[0]
		waiting = waiting[1:]
		if seen[shape(path)] {
			continue
		}
		seen[shape(path)] = true
		p := b.get(t, path)
		if p.StatusCode >= http.StatusBadRequest && !dead(path) {
			t.Errorf("%s answers %s", path, p.Status)
		}
		if !strings.HasPrefix(p.Header.Get("Content-Type"), "text/html") {
			continue
		}
		for _, link := range links.FindAllStringSubmatch(p.text, -1) {
			to := html.UnescapeString(link[3])
			u, err := p.Request.URL.Parse(to)
			switch {
			case err != nil:
				t.Errorf("%s: %s cannot be read: %v", path, link[0], err)
			case link[2] == "src" && strings.HasPrefix(to, "data:image/png;base64,"):
			case u.Host != p.Request.URL.Host || u.Scheme != p.Request.URL.Scheme:
				if !slices.Contains(foreign, u.Scheme) || u.Host == "" {
					t.Errorf("%s: %s leads nowhere", path, link[0])
				}
				out[to] = true
			case link[1] != "":
				if key := "POST " + u.Path; !seen[key] && !dead(u.Path) {
					seen[key] = true
					if nobody.post(t, u.Path).StatusCode == http.StatusNotFound {
						t.Errorf("%s: nothing takes the form's %s", path, link[0])
					}
				}
			default:
				waiting = append(waiting, u.RequestURI())
			}
		}
	}
	for _, want := range []string{
		"https://alpha.example/play", "telnet://alpha.example:4000", "telnets://alpha.example:4443", "telnet://[2001:db8::2]:4000", "https://alpha.example",
	} {
		if !out[want] {
			t.Errorf("no page leads to %s", want)
		}
	}
	if len(seen) < 100 {
		t.Errorf("looked at %d pages and forms only", len(seen))
	}
}

// dead says of a page that it is only there once.
func dead(path string) bool {
	return strings.HasPrefix(path, "/email/") || strings.HasSuffix(path, "/secret")
}

// shape is a path with the names of its parameters: pages that differ in their values
// alone are looked at once.
func shape(path string) string {
	u, err := url.Parse(path)
	if err != nil {
		return path
	}
	names := []string{u.Path}
	for name := range u.Query() {
		names = append(names, name)
	}
	slices.Sort(names[1:])
	return strings.Join(names, " ")
}
