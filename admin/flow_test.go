package admin_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/pquerna/otp/totp"

	"hearsay/hub/hubtest"
	"hearsay/hub/store"
	"hearsay/hub/wire"
)

// A tab is a page in a real browser, with what it complains of.
type tab struct {
	ctx  context.Context
	site *site
}

// tab opens one that ends with the test; a complaint of the browser fails it.
func (s *site) tab(t *testing.T) *tab {
	t.Helper()
	ctx, cancel := context.WithTimeout(openBrowser(t), 2*time.Minute)
	t.Cleanup(cancel)
	complaints := listen(t, ctx)
	t.Cleanup(func() {
		for _, one := range complaints() {
			t.Errorf("the browser complains: %s", one)
		}
	})
	b := &tab{ctx, s}
	b.do(t, chromedp.EmulateViewport(1280, 900))
	return b
}

func (b *tab) do(t testing.TB, actions ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(b.ctx, actions...); err != nil {
		t.Fatal(err)
	}
}

func (b *tab) open(t testing.TB, path string) {
	t.Helper()
	for {
		err := chromedp.Do(b.ctx, chromedp.Navigate(b.site.URL+path))
		if err == nil {
			return
		}
		if !strings.Contains(err.Error(), "ERR_ABORTED") { // another page was just on its way
			t.Fatal(err)
		}
	}
}

// press clicks the button, link or summary that has the text.
func (b *tab) press(t testing.TB, text string) {
	t.Helper()
	b.do(t, chromedp.Click(fmt.Sprintf(`//main//*[self::button or self::a or self::summary][contains(normalize-space(), %q)]`, text)))
}

// fill writes into the fields of a form, by their ids.
func (b *tab) fill(t testing.TB, fields ...string) {
	t.Helper()
	for i := 0; i < len(fields); i += 2 {
		b.do(t, chromedp.WaitVisible("#"+fields[i]))
		if _, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](`document.querySelector("#`+fields[i]+`").value = ""`)); err != nil {
			t.Fatal(err)
		}
		b.do(t, chromedp.SendKeys("#"+fields[i], fields[i+1]))
	}
}

// see waits until the page shows the text.
func (b *tab) see(t testing.TB, text string) {
	t.Helper()
	b.await(t, "main", text)
}

// await waits until an element has the text somewhere.
func (b *tab) await(t testing.TB, element, text string) {
	t.Helper()
	var got string
	for b.ctx.Err() == nil {
		var err error
		got, err = chromedp.Run(b.ctx, chromedp.Evaluate[string](
			`new Promise(done => requestAnimationFrame(() => done(document.querySelector(`+"`"+element+"`"+`)?.innerText ?? "")))`,
			chromedp.EvalAwaitPromise))
		if err != nil {
			continue // the page is just going, and its successor not there yet
		}
		if strings.Contains(got, text) {
			return
		}
	}
	t.Fatalf("%s never shows %q, but %q", element, text, got)
}

// text is what an element shows.
func (b *tab) text(t testing.TB, element string) string {
	t.Helper()
	got, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](`document.querySelector("`+element+`").innerText`))
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func (b *tab) signIn(t testing.TB, username string) {
	t.Helper()
	b.open(t, "/login")
	b.fill(t, "username", username, "password", password)
	b.press(t, "Sign in")
	b.do(t, chromedp.WaitVisible(".shell h1"))
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
	b.open(t, "/setup/"+token)
	b.fill(t, "username", "ann", "password", password, "again", password, "title", "Moonlight", "short_name", "Alpha", "name", "Alpha MUD")
	b.press(t, "Begin")
	b.see(t, "Keep the secret now")
	b.await(t, ".brand", "Moonlight")
	c := store.Credential{ClientID: b.text(t, "dl dd:nth-of-type(2)"), Secret: b.text(t, "dl dd:nth-of-type(3)")}
	socket := connect(t, s, c, "Bob")
	if f, err := socket.Ask(t.Context(), wire.ChannelsSend, map[string]string{"channel": "gossip", "name": "Bob", "message": "Hello"}, nil); err != nil || f.Status != wire.StatusSuccess {
		t.Fatalf("got %+v, %v", f, err)
	}
	b.press(t, "I have kept it")
	b.see(t, "online")
	b.see(t, "Bob")
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
	b.open(t, "/admin/games/Alpha")
	b.press(t, "Make a new secret…")
	b.do(t, chromedp.WaitVisible("#keep"))
	b.do(t, chromedp.Submit(`form[action$="/rotate"]`))
	b.see(t, "works until")
	fresh := store.Credential{ClientID: c.ClientID, Secret: b.text(t, "dl dd:nth-of-type(3)")}
	if fresh.Secret == c.Secret {
		t.Fatal("it is the old secret")
	}
	if f, err := old.Ask(t.Context(), wire.ChannelsSubscribe, map[string]string{"channel": "testing"}, nil); err != nil || f.Status != wire.StatusSuccess {
		t.Fatalf("the old socket says %+v, %v", f, err)
	}
	old.Conn.CloseNow()
	connect(t, s, fresh).Conn.CloseNow()
	connect(t, s, c)
	b.press(t, "I have kept it")
	b.see(t, "Old secret")
	b.press(t, "End the old secret now")
	b.see(t, "is refused from now on")
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
	b.open(t, "/admin/games/Alpha/edit")
	b.fill(t, "tagline", "Dragons, and tea")
	b.press(t, "Save")
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
	b.see(t, "Saved Alpha.")
	b.see(t, "Synced to 1 application")
}

