package hub

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hearsay/hub/store"
	"hearsay/hub/wire"
)

// beatTimes are when heartbeats came, in seconds after from.
func beatTimes(arrivals []arrival, from time.Time) (seconds []float64) {
	for _, a := range arrivals {
		if a.text == string(heartbeatFrame) {
			seconds = append(seconds, a.at.Sub(from).Seconds())
		}
	}
	return seconds
}

func TestSession_heartbeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, Options{})
		s := w.dial()
		s.beats.Store(true)
		settle(7 * time.Second) // the ticks count from the authentication on
		began := time.Now()
		s.send(wire.Authenticate, "", credentials(w.game("Alpha"), allSupports, ""))
		settle(61 * time.Second)
		equal(t, "heartbeats", beatTimes(s.take(), began), []float64{0, 15, 30, 45, 60})
	})
}

// TestSession_missedHeartbeats plays when a client answers, and when it is closed.
func TestSession_missedHeartbeats(t *testing.T) {
	for _, test := range []struct {
		answers []float64 // seconds after the authentication
		end     float64
	}{
		{nil, 45},
		{[]float64{1}, 60},
		{[]float64{14.9}, 60},
		{[]float64{44.9}, 90},
		{[]float64{20, 44.9}, 90},
		{[]float64{16, 60.1, 104}, 150},
	} {
		t.Run(fmt.Sprint(test.answers), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := open(t, Options{})
				s := w.dial()
				began := time.Now()
				s.authenticate(w.game("Alpha"), "")
				for _, at := range test.answers {
					settle(time.Until(began.Add(time.Duration(at * float64(time.Second)))))
					s.send(wire.Heartbeat, "", "")
				}
				settle(time.Until(began.Add(time.Duration(test.end*float64(time.Second)) - 1)))
				s.wantOpen()
				code, reason, at, _ := s.ended()
				equal(t, "close code", code, wire.CloseHeartbeat)
				equal(t, "reason", reason, "goodbye")
				equal(t, "closed at", at.Sub(began).Seconds(), test.end)
			})
		})
	}
}

func TestSession_unauthenticated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, Options{})
		began := time.Now()
		silent, talks := w.dial(), w.dial()
		for range 11 {
			settle(5 * time.Second)
			talks.send(wire.Heartbeat, "", "")
			talks.send(wire.GamesStatus, "x", "")
		}
		settle(time.Until(began.Add(time.Minute - 1)))
		equal(t, "to the silent one", silent.texts(), []string{})
		equal(t, "to the one that talks", talks.texts(), repeat(11,
			`{"event":"games/status","ref":"x","status":"failure","error":"unauthenticated"}`))
		for _, s := range []*socket{silent, talks} {
			code, reason, at, before := s.ended()
			equal(t, "close code", code, wire.CloseHeartbeat)
			equal(t, "reason", reason, "goodbye")
			equal(t, "closed after", at.Sub(began), time.Minute)
			equal(t, "frames before", before, []string(nil))
		}
	})
}

func repeat(n int, text string) (all []string) {
	for range n {
		all = append(all, text)
	}
	return all
}

func TestSession_debug(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, Options{})
		c := w.game("Alpha")
		s := w.join(c, `,"debug":true`)
		const answer = `{"event":"channels/unsubscribe","status":"success"}`
		for _, test := range []struct {
			after time.Duration
			want  []string
		}{
			{0, []string{answer}},
			{DebugFor - 1, []string{answer}},
			{1, []string{}},
		} {
			settle(test.after)
			s.send(wire.ChannelsUnsubscribe, "", `{"channel":"gossip"}`)
			synctest.Wait()
			equal(t, fmt.Sprintf("answers without ref, %v later", test.after), s.texts(), test.want)
		}
		again := w.join(c, `,"debug":true`)
		again.send(wire.ChannelsUnsubscribe, "", `{"channel":"gossip"}`)
		equal(t, "on a new socket", again.next(), answer)
	})
}

// say fills a channel's log.
func say(t testing.TB, w *world, channel string, messages int, text string) {
	t.Helper()
	id, err := w.ensureChannel(t.Context(), channel)
	w.do(err)
	for range messages {
		w.do(w.st.Append(t.Context(), store.Message{Channel: id, Game: "Alpha", Name: "Bob", Text: text}, func(store.Message) {}))
	}
}

// session finds the hub's side of the only socket of an owner.
func (w *world) session(o owner) *session {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for s := range w.sessions {
		if s.reserved != nil && *s.reserved == o {
			return s
		}
	}
	w.t.Fatalf("no socket of %v", o)
	return nil
}

// mostWaited is the most that a list or a sync may have in a queue.
const mostWaited = listWaits + wire.MaxFrame

func (s *session) mostWaited() int { return s.link.highest() }

