package admin_test

import (
	"context"
	_ "embed"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"hearsay/admin"
	"hearsay/hub/hubtest"
	"hearsay/hub/hubtest/chrome"
	"hearsay/hub/store"
)

// tour says with which path each page is looked at in the browser. Every GET route that is
// a page stands here, or the test fails.
var tour = map[string]string{
	"GET /docs":                             "/docs",
	"GET /login":                            "", // looked at before anybody has signed in
	"GET /forgotten":                        "", // the same
	"GET /email/{token}":                    "/email/x",
	"GET /closed":                           "",
	"GET /setup/{token}":                    "",
	"GET /password/{token}":                 "",
	"GET /admin":                            "/admin",
	"GET /account":                          "/account",
	"GET /account/totp":                     "/account/totp",
	"GET /admin/games":                      "/admin/games",
	"GET /admin/new/game":                   "/admin/new/game",
	"GET /admin/games/{name}":               "/admin/games/Alpha",
	"GET /admin/games/{name}/edit":          "/admin/games/Alpha/edit",
	"GET /admin/games/{name}/secret":        "/admin/games/Delta/secret",
	"GET /admin/games/{name}/ignores":       "/admin/games/Alpha/ignores",
	"GET /admin/games/{name}/achievements":  "/admin/games/Alpha/achievements",
	"GET /admin/mine":                       "", // looked at by an owner, below
	"GET /admin/mine/new":                   "",
	"GET /admin/games/{name}/doctor":        "/admin/games/Alpha/doctor",
	"GET /admin/applications/{name}/doctor": "/admin/applications/Site/doctor",
	"GET /admin/applications":               "/admin/applications",
	"GET /admin/new/application":            "/admin/new/application",
	"GET /admin/applications/{name}":        "/admin/applications/Site",
	"GET /admin/applications/{name}/edit":   "/admin/applications/Site/edit",
	"GET /admin/applications/{name}/sees":   "/admin/applications/Site/sees?form=versions&cursor=on",
	"GET /admin/applications/{name}/secret": "", // the same page as a game's
	"GET /admin/channels":                   "/admin/channels",
	"GET /admin/new/channel":                "/admin/new/channel",
	"GET /admin/channels/{name}":            "/admin/channels/gossip",
	"GET /admin/channels/{name}/edit":       "/admin/channels/gossip/edit",
	"GET /admin/messages":                   "/admin/messages",
	"GET /admin/console":                    "/admin/console?game=Alpha",
	"GET /admin/blocks":                     "/admin/blocks",
	"GET /admin/people":                     "/admin/people",
	"GET /admin/new/user":                   "/admin/new/user",
	"GET /admin/people/{name}":              "/admin/people/moderator",
	"GET /admin/invites":                    "/admin/invites",
	"GET /admin/sessions":                   "/admin/sessions",
	"GET /admin/rules":                      "/admin/rules",
	"GET /admin/new/rule":                   "/admin/new/rule",
	"GET /admin/rules/{id}":                 "/admin/rules/2",
	"GET /admin/review":                     "/admin/review",
	"GET /admin/messages/{id}":              "/admin/messages/1",
	"GET /admin/audit":                      "/admin/audit",
	"GET /admin/settings":                   "/admin/settings",
	"GET /admin/restart":                    "/admin/restart",
	"GET /admin/backups":                    "/admin/backups",
	"GET /admin/backups/{name}":             "/admin/backups/hearsay-20260901T040000Z-scheduled.db",
	"GET /admin/about":                      "/admin/about",
	"GET /admin/about/licences":             "/admin/about/licences",

	"GET /admin/games/{name}/characters":      "/admin/games/Alpha/characters",
	"GET /admin/games/{name}/characters/{id}": "/admin/games/Alpha/characters/1",
}

// notPages are GET routes that people do not look at.
var notPages = []string{"GET /healthz", "GET /readyz", "GET /metrics", "GET /assets/", "GET /admin/live/{topic}", "GET /admin/games/{name}/live/{topic}", "GET /admin/messages/export", "GET /account/export"}

