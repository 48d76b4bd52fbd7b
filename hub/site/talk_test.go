package site_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"hearsay/hub/hubtest"
	"hearsay/hub/hubtest/chrome"
	"hearsay/hub/store"
	"hearsay/hub/wire"
)

// broadcast is the next message that a game hears.
func broadcast(t testing.TB, s *hubtest.Socket) wire.Broadcast {
	t.Helper()
	for {
		f, err := s.Read(t.Context())
		check(t, err)
		if f.Event == wire.ChannelsBroadcast {
			b, ok := wire.DecodeBroadcast(f.Payload)
			if !ok {
				t.Fatalf("got %s", f.Payload)
			}
			return b
		}
	}
}

func TestSay(t *testing.T) {
	w := newWorld(t, hubtest.NewFile(t))
	w.furnish(t)
	ctx := t.Context()
	eve := w.member(t, "Eve", store.Person)
	game, err := w.store.CreateGame(ctx, store.Game{ShortName: "Ears", Name: "Ears", Display: true}, store.LongSecret)
	check(t, err)
	ears := w.connect(t, game)
	_, err = ears.Ask(ctx, wire.ChannelsSubscribe, map[string]any{"channel": "gossip"}, nil)
	check(t, err)
	say := func(token, channel, text string) reply {
		t.Helper()
		return w.send(t, token, "/channels/"+channel, url.Values{"text": {text}})
	}
	heard := func(want string) {
		t.Helper()
		if b := broadcast(t, ears); b.Message != want || b.Name != "Eve" || b.Game != "Hearsay" {
			t.Errorf("got %+v, want %q of Eve", b, want)
		}
	}

	if p := say(eve, "gossip", "Hello \x1b[1mgames\x1b[0m!"); p.StatusCode != http.StatusSeeOther || p.Header.Get("Location") != "/channels/gossip" {
		t.Fatalf("got %d to %q: %s", p.StatusCode, p.Header.Get("Location"), p.text)
	}
	heard("Hello games!")
	for _, tt := range []struct {
		name, channel, text string
		status              int
		want                string
	}{
		{"nothing", "gossip", "  ", 422, `aria-invalid="true"`},
		{"too long", "gossip", strings.Repeat("x", 4097), 422, `aria-invalid="true"`},
		{"not readable", "lounge", "x", 404, "is not there"},
		{"hidden", "cellar", "x", 404, "is not there"},
		{"no channel", "nowhere", "x", 404, "is not there"},
	} {
		if p := say(eve, tt.channel, tt.text); p.StatusCode != tt.status || !strings.Contains(p.text, tt.want) {
			t.Errorf("%s: got %d, want %d with %q: %s", tt.name, p.StatusCode, tt.status, tt.want, p.text)
		}
	}
	if p := say("", "gossip", "x"); p.StatusCode != http.StatusUnauthorized {
		t.Errorf("nobody: got %d", p.StatusCode)
	}

	rule := store.Rule{Kind: store.WordRule, Subject: "gold", Action: store.Hold, Enabled: true}
	_, err = w.store.CreateRule(ctx, rule)
	check(t, err)
	hubtest.Eventually(t, "the rule", func() bool {
		say(eve, "gossip", "gold for all")
		n, err := w.store.Waiting(ctx)
		check(t, err)
		return n == 1
	})
	held, _, err := w.store.HeldPage(ctx, store.Page{Limit: 1})
	check(t, err)
	if held[0].Name != "Eve" || held[0].Game != "Hearsay" {
		t.Errorf("held is %+v", held[0])
	}
	if p := w.send(t, eve, "/channels/gossip", nil); !strings.Contains(p.text, "Your message waits until somebody has looked at it.") {
		t.Errorf("nobody says that the message is held: %s", p.text)
	}

	rule.Kind, rule.Subject, rule.Action = store.PatternRule, "wh?isper", store.Mute
	_, err = w.store.CreateRule(ctx, rule)
	check(t, err)
	hubtest.Eventually(t, "the pattern", func() bool {
		p := say(eve, "gossip", "a whisper")
		if strings.Contains(p.text, "muted") {
			t.Fatalf("a rule is against the words, and the page says: %s", p.text)
		}
		return strings.Contains(p.text, "rule of this network is against something in the message")
	})

	rule.Kind, rule.Subject, rule.Action = store.PlayerRule, "eve@Hearsay", store.Mute
	_, err = w.store.CreateRule(ctx, rule)
	check(t, err)
	hubtest.Eventually(t, "the mute", func() bool { return strings.Contains(say(eve, "gossip", "again").text, "You are muted") })

	check(t, w.store.BanUser(ctx, "Eve", store.Ban{Reason: "Floods"}))
	if p := say(eve, "gossip", "x"); p.StatusCode != http.StatusUnauthorized {
		t.Errorf("banned: got %d", p.StatusCode)
	}
}

