package admin_test

import (
	"html"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"hearsay/admin"
	"hearsay/hub/store"
)

// TestClients_readme: the README lists the clients that have snippets, and says the same of
// each.
func TestClients_readme(t *testing.T) {
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(string(text), "| client | for | how it takes the address |\n|---|---|---|\n")
	table, _, _ = strings.Cut(table, "\n\n")
	var want []string
	for _, c := range admin.Clients() {
		want = append(want, "| "+c.Name+" | "+c.For+" | "+c.Address+" |")
	}
	if !found || table != strings.Join(want, "\n") {
		t.Errorf("the README has\n%s\nwant\n%s", table, strings.Join(want, "\n"))
	}
	if len(want) != 20 {
		t.Errorf("there are %d clients, want 20", len(want))
	}
}

var code = regexp.MustCompile(`(?s)<summary>(.*?)</summary>.*?<pre><code id="snippet-\d+">(.*?)</code></pre>`)

// TestSnippets: the page of the credentials has what each client wants, filled in, with a
// button that copies it.
func TestSnippets(t *testing.T) {
	s := newSite(t)
	b := s.signedIn(t, store.Admin)
	b.post(t, "/admin/new/game", "short_name", "Alpha", "name", "Alpha MUD").want(t, http.StatusSeeOther)
	p := b.get(t, "/admin/games/Alpha/secret").want(t, http.StatusOK)
	g, err := s.Store.Game(t.Context(), "Alpha")
	if err != nil {
		t.Fatal(err)
	}
	socket := strings.Replace(s.URL, "http", "ws", 1) + "/socket"
	snippets := map[string]string{}
	for _, found := range code.FindAllStringSubmatch(p.text, -1) {
		name, _, _ := strings.Cut(strings.TrimSpace(found[1]), "<")
		snippets[strings.TrimSpace(html.UnescapeString(name))] = html.UnescapeString(found[2])
	}
	if got := strings.Count(p.text, "data-copy="); got != 22 || len(snippets) != got {
		t.Errorf("there are %d snippets and %d buttons, want 22", len(snippets), got)
	}
	for name, text := range snippets {
		if !strings.Contains(text, g.ClientID) || !strings.Contains(text, socket) || regexp.MustCompile(`\{(id|secret|socket|game)\}`).MatchString(text) {
			t.Errorf("%s is not filled in: %s", name, text)
		}
	}
	for name, texts := range map[string][]string{
		"Ranvier bundle":               {`"gossip": {`, `"clientId": "` + g.ClientID, `"clientSecret": "`},
		"Pinwheel":                     {`"grapevine": {`, `"clientId": "` + g.ClientID, `"clientSecret": "`},
		"gossiphaus":                   {`"channels": ["gossip"]`, `"client_id"`},
		"grapevinejs":                  {`"channels": ["gossip"]`, `"client_id"`},
		"Evennia":                      {"grapevine2chan public = gossip", `GRAPEVINE_URI = "` + socket},
		"Dark Pawns":                   {"GRAPEVINE_MODE=full"},
		"World of Pain snippet":        {`#define GVGAME "Alpha"`},
		"SMAUG and Maelstrom snippets": {`libwsclient_new("` + socket},
		"CoffeeMud":                    {"GVCLIENTID=" + g.ClientID},
	} {
		for _, want := range texts {
			if !strings.Contains(snippets[name], want) {
				t.Errorf("%s lacks %s: %s", name, want, snippets[name])
			}
		}
	}
	p.want(t, http.StatusOK, "evennia reboot", "game rotate Alpha --uuid-secret")
}