// readSlowly reads one frame every time that passes, and answers no heartbeat, until
// enough frames have come with the text. It gives the frames.
func (s *socket) readSlowly(every time.Duration, text string, enough int) (frames []string) {
	s.t.Helper()
	for n, began := 0, time.Now(); n < enough; {
		if time.Since(began) > time.Hour {
			s.t.Fatalf("after an hour %d of %d have come", n, enough)
		}
		settle(every)
		select {
		case s.turns <- struct{}{}:
		case <-time.After(time.Minute): // nothing to read
		}
		synctest.Wait()
		for _, a := range s.take() {
			if a.end != nil {
				s.t.Fatalf("the socket ended after %v with %d of %d: %v", time.Since(began), n, enough, a.end)
			}
			frames = append(frames, a.text)
			n += strings.Count(a.text, text)
		}
	}
	return frames
}

// TestSession_longRequest has a game that reads a list slowly. As long as the hub
// waits for it, it sees no answers to heartbeats.
func TestSession_longRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, Options{Limits: unlimited()})
		c := w.game("Alpha")
		say(t, w, "gossip", 100, strings.Repeat("ж", 2000))
		s := w.dialPaused()
		s.send(wire.Authenticate, "", credentials(c, `["channels","history"]`, `,"channels":["gossip"]`))
		s.send(wire.ChannelsHistory, "x", `{"channel":"gossip"}`)
		synctest.Wait()
		hub := w.session(owner{id: c.ID})
		began := time.Now()
		s.readSlowly(3*time.Second, `"sent_at"`, 100)
		if lasted := time.Since(began); lasted < time.Minute {
			t.Errorf("the list took %v, want more than a minute", lasted)
		}
		if got := hub.mostWaited(); got > mostWaited {
			t.Errorf("%d bytes waited, want at most %d", got, mostWaited)
		}
		s.beats.Store(true)
		close(s.turns)
		s.fence()
		settle(2 * time.Minute)
		s.wantOpen()
	})
}

// TestSession_slowReader has a game that takes more than a minute to read what waits for it.
// The heartbeats behind that are not unanswered before it has got them.
func TestSession_slowReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const answers = 18
		w := open(t, Options{Limits: unlimited()})
		c := w.game("Alpha")
		say(t, w, "gossip", 1, strings.Repeat("ж", 2000))
		s := w.dialPaused()
		s.send(wire.Authenticate, "", credentials(c, `["channels","history"]`, `,"channels":["gossip"]`))
		for range answers {
			s.send(wire.ChannelsHistory, "x", `{"channel":"gossip"}`)
		}
		synctest.Wait()
		if hub := w.session(owner{id: c.ID}); hub.handling.Load() {
			t.Fatal("the hub waits with an answer")
		}
		s.readSlowly(4*time.Second, `"sent_at"`, answers)
		s.beats.Store(true)
		close(s.turns)
		s.fence()
		settle(2 * time.Minute)
		s.wantOpen()
	})
}

// fill adds games with much text.
func (w *world) fill(games int) {
	w.t.Helper()
	for i := range games {
		name := fmt.Sprintf("Game%d", i)
		w.gameWith(store.Game{ShortName: name, Name: name, Display: true, Description: strings.Repeat("ж", 2000)})
	}
}

// TestSession_slowApplication does so with a catch-up, in both forms.
func TestSession_slowApplication(t *testing.T) {
	const games = 100
	for _, form := range []string{"records", "versions"} {
		t.Run(form, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := open(t, Options{Limits: unlimited()})
				w.fill(games)
				c := w.application("Site", form)
				s := w.dialPaused()
				began := time.Now()
				s.send(wire.Authenticate, "", credentials(c, allSupports, ""))
				if form == "versions" {
					s.send(wire.Sync, "x", `{"since":null}`)
				}
				synctest.Wait()
				hub := w.session(owner{application: true, id: c.ID})
				s.readSlowly(3*time.Second, `"display_name"`, games)
				if lasted := time.Since(began); lasted < time.Minute {
					t.Errorf("the catch-up took %v, want more than a minute", lasted)
				}
				if got := hub.mostWaited(); got > mostWaited {
					t.Errorf("%d bytes waited, want at most %d", got, mostWaited)
				}
				s.beats.Store(true)
				close(s.turns)
				s.fence()
				settle(2 * time.Minute)
				s.wantOpen()
			})
		})
	}
}

// slowWorld has a socket that has stopped to read, one that reads on, and one that
// sends.
func slowWorld(t *testing.T, maxQueue int) (w *world, slow, reads, sends *socket, hub *session) {
	t.Helper()
	l := unlimited()
	l.MaxQueue = maxQueue
	w = open(t, Options{Limits: l})
	c := w.game("Slow")
	slow = w.dialPaused()
	slow.send(wire.Authenticate, "", credentials(c, allSupports, `,"channels":["gossip"]`))
	reads = w.join(w.game("Reads"), `,"channels":["gossip"]`)
	sends = w.join(w.game("Sends"), `,"channels":["gossip"]`)
	synctest.Wait()
	reads.take()
	return w, slow, reads, sends, w.session(owner{id: c.ID})
}

