package admin_test

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"hearsay/hub/hubtest"
	"hearsay/hub/store"
	"hearsay/hub/wire"
)

// An owner has the pages of the own game, without what is for operators alone.
func TestOwner(t *testing.T) {
	s := newSite(t)
	b := s.signedInAs(t, "olivia", store.Person)
	b.get(t, "/admin/mine").want(t, http.StatusOK, "You answer for no game")
	s.give(t, "Alpha", "olivia")
	s.give(t, "Beta", "")
	if text := b.get(t, "/admin/mine").want(t, http.StatusOK, "Alpha MUD", `href="/admin/mine"`).text; strings.Contains(text, "Beta") ||
		strings.Contains(text, "Dashboard") || strings.Contains(text, `href="/admin/games"`) {
		t.Errorf("an owner sees too much: %s", text)
	}
	text := b.get(t, "/admin/games/alpha").want(t, http.StatusOK, "Alpha MUD", "My games").text
	for _, not := range []string{"/suspend", "/remove\" class=\"narrow\"", `href="/admin/console`} {
		if strings.Contains(text, not) {
			t.Errorf("an owner is shown %q", not)
		}
	}

	b.get(t, "/admin/games/Alpha/edit").want(t, http.StatusOK, "Tagline")
	b.post(t, "/admin/games/Alpha/edit", "name", "Alpha", "tagline", "Tea", "owner", "person", "display", "on").
		want(t, http.StatusSeeOther, "/admin/games/Alpha?version=")
	g, err := s.Store.Game(t.Context(), "Alpha")
	if err != nil || g.Owner != "olivia" || g.Tagline != "Tea" {
		t.Errorf("got %+v, %v", g, err)
	}
	if got := s.ask(t, `SELECT actor FROM audit WHERE action = 'game edit' ORDER BY id DESC LIMIT 1`); len(got) != 1 || got[0] != "olivia" {
		t.Errorf("it is on record as of %q", got)
	}

	at := b.post(t, "/admin/games/Alpha/rotate").want(t, http.StatusSeeOther, "/admin/games/Alpha/secret").Header.Get("Location")
	b.get(t, at).want(t, http.StatusOK, "Keep the secret now", "My games")
	b.post(t, "/admin/secret").want(t, http.StatusSeeOther, "/admin/games/Alpha")
	b.get(t, "/admin/games/Alpha/secret").want(t, http.StatusSeeOther, "/admin/mine")

	nobody := ""
	if err := s.Store.UpdateGame(t.Context(), "Alpha", store.GameEdit{Owner: &nobody}); err != nil {
		t.Fatal(err)
	}
	b.get(t, "/admin/games/Alpha").want(t, http.StatusNotFound)
}

// A moderator who owns a game has its pages, too, and no others.
func TestOwner_moderator(t *testing.T) {
	s := newSite(t)
	b := s.signedIn(t, store.Moderator)
	s.give(t, "Alpha", "moderator")
	s.give(t, "Beta", "")
	b.get(t, "/admin/mine").want(t, http.StatusOK, "Alpha MUD", "Dashboard")
	b.get(t, "/admin/games/Alpha").want(t, http.StatusOK, "Alpha MUD")
	b.get(t, "/admin/games/Beta").want(t, http.StatusNotFound)
	b.post(t, "/admin/games/Alpha/suspend").want(t, http.StatusForbidden)
}

// Where a login leads those who are no operators.
func TestOwner_login(t *testing.T) {
	s := newSite(t)
	s.user(t, store.Person)
	for next, want := range map[string]string{
		"/admin/mine": "/admin/mine", "/admin/games/Alpha/ignores": "/admin/games/Alpha/ignores", "/admin/people": "/", "/admin": "/", "/admin/games": "/",
	} {
		got := s.browser(t).post(t, "/login", "username", "person", "password", password, "next", next).Header.Get("Location")
		if got != want {
			t.Errorf("a login for %s leads to %s, want %s", next, got, want)
		}
	}
}