// furnish fills a site with something of everything.
func furnish(t testing.TB, s *site) {
	t.Helper()
	ctx := t.Context()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	s.user(t, store.Admin)
	s.user(t, store.Moderator)
	alpha, err := s.Store.CreateGame(ctx, store.Game{
		ShortName: "Alpha", Name: "Alpha, a world of its own", Display: true, Tagline: "Dragons, and tea",
		Description: "A game of many words.\n\nSince 1994.", HomepageURL: "https://alpha.example", Owner: "moderator",
	}, store.LongSecret)
	check(err)
	_, err = s.Store.AddConnection(ctx, "Alpha", store.Connection{Type: "web", URL: "https://alpha.example/play"})
	check(err)
	_, err = s.Store.AddConnection(ctx, "Alpha", store.Connection{Type: "telnet", Host: "alpha.example", Port: 4000})
	check(err)
	check(s.Store.AddRedirectURI(ctx, "Alpha", "https://alpha.example/back"))
	_, err = s.Store.AddIgnore(store.WithActor(ctx, store.Actor{Name: "moderator"}), "Alpha", "Mallory the Unreasonably Longwinded@*")
	check(err)
	_, err = s.Store.CreateAchievement(ctx, store.GameID(alpha.ID), store.Achievement{Title: "Slayer of dragons", Points: 25, Display: true, PartialProgress: true, TotalProgress: new(int64(10))})
	check(err)
	for _, title := range []string{"Harvest fair", "יריד הקציר"} {
		_, err = s.Store.CreateEvent(ctx, store.Event{Game: "Alpha", Title: title, StartDate: "2026-10-01", EndDate: "2026-10-07", Description: "בכיכר"})
		check(err)
	}
	_, err = s.Store.CreateAchievement(ctx, store.GameID(alpha.ID), store.Achievement{Title: "קוטל דרקונים", Points: 5, Description: new("עשרה דרקונים")})
	check(err)
	allow := true
	check(s.Store.UpdateGame(ctx, "Alpha", store.GameEdit{AllowCharacterRegistration: &allow}))
	for _, name := range []string{"Ann", "Bob the Unreasonably Longwinded", "Éva", "דוד"} {
		c := s.register(t, "moderator", store.GameID(alpha.ID), name)
		switch name {
		case "Ann", "דוד":
			_, err = s.Store.ApproveCharacter(ctx, c, 0)
		case "Éva":
			_, err = s.Store.VetoCharacter(ctx, c, 0, "She is a goddess of this game, whom nobody plays")
		}
		check(err)
	}
	_, err = s.Store.CreateGame(ctx, store.Game{ShortName: "Beta", Name: "Beta " + strings.Repeat("very long ", 9), Display: false}, store.LongSecret)
	check(err)
	until := time.Now().Add(48 * time.Hour)
	check(s.Store.SuspendGame(ctx, "Beta", store.Suspension{Reason: "Floods the channel gossip", Until: &until}))
	_, err = s.Store.CreateGame(ctx, store.Game{ShortName: "Gamma", Name: "גמא 7", Display: true, Tagline: "עולם של 100 מילים", Description: "תיאור של המשחק"}, store.LongSecret)
	check(err)
	_, err = s.Store.RotateGame(ctx, "Gamma", store.Rotation{OldEnds: until})
	check(err)
	_, err = s.Store.CreateApplication(ctx, store.Application{ShortName: "Site", Name: "A player site", SyncForm: "versions", Credentials: true}, store.LongSecret)
	check(err)

	for _, one := range []store.Rule{
		{Kind: store.PlayerRule, Subject: "Mallory@Alpha", Action: store.Mute, Reason: "Shouts at everybody, day and night", EndsAt: &until},
		{Kind: store.WordRule, Subject: "darn", Action: store.Replace},
		{Kind: store.PatternRule, Subject: `(?i)\bbuy\s+(gold|swords?)\b`, Action: store.Hold, Channel: "gossip", Reason: "Adverts"},
		{Kind: store.WordRule, Subject: "זהב", Action: store.Hold, Reason: "פרסומות"},
	} {
		one.Enabled = true
		_, err := s.Store.CreateRule(ctx, one)
		check(err)
	}
	check(s.Store.EndRule(ctx, 1))
	for _, text := range []string{"Oh darn, the dragon has eaten my sword again", "What a day", "Tea?"} {
		check(s.Store.Append(ctx, store.Message{Channel: 1, Game: "Alpha", Name: "Ann", Text: text}, func(store.Message) {}))
		check(s.Store.Hold(ctx, store.Held{Channel: 1, Sender: 1, Game: "Alpha", Name: "Ann", Text: "Buy gold! " + strings.Repeat(text+". ", 5), Rule: 3}))
	}
	check(s.Store.Hold(ctx, store.Held{Channel: 1, Sender: 1, Game: "Alpha", Name: "דוד", Text: "זהב זול", Rule: 4}))
	_, err = s.Store.Decide(ctx, 2, store.Reject)
	check(err)
	check(s.Store.HideMessage(ctx, 2))
	_, err = s.Store.CreateChannel(ctx, store.Channel{Name: "secret", Description: "ערוץ סודי", Hidden: true, SlowSeconds: 30})
	check(err)
	check(s.Store.PauseChannel(ctx, "secret", time.Hour))
	for i := range 60 {
		check(s.Store.Append(ctx, store.Message{
			Channel: 1, Game: "Alpha", Name: []string{"Ann", "Bob the Unreasonably Longwinded", "דוד"}[i%3],
			Text: []string{"שלום 100 דרקונים", strings.Repeat("A story without end. ", 1+i%9), strings.Repeat("x", 1+i*5)}[i%3],
		}, func(store.Message) {}))
	}

	connect(t, s, alpha, "Ann", "Bob", "דוד")
	for ago := 24 * time.Hour; ago > 0; ago -= 5 * time.Minute { // curves, with a gap
		if ago.Hours() < 7 || ago.Hours() > 9 {
			check(s.Store.AddReading(ctx, time.Now().Add(-ago), store.Reading{Games: 3, Players: int(ago.Hours()), Sockets: 4, Messages: int(ago.Minutes()) % 50}))
		}
	}
	for ago := 300 * 24 * time.Hour; ago > 0; ago -= time.Duration(1+ago/(48*time.Hour)) * 15 * time.Minute {
		if hour := int(ago.Hours()) % 24; hour < 7 || hour > 9 {
			check(s.Store.AddGameReadings(ctx, time.Now().Add(-ago), []store.GameReading{{Game: store.GameID(alpha.ID), Looks: 15, Players: 15 * hour, Most: hour + 3}}))
		}
	}
	eldoria, err := s.Store.CreateGame(ctx, store.Game{ShortName: "Eldoria", Name: "Eldoria", Display: true}, store.LongSecret)
	check(err)
	_, err = s.Store.Authenticate(ctx, eldoria.ClientID, eldoria.Secret, time.Now().Add(-75*time.Hour))
	check(err)
	_, err = s.Store.RotateGame(ctx, "Eldoria", store.Rotation{OldEnds: time.Now().Add(6 * time.Hour)})
	check(err)

	backups := filepath.Join(filepath.Dir(s.Store.Path()), "backups")
	check(os.Mkdir(backups, 0o700))
	check(store.Backup(ctx, s.Store.Path(), filepath.Join(backups, "hearsay-20260901T040000Z-scheduled.db")))
	check(os.WriteFile(filepath.Join(backups, "hearsay-20260831T040000Z-scheduled.db"), []byte("no database"), 0o600))
	_, err = s.Store.CheckBackup(ctx, backups, "hearsay-20260831T040000Z-scheduled.db")
	check(err)
	ann := store.WithActor(ctx, store.Actor{Name: "ann", Address: "192.0.2.7"})
	check(s.Store.UpdateGame(ann, "Alpha", store.GameEdit{Tagline: new("Dragons, tea, and " + strings.Repeat("more ", 30))}))
	for name, value := range map[string]string{"title": "The Starlight Network", "heartbeat": "many", "name": "Moonlight"} {
		check(s.Store.SetSetting(ann, name, value))
	}
	_, _, err = s.Store.CreateInvite(ann, time.Now())
	check(err)
	token, _, err := s.Store.CreateInvite(ann, time.Now())
	check(err)
	_, err = s.Store.SignUp(ctx, store.SignUp{Mode: store.SignUpInvite, Username: "Guest", Password: password, Invite: token}, time.Now())
	check(err)
	for _, name := range []string{"Barred", "Waits"} {
		_, err = s.Store.SignUp(ctx, store.SignUp{Mode: store.SignUpApproval, Username: name, Password: password, Email: name + "@mail.example"}, time.Now())
		check(err)
	}
	check(s.Store.ApproveUser(ann, "Barred"))
	check(s.Store.BanUser(ann, "Barred", store.Ban{Reason: "מוכר זהב", Until: &until}))
	_, err = s.Store.AskRestart(ann, 30, false)
	check(err)
}