// flood sends messages, and gives those that reads has got.
func flood(t *testing.T, sends, reads *socket, n int) {
	t.Helper()
	for i := range n {
		answer := sends.ask(wire.ChannelsSend, fmt.Sprintf(`{"channel":"gossip","name":"Bob","message":"%d %s"}`, i, strings.Repeat("x", 500)))
		if !succeeded(answer) {
			t.Fatalf("message %d: %s", i, answer)
		}
		if i%10 == 0 {
			synctest.Wait() // nobody is slow because the machine is
		}
	}
	synctest.Wait()
	got := reads.texts()
	if len(got) != n {
		t.Fatalf("the one that reads got %d of %d messages", len(got), n)
	}
	for i, text := range got {
		if !strings.Contains(text, fmt.Sprintf(`"message":"%d x`, i)) {
			t.Fatalf("message %d: got %.200s", i, text)
		}
	}
}

func TestSession_slowConsumer(t *testing.T) {
	const maxQueue = 32 << 10
	t.Run("reads again", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w, slow, reads, sends, hub := slowWorld(t, maxQueue)
			flood(t, sends, reads, 200)
			settle(9 * time.Second)
			close(slow.turns)
			before := slow.wantEnd(wire.CloseTryLater)
			if len(before) > maxQueue/500 { // what waited, and nothing of what came later
				t.Errorf("before the close frame came %d frames", len(before))
			}
			if got := hub.mostWaited(); got > maxQueue {
				t.Errorf("%d bytes waited, want at most %d", got, maxQueue)
			}
			synctest.Wait()
			equal(t, "sockets", w.Sockets(), 2)
			flood(t, sends, reads, 1)
		})
	})
	t.Run("never reads", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w, _, reads, sends, hub := slowWorld(t, maxQueue)
			flood(t, sends, reads, 200)
			settle(writeTimeout - 1)
			equal(t, "sockets before the deadline", w.Sockets(), 3)
			settle(1)
			equal(t, "sockets after the deadline", w.Sockets(), 2)
			if got := hub.mostWaited(); got > maxQueue {
				t.Errorf("%d bytes waited, want at most %d", got, maxQueue)
			}
			flood(t, sends, reads, 200)
		})
	})
}

// TestSession_slowMemory has a socket read two frames when its queue is nearly full,
// so that the writer takes what waits, and stop again. What the writer holds counts.
func TestSession_slowMemory(t *testing.T) {
	const maxQueue = 32 << 10
	synctest.Test(t, func(t *testing.T) {
		_, slow, reads, sends, hub := slowWorld(t, maxQueue)
		flood(t, sends, reads, 40) // more than half of the queue
		slow.turns <- struct{}{}
		slow.turns <- struct{}{}
		slow.turns <- struct{}{}
		synctest.Wait()
		overflows := queueOverflows.Get()
		heard := 0
		for n := 40; hub.ctx.Err() == nil; n++ {
			flood(t, sends, reads, 1)
			heard = n * 500
		}
		if heard > maxQueue {
			t.Errorf("at the overflow %d bytes waited, want at most %d", heard, maxQueue)
		}
		flood(t, sends, reads, 10)
		equal(t, "overflows counted", queueOverflows.Get()-overflows, uint64(1))
	})
}

// TestSession_slowEnd suspends a game that takes one frame of many every nine
// seconds: it is gone soon, and hears nothing that was said since.
func TestSession_slowEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, slow, reads, sends, _ := slowWorld(t, DefaultLimits().MaxQueue)
		flood(t, sends, reads, 100)
		yes := true
		w.do(w.st.UpdateGame(t.Context(), "Slow", store.GameEdit{Suspended: &yes}))
		ended := time.Now()
		go func() {
			for {
				select {
				case <-time.After(9 * time.Second):
				case <-slow.over:
					return
				}
				select {
				case slow.turns <- struct{}{}:
				case <-slow.over:
					return
				}
			}
		}()
		for range 60 {
			settle(time.Second)
			if w.Sockets() == 2 {
				break
			}
			sends.ask(wire.ChannelsSend, `{"channel":"gossip","name":"Bob","message":"secret"}`)
		}
		synctest.Wait()
		if took := time.Since(ended); took > writeTimeout+time.Second {
			t.Errorf("%v after the end it was still there", took)
		}
		for _, a := range slow.take() {
			if strings.Contains(a.text, "secret") {
				t.Errorf("after the end it heard %s", a.text)
			}
		}
	})
}
