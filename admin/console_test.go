package admin_test

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"hearsay/hub/hubtest/chrome"
	"hearsay/hub/store"
	"hearsay/hub/wire"
)

func TestConsole(t *testing.T) {
	s := newSite(t)
	b := s.signedIn(t, store.Admin)
	_, err := s.Store.CreateGame(t.Context(), store.Game{ShortName: "Alpha", Name: "Alpha MUD", Display: true}, store.LongSecret)
	if err != nil {
		t.Fatal(err)
	}
	if text := b.get(t, "/admin/console").want(t, http.StatusOK, "Its short name.").text; strings.Contains(text, "console.js") {
		t.Error("without a game there is a script")
	}
	b.get(t, "/admin/console?game=Nobody").want(t, http.StatusUnprocessableEntity, "There is no game Nobody.", `aria-invalid="true"`)
	b.get(t, "/admin/console?game=alpha").want(t, http.StatusOK, `data-game="Alpha"`, "needs JavaScript", "channels/history", "&#34;ref&#34;:&#34;REF&#34;")

	b.post(t, "/admin/console/Nobody/lend").want(t, http.StatusNotFound)
	got := b.post(t, "/admin/console/Alpha/lend").want(t, http.StatusOK)
	var l struct {
		ClientID string `json:"client_id"`
		Secret   string `json:"client_secret"`
		Minutes  int
	}
	if err := json.Unmarshal([]byte(got.text), &l); err != nil || l.Minutes != 15 || l.Secret == "" {
		t.Fatalf("got %s, %v", got.text, err)
	}
	b.post(t, "/admin/console/Alpha/prompt", "client_id", l.ClientID, "prompt", "tell").want(t, http.StatusNotFound, "The socket is not open any more.")
	connect(t, s, store.Credential{ClientID: l.ClientID, Secret: l.Secret}, "Ann")
	b.post(t, "/admin/console/Alpha/prompt", "client_id", l.ClientID, "prompt", "tell").want(t, http.StatusNoContent)
	b.post(t, "/admin/console/Alpha/prompt", "client_id", l.ClientID, "prompt", "x").want(t, http.StatusUnprocessableEntity, `There is no "x".`)
	b.get(t, "/admin/games/Alpha/doctor").want(t, http.StatusOK, "console", "It is not connected")
	if rows := s.ask(t, `SELECT subject FROM audit WHERE action = 'console open'`); len(rows) != 1 || rows[0] != "Alpha" {
		t.Errorf("on record is %q", rows)
	}
	if rows := s.ask(t, `SELECT count(*) FROM versions WHERE kind = 'games'`); rows[0] != "1" {
		t.Errorf("the game has %s versions", rows[0])
	}
	if rows := s.ask(t, `SELECT coalesce(user_agent, '') || coalesce(last_seen_at, '') FROM games`); rows[0] != "" {
		t.Errorf("the game's record has %q", rows[0])
	}
}

