package site_test

import (
	"bufio"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"hearsay/hub/hubtest"
	"hearsay/hub/store"
)

// TestCharacters_access: everybody who is signed in has a page of their own characters, and
// nobody decides about another's, whatever their role.
func TestCharacters_access(t *testing.T) {
	w := newWorld(t, hubtest.NewFile(t))
	w.furnish(t)
	w.person(t, "Paul")
	_, err := w.store.InviteUser(t.Context(), store.User{Username: "Mod", Role: store.Moderator})
	check(t, err)
	for _, path := range []string{"/characters", "/characters/1/withdraw"} {
		w.as(t, "", "GET", path).want(t, http.StatusSeeOther, "/login?next=%2Fcharacters")
	}
	for _, verb := range []string{"approve", "deny", "withdraw"} {
		for id, name := range map[string]string{"1": "Ann, who is approved", "2": "Bob, who waits"} {
			path := "/characters/" + id + "/" + verb
			w.as(t, "", "POST", path).want(t, http.StatusUnauthorized, "signed out")
			for _, username := range []string{"Paul", "Mod", "Olga"} { // she is an admin, and owns the game
				if p := w.as(t, username, "POST", path); p.StatusCode != http.StatusNotFound {
					t.Errorf("%s of %s by %s: status %d", verb, name, username, p.StatusCode)
				}
				if p := w.as(t, username, "GET", "/characters/"+id+"/withdraw"); p.StatusCode != http.StatusNotFound {
					t.Errorf("%s asks for the withdrawal of %s: status %d", username, name, p.StatusCode)
				}
			}
		}
	}
	for _, username := range []string{"Paul", "Mod", "Olga"} {
		p := w.as(t, username, "GET", "/characters").want(t, http.StatusOK, "None yet.", "register", "/people/"+username)
		if strings.Contains(p.text, "Ann") || strings.Contains(p.text, "Bob") {
			t.Errorf("%s sees another's characters", username)
		}
	}
	p := w.as(t, "Petra", "GET", "/characters")
	p.want(t, http.StatusOK, "Is that you?", "/characters/2/approve", "/characters/2/deny", "/characters/1/withdraw", "It is a monster of the game", "withdrawn,", "denied,",
		"Masked", "tell system@Hearsay register ")
	if got := p.Header.Get("Cache-Control"); got != "no-store, no-transform" {
		t.Errorf("caches may keep it: %s", got)
	}
	for _, path := range []string{"/characters/999/approve", "/characters/-1/deny", "/characters/x/withdraw"} {
		w.as(t, "Petra", "POST", path).want(t, http.StatusNotFound, "is not there")
	}
}

// What a person decides, and what they are told when it is too late.
func TestCharacters_decided(t *testing.T) {
	w := newWorld(t, hubtest.NewFile(t))
	w.furnish(t)
	c := w.session(t, "Petra")
	for _, test := range []struct{ path, want string }{
		{"/characters/2/approve", "Bob of Alpha, a world of its own is approved"},
		{"/characters/2/approve", "is approved"}, // pressed twice
		{"/characters/2/deny", "The state of Bob@Alpha is approved; withdraw it instead."},
		{"/characters/2/withdraw", "Bob of Alpha, a world of its own is withdrawn."},
		{"/characters/2/approve", "The state of Bob@Alpha is withdrawn; it can be registered anew"},
		{"/characters/3/withdraw", "The state of Ghost@Alpha is vetoed; only the game&#39;s owner can lift that."},
	} {
		r := request(t, w.URL+test.path)
		r.Method = http.MethodPost
		r.AddCookie(c)
		w.do(t, r).want(t, http.StatusSeeOther, "/characters")
		r = request(t, w.URL+"/characters")
		r.AddCookie(c)
		w.do(t, r).want(t, http.StatusOK, test.want)
	}
	if p := w.get(t, "/people/Petra"); strings.Contains(p.text, "Bob") {
		t.Error("a character that is withdrawn stands on the profile")
	}
	w.as(t, "Petra", "GET", "/characters/2/withdraw").want(t, http.StatusNotFound)
	w.as(t, "Petra", "GET", "/characters/1/withdraw").want(t, http.StatusOK, "Withdraw Ann of Alpha", `action="/characters/1/withdraw"`)
}

// TestCharacters_live: what comes is of who is signed in, whatever the address says, until
// they may not sign in any more.
func TestCharacters_live(t *testing.T) {
	t.Parallel() // most of the time is waiting
	w := newWorld(t, hubtest.NewFile(t))
	w.furnish(t)
	paul := w.person(t, "Paul")
	petra, err := w.store.User(t.Context(), "Petra")
	check(t, err)
	w.as(t, "", "GET", "/live/characters").want(t, http.StatusForbidden)

	r := request(t, fmt.Sprintf("%s/live/characters?user=%d", w.URL, petra.ID))
	r.AddCookie(w.session(t, "Paul"))
	answer, err := http.DefaultTransport.RoundTrip(r)
	check(t, err)
	defer answer.Body.Close()
	lines := bufio.NewScanner(answer.Body)
	until := func(text string) {
		t.Helper()
		for lines.Scan() {
			for _, name := range []string{"Bob", "Ghost", "Masked", "Late"} {
				if strings.Contains(lines.Text(), name) {
					t.Fatalf("Paul hears of %s: %s", name, lines.Text())
				}
			}
			if strings.Contains(lines.Text(), text) {
				return
			}
		}
		t.Fatalf("never %q: %v", text, lines.Err())
	}
	until("None yet.")
	key, err := w.store.RegistrationKey(t.Context(), paul.ID, time.Now())
	check(t, err)
	until("tell system@Hearsay register " + key.Key)
	alpha, err := w.store.Game(t.Context(), "Alpha")
	check(t, err)
	w.register(t, paul, alpha.ID, "Zed")
	until("Approve Zed of Alpha")
	next, err := w.store.RegistrationKey(t.Context(), paul.ID, time.Now())
	check(t, err)
	until(next.Key)
	check(t, w.store.BanUser(t.Context(), "Paul", store.Ban{Reason: "rude"}))
	w.register(t, paul, alpha.ID, "Late") // the game knows the key
	until("You are signed out.")
}

// A profile is there for as long as its person may sign in.
func TestPerson_banned(t *testing.T) {
	w := newWorld(t, hubtest.NewFile(t))
	w.furnish(t)
	w.get(t, "/people/PETRA").want(t, http.StatusMovedPermanently, "/people/Petra")
	nobody := w.get(t, "/people/Nobody").want(t, http.StatusNotFound)
	check(t, w.store.BanUser(t.Context(), "Petra", store.Ban{Reason: "Shouts"}))
	_, err := w.store.SignUp(t.Context(), store.SignUp{Mode: store.SignUpApproval, Username: "Waits", Password: "correct horse"}, time.Now())
	check(t, err)
	for _, username := range []string{"Petra", "petra", "Waits"} {
		p := w.get(t, "/people/"+username).want(t, http.StatusNotFound)
		if got, want := strings.ReplaceAll(plainly(p.text), username, "?"), strings.ReplaceAll(plainly(nobody.text), "Nobody", "?"); got != want {
			t.Errorf("%s: the page tells them from nobody: %s", username, got)
		}
	}
	if p := w.get(t, "/sitemap.xml"); strings.Contains(p.text, "/people/") {
		t.Errorf("the map has who is banned: %s", p.text)
	}
}

// plainly is the content of a page.
func plainly(text string) string {
	_, text, _ = strings.Cut(text, "<main")
	text, _, _ = strings.Cut(text, "</main>")
	return text
}