func TestUndo_inBrowser(t *testing.T) {
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
		b.open(t, "/admin/games/Alpha")
		b.press(t, "Remove Alpha…")
		b.do(t, chromedp.WaitVisible("#confirm"))
		b.fill(t, "confirm", "alpha")
		b.do(t, chromedp.Submit(`form[action$="/Alpha/remove"]`))
		b.see(t, "The game Alpha is removed in 10s.")
	}
	remove()
	b.press(t, "Undo")
	b.see(t, "The game Alpha stays.")
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
	b.open(t, "/admin/account/totp")
	key := b.text(t, "main p > code")
	code, err := totp.GenerateCode(key, time.Now().Add(-30*time.Second)) // so that the present one is left for the login
	if err != nil {
		t.Fatal(err)
	}
	b.fill(t, "code", code)
	b.press(t, "Turn it on")
	b.see(t, "They are shown only now")
	b.open(t, "/admin/account")
	b.do(t, chromedp.Submit(`.wide form[action="/logout"]`))
	b.do(t, chromedp.WaitVisible("#username"))
	b.fill(t, "username", "admin", "password", password)
	b.press(t, "Sign in")
	b.see(t, "One more step")
	if code, err = totp.GenerateCode(key, time.Now().Add(20*time.Second)); err != nil {
		t.Fatal(err)
	}
	b.fill(t, "code", code)
	b.press(t, "Sign in")
	b.do(t, chromedp.WaitVisible(".shell h1"))
}

// Who revokes a session throws the other browser out.
func TestRevoke_inBrowser(t *testing.T) {
	t.Parallel() // most of the time is waiting
	s := newSite(t)
	s.user(t, store.Admin)
	other := s.signedIn(t, store.Moderator)
	b := s.tab(t)
	b.signIn(t, "admin")
	b.open(t, "/admin/sessions")
	other.get(t, "/admin").want(t, http.StatusOK)
	b.press(t, "Sign out")
	b.see(t, "Signed that browser out.")
	other.get(t, "/admin").want(t, http.StatusSeeOther, "/login")
}

// From the login to a game's new tagline with the keyboard alone.
func TestKeyboard_inBrowser(t *testing.T) {
	t.Parallel() // most of the time is waiting
	s := newSite(t)
	s.user(t, store.Admin)
	if _, err := s.Store.CreateGame(t.Context(), store.Game{ShortName: "Alpha", Name: "Alpha MUD", Display: true}, store.LongSecret); err != nil {
		t.Fatal(err)
	}
	b := s.tab(t)
	b.open(t, "/login")
	b.do(t, chromedp.KeyEvent("admin"), chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent(password), chromedp.KeyEvent(kb.Enter),
		chromedp.WaitVisible(".shell h1"))
	// reach presses the tab key until the focus is on what has the text, and is seen there.
	reach := func(text string) {
		t.Helper()
		for range 80 {
			b.do(t, chromedp.KeyEvent(kb.Tab))
			got, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](`(() => {
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
	press := func(key string) { t.Helper(); b.do(t, chromedp.KeyEvent(key)) }
	reach("Skip to the content")
	reach("Games")
	press(kb.Enter)
	b.see(t, "1 game")
	reach("Alpha")
	press(kb.Enter)
	b.see(t, "Client id")
	reach("Edit")
	press(kb.Enter)
	b.do(t, chromedp.WaitVisible("#tagline"))
	reach("Tagline")
	press("By hand")
	press(kb.Enter)
	b.see(t, "Saved Alpha.")
	if g, err := s.Store.Game(t.Context(), "Alpha"); err != nil || g.Tagline != "By hand" {
		t.Errorf("got %q, %v", g.Tagline, err)
	}
}