// The doctor of a game has news for its owner as long as that is who listens, and none of
// those who fail with credentials of nobody.
func TestOwner_live(t *testing.T) {
	s := newSite(t)
	b := s.signedInAs(t, "olivia", store.Person)
	s.give(t, "Alpha", "olivia")
	s.give(t, "Beta", "")
	socket, err := hubtest.Dial(t.Context(), strings.Replace(s.URL, "http", "ws", 1)+"/socket")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { socket.Conn.CloseNow() })
	if err := socket.Authenticate(t.Context(), store.Credential{ClientID: "f9d84dca-4e4c-4d7c-a3fe-5b0dd1b3fdd0", Secret: "x"}, nil); err == nil {
		t.Fatal("nobody's credentials are taken")
	}
	const strangers = "no client id of this hub"
	if text := b.get(t, "/admin/games/Alpha/doctor").want(t, http.StatusOK, "/admin/games/Alpha/live/doctor?").text; strings.Contains(text, strangers) {
		t.Error("an owner is shown who else fails")
	}
	s.signedIn(t, store.Admin).get(t, "/admin/games/Alpha/doctor").want(t, http.StatusOK, "/admin/live/doctor?", strangers)

	b.get(t, "/admin/live/doctor?kind=game&name=Alpha").want(t, http.StatusForbidden)
	b.get(t, "/admin/games/Beta/live/doctor").want(t, http.StatusNotFound)
	b.get(t, "/admin/games/Beta/live/doctor?name=Alpha").want(t, http.StatusNotFound)
	live := b.stream(t, "/admin/games/Alpha/live/doctor?name=Beta&kind=application")
	defer live.Body.Close()
	part := make([]byte, 1<<16)
	n, err := live.Body.Read(part)
	if err != nil || strings.Contains(string(part[:n]), strangers) || strings.Contains(string(part[:n]), "Beta") {
		t.Errorf("got %q, %v", part[:n], err)
	}
}

func TestIgnores(t *testing.T) {
	s := newSite(t)
	b := s.signedInAs(t, "olivia", store.Person)
	s.give(t, "Alpha", "olivia")
	s.give(t, "Beta", "")
	const path = "/admin/games/Alpha/ignores"
	b.get(t, path).want(t, http.StatusOK, "The game hears everybody")
	for pattern, why := range map[string]string{
		"": "is missing", "*@*": "", "Bob@Alpha": "is of the game itself", "Bob@Nowhere": "Nowhere", "Bob": "",
	} {
		b.post(t, path, "pattern", pattern).want(t, http.StatusUnprocessableEntity, `role="alert"`, why)
	}
	b.post(t, path, "pattern", "Bob@beta").want(t, http.StatusSeeOther, path)
	b.get(t, path).want(t, http.StatusOK, "Alpha does not hear Bob@", "olivia")
	b.post(t, path, "pattern", "bob@BETA").want(t, http.StatusUnprocessableEntity, "ignores")
	b.post(t, path+"/remove", "pattern", "bob@BETA").want(t, http.StatusSeeOther, path)
	b.post(t, path+"/remove", "pattern", "bob@BETA").want(t, http.StatusNotFound)
	b.get(t, path).want(t, http.StatusOK, "The game hears everybody")
	if got := s.ask(t, `SELECT action FROM audit WHERE actor = 'olivia' ORDER BY id`); strings.Join(got, ", ") != "ignore add, ignore remove" {
		t.Errorf("on record is %q", got)
	}
}

