package admin_test

import (
	"context"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"hearsay/hub/store"
	"hearsay/hub/wire"
)

// TestChannel_inBrowser: what a game says appears on a channel's page by itself, a pause
// there stops the game, and the search finds what was said.
func TestChannel_inBrowser(t *testing.T) {
	browser := openBrowser(t)
	s := newSite(t)
	s.user(t, store.Moderator)
	credential, err := s.Store.CreateGame(t.Context(), store.Game{ShortName: "Alpha", Name: "Alpha", Display: true}, store.LongSecret)
	if err != nil {
		t.Fatal(err)
	}
	game := connect(t, s, credential)
	ctx, cancel := context.WithTimeout(browser, 60*time.Second)
	defer cancel()
	complaints := listen(t, ctx)
	say := func(text string) (failure string) {
		t.Helper()
		answer, err := game.Ask(ctx, wire.ChannelsSend, map[string]any{"channel": "gossip", "name": "Ann", "message": text}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return answer.Error
	}
	do := func(actions ...chromedp.Action[chromedp.Void]) {
		t.Helper()
		if err := chromedp.Do(ctx, actions...); err != nil {
			t.Fatal(err)
		}
	}

	say("Before anybody looked")
	do(chromedp.Navigate(s.URL+"/login"),
		chromedp.SendKeys("#username", "moderator"), chromedp.SendKeys("#password", password), chromedp.Click("article button"),
		chromedp.WaitVisible(".shell h1"),
		chromedp.Navigate(s.URL+"/admin/channels"), chromedp.Click(`a[href="/admin/channels/gossip"]`))
	awaitText(t, ctx, ".log .said", "Before anybody looked")
	say("Hello, everybody & all who <3 dragons")
	awaitText(t, ctx, ".log .said", "Hello, everybody & all who <3 dragons")

	do(chromedp.Click("details:has(#minutes) summary"), chromedp.SetValue("#minutes", "5"), chromedp.Click("form:has(#minutes) button"))
	awaitText(t, ctx, ".note p", "Paused until 20")
	for failure := ""; failure == ""; failure = say("Is anybody there?") { // the hub follows the file
		if ctx.Err() != nil {
			t.Fatal("the pause stops nobody")
		}
	}
	if got := say("And now?"); got != wire.ErrorPaused {
		t.Errorf("a message gets %q, want %q", got, wire.ErrorPaused)
	}
	do(chromedp.Click(".note button"))
	awaitText(t, ctx, ".flash p", "gossip takes messages again.")
	for say("At last") != "" {
		if ctx.Err() != nil {
			t.Fatal("the pause does not end")
		}
	}
	awaitText(t, ctx, ".log .said", "At last")

	do(chromedp.Click(".title .actions a"), chromedp.WaitVisible("#words"),
		chromedp.SendKeys("#words", "every* hello\r"))
	awaitText(t, ctx, ".log > li:only-child .said", "Hello, everybody & all who <3 dragons")
	if c := complaints(); len(c) > 0 {
		t.Errorf("the browser complains: %q", c)
	}
}
