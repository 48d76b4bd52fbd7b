package admin_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"hearsay/hub/hubtest/chrome"
	"hearsay/hub/store"
	"hearsay/hub/wire"
)

// TestRules_inBrowser: a moderator tries a rule and saves it, it holds a real game's
// message, and once that is approved another game hears it.
func TestRules_inBrowser(t *testing.T) {
	browser := chrome.Open(t)
	s := newSite(t)
	s.user(t, store.Moderator)
	alpha, beta := connect(t, s, s.game(t, "Alpha"), "Bob"), connect(t, s, s.game(t, "Beta"), "Eve")
	for range 3 {
		s.say(t, 1, "Alpha", "Bob", "Buy gold here!")
	}
	s.say(t, 1, "Alpha", "Bob", "Bye")
	ctx, cancel := context.WithTimeout(browser, 60*time.Second)
	defer cancel()
	complaints := chrome.Complaints(t, ctx)
	do := func(actions ...chromedp.Action[chromedp.Void]) {
		t.Helper()
		if err := chromedp.Do(ctx, actions...); err != nil {
			t.Fatal(err)
		}
	}
	chrome.Give(t, ctx, s.URL, s.session(t, "moderator"))
	do(chromedp.Navigate(s.URL+"/admin/new/rule"),
		chromedp.SetValue("#kind", "pattern"), chromedp.SendKeys("#subject", `(?i)\bbuy\b`), chromedp.SetValue("#action", "hold"),
		chromedp.Click(`button[value="test"]`), chromedp.WaitVisible("#trial-h"))
	chrome.Await(t, ctx, ".note", "It would have matched 3 of 4 messages of the last 7 days.")
	chrome.Picture(t, ctx, "trial.png")
	do(chromedp.Click(`button[value="save"]`), chromedp.WaitVisible(".flash"))
	chrome.Await(t, ctx, ".flash", "Saved the rule; it acts from now on.")
	chrome.Await(t, ctx, "tbody th a", `(?i)\bbuy\b`)

	f, err := alpha.Ask(ctx, wire.ChannelsSend, wire.SendPayload{Channel: "gossip", Name: "Bob", Message: "BUY swords"}, nil)
	if err != nil || f.Status != wire.StatusSuccess {
		t.Fatalf("Alpha is answered %+v, %v", f, err)
	}
	// What comes after the fence's answer was not sent before it.
	f, err = beta.Ask(ctx, "fence", nil, func(f wire.Frame) error { t.Errorf("Beta hears %s before it is approved", f.Payload); return nil })
	if err != nil {
		t.Fatal(f, err)
	}
	do(chromedp.Navigate(s.URL + "/admin/review"))
	chrome.Await(t, ctx, "tbody .said", "BUY swords")
	chrome.Await(t, ctx, ".wide a[href='/admin/review'] .mark", "1")
	do(chromedp.Click(`button[name="approve"]`), chromedp.WaitVisible(".flash"))
	chrome.Await(t, ctx, ".flash", "Approved 1 message: delivered.")
	f, err = beta.Read(ctx)
	if err != nil || f.Event != wire.ChannelsBroadcast || !strings.Contains(string(f.Payload), `"game":"Alpha","name":"Bob","message":"BUY swords"`) {
		t.Errorf("Beta hears %+v %s, %v", f, f.Payload, err)
	}

	// The queue's length is live.
	do(chromedp.Navigate(s.URL + "/admin/review"))
	chrome.Await(t, ctx, "main .quiet", "0 messages wait")
	if _, err := alpha.Ask(ctx, wire.ChannelsSend, wire.SendPayload{Channel: "gossip", Name: "Bob", Message: "buy more"}, nil); err != nil {
		t.Fatal(err)
	}
	chrome.Await(t, ctx, "main .quiet", "1 message waits")

	// One click hides, one mutes.
	do(chromedp.Navigate(s.URL+"/admin/messages/4"), chromedp.Click(".actions button"), chromedp.WaitVisible(".flash"))
	chrome.Await(t, ctx, ".flash", "Hid the message")
	do(chromedp.Click(`button[value="168h"]`), chromedp.WaitVisible(".flash"))
	chrome.Await(t, ctx, ".flash", "Muted Bob@Alpha until")
	f, err = alpha.Ask(ctx, wire.ChannelsSend, wire.SendPayload{Channel: "gossip", Name: "Bob", Message: "hello"}, nil)
	if err != nil || f.Error != wire.ErrorMuted {
		t.Errorf("Alpha is answered %+v, %v", f, err)
	}
	if c := complaints(); len(c) > 0 {
		t.Errorf("the browser complains: %q", c)
	}
}