// An owner looks after the own game: an edit is a frame at an application, a new secret
// cuts nothing off, and whom the game ignores it does not hear.
func TestOwner_inBrowser(t *testing.T) {
	t.Parallel() // most of the time is waiting
	s := newSite(t)
	if _, err := s.Store.CreateUser(t.Context(), store.User{Username: "olivia", Role: store.Person}, password); err != nil {
		t.Fatal(err)
	}
	alpha := connect(t, s, s.give(t, "Alpha", "olivia"), "Ann")
	beta := connect(t, s, s.give(t, "Beta", ""), "Bob", "Mallory")
	c, err := s.Store.CreateApplication(t.Context(), store.Application{ShortName: "Site", Name: "Site", SyncForm: "versions"}, store.LongSecret)
	if err != nil {
		t.Fatal(err)
	}
	application := connect(t, s, c)
	if f, err := application.Ask(t.Context(), wire.Sync, map[string]any{"since": nil}, nil); err != nil || f.Status != wire.StatusSuccess {
		t.Fatalf("got %+v, %v", f, err)
	}

	b := s.tab(t)
	b.Open(t, "/admin/mine")
	b.Fill(t, "username", "olivia", "password", password)
	b.Press(t, "Sign in")
	b.See(t, "Alpha MUD")
	if text := b.Text(t, "main table"); strings.Contains(text, "Beta") {
		t.Errorf("an owner sees %s", text)
	}
	b.Press(t, "Alpha")
	b.See(t, "online")
	b.Press(t, "Edit")
	b.Do(t, chromedp.WaitVisible("#tagline"))
	b.Fill(t, "tagline", "Dragons, and tea")
	b.Press(t, "Save")
	b.See(t, "Saved Alpha.")
	b.See(t, "Synced to 1 application")
	for {
		f, err := application.Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if f.Event == "sync/games" && strings.Contains(string(f.Payload), "Dragons, and tea") {
			break
		}
	}

	b.Press(t, "Make a new secret…")
	b.Do(t, chromedp.WaitVisible("#keep"), chromedp.Submit(`form[action$="/rotate"]`))
	b.See(t, "works until")
	b.Press(t, "I have kept it")
	b.See(t, "Old secret")
	b.Press(t, "Ignores")
	b.Do(t, chromedp.WaitVisible("#pattern"))
	b.Fill(t, "pattern", "Mallory@Beta")
	b.Do(t, chromedp.Submit(`form[action$="/ignores"]`))
	b.See(t, "Alpha does not hear Mallory@Beta any more.")

	hubtest.Eventually(t, "the hub knows whom Alpha ignores", func() bool {
		tell(t, beta, "Mallory", "Ann", "buy gold")
		tell(t, beta, "Bob", "Ann", "fence")
		return heardFirst(t, alpha) == "Bob"
	})
	tell(t, beta, "Mallory", "Ann", "buy gold")
	tell(t, beta, "Bob", "Ann", "the last one")
	if got := heardFirst(t, alpha); got != "Bob" {
		t.Errorf("after the ignore Ann hears %s", got)
	}
}

// tell has a player of a game tell one of Alpha something.
func tell(t *testing.T, socket *hubtest.Socket, from, to, message string) {
	t.Helper()
	f, err := socket.Ask(t.Context(), wire.TellsSend, map[string]string{
		"from_name": from, "to_game": "Alpha", "to_name": to, "sent_at": "2026-11-26T10:00:00Z", "message": message,
	}, nil)
	if err != nil || f.Status != wire.StatusSuccess {
		t.Fatalf("a tell of %s: %+v, %v", from, f, err)
	}
}

// heardFirst reads the tells of one round, which ends with Bob's, and gives whose came first.
func heardFirst(t *testing.T, socket *hubtest.Socket) (first string) {
	t.Helper()
	for {
		f, err := socket.Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if f.Event != wire.TellsReceive {
			continue
		}
		var told struct {
			FromName string `json:"from_name"`
		}
		if err := json.Unmarshal(f.Payload, &told); err != nil {
			t.Fatal(err)
		}
		if first == "" {
			first = told.FromName
		}
		if told.FromName == "Bob" {
			return first
		}
	}
}

// TestTrail_owner: where the trail of an owner's page leads, the owner may go.
func TestTrail_owner(t *testing.T) {
	s := newSite(t)
	b := s.signedInAs(t, "olivia", store.Person)
	s.give(t, "Alpha", "olivia")
	trail := regexp.MustCompile(`(?s)<nav aria-label="Trail".*?</nav>`)
	link := regexp.MustCompile(`href="([^"]*)"`)
	for _, path := range []string{"", "/edit", "/achievements", "/ignores", "/doctor"} {
		links := link.FindAllStringSubmatch(trail.FindString(b.get(t, "/admin/games/Alpha"+path).want(t, http.StatusOK).text), -1)
		if len(links) == 0 || links[0][1] != "/admin/mine" {
			t.Errorf("%q: the trail is %q, want it to begin at /admin/mine", path, links)
		}
		for _, one := range links {
			b.get(t, one[1]).want(t, http.StatusOK)
		}
	}
}

