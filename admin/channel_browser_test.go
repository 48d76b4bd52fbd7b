package admin_test

import (
	"testing"

	"github.com/chromedp/chromedp"

	"hearsay/hub/hubtest"
	"hearsay/hub/store"
	"hearsay/hub/wire"
)

// What a game says appears on a channel's page by itself, a pause there stops the game, and
// the search finds what was said.
func TestChannel_inBrowser(t *testing.T) {
	s := newSite(t)
	b := s.tab(t)
	s.user(t, store.Moderator)
	game := connect(t, s, s.game(t, "Alpha"))
	say := func(text string) (failure string) {
		t.Helper()
		answer, err := game.Ask(b.Ctx, wire.ChannelsSend, wire.SendPayload{Channel: "gossip", Name: "Ann", Message: text}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return answer.Error
	}

	say("Before anybody looked")
	b.signIn(t, string(store.Moderator))
	b.Open(t, "/admin/channels")
	b.Press(t, "gossip")
	b.Await(t, ".log .said", "Before anybody looked")
	say("Hello, everybody & all who <3 dragons")
	b.Await(t, ".log > :first-child .said", "Hello, everybody & all who <3 dragons")

	b.Press(t, "Pause the channel…")
	b.Fill(t, "minutes", "5")
	b.Do(t, chromedp.Click("form:has(#minutes) button"))
	b.Await(t, ".note", "Paused until 20")
	hubtest.Eventually(t, "the pause", func() bool { return say("Is anybody there?") == wire.ErrorPaused }) // the hub follows the file
	b.Press(t, "End the pause")
	b.See(t, "gossip takes messages again.")
	hubtest.Eventually(t, "the end of the pause", func() bool { return say("At last") == "" })
	b.Await(t, ".log > :first-child .said", "At last")

	b.Press(t, "Search")
	b.Fill(t, "words", "every* hello")
	b.Do(t, chromedp.KeyEvent("\r"))
	b.Await(t, ".log > :only-child", "Hello, everybody & all who <3 dragons")
	b.Press(t, "Ann@Alpha")
	b.Await(t, ".log > :last-child .said", "Before anybody looked")
	b.Await(t, ".log > :first-child .said", "At last")
}
