package admin_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"hearsay/hub/store"
)

func TestMessages(t *testing.T) {
	s := newSite(t)
	b := s.signedIn(t, store.Moderator)
	b.get(t, "/admin/messages").want(t, http.StatusOK, "Nothing has been said yet")
	s.say(t, 1, "Alpha", "Ann", "Hello <b>dragons</b>")
	s.say(t, 2, "Beta", "Bob", "=hello & goodbye")
	s.say(t, 1, "Alpha", "Ann Marie", "goodbye")
	for _, test := range []struct {
		query         string
		want, without []string
	}{
		{"", []string{"Ann", "Bob", "goodbye", "Hello &lt;b&gt;dragons&lt;/b&gt;"}, []string{"Clear", "Older", "Newest"}},
		{"words=hello", []string{"dragons", "=hello", `value="hello"`, "Clear", `export?format=csv&amp;words=hello"`}, []string{"Ann Marie"}},
		{"words=%22hello+dragons%22", []string{"dragons"}, []string{"=hello"}},
		{"words=drag*&channel=gossip", []string{"dragons", `<option value="gossip" selected`}, []string{"=hello"}},
		{"player=ann", []string{"dragons", "Ann Marie"}, []string{"=hello"}},
		{"game=beta", []string{"=hello"}, []string{"dragons"}},
		{"words=nothing", []string{"Nothing was found."}, []string{"dragons", "Export"}},
		{"from=2020-01-01T00:00&until=2020-01-02T00:00", []string{"Nothing was found.", `value="2020-01-01T00:00"`}, []string{"dragons"}},
		{"words=!", []string{"Give at least one letter or digit", `aria-invalid="true"`}, []string{"dragons", "Nothing was found."}},
		{"from=yesterday", []string{"is no moment; write it as 2026-12-24T18:00.", `value="yesterday"`}, []string{"dragons"}},
		{"channel=nowhere", []string{"There is no channel"}, []string{"dragons"}},
		{"before=3", []string{"dragons", "=hello", "Newest", "Newer"}, []string{"Ann Marie", "Older"}},
		{"after=1&words=hello", []string{"=hello", "Older", `/admin/messages?words=hello"`}, []string{"dragons", "Newer"}},
		{"before=x&after=-1", []string{"dragons"}, []string{"Newest"}},
	} {
		got := b.get(t, "/admin/messages?"+test.query).want(t, http.StatusOK, test.want...)
		for _, text := range test.without {
			if strings.Contains(got.text, text) {
				t.Errorf("%s: has %q", test.query, text)
			}
		}
	}
}

// What is hidden is found, and marked.
func TestMessages_hidden(t *testing.T) {
	s := newSite(t)
	b := s.signedIn(t, store.Moderator)
	id := s.say(t, 1, "Alpha", "Ann", "darn it")
	for _, path := range []string{"/admin/messages?words=darn", "/admin/channels/gossip"} {
		if text := b.get(t, path).want(t, http.StatusOK, "darn it", fmt.Sprintf("/admin/messages/%d", id)).text; strings.Contains(text, `mark warn">hidden`) {
			t.Errorf("%s: hidden too soon", path)
		}
	}
	if err := s.Store.HideMessage(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/admin/messages?words=darn", "/admin/channels/gossip"} {
		b.get(t, path).want(t, http.StatusOK, "darn it", `mark warn">hidden`)
	}
	b.get(t, fmt.Sprintf("/admin/messages/%d", id)).want(t, http.StatusOK, fmt.Sprintf("/admin/channels/gossip?at=%d#m%d", id, id), "/admin/messages?game=Alpha&amp;player=Ann")
}

var address = regexp.MustCompile(`href="([^"]*)" rel="(?:next|prev)">(Older|Newer)<`)

// beside are the addresses of the older and the newer part.
func (p page) beside() map[string]string {
	all := map[string]string{}
	for _, m := range address.FindAllStringSubmatch(p.text, -1) {
		all[m[2]] = strings.ReplaceAll(m[1], "&amp;", "&")
	}
	return all
}