// connect puts a game on the network until the test ends.
func connect(t testing.TB, s *site, c store.Credential, players ...string) *hubtest.Socket {
	t.Helper()
	socket, err := hubtest.Dial(t.Context(), strings.Replace(s.URL, "http", "ws", 1)+"/socket")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { socket.Conn.CloseNow() })
	if err := socket.Authenticate(t.Context(), c, map[string]any{
		"supports": []string{"channels", "players", "tells"}, "channels": []string{"gossip", "testing"},
		"players": players, "user_agent": "AlphaMUD", "version": "3.1",
	}); err != nil {
		t.Fatal(err)
	}
	return socket
}

// TestTour_inBrowser looks at every page as people do: in light and dark, on a phone and
// on a wide screen. With HEARSAY_TEST_SCREENSHOTS=DIR it leaves a picture of each.
func TestTour_inBrowser(t *testing.T) {
	chrome.Long(t)
	browser := chrome.Open(t)
	s := newSite(t)
	furnish(t, s)
	for _, pattern := range admin.Routes() {
		_, there := tour[pattern]
		if strings.HasPrefix(pattern, http.MethodGet) && !there && !slices.Contains(notPages, pattern) {
			t.Errorf("nobody looks at %s", pattern)
		}
	}
	link, err := s.Store.CreatePasswordLink(t.Context(), "moderator", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	chrome.Visit(t, browser, s.URL, "/login", "/password/"+link, "/forgotten", "/closed", "/admin/games") // nobody is signed in: the last is the login
	ctx, cancel := context.WithTimeout(browser, 60*time.Second)
	defer cancel()
	s.user(t, store.Person)
	chrome.Give(t, ctx, s.URL, s.session(t, "person"))
	chrome.Visit(t, browser, s.URL, "/account?person", "/account/totp?person")
	chrome.Give(t, ctx, s.URL, s.session(t, "admin"))
	if err := chromedp.Do(ctx,
		// So that there is a secret to show.
		chromedp.Navigate(s.URL+"/admin/new/game"),
		chromedp.SendKeys("#short_name", "Delta"), chromedp.SendKeys("#name", "Delta"), chromedp.Click("form.narrow button"),
		chromedp.WaitVisible(".facts"),
	); err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, path := range tour {
		if path != "" {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	chrome.Visit(t, browser, s.URL, append(paths, "/admin/games?q=nothing", "/admin/games?filter=online&sort=players",
		"/admin/channels/secret", "/admin/channels/gossip?before=40", "/admin/messages?words=dragon*&player=Ann", "/admin/messages?words=!",
		"/admin/games/Beta", "/admin/games/Gamma", "/admin/games/Eldoria", "/admin/people/Barred", "/admin/people/Waits", "/admin/people?filter=waiting",
		"/admin/games/Alpha/characters/3", "/admin/games/Alpha/characters/4", "/admin/games/Gamma/characters", "/admin/rules?filter=all", "/admin/rules?q=nothing", "/admin/review?filter=decided", "/admin/messages/2")...)
}

// TestTour_owner looks at them as somebody does who owns a game and runs nothing.
func TestTour_owner(t *testing.T) {
	chrome.Long(t)
	browser := chrome.Open(t)
	s := newSite(t)
	furnish(t, s)
	if _, err := s.Store.CreateUser(t.Context(), store.User{Username: "olivia", Role: store.Person}, password); err != nil {
		t.Fatal(err)
	}
	if err := s.Store.UpdateGame(t.Context(), "Alpha", store.GameEdit{Owner: new("olivia")}); err != nil {
		t.Fatal(err)
	}
	chrome.Give(t, browser, s.URL, s.session(t, "olivia"))
	if err := s.Store.SetSetting(t.Context(), "game-registration", "approval"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Store.RegisterGame(t.Context(), store.RegistrationApproval, "olivia", store.Game{ShortName: "Omega", Name: "The last game"}); err != nil {
		t.Fatal(err)
	}
	if err := s.Store.OfferGame(t.Context(), "Gamma", "olivia", time.Now()); err != nil {
		t.Fatal(err)
	}
	hubtest.Eventually(t, "people may register games", func() bool {
		return s.Settings.Config().GameRegistration == "approval"
	})
	chrome.Visit(t, browser, s.URL, "/admin/mine", "/admin/mine/new", "/admin/games/Alpha?as=owner", "/admin/games/Omega?as=owner")
}
