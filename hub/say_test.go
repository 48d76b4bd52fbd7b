package hub

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hearsay/hub/store"
	"hearsay/hub/wire"
)

// TestSay: people in browsers and players of games hear each other.
func TestSay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, Options{Name: "Net", Limits: unlimited()})
		alpha, beta := w.join(w.game("Alpha"), `,"channels":["gossip"]`), w.join(w.game("Beta"), "")
		site := w.join(w.application("Site", "versions"), "")
		warning, err := w.Say(t.Context(), "ann", "gossip", " hello <b>there</b>\n")
		equal(t, "said", fmt.Sprint(warning, err), "<nil>")
		synctest.Wait()
		equal(t, "a game", alpha.heard(), []string{"gossip ann@Net: hello there"})
		equal(t, "a game elsewhere", beta.heard(), []string{})
		equal(t, "an application", site.heard(), []string{"gossip ann@Net: hello there"})
		equal(t, "the other way", alpha.says("gossip", "Bob", "hello ann"), "")
		found, err := w.st.SearchMessages(t.Context(), store.Search{Channel: "gossip", Oldest: true})
		w.do(err)
		var log []string
		for _, m := range found.Messages {
			log = append(log, fmt.Sprintf("%s@%s: %s", m.Name, m.Game, m.Text))
		}
		equal(t, "the log", log, []string{"ann@Net: hello there", "Bob@Alpha: hello ann"})
	})
}

// TestSay_refusals: what is against a message, and what becomes of it under each rule, is the
// same for people in browsers as for games.
func TestSay_refusals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, Options{Limits: unlimited()})
		for _, c := range []store.Channel{{Name: "slowly", SlowSeconds: 5}, {Name: "shut"}} {
			_, err := w.st.CreateChannel(t.Context(), c)
			w.do(err)
		}
		w.do(w.st.PauseChannel(t.Context(), "shut", 0))
		alpha := w.enter(w.game("Alpha"), `"ann"`)
		for _, channel := range []string{"slowly", "shut"} {
			alpha.ask(wire.ChannelsSubscribe, `{"channel":"`+channel+`"}`)
		}
		hears := w.join(w.game("Beta"), `,"channels":["gossip","slowly","shut"]`)
		w.rule(store.PlayerRule, "bad@Hearsay", store.Mute)
		w.rule(store.WordRule, "mute", store.Mute)
		w.rule(store.WordRule, "drop", store.Drop)
		w.rule(store.WordRule, "hold", store.Hold)
		w.rule(store.WordRule, "darn", store.Replace)
		w.rule(store.WordRule, "heck", store.Warn, func(r *store.Rule) { r.Reason = "be kind" })
		const warned = "Your message to gossip broke a rule of this network: be kind"
		for _, test := range []struct {
			name, channel, text string
			refusal, hears      string
			warning             string
		}{
			{"ann", "gossip", "darn <i>", "", "***", ""},
			{"ann", "gossip", "heck", "", "heck", warned},
			{"ann", "gossip", "drop", "", "", ""},
			{"ann", "gossip", "hold", "", "", "Your message waits until somebody has looked at it."},
			{"ann", "gossip", "hold, heck", "", "", "Your message waits until somebody has looked at it. " + warned},
			{"ann", "gossip", "mute", wire.ErrorMuted, "", ""},
			{"ann", "gossip", " ", wire.ErrorMessageEmpty, "", ""},
			{"ann", "gossip", strings.Repeat("x", DefaultLimits().MaxText+1), wire.ErrorMessageTooLong, "", ""},
			{"ann", "gossip", strings.Repeat("😀", 1501), wire.ErrorMessageTooLong, "", ""},
			{" ", "gossip", "hi", wire.ErrorNameEmpty, "", ""},
			{"ann", "shut", "hi", wire.ErrorPaused, "", ""},
			{"ann", "slowly", "hi", "", "hi", ""},
			{"Ann", "slowly", "hi", wire.ErrorSlow(5 * time.Second), "", ""},
			{"zed", "slowly", "hi", "", "hi", ""},
		} {
			warning, err := w.Say(t.Context(), test.name, test.channel, test.text)
			heard := func(name, game string) []string {
				if test.hears == "" {
					return []string{}
				}
				return []string{test.channel + " " + name + "@" + game + ": " + test.hears}
			}
			what := fmt.Sprintf("%s on %s: %.20s", test.name, test.channel, test.text)
			wantRefusal(t, what, err, test.refusal)
			equal(t, what, warning, test.warning)
			synctest.Wait()
			equal(t, what, hears.heard(), heard(test.name, "Hearsay"))
			equal(t, what, alpha.says(test.channel, test.name, test.text), test.refusal) // a game
			synctest.Wait()
			equal(t, what, hears.heard(), heard(test.name, "Alpha"))
		}
		_, err := w.Say(t.Context(), "ann", "nowhere", "hi")
		wantRefusal(t, "no channel", err, wire.ErrorUnknownChannel("nowhere"))
		_, err = w.Say(t.Context(), "BAD", "gossip", "hi")
		wantRefusal(t, "a person who is muted", err, wire.ErrorMuted)
		equal(t, "not the words", errors.Is(err, ErrWords), false)
		_, err = w.Say(t.Context(), "BAD", "gossip", "mute")
		equal(t, "the words of a person who is muted", errors.Is(err, ErrWords), false)
		_, err = w.Say(t.Context(), "ann", "gossip", "mute")
		equal(t, "only the words", errors.Is(err, ErrWords), true)

		// What is held is delivered to every game when it is approved.
		alpha.texts()
		_, err = w.st.Decide(t.Context(), 1, store.Approve)
		w.do(err)
		synctest.Wait()
		equal(t, "approved", hears.heard(), []string{"gossip ann@Hearsay: hold"})
		equal(t, "approved", alpha.heard(), []string{"gossip ann@Hearsay: hold"})
		for range store.MostHeld {
			if w.st.Hold(t.Context(), store.Held{Channel: 1, Sender: 1, Game: "Alpha", Name: "Bob", Text: "x", Rule: 1}) != nil {
				break
			}
		}
		_, err = w.Say(t.Context(), "ann", "gossip", "hold")
		wantRefusal(t, "a full queue", err, wire.ErrorRefused)

		w.Shutdown(t.Context(), Downtime)
		if _, err = w.Say(t.Context(), "ann", "gossip", "hi"); !errors.Is(err, errStopping) {
			t.Errorf("after the stop: got %v", err)
		}
	})
}