// Whoever goes to the old end and back again reads everything twice.
func TestMessages_pages(t *testing.T) {
	s := newSite(t)
	b := s.signedIn(t, store.Moderator)
	for i := range 130 {
		s.say(t, store.ChannelID(1+i%13/12), "Alpha", "Ann", fmt.Sprintf("number %d.", i)) // each thirteenth elsewhere
	}
	for _, path := range []string{"/admin/channels/gossip", "/admin/messages?channel=gossip&words=number"} {
		var pages []string
		for at := path; at != ""; {
			p := b.get(t, at).want(t, http.StatusOK)
			pages = append(pages, p.text)
			at = p.beside()["Older"]
		}
		at := path
		for range len(pages) - 1 {
			at = b.get(t, at).beside()["Older"]
		}
		var back []string
		for at != "" {
			p := b.get(t, at).want(t, http.StatusOK)
			back = append(back, p.text)
			at = p.beside()["Newer"]
		}
		if len(pages) != 3 || len(back) != 3 {
			t.Fatalf("%s: %d pages there and %d back, want 3", path, len(pages), len(back))
		}
		for _, all := range []string{strings.Join(pages, ""), strings.Join(back, "")} {
			for i := range 130 {
				if got, want := strings.Count(all, fmt.Sprintf(">number %d.<", i)), 1-i%13/12; got != want {
					t.Errorf("%s: message %d is there %d times, want %d", path, i, got, want)
				}
			}
		}
	}
	b.get(t, "/admin/channels/gossip?before=1").want(t, http.StatusOK, "Nothing yet.", "Newest")
}

func TestMessages_export(t *testing.T) {
	s := newSite(t)
	b := s.signedIn(t, store.Moderator)
	for i := range 1200 {
		s.say(t, 1, "Alpha", "Ann", fmt.Sprintf("=%d of many", i))
	}
	s.say(t, 2, "Beta", "Bob", "one")
	got := b.get(t, "/admin/messages/export?format=csv&words=many&from=2020-01-01T00:00").want(t, http.StatusOK)
	lines, err := csv.NewReader(strings.NewReader(got.text)).ReadAll()
	if err != nil || len(lines) != 1201 || lines[1200][5] != "'=1199 of many" {
		t.Errorf("got %d lines, %v", len(lines), err)
	}
	name := `attachment; filename="messages-` + time.Now().UTC().Format("2006-01-02")
	if got.Header.Get("Content-Type") != "text/csv; charset=utf-8" || got.Header.Get("Content-Disposition") != name+`.csv"` {
		t.Errorf("got the headers %v", got.Header)
	}
	got = b.get(t, "/admin/messages/export?format=json&channel=testing").want(t, http.StatusOK)
	var all []store.Found
	if err := json.Unmarshal([]byte(got.text), &all); err != nil || len(all) != 1 || all[0].Text != "one" || all[0].ChannelName != "testing" {
		t.Errorf("got %s, %v", got.text, err)
	}
	for _, query := range []string{"format=xml", "", "format=csv&words=!", "format=json&from=now", "format=csv&channel=nowhere"} {
		got := b.get(t, "/admin/messages/export?"+query).want(t, http.StatusUnprocessableEntity, "That will not do")
		if got.Header.Get("Content-Disposition") != "" || got.Header.Get("Content-Type") != "text/html; charset=utf-8" {
			t.Errorf("%s: got the headers %v", query, got.Header)
		}
	}
}

// TestMessages_hit: what a search finds stands in the middle of what was said around it, marked.
func TestMessages_hit(t *testing.T) {
	s := newSite(t)
	var hit store.MessageID
	for i := range 120 {
		text := "And so on"
		if i == 60 {
			text = "The lantern!"
		}
		if id := s.say(t, 1, "Alpha", "Ann", text); i == 60 {
			hit = id
		}
	}
	b := s.signedIn(t, store.Moderator)
	path := fmt.Sprintf("/admin/channels/gossip?at=%d", hit)
	b.get(t, "/admin/messages?words=lantern").want(t, http.StatusOK, fmt.Sprintf(`href="%s#m%d"`, path, hit))
	text := b.get(t, path).want(t, http.StatusOK, fmt.Sprintf("/admin/channels/gossip?after=%d\"", hit+25), fmt.Sprintf("/admin/channels/gossip?before=%d\"", hit-24)).text
	before, after, there := strings.Cut(text, fmt.Sprintf(`<li id="m%d" class="hit" aria-current="true">`, hit))
	if n, m := strings.Count(before, `<li id="m`), strings.Count(after, `<li id="m`); !there || n != 25 || m != 24 {
		t.Errorf("%d rows before the hit and %d after it, marked: %v", n, m, there)
	}
	b.get(t, fmt.Sprintf("/admin/channels/gossip?at=%d", hit+59)).want(t, http.StatusOK, ` class="hit"`, "Newest", "Older")
}
