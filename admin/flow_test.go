package admin_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/pquerna/otp/totp"

	"hearsay/hub/hubtest"
	"hearsay/hub/hubtest/chrome"
	"hearsay/hub/store"
	"hearsay/hub/wire"
)

// A tab is a page of the site in a real browser.
type tab struct {
	*chrome.Tab
	site *site
}

// tab opens one that ends with the test; a complaint of the browser fails it.
func (s *site) tab(t *testing.T) *tab { return &tab{chrome.NewTab(t, s.URL), s} }

func (b *tab) signIn(t testing.TB, username string) {
	t.Helper()
	chrome.Give(t, b.Ctx, b.site.URL, b.site.session(t, username))
}

// The first five minutes: from the printed link to a game that talks.
func TestFirstRun_inBrowser(t *testing.T) {
	t.Parallel() // most of the time is waiting
	s := newSite(t)
	b := s.tab(t)
	token, err := s.Store.CreateSetupLink(t.Context(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	b.Open(t, "/setup/"+token)
	b.Fill(t, "username", "ann", "password", password, "again", password, "title", "Moonlight", "short_name", "Alpha", "name", "Alpha MUD")
	b.Press(t, "Begin")
	b.See(t, "Keep the secret now")
	b.Await(t, ".brand", "Moonlight")
	b.Press(t, "Copy")
	b.See(t, "Copied")
	c := store.Credential{ClientID: b.Text(t, "dl dd:nth-of-type(2)"), Secret: b.Text(t, "dl dd:nth-of-type(3)")}
	socket := connect(t, s, c, "Bob")
	if f, err := socket.Ask(t.Context(), wire.ChannelsSend, map[string]string{"channel": "gossip", "name": "Bob", "message": "Hello"}, nil); err != nil || f.Status != wire.StatusSuccess {
		t.Fatalf("got %+v, %v", f, err)
	}
	b.Press(t, "I have kept it")
	b.See(t, "online")
	b.See(t, "Bob")
}

// A secret is made while the game stays connected; the game comes back with it.
func TestRotate_inBrowser(t *testing.T) {
	t.Parallel() // most of the time is waiting
	s := newSite(t)
	s.user(t, store.Admin)
	c, err := s.Store.CreateGame(t.Context(), store.Game{ShortName: "Alpha", Name: "Alpha MUD", Display: true}, store.LongSecret)
	if err != nil {
		t.Fatal(err)
	}
	old := connect(t, s, c)
	b := s.tab(t)
	b.signIn(t, "admin")
	b.Open(t, "/admin/games/Alpha")
	b.Press(t, "Make a new secret…")
	b.Do(t, chromedp.WaitVisible("#keep"))
	b.Do(t, chromedp.Submit(`form[action$="/rotate"]`))
	b.See(t, "works until")
	fresh := store.Credential{ClientID: c.ClientID, Secret: b.Text(t, "dl dd:nth-of-type(3)")}
	if fresh.Secret == c.Secret {
		t.Fatal("it is the old secret")
	}
	if f, err := old.Ask(t.Context(), wire.ChannelsSubscribe, map[string]string{"channel": "testing"}, nil); err != nil || f.Status != wire.StatusSuccess {
		t.Fatalf("the old socket says %+v, %v", f, err)
	}
	old.Conn.CloseNow()
	connect(t, s, fresh).Conn.CloseNow()
	connect(t, s, c)
	b.Press(t, "I have kept it")
	b.See(t, "Old secret")
	b.Press(t, "End the old secret now")
	b.See(t, "is refused from now on")
	socket, err := hubtest.Dial(t.Context(), strings.Replace(s.URL, "http", "ws", 1)+"/socket")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { socket.Conn.CloseNow() })
	if err := socket.Authenticate(t.Context(), c, nil); err == nil {
		t.Error("the old secret still works")
	}
	connect(t, s, fresh)
}

// An edit in the browser is a frame at a connected application.
func TestEdit_inBrowser(t *testing.T) {
	t.Parallel() // most of the time is waiting
	s := newSite(t)
	s.user(t, store.Admin)
	if _, err := s.Store.CreateGame(t.Context(), store.Game{ShortName: "Alpha", Name: "Alpha MUD", Display: true}, store.LongSecret); err != nil {
		t.Fatal(err)
	}
	c, err := s.Store.CreateApplication(t.Context(), store.Application{ShortName: "Site", Name: "Site", SyncForm: "versions"}, store.LongSecret)
	if err != nil {
		t.Fatal(err)
	}
	socket, err := hubtest.Dial(t.Context(), strings.Replace(s.URL, "http", "ws", 1)+"/socket")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { socket.Conn.CloseNow() })
	if err := socket.Authenticate(t.Context(), c, nil); err != nil {
		t.Fatal(err)
	}
	if f, err := socket.Ask(t.Context(), wire.Sync, map[string]any{"since": nil}, nil); err != nil || f.Status != wire.StatusSuccess {
		t.Fatalf("got %+v, %v", f, err)
	}
	b := s.tab(t)
	b.signIn(t, "admin")
	b.Open(t, "/admin/games/Alpha/edit")
	b.Fill(t, "tagline", "Dragons, and tea")
	b.Press(t, "Save")
	f, err := socket.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var versions []struct {
		Action  string
		Payload struct{ Game, Tagline string }
	}
	if err := json.Unmarshal(f.Payload, &versions); err != nil || f.Event != "sync/games" || len(versions) != 1 ||
		versions[0].Action != "update" || versions[0].Payload.Tagline != "Dragons, and tea" {
		t.Errorf("the application got %s %s, %v", f.Event, f.Payload, err)
	}
	b.See(t, "Saved Alpha.")
	b.See(t, "Synced to 1 application")
}