// TestConsole_inBrowser connects as a game, talks, and presses every button.
func TestConsole_inBrowser(t *testing.T) {
	browser := chrome.Open(t)
	s := newSite(t)
	s.user(t, store.Admin)
	for _, name := range []string{"Alpha", "Beta"} {
		c, err := s.Store.CreateGame(t.Context(), store.Game{ShortName: name, Name: name + " MUD", Display: true}, store.LongSecret)
		if err != nil {
			t.Fatal(err)
		}
		if name == "Beta" {
			connect(t, s, c, "Eve") // so that there is somebody to ask about
		}
	}
	ctx, cancel := context.WithTimeout(browser, 120*time.Second)
	defer cancel()
	chrome.Give(t, ctx, s.URL, s.session(t, "admin"))
	complaints := chrome.Complaints(t, ctx)
	do := func(actions ...chromedp.Action[chromedp.Void]) {
		t.Helper()
		if err := chromedp.Do(ctx, actions...); err != nil {
			t.Fatal(err)
		}
	}
	// logged waits until the log has a text.
	logged := func(want string) {
		t.Helper()
		awaitLog(t, ctx, want)
	}
	do(chromedp.EmulateViewport(1280, 1000), chromedp.Navigate(s.URL+"/admin/console?game=Alpha"), chromedp.WaitVisible("#connect"),
		chromedp.Click("#connect"))
	logged(`"client_secret":"…"`)
	logged(`"event":"authenticate","status":"success"`)
	chrome.Await(t, ctx, "#state", "connected as Alpha")
	logged(`{"event":"heartbeat","payload":{"players":["Tester"]}}`)

	do(chromedp.Click("#send"))
	logged(`{"event":"channels/send","ref":"r1","payload":{"channel":"gossip","name":"Tester","message":"Hello there!"}}`)
	logged(`{"event":"channels/send","ref":"r1","status":"success"}`)
	do(chromedp.Click("#send"))
	logged(`{"event":"channels/send","ref":"r2","status":"success"}`)

	// Every template is understood.
	all := templates(t, ctx)
	slices.SortStableFunc(all, func(a, b string) int { return cmp.Compare(undoes(a), undoes(b)) })
	for _, event := range all {
		choose(t, ctx, event)
		do(chromedp.Click("#send"))
		if event != "heartbeat" {
			awaitAnswer(t, ctx, event)
		}
	}
	for prompt, want := range map[string]string{
		"tell": `"event":"tells/receive"`, "broadcast": `"event":"channels/broadcast"`, "restart": `"event":"restart"`,
	} {
		choose(t, ctx, "players/sign-in") // a template has signed him out
		do(chromedp.Click("#send"))
		choose(t, ctx, "channels/subscribe")
		do(chromedp.Click("#send"))
		do(chromedp.Click(`[data-prompt="` + prompt + `"]`))
		logged(want)
	}
	do(chromedp.Click("#miss"))
	logged("Heartbeats are not answered any more")
	do(chromedp.Click("#miss"))
	logged("Heartbeats are answered again.")
	for _, one := range chrome.Barriers(t, ctx) {
		t.Errorf("axe: %s", one)
	}
	chrome.Picture(t, ctx, "console.png")
	if os.Getenv("HEARSAY_TEST_SCREENSHOTS") != "" {
		do(chrome.Scheme("dark"), chromedp.EmulateViewport(390, 900))
		chrome.Picture(t, ctx, "console-dark-390.png")
	}
	do(chromedp.EmulateViewport(1280, 1000), chromedp.Click("#disconnect"))
	logged("The socket closed with 1000")
	chrome.Await(t, ctx, "#state", "not connected")
	do(chromedp.Click("#clear"), chromedp.Click("#connect"))
	logged(`"event":"authenticate","status":"success"`)
	if c := complaints(); len(c) > 0 {
		t.Errorf("the browser complains: %q", c)
	}
}

// undoes is 1 for what others need undone at the end.
func undoes(event string) int {
	if event == wire.ChannelsUnsubscribe || event == wire.PlayersSignOut {
		return 1
	}
	return 0
}

// awaitLog waits until the console's log has a text.
func awaitLog(t testing.TB, ctx context.Context, want string) {
	t.Helper()
	await(t, ctx, `document.querySelector("#log").innerText.includes(`+quoted(want)+`)`)
}

// awaitAnswer waits until the console's last request with a ref is answered with success.
func awaitAnswer(t testing.TB, ctx context.Context, event string) {
	t.Helper()
	await(t, ctx, `(() => {
		const lines = [...document.querySelectorAll("#log > div")];
		const sent = lines.filter(l => l.className === "sent").map(l => JSON.parse(l.querySelector("code").textContent)).filter(f => f.event === `+quoted(event)+`).pop();
		return !!sent && lines.some(l => l.className === "got" && (f => f.ref === sent.ref && (f.status === "success" || f.payload?.errors))(JSON.parse(l.querySelector("code").textContent)));
	})()`)
}

// await waits until a condition of the page is true.
func await(t testing.TB, ctx context.Context, condition string) {
	t.Helper()
	for ctx.Err() == nil {
		ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool](
			`new Promise(done => requestAnimationFrame(() => done(`+condition+`)))`, chromedp.EvalAwaitPromise))
		if err != nil {
			break
		}
		if ok {
			return
		}
	}
	text, _ := chromedp.Run(context.WithoutCancel(ctx), chromedp.Evaluate[string](`document.querySelector("#log")?.innerText ?? ""`)) // for the message
	t.Fatalf("never: %s; the log is\n%s", condition, text)
}

func quoted(text string) string {
	b, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func templates(t testing.TB, ctx context.Context) []string {
	t.Helper()
	all, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](`[...document.querySelectorAll("#template option")].map(o => o.textContent)`))
	if err != nil || len(all) < 10 {
		t.Fatalf("got the templates %q, %v", all, err)
	}
	return all
}

func choose(t testing.TB, ctx context.Context, event string) {
	t.Helper()
	if _, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`(() => {
		const select = document.querySelector("#template");
		select.selectedIndex = [...select.options].findIndex(o => o.textContent === `+quoted(event)+`);
		return select.dispatchEvent(new Event("change"));
	})()`)); err != nil {
		t.Fatal(err)
	}
}