func wantRefusal(t *testing.T, what string, err error, want string) {
	t.Helper()
	r, refused := errors.AsType[Refusal](err)
	if string(r) != want || refused != (want != "") || !refused && err != nil {
		t.Errorf("%s: got %v, want %q", what, err, want)
	}
}

// TestSay_rate: a person may say as much as the socket of a game.
func TestSay_rate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, Options{})
		says := func(name string) (n int) {
			t.Helper()
			for {
				_, err := w.Say(t.Context(), name, "gossip", "hi")
				if err != nil {
					wantRefusal(t, "one too many", err, wire.ErrorRateLimit)
					return n
				}
				n++
			}
		}
		equal(t, "at once", says("ann"), 10)
		equal(t, "the same person", says("ANN"), 0)
		equal(t, "another", says("bob"), 10)
		time.Sleep(time.Second)
		equal(t, "after a second", says("ann"), 2)
		l := DefaultLimits()
		l.Sends = Rate{3, 1}
		w.SetLimits(l)
		equal(t, "under other limits", says("ann"), 3)
		l.Sends = Rate{}
		w.SetLimits(l)
		for range 50 {
			_, err := w.Say(t.Context(), "ann", "gossip", "hi")
			w.do(err)
		}
	})
}

func TestTalkers_bounds(t *testing.T) {
	var all talkers
	l := DefaultLimits()
	now := time.Now()
	for i := range 3 * mostTalkers {
		all.take(fmt.Sprint(i), &l, now)
	}
	if len(all.all) > mostTalkers {
		t.Errorf("%d are remembered", len(all.all))
	}
	for i := range 100 {
		all.take(fmt.Sprint("x", i), &l, now.Add(time.Hour))
	}
	all.forget(now.Add(2 * time.Hour))
	if len(all.all) > 0 {
		t.Errorf("%d are remembered after they may speak again", len(all.all))
	}
}