func TestUndo_inBrowser(t *testing.T) {
	chrome.Long(t)
	t.Parallel() // most of the time is waiting
	s := newSite(t)
	s.user(t, store.Admin)
	c, err := s.Store.CreateGame(t.Context(), store.Game{ShortName: "Alpha", Name: "Alpha MUD", Display: true}, store.LongSecret)
	if err != nil {
		t.Fatal(err)
	}
	socket := connect(t, s, c)
	b := s.tab(t)
	b.signIn(t, "admin")
	remove := func() {
		t.Helper()
		b.Open(t, "/admin/games/Alpha")
		b.Press(t, "Remove Alpha…")
		b.Do(t, chromedp.WaitVisible("#confirm"))
		b.Fill(t, "confirm", "alpha")
		b.Do(t, chromedp.Submit(`form[action$="/Alpha/remove"]`))
		b.See(t, "The game Alpha is removed in 10s.")
	}
	remove()
	b.Press(t, "Undo")
	b.See(t, "The game Alpha stays.")
	if f, err := socket.Ask(t.Context(), wire.ChannelsSubscribe, map[string]string{"channel": "testing"}, nil); err != nil || f.Status != wire.StatusSuccess {
		t.Fatalf("the game heard of it: %+v, %v", f, err)
	}
	remove()
	if _, err := socket.Read(t.Context()); err == nil {
		t.Error("the socket of a removed game got a frame")
	}
	if _, err := s.Store.Game(t.Context(), "Alpha"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("after ten seconds the game is there: %v", err)
	}
}

func TestTOTPLogin_inBrowser(t *testing.T) {
	t.Parallel() // most of the time is waiting
	s := newSite(t)
	s.user(t, store.Admin)
	b := s.tab(t)
	b.signIn(t, "admin")
	b.Open(t, "/account/totp")
	key := b.Text(t, "main p > code")
	code, err := totp.GenerateCode(key, time.Now().Add(-30*time.Second)) // so that the present one is left for the login
	if err != nil {
		t.Fatal(err)
	}
	b.Fill(t, "code", code, "current", password)
	b.Press(t, "Turn it on")
	b.See(t, "They are shown only now")
	b.Open(t, "/account")
	b.Do(t, chromedp.Submit(`.wide form[action="/logout"]`))
	b.Do(t, chromedp.WaitVisible("#username"))
	b.Fill(t, "username", "admin", "password", password)
	b.Press(t, "Sign in")
	b.See(t, "One more step")
	if code, err = totp.GenerateCode(key, time.Now().Add(20*time.Second)); err != nil {
		t.Fatal(err)
	}
	b.Fill(t, "code", code)
	b.Press(t, "Sign in")
	b.Do(t, chromedp.WaitVisible(".shell h1"))
}

// Who revokes a session throws the other browser out.
func TestRevoke_inBrowser(t *testing.T) {
	t.Parallel() // most of the time is waiting
	s := newSite(t)
	s.user(t, store.Admin)
	other := s.signedIn(t, store.Moderator)
	b := s.tab(t)
	b.signIn(t, "admin")
	b.Open(t, "/admin/sessions")
	other.get(t, "/admin").want(t, http.StatusOK)
	b.Press(t, "Sign out")
	b.See(t, "Signed that browser out.")
	other.get(t, "/admin").want(t, http.StatusSeeOther, "/login")
}

// From the login to a game's new tagline with the keyboard alone.
func TestKeyboard_inBrowser(t *testing.T) {
	chrome.Long(t)
	t.Parallel() // most of the time is waiting
	s := newSite(t)
	s.user(t, store.Admin)
	if _, err := s.Store.CreateGame(t.Context(), store.Game{ShortName: "Alpha", Name: "Alpha MUD", Display: true}, store.LongSecret); err != nil {
		t.Fatal(err)
	}
	b := s.tab(t)
	b.Open(t, "/login")
	b.Do(t, chromedp.WaitVisible("#username:focus"), // a key before that is nobody's
		chromedp.KeyEvent("admin"), chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent(password), chromedp.KeyEvent(kb.Enter),
		chromedp.WaitVisible(".shell h1"))
	// reach presses the tab key until the focus is on what has the text, and is seen there.
	reach := func(text string) {
		t.Helper()
		for range 80 {
			b.Do(t, chromedp.KeyEvent(kb.Tab))
			got, err := chromedp.Run(b.Ctx, chromedp.Evaluate[string](`(() => {
				const e = document.activeElement, s = getComputedStyle(e), seen = s.outlineStyle != "none" || s.boxShadow != "none" || s.textDecorationLine != "none";
				return (seen ? "" : "unseen ") + (e.labels?.[0]?.innerText || e.innerText || "").trim();
			})()`))
			if err != nil {
				t.Fatal(err)
			}
			if strings.TrimPrefix(got, "unseen ") == text {
				if strings.HasPrefix(got, "unseen ") {
					t.Errorf("nobody sees that the focus is on %q", text)
				}
				return
			}
		}
		t.Fatalf("the tab key never reaches %q", text)
	}
	press := func(key string) { t.Helper(); b.Do(t, chromedp.KeyEvent(key)) }
	reach("Skip to the content")
	reach("Games")
	press(kb.Enter)
	b.See(t, "1 game")
	reach("Alpha")
	press(kb.Enter)
	b.See(t, "Client id")
	reach("Edit")
	press(kb.Enter)
	b.Do(t, chromedp.WaitVisible("#tagline"))
	reach("Tagline")
	press("By hand")
	press(kb.Enter)
	b.See(t, "Saved Alpha.")
	if g, err := s.Store.Game(t.Context(), "Alpha"); err != nil || g.Tagline != "By hand" {
		t.Errorf("got %q, %v", g.Tagline, err)
	}
}