// TestTalk_inBrowser: somebody in a browser talks with a game on the socket.
func TestTalk_inBrowser(t *testing.T) {
	t.Parallel() // most of the time is waiting
	w := newWorld(t, hubtest.NewFile(t))
	w.member(t, "Eve", store.Person)
	game, err := w.store.CreateGame(t.Context(), store.Game{ShortName: "Alpha", Name: "Alpha", Display: true}, store.LongSecret)
	check(t, err)
	alpha := w.connect(t, game)
	_, err = alpha.Ask(t.Context(), wire.ChannelsSubscribe, map[string]any{"channel": "gossip"}, nil)
	check(t, err)
	tab := chrome.NewTab(t, w.URL)
	tab.Open(t, "/login")
	tab.Fill(t, "username", "Eve", "password", password)
	tab.Press(t, "Sign in")
	tab.Await(t, "header", "Sign out")
	tab.Open(t, "/channels/gossip")
	tab.Fill(t, "text", "Is anybody there?")
	tab.Press(t, "Say")
	if b := broadcast(t, alpha); b.Message != "Is anybody there?" || b.Name != "Eve" || b.Game != "Hearsay" {
		t.Errorf("the game heard %+v", b)
	}
	tab.See(t, "Eve@Hearsay")
	_, err = alpha.Ask(t.Context(), wire.ChannelsSend, map[string]any{"channel": "gossip", "name": "Ann", "message": "I am!"}, nil)
	check(t, err)
	tab.See(t, "I am!")
	if _, err := w.store.CreateRule(t.Context(), store.Rule{Kind: store.WordRule, Subject: "gold", Action: store.Hold, Enabled: true}); err != nil {
		t.Fatal(err)
	}
	hubtest.Eventually(t, "the rule", func() bool {
		tab.Fill(t, "text", "Gold at "+time.Now().String())
		tab.Press(t, "Say")
		n, err := w.store.Waiting(t.Context())
		check(t, err)
		return n > 0
	})
	held, _, err := w.store.HeldPage(t.Context(), store.Page{Limit: 1})
	check(t, err)
	_, err = w.store.Decide(t.Context(), held[0].ID, store.Approve)
	check(t, err)
	tab.See(t, held[0].Text)
}

// TestSayForm_inBrowser: the button has its word on one line, and is as high as the field beside it.
func TestSayForm_inBrowser(t *testing.T) {
	w := newWorld(t, hubtest.NewFile(t))
	w.member(t, "Eve", store.Person)
	tab := chrome.NewTab(t, w.URL)
	w.signIn(t, tab.Ctx, "Eve")
	for _, width := range []int64{1280, 390} {
		tab.Do(t, chromedp.EmulateViewport(width, 900))
		tab.Open(t, "/channels/gossip")
		type box struct{ Width, Height, Field float64 }
		got, err := chromedp.Run(tab.Ctx, chromedp.Evaluate[box](`(() => {
			const [field, button] = document.querySelectorAll(".say > div > *");
			const {width: Width, height: Height} = button.getBoundingClientRect();
			return {Width, Height, Field: field.getBoundingClientRect().height};
		})()`))
		check(t, err)
		if got.Height != got.Field || got.Width < got.Height {
			t.Errorf("in a window of %d px: the button is %g × %g px, the field %g px high; want the same height, and a button that is wider than high", width, got.Width, got.Height, got.Field)
		}
	}
}

