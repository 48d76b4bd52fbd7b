package hub

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"hearsay/hub/store"
	"hearsay/hub/wire"
)

// within counts how many of n requests are not over a limit.
func (s *socket) within(n int, event, payload string) (ok int) {
	s.t.Helper()
	for i := range n {
		s.send(event, fmt.Sprintf("within-%d", i), payload)
	}
	for range n {
		if !limited(s.next()) {
			ok++
		}
	}
	return ok
}

// TestLimit_buckets empties each bucket, and looks how fast it fills again. The
// events fail, which costs a token all the same.
func TestLimit_buckets(t *testing.T) {
	for _, test := range []struct {
		name, event, payload string
		burst                int
		token                time.Duration // until the next one
	}{
		{"all events", "unheard/of", ``, 100, 50 * time.Millisecond},
		{"sends", wire.ChannelsSend, `{"channel":"gossip","name":"Bob","message":""}`, 10, 500 * time.Millisecond},
		{"subscribes", wire.ChannelsSubscribe, `{"channel":"gossip"}`, 5, time.Second},
		{"tells", wire.TellsSend, `{}`, 10, 500 * time.Millisecond},
		{"tells to the hub itself", wire.TellsSend, `{"from_name":"Ann","to_game":"HEARSAY","to_name":"system","message":"help"}`, 5, 2 * time.Second},
		{"malformed sends", wire.ChannelsSend, `{}`, 10, 500 * time.Millisecond},
	} {
		for factor, name := range map[int]string{1: "game", 10: "application"} {
			t.Run(test.name+", "+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := open(t, Options{})
					c := w.game("Alpha")
					if factor > 1 {
						c = w.application("Site", "versions")
					}
					s := w.join(c, "")
					burst, token := test.burst*factor, test.token/time.Duration(factor)
					equal(t, "at once", s.within(burst+2, test.event, test.payload), burst)
					settle(token - time.Millisecond)
					equal(t, "before the next token", s.within(1, test.event, test.payload), 0)
					settle(time.Millisecond)
					equal(t, "with the next token", s.within(2, test.event, test.payload), 1)
					settle(3 * token)
					equal(t, "three tokens later", s.within(5, test.event, test.payload), 3)
					settle(time.Minute)
					equal(t, "a minute later", s.within(burst+2, test.event, test.payload), burst)
					w.join(c, "").fence()
				})
			})
		}
	}
}

// TestLimit_together: subscribes and unsubscribes share a bucket, others do not.
func TestLimit_together(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, Options{})
		s := w.join(w.game("Alpha"), `,"channels":["gossip","testing","abc","abd","abe","abf","abg"]`)
		const gossip = `{"channel":"gossip"}`
		equal(t, "subscribes", s.within(3, wire.ChannelsSubscribe, gossip), 3)
		equal(t, "unsubscribes", s.within(3, wire.ChannelsUnsubscribe, gossip), 2)
		equal(t, "sends", s.within(11, wire.ChannelsSend, `{}`), 10)
		equal(t, "tells", s.within(11, wire.TellsSend, `{}`), 10)
		for range 1000 {
			s.send(wire.Heartbeat, "", "")
		}
		equal(t, "all events", s.within(100, "unheard/of", ""), 100-6-11-11)
	})
}

// TestLimit_system: tells to the hub itself are tells too, and one that the hub does not
// answer costs as much.
func TestLimit_system(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, Options{})
		s := w.join(w.game("Alpha"), "")
		equal(t, "to the hub", s.within(6, wire.TellsSend, `{"from_name":"Nobody","to_game":"hearsay","to_name":"system","message":"who"}`), 5)
		equal(t, "to a game", s.within(11, wire.TellsSend, `{"from_name":"Ann","to_game":"Beta","to_name":"Bob","message":"hi"}`), 4)
		settle(2 * time.Second)
		equal(t, "to the hub, two seconds later", s.within(2, wire.TellsSend, `{"from_name":"Nobody","to_game":"Hearsay","to_name":"x","message":"who"}`), 1)
	})
}

// TestLimit_dropped: what is over a limit has no effect, and without ref no answer.
func TestLimit_dropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, Options{})
		s := w.join(w.game("Alpha"), `,"channels":["gossip"]`)
		hears := w.join(w.game("Beta"), `,"channels":["gossip"]`)
		synctest.Wait()
		s.fence()
		for range 15 {
			s.send(wire.ChannelsSend, "", `{"channel":"gossip","name":"Bob","message":"hi"}`)
		}
		synctest.Wait()
		equal(t, "answers", len(s.texts()), 0)
		equal(t, "broadcasts", len(hears.texts()), 10)
	})
}