func TestAchievements(t *testing.T) {
	s := newSite(t)
	b := s.signedInAs(t, "olivia", store.Person)
	id := store.GameID(s.give(t, "Alpha", "olivia").ID)
	other := store.GameID(s.give(t, "Beta", "").ID)
	foreign, err := s.Store.CreateAchievement(t.Context(), other, store.Achievement{Title: "Not yours"})
	if err != nil {
		t.Fatal(err)
	}
	const path = "/admin/games/Alpha/achievements"
	b.get(t, path).want(t, http.StatusOK, "There are none yet")
	for _, test := range []struct {
		fields []string
		why    string
	}{
		{nil, "Title is missing"},
		{[]string{"title", strings.Repeat("x", 256)}, "has 256 characters"},
		{[]string{"title", "A", "points", "101"}, "use 0 to 100"},
		{[]string{"title", "A", "points", "many"}, "is no number"},
		{[]string{"title", "A", "partial_progress", "on"}, "say how many steps"},
		{[]string{"title", "A", "partial_progress", "on", "total_progress", "0"}, "say how many steps"},
	} {
		b.post(t, path, test.fields...).want(t, http.StatusUnprocessableEntity, `role="alert"`, test.why)
	}
	for _, title := range []string{"A", "B", "C", "D", "E"} {
		b.post(t, path, "title", title, "points", "100", "display", "on", "partial_progress", "on", "total_progress", "3").
			want(t, http.StatusSeeOther, path+"?version=")
	}
	b.post(t, path, "title", "F", "points", "1").want(t, http.StatusUnprocessableEntity, "more than 500 points")
	b.get(t, path).want(t, http.StatusOK, "500 of 500 points")
	all, err := s.Store.Achievements(t.Context(), id)
	if err != nil || len(all) != 5 {
		t.Fatalf("got %v, %v", all, err)
	}
	a := all[0]
	b.post(t, path+"/edit", "key", a.Key, "title", "First", "points", "50").want(t, http.StatusSeeOther, path)
	b.post(t, path+"/edit", "key", all[1].Key, "title", "Second", "points", "101").want(t, http.StatusUnprocessableEntity, `id="`+all[1].Key+`-points-help"`)
	if a, err = s.Store.Achievement(t.Context(), id, a.Key); err != nil || a.Title != "First" || a.Points != 50 || a.Display || a.PartialProgress || a.TotalProgress != nil {
		t.Errorf("got %+v, %v", a, err)
	}
	b.post(t, path+"/edit", "key", foreign.Key, "title", "Mine").want(t, http.StatusNotFound)
	b.post(t, path+"/remove", "key", foreign.Key, "sure", "on").want(t, http.StatusNotFound)
	b.post(t, path+"/remove", "key", a.Key).want(t, http.StatusUnprocessableEntity, "Tick this to go on", `value="First"`)
	b.post(t, path+"/remove", "key", a.Key, "sure", "on").want(t, http.StatusSeeOther, path)
	b.post(t, path+"/remove", "key", a.Key, "sure", "on").want(t, http.StatusNotFound)
	if got := s.ask(t, `SELECT action FROM audit WHERE actor = 'olivia' ORDER BY id DESC LIMIT 3`); strings.Join(got, ", ") != "achievement remove, achievement edit, achievement add" {
		t.Errorf("on record is %q", got)
	}
}