// TestAway_inBrowser: a live page says that the hub is away, and what is posted then stays in its
// field and can be posted when the hub is back.
func TestAway_inBrowser(t *testing.T) {
	w := newWorld(t, hubtest.NewFile(t))
	w.member(t, "Eve", store.Person)
	const away = "Connection lost, trying again."
	var hangs atomic.Bool
	serve := func(address string) (*http.Server, string) {
		l, err := net.Listen("tcp", address)
		check(t, err)
		srv := &http.Server{Handler: http.HandlerFunc(func(to http.ResponseWriter, r *http.Request) {
			if hangs.Load() {
				<-r.Context().Done()
			} else {
				w.Config.Handler.ServeHTTP(to, r)
			}
		})}
		done := make(chan struct{})
		go func() { defer close(done); _ = srv.Serve(l) }()
		t.Cleanup(func() { _ = srv.Close(); <-done })
		return srv, l.Addr().String()
	}
	srv, address := serve("127.0.0.1:0")
	ctx, cancel := context.WithTimeout(chrome.Open(t), time.Minute)
	defer cancel()
	tab := &chrome.Tab{Ctx: ctx, URL: "http://" + address}
	w.signIn(t, ctx, "Eve")
	tab.Open(t, "/channels/gossip")
	tab.See(t, "Nothing yet")
	hubtest.Eventually(t, "the live part", func() bool {
		listens, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`"sse" in (document.querySelector("#said > div")._htmx ?? {})`))
		return err == nil && listens
	})

	keeps := func(text string) {
		t.Helper()
		tab.Fill(t, "text", text)
		tab.Press(t, "Say")
		chrome.Await(t, ctx, ".lost", away+" Nothing was sent; what you wrote is still there.")
		kept, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.querySelector("#text").value`))
		if err != nil || kept != text {
			t.Errorf("the field holds %q, %v, want %q", kept, err, text)
		}
	}
	isBack := func() {
		t.Helper()
		_, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`new Promise(done => {
			const note = document.querySelector(".lost")
			const look = () => note.textContent || done(true)
			new MutationObserver(look).observe(note, {childList: true})
			look()
		})`, chromedp.EvalAwaitPromise))
		check(t, err)
	}
	hangs.Store(true) // its connections are there, but nothing answers
	keeps("Is it slow?")
	hangs.Store(false)
	isBack()
	check(t, srv.Close())
	chrome.Await(t, ctx, ".lost", away)
	keeps("Is anybody there?")
	serve(address)
	isBack()
	tab.Press(t, "Say")
	tab.See(t, "Eve@Hearsay")
	tab.Await(t, ".talk", "Is anybody there?")
}

// TestMarks_inBrowser: marks that a message piles up do not reach its neighbours.
func TestMarks_inBrowser(t *testing.T) {
	w := newWorld(t, hubtest.NewFile(t))
	for _, text := range []string{"first", "second", "third"} {
		w.say(t, "gossip", "Ann", text)
	}
	tab := chrome.NewTab(t, w.URL)
	tab.Open(t, "/channels/gossip")
	around := func() (both []byte) {
		for _, n := range []string{"1", "3"} {
			shot, err := chromedp.Run(tab.Ctx, chromedp.Screenshot(".talk li:nth-child("+n+")"))
			check(t, err)
			both = append(both, shot...)
		}
		return both
	}
	before := around()
	_, err := chromedp.Run(tab.Ctx, chromedp.Evaluate[string](`
		document.querySelector(".talk li:nth-child(2) .text").textContent = "x" + "\u0301".repeat(200) + "y" + "\u0323".repeat(200)`))
	check(t, err)
	if !bytes.Equal(before, around()) {
		t.Error("the marks of the message in the middle draw over its neighbours")
	}
}

// TestScrollback_inBrowser: what was said before comes as one scrolls to it, and nothing is
// missing or there twice while the game goes on talking.
func TestScrollback_inBrowser(t *testing.T) {
	t.Parallel() // most of the time is waiting
	w := newWorld(t, hubtest.NewFile(t))
	say := func(n int) {
		for range n {
			w.say(t, "gossip", "Ann", "And so on")
		}
	}
	say(120)
	tab := chrome.NewTab(t, w.URL)
	tab.Open(t, "/channels/gossip")
	shown := func(script string, want any) {
		t.Helper()
		var got string
		hubtest.Eventually(t, fmt.Sprint(want), func() bool {
			var err error
			got, err = chromedp.Run(tab.Ctx, chromedp.Evaluate[string](script))
			check(t, err)
			return got == fmt.Sprint(want)
		})
	}
	const messages = `String([...document.querySelectorAll(".talk > li")].map(one => one.id.slice(1)))`
	count := func(from, to int, without ...int) string {
		var all []string
		for n := from; n >= to; n-- {
			if !slices.Contains(without, n) {
				all = append(all, fmt.Sprint(n))
			}
		}
		return strings.Join(all, ",")
	}
	shown(messages, count(120, 71))
	shown(`scrollTo(0, document.body.scrollHeight); `+messages, count(120, 1))
	say(3)
	shown(messages, count(123, 1))
	check(t, w.store.HideMessage(t.Context(), 74)) // the last of the live part
	shown(messages, count(123, 1, 74))
	say(60) // more than the live part holds
	shown(`scrollTo(0, document.body.scrollHeight); `+messages, count(183, 1, 74))
	shown(`String([...document.querySelectorAll(".day")].filter(one => one.checkVisibility()).length)`, 1)
	shown(`String([...document.querySelectorAll(".older")].filter(one => one.checkVisibility()).length)`, 0)

	tab.Open(t, "/channels/gossip?before=90")
	shown(`scrollTo(0, document.body.scrollHeight); `+messages, count(89, 1, 74))
}

// The hub's own voice, and what people say on these pages, is marked; a player of a game with
// such a name is not.
func TestTalk_ownVoice(t *testing.T) {
	w := newWorld(t, hubtest.NewFile(t))
	c, err := w.store.Channel(t.Context(), "gossip")
	check(t, err)
	for _, m := range []store.Message{{Game: "Hearsay", Name: "system"}, {Game: "Hearsay", Name: "ann"}, {Game: "Alpha", Name: "system"}, {Game: "Alpha", Name: "ann@Hearsay"}} {
		m.Channel, m.Text = c.ID, "hi"
		check(t, w.store.Append(t.Context(), m, func(store.Message) {}))
	}
	for _, path := range []string{"/", "/channels/gossip", "/widget/gossip"} {
		body := w.get(t, path).text
		for who, mark := range map[string]string{
			`<bdi>system</bdi><span class="quiet">@Hearsay</span>`:    "the hub",
			`<bdi>ann</bdi><span class="quiet">@Hearsay</span>`:       "this site",
			`<bdi>system</bdi><span class="quiet">@Alpha</span>`:      "",
			`<bdi>ann@Hearsay</bdi><span class="quiet">@Alpha</span>`: "",
		} {
			_, after, there := strings.Cut(body, who)
			after, _, _ = strings.Cut(after, `class="text"`)
			if !there || strings.Contains(after, "mark ours") != (mark != "") || !strings.Contains(after, mark) {
				t.Errorf("%s: %s is followed by %q, want the mark %q", path, who, after, mark)
			}
		}
	}
}