// drop sends until so many events have been dropped.
func (s *socket) drop(n int) {
	s.t.Helper()
	for dropped := 0; dropped < n; {
		s.send(wire.ChannelsSubscribe, "drop", `{"channel":"x"}`)
		if limited(s.next()) {
			dropped++
		}
	}
}

func TestLimit_drops(t *testing.T) {
	for _, test := range []struct {
		name    string
		batches []int // drops, one batch after the other
		every   time.Duration
		closed  bool // by one drop more, at the time of the last batch
	}{
		{"99 at once, 1 more", []int{99}, 0, true},
		{"98 at once, 1 more", []int{98}, 0, false},
		{"99 and a minute later 1 more", []int{99, 0}, time.Minute, false},
		{"99 and less than a minute later 1 more", []int{99, 0}, time.Minute - time.Millisecond, true},
		{"150 over 98 s, 1 more", []int{10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10}, 7 * time.Second, false},
		{"99 within 48 s, 1 more", []int{12, 12, 12, 12, 12, 12, 12, 15}, 6 * time.Second, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := DefaultLimits()
				l.Events = Rate{}
				w := open(t, Options{Limits: &l})
				s := w.join(w.game("Alpha"), "")
				for i, n := range test.batches {
					if i > 0 {
						settle(test.every)
					}
					s.drop(n)
				}
				if !test.closed {
					s.drop(1)
					s.fence()
					return
				}
				for range 6 { // no more tokens than five
					_ = s.conn.Write(t.Context(), websocket.MessageText, []byte(`{"event":"channels/subscribe"}`)) // fails after the end
				}
				equal(t, "frames before the end", len(s.wantEnd(wire.CloseRemoved)), 0)
			})
		})
	}
}

func TestRate_Set(t *testing.T) {
	for text, want := range map[string]Rate{
		"0": {}, "100,20": {100, 20}, "5,0.5": {5, 0.5}, "1,0": {1, 0}, "0,0": {}, "10,1e3": {10, 1000},
	} {
		r := Rate{7, 7}
		if err := r.Set(text); err != nil || r != want {
			t.Errorf("Set(%q): got %v, %v, want %v", text, r, err, want)
		}
	}
	for _, text := range []string{"", ",", "5", "5,", ",5", "-1,5", "5,-1", "5,NaN", "5,Inf", "5,1e9", "5,5,5", "5, 5", "x,5", "5.5,1"} {
		r := Rate{7, 7}
		if err := r.Set(text); err == nil || r != (Rate{7, 7}) {
			t.Errorf("Set(%q): got %v, %v, want an error and no change", text, r, err)
		}
	}
	for _, r := range []Rate{{}, {100, 20}, {5, 0.25}} {
		var again Rate
		if err := again.Set(r.String()); err != nil || again != r {
			t.Errorf("Set(%q): got %v, %v, want %v", r.String(), again, err, r)
		}
	}
}

func TestThrottle(t *testing.T) {
	var c throttle[string]
	now := time.Now()
	for range 3 {
		c.fail("a", now)
	}
	for _, test := range []struct {
		key   string
		most  int
		after time.Duration
		want  bool
	}{
		{"a", 3, 0, true}, {"a", 4, 0, false}, {"a", 0, 0, false}, {"b", 1, 0, false},
		{"a", 3, time.Minute - 1, true}, {"a", 3, time.Minute, false},
	} {
		equal(t, fmt.Sprintf("%+v", test), c.over(test.key, test.most, now.Add(test.after)), test.want)
	}
	c.fail("a", now.Add(time.Minute))
	equal(t, "a new minute", c.over("a", 2, now.Add(time.Minute)), false)
}

// TestThrottle_sweep fills a throttle twice over: its memory is bounded, and what
// still counts is forgotten last.
func TestThrottle_sweep(t *testing.T) {
	var c throttle[int]
	now := time.Now()
	for key := range mostCounts - 1 {
		c.fail(key, now)
	}
	later := now.Add(time.Minute)
	c.fail(-1, later)
	equal(t, "full", len(c.counts), mostCounts)
	c.fail(-2, later)
	equal(t, "what is over is forgotten", len(c.counts), 2)
	equal(t, "what counts is kept", c.over(-1, 1, later), true)
	for key := range 2 * mostCounts {
		c.fail(key, later)
		if len(c.counts) > mostCounts {
			t.Fatalf("%d counts are kept, want at most %d", len(c.counts), mostCounts)
		}
	}
}

