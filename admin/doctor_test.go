package admin_test

import (
	"context"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"hearsay/hub/hubtest"
	"hearsay/hub/hubtest/chrome"
	"hearsay/hub/store"
	"hearsay/hub/wire"
)

// ail has a client of a game do much that is wrong.
func ail(t testing.TB, s *site, c store.Credential) {
	t.Helper()
	ctx := t.Context()
	wrong := c
	wrong.Secret = "HUSH"
	for range 3 {
		socket := dialSite(t, s)
		if err := socket.Authenticate(ctx, wrong, nil); err == nil {
			t.Fatal("a wrong secret is let in")
		}
	}
	socket := connect(t, s, c, "Bob")
	for _, one := range [][2]string{
		{"channel/send", `{"channel":"gossip"}`},
		{wire.ChannelsSend, `{"chanel":"gossip","name":"Bob","message":"hello"}`},
		{wire.TellsSend, `{"from_name":"Bob","to_game":"Alpha","to_name":"Bob","message":"HUSH"}`},
		{wire.ChannelsSubscribe, `{"channel":"a b"}`},
		{wire.ChannelsSend, `{"channel":"elsewhere","name":"Bob","message":"hello"}`},
	} {
		if err := socket.Conn.Write(ctx, 1, []byte(`{"event":"`+one[0]+`","ref":"x","payload":`+one[1]+`}`)); err != nil {
			t.Fatal(err)
		}
		for {
			f, err := socket.Read(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if string(f.Ref) == `"x"` {
				break
			}
		}
	}
}

// dialSite opens a socket that the test's end closes.
func dialSite(t testing.TB, s *site) *hubtest.Socket {
	t.Helper()
	socket, err := hubtest.Dial(t.Context(), strings.Replace(s.URL, "http", "ws", 1)+"/socket")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { socket.Conn.CloseNow() })
	return socket
}

func TestDoctor(t *testing.T) {
	s := newSite(t)
	b := s.signedIn(t, store.Admin)
	c, err := s.Store.CreateGame(t.Context(), store.Game{ShortName: "Alpha", Name: "Alpha MUD", Display: true}, store.LongSecret)
	if err != nil {
		t.Fatal(err)
	}
	b.get(t, "/admin/games/Nobody/doctor").want(t, http.StatusNotFound)
	b.get(t, "/admin/applications/Alpha/doctor").want(t, http.StatusNotFound)
	b.get(t, "/admin/games/alpha/doctor?socket=x").want(t, http.StatusOK, "It is not connected. It has never connected", c.ClientID, "ws://", "There is none.")
	stranger := c
	stranger.ClientID, stranger.Secret = "typed-wrong", "HUSH"
	_ = dialSite(t, s).Authenticate(t.Context(), stranger, nil) // fails
	b.get(t, "/admin/games/Alpha/doctor").want(t, http.StatusOK, "But somebody else came from 127.0.0.1", "typed-wr…", "no client id of this hub")

	ail(t, s, c)
	got := b.get(t, "/admin/games/Alpha/doctor").want(t, http.StatusOK,
		"It is connected. The hub refused <code>channels/send</code> once with the error <code>not subscribed to &#34;elsewhere&#34;</code>",
		"In <code>channels/send</code> the client sends <code>chanel</code>; the field is <code>channel</code>.",
		"The event is <code>channels/send</code>.",
		"The secret was wrong.", "&#34;client_secret&#34;:&#34;…&#34;", "&#34;message&#34;:&#34;(hidden)&#34;",
		"It wanted channels whose names are refused: &#34;a b&#34;.", "gossip, testing", "1 heartbeat, 0 answers",
		">Refused requests<", "<code>not subscribed to &#34;elsewhere&#34;</code>", "The socket of a game has not subscribed to the channel.", ">refused: not subscribed to &#34;elsewhere&#34;<")
	if strings.Contains(got.text, "HUSH") || strings.Contains(got.text, c.Secret) {
		t.Error("the page shows a secret")
	}

	_, err = s.Store.CreateApplication(t.Context(), store.Application{ShortName: "Site", Name: "A player site", SyncForm: "versions"}, store.LongSecret)
	if err != nil {
		t.Fatal(err)
	}
	b.get(t, "/admin/applications/Site/doctor").want(t, http.StatusOK, "It has never connected")
	if err := s.Store.SuspendApplication(t.Context(), "Site", store.Suspension{Reason: "spam"}); err != nil {
		t.Fatal(err)
	}
	b.get(t, "/admin/applications/Site/doctor").want(t, http.StatusOK, "It is not connected. It is suspended (spam)")
}

// TestDoctor_inBrowser: what is wrong with a client is there while somebody looks.
func TestDoctor_inBrowser(t *testing.T) {
	browser := chrome.Open(t)
	s := newSite(t)
	s.user(t, store.Admin)
	c, err := s.Store.CreateGame(t.Context(), store.Game{ShortName: "Alpha", Name: "Alpha MUD", Display: true}, store.LongSecret)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(browser, 60*time.Second)
	defer cancel()
	chrome.Give(t, ctx, s.URL, s.session(t, "admin"))
	complaints := chrome.Complaints(t, ctx)
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(1280, 900), chromedp.Navigate(s.URL+"/admin/games/Alpha/doctor")); err != nil {
		t.Fatal(err)
	}
	chrome.Await(t, ctx, "#verdict", "It is not connected. It has never connected")
	ail(t, s, c)
	chrome.Await(t, ctx, "#verdict", "It is connected. The hub refused channels/send once with the error not subscribed to \"elsewhere\"")
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.querySelector("main").innerText`))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"The secret was wrong.", "127.0.0.1", `"client_secret":"…"`} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %q: %s", want, text)
		}
	}
	for _, one := range chrome.Barriers(t, ctx) {
		t.Errorf("axe: %s", one)
	}
	chrome.Picture(t, ctx, "doctor-ill.png")
	if os.Getenv("HEARSAY_TEST_SCREENSHOTS") != "" {
		if err := chromedp.Do(ctx, chrome.Scheme("dark"), chromedp.EmulateViewport(390, 900)); err != nil {
			t.Fatal(err)
		}
		chrome.Picture(t, ctx, "doctor-ill-dark-390.png")
	}
	if c := complaints(); len(c) > 0 {
		t.Errorf("the browser complains: %q", c)
	}
}