// Who may register a game does, within the limits; an admin approves or denies it.
func TestRegister(t *testing.T) {
	post, mails := withMail(t)
	s := newSite(t, mails)
	b, admins := s.signedInAs(t, "olivia", store.Person), s.signedIn(t, store.Admin)
	const path = "/admin/mine/new"
	b.get(t, path).want(t, http.StatusNotFound, "Operators add the games here")
	b.post(t, path, "short_name", "Alpha", "name", "Alpha MUD").want(t, http.StatusNotFound)
	b.get(t, "/admin/mine").want(t, http.StatusOK, "An admin can make you the owner")

	mode := func(m store.GameRegistration) {
		t.Helper()
		if _, err := s.Settings.Set(t.Context(), "game-registration", string(m)); err != nil {
			t.Fatal(err)
		}
	}
	mode(store.RegistrationApproval)
	b.get(t, "/admin/mine").want(t, http.StatusOK, "Register a game")
	b.get(t, path).want(t, http.StatusOK, "when an operator has approved it")
	b.post(t, path, "short_name", "A B", "name", "Alpha MUD").want(t, http.StatusUnprocessableEntity, `id="short_name-help" class="wrong"`)
	b.post(t, path, "short_name", "Alpha", "name", "Alpha MUD", "tagline", "Tea", "owner", "admin", "display", "on").want(t, http.StatusSeeOther, "/admin/games/Alpha/secret")
	b.get(t, "/admin/games/Alpha/secret").want(t, http.StatusOK, "Keep the secret now")
	b.get(t, "/admin/mine").want(t, http.StatusOK, "waits for approval")
	g, err := s.Store.Game(t.Context(), "Alpha")
	if err != nil || g.Owner != "olivia" || !g.Waits || !g.Suspended || g.Display || g.Tagline != "Tea" {
		t.Errorf("got %+v, %v", g, err)
	}
	b.post(t, "/admin/games/Alpha/edit", "name", "Alpha MUD", "display", "on").want(t, http.StatusUnprocessableEntity, "an operator")
	if text := b.get(t, "/admin/games/Alpha").want(t, http.StatusOK, "It waits for approval").text; strings.Contains(text, "/approve") {
		t.Error("an owner may approve")
	}
	b.post(t, "/admin/games/Alpha/approve").want(t, http.StatusForbidden)

	for _, name := range []string{"Beta", "Gamma"} {
		b.post(t, path, "short_name", name, "name", name).want(t, http.StatusSeeOther)
	}
	b.post(t, path, "short_name", "Delta", "name", "Delta").want(t, http.StatusUnprocessableEntity, "3 games of yours wait")
	admins.get(t, "/admin").want(t, http.StatusOK, "3 games wait for approval")
	admins.get(t, "/admin/games?filter=waiting").want(t, http.StatusOK, "Alpha MUD", "3 games")
	admins.get(t, "/admin/games/Alpha").want(t, http.StatusOK, "/admin/games/Alpha/approve", "/admin/games/Alpha/deny")
	verify := func(email string) {
		t.Helper()
		err := s.Store.SetEmail(t.Context(), "olivia", email)
		if err == nil && email != "" {
			err = s.Store.ConfirmEmail(t.Context(), "olivia", email, time.Now())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	verify("olivia@mail.example")
	admins.post(t, "/admin/games/Alpha/approve").want(t, http.StatusSeeOther, "/admin/games/Alpha?version=")
	if l := post.Await(t); l.To != "olivia@mail.example" || !strings.Contains(l.Subject, "Alpha is approved") {
		t.Errorf("got %+v", l)
	}
	verify("")
	admins.post(t, "/admin/games/Alpha/approve").want(t, http.StatusUnprocessableEntity, "does not wait")
	admins.post(t, "/admin/games/Alpha/deny").want(t, http.StatusUnprocessableEntity, "does not wait")
	admins.post(t, "/admin/games/Beta/deny").want(t, http.StatusSeeOther, "/admin/games")
	admins.post(t, "/admin/games/Gamma/resume").want(t, http.StatusSeeOther) // that approves, too
	if g, err = s.Store.Game(t.Context(), "Alpha"); err != nil || g.Waits || g.Suspended || !g.Display {
		t.Errorf("got %+v, %v", g, err)
	}
	if g, err = s.Store.Game(t.Context(), "Gamma"); err != nil || g.Waits || g.Suspended {
		t.Errorf("got %+v, %v", g, err)
	}

	mode(store.RegistrationVerified)
	b.post(t, path, "short_name", "Delta", "name", "Delta").want(t, http.StatusUnprocessableEntity, "a verified e-mail address")
	if err := s.Store.ConfirmEmail(t.Context(), "olivia", "olivia@example.org", time.Now()); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"Delta", "Epsilon", "Zeta"} {
		b.post(t, path, "short_name", name, "name", name).want(t, http.StatusSeeOther)
	}
	b.post(t, path, "short_name", "Eta", "name", "Eta").want(t, http.StatusUnprocessableEntity, "5 games, the most")
	if g, err = s.Store.Game(t.Context(), "Delta"); err != nil || g.Waits || g.Suspended || !g.Display || g.Owner != "olivia" {
		t.Errorf("got %+v, %v", g, err)
	}
}

// A game is given to somebody who accepts it, or does not.
func TestTransfer(t *testing.T) {
	post, mails := withMail(t)
	s := newSite(t, mails)
	b, other, third := s.signedInAs(t, "olivia", store.Person), s.signedInAs(t, "paul", store.Person), s.signedInAs(t, "quinn", store.Person)
	s.give(t, "Alpha", "olivia")
	if err := s.Store.ConfirmEmail(t.Context(), "paul", "paul@mail.example", time.Now()); err != nil {
		t.Fatal(err)
	}
	const path = "/admin/games/Alpha/transfer"
	b.post(t, path).want(t, http.StatusUnprocessableEntity, "To is missing")
	b.post(t, path, "to", "nobody-here").want(t, http.StatusUnprocessableEntity, "they need an account first")
	b.post(t, path, "to", "olivia").want(t, http.StatusUnprocessableEntity, "owns the game already")
	b.post(t, path+"/withdraw").want(t, http.StatusNotFound)
	b.post(t, path, "to", "Paul").want(t, http.StatusSeeOther, "/admin/games/Alpha")
	b.get(t, "/admin/games/Alpha").want(t, http.StatusOK, "It is offered to paul")
	if l := post.Await(t); l.To != "paul@mail.example" || !strings.Contains(l.Subject, "Alpha is offered to you") {
		t.Errorf("got %+v", l)
	}

	other.get(t, "/admin/games/Alpha").want(t, http.StatusNotFound)
	other.get(t, "/admin/mine").want(t, http.StatusOK, "olivia makes you the owner of Alpha", `href="/admin/mine"`)
	third.post(t, "/admin/mine/accept", "game", "Alpha").want(t, http.StatusNotFound)
	third.post(t, "/admin/mine/decline", "game", "Alpha").want(t, http.StatusNotFound)
	other.post(t, "/admin/mine/decline", "game", "Alpha").want(t, http.StatusSeeOther, "/admin/mine")
	other.post(t, "/admin/mine/accept", "game", "Alpha").want(t, http.StatusNotFound)

	b.post(t, path, "to", "paul").want(t, http.StatusSeeOther)
	b.post(t, path+"/withdraw").want(t, http.StatusSeeOther)
	other.post(t, "/admin/mine/accept", "game", "Alpha").want(t, http.StatusNotFound)

	b.post(t, path, "to", "quinn").want(t, http.StatusSeeOther)
	b.post(t, path, "to", "paul").want(t, http.StatusSeeOther)
	third.post(t, "/admin/mine/accept", "game", "Alpha").want(t, http.StatusNotFound)
	other.post(t, "/admin/mine/accept", "game", "Alpha").want(t, http.StatusSeeOther, "/admin/games/Alpha")
	other.get(t, "/admin/games/Alpha").want(t, http.StatusOK, "You are the owner of Alpha now")
	b.get(t, "/admin/games/Alpha").want(t, http.StatusNotFound)
	if got := s.ask(t, `SELECT count(*) FROM transfers`); got[0] != "0" {
		t.Errorf("%s offers are left", got[0])
	}
	if got := s.ask(t, `SELECT action FROM audit WHERE actor = 'paul' ORDER BY id`); strings.Join(got, ", ") != "game decline, game accept" {
		t.Errorf("on record is %q", got)
	}
}