func TestNetwork(t *testing.T) {
	for address, want := range map[string]string{
		"192.0.2.7":              "192.0.2.7",
		"::ffff:192.0.2.7":       "192.0.2.7",
		"2001:db8:1:2:3:4:5:6":   "2001:db8:1:2::",
		"2001:db8:1:2::1%eth0":   "2001:db8:1:2::",
		"::1":                    "::",
		"fe80::1%1":              "fe80::",
		"2001:db8:1:2:ffff::":    "2001:db8:1:2::",
		"::ffff:0:192.0.2.7":     "::",
		"64:ff9b::192.0.2.7":     "64:ff9b::",
		"2001:db8:1:3:3:4:5:6":   "2001:db8:1:3::",
		"::ffff:192.0.2.7%wlan0": "192.0.2.7",
	} {
		if got := network(netip.MustParseAddr(address)); got != netip.MustParseAddr(want) {
			t.Errorf("network(%s): got %s, want %s", address, got, want)
		}
	}
	if got := network(netip.Addr{}); got.IsValid() {
		t.Errorf("network of no address: got %s", got)
	}
}

func TestLimits_none(t *testing.T) {
	b := newBuckets(&Limits{}, true)
	now := time.Now()
	for range 10000 {
		if !b.take(wire.BucketSends, now) || b.drop(now) {
			t.Fatal("there is a limit without limits")
		}
	}
}

// TestSetLimits: other limits hold at once for the sockets that are there, and the same
// limits again change nothing.
func TestSetLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, Options{})
		c := w.game("Alpha")
		s := w.join(c, `,"channels":["gossip"]`)
		said := `{"channel":"gossip","name":"Bob","message":"four"}`
		equal(t, "at once", s.within(12, wire.ChannelsSend, said), 10)
		w.SetLimits(*w.Limits())
		equal(t, "after the same limits", s.within(2, wire.ChannelsSend, said), 0)
		l := DefaultLimits()
		l.Sends, l.MaxText, l.Sockets = Rate{3, 1}, 3, 1
		w.SetLimits(l)
		equal(t, "after others", s.within(5, wire.ChannelsSend, said), 3)
		settle(10 * time.Second)
		s.send(wire.ChannelsSend, "long", said)
		if got := s.next(); !strings.Contains(got, `"failure"`) {
			t.Errorf("four characters of three: got %s", got)
		}
		second := w.dial()
		second.send(wire.Authenticate, "", credentials(c, `["channels"]`, ""))
		second.wantEnd(wire.CloseTryLater)
	})
}

// What is said has a limit of bytes beside that of characters: a game's buffer has one.
func TestLimits_textBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, Options{Limits: unlimited()})
		w.rule(store.WordRule, "darn", store.Replace, func(r *store.Rule) { r.Replacement = strings.Repeat("😀", 100) })
		alpha, beta := w.enter(w.game("Alpha"), `"Bob"`), w.enter(w.game("Beta"), `"Eve"`)
		for _, test := range []struct {
			message, want, hears string
		}{
			{strings.Repeat("😀", 1500), "", strings.Repeat("😀", 1500)},
			{strings.Repeat("😀", 1501), wire.ErrorMessageTooLong, ""},
			{strings.Repeat("😀", 1501) + strings.Repeat("\x1b[m", 500), wire.ErrorMessageTooLong, ""},
			{strings.Repeat("é", 2000), "", strings.Repeat("é", 2000)},
			{strings.Repeat("darn.", 30), "", strings.Repeat(strings.Repeat("😀", 100)+".", 14) + strings.Repeat("😀", 96)},
		} {
			channel, tell := []string{}, []string{}
			if test.want == "" {
				channel, tell = []string{"gossip Bob@Alpha: " + test.hears}, []string{"Eve Bob@Alpha: " + test.hears}
			}
			equal(t, "in a channel", alpha.says("gossip", "Bob", test.message), test.want)
			synctest.Wait()
			equal(t, "from a channel", beta.heard(), channel)
			equal(t, "in a tell", alpha.tells("Bob", "Beta", "Eve", test.message), test.want)
			synctest.Wait()
			equal(t, "from a tell", beta.heard(), tell)
		}
	})
}

// The hub's own tells keep the limit, too.
func TestSystem_whoInBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := unlimited()
		l.MaxTextBytes = 100
		w := open(t, Options{Limits: l})
		alpha := w.enter(w.game("Alpha"), `"Bob"`)
		for _, name := range []string{"Beta", "Gamma", "Delta"} {
			w.enter(w.game(name), `"Ωωωωωωωω"`)
		}
		if got := alpha.tellsHub("Bob", "who"); len(got) > 100 || !strings.HasSuffix(got, "more.") {
			t.Errorf("got %d bytes: %s", len(got), got)
		}
	})
}
