package hub

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"
	"unsafe"

	"hearsay/hub/store"
	"hearsay/hub/wire"
)

// shown gives the texts of a socket's frames: "<" came from the client, "*" was published.
func shown(s SocketChart) (all []string) {
	for _, f := range s.Frames {
		text := f.Text
		if f.Heartbeat {
			text = fmt.Sprintf("heartbeats %d/%d %s", f.Answered, f.Asked, f.Text)
		}
		switch {
		case f.Received:
			text = "<" + text
		case f.Published:
			text = "*" + text
		}
		all = append(all, text)
	}
	return all
}

// without cuts the refs of notices out of texts.
func without(texts []string) []string {
	for i, text := range texts {
		if f, err := wire.Decode([]byte(strings.TrimLeft(text, "<*"))); err == nil && len(f.Ref) == 38 {
			texts[i] = strings.Replace(text, `,"ref":`+string(f.Ref), "", 1)
		}
	}
	return texts
}

func TestChart_frames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, Options{Limits: unlimited()})
		alpha, beta := w.game("Alpha"), w.game("Beta")
		other := w.join(beta, `,"channels":["gossip","testing"]`)
		settle(time.Millisecond)
		other.ask(wire.PlayersSignIn, `{"name":"Eve"}`)
		say := func(channel, message string) {
			other.ask(wire.ChannelsSend, `{"channel":"`+channel+`","name":"Eve","message":"`+message+`"}`)
			settle(time.Millisecond)
		}
		say("gossip", "before")
		s := w.join(alpha, `,"channels":["gossip"],"players":["Bob"]`)
		settle(time.Millisecond)
		say("gossip", "one")
		say("testing", "unheard")
		s.ask(wire.ChannelsSubscribe, `{"channel":"testing"}`)
		settle(time.Millisecond)
		say("testing", "two")
		s.ask(wire.ChannelsUnsubscribe, `{"channel":"gossip"}`)
		settle(time.Millisecond)
		say("gossip", "unheard")
		s.ask(wire.ChannelsSubscribe, `{"channel":"gossip"}`)
		settle(time.Millisecond)
		say("gossip", "three")
		s.ask(wire.ChannelsSend, `{"channel":"gossip","name":"Bob","message":"own"}`)
		settle(time.Millisecond)
		s.send(wire.Heartbeat, "", `{"players":["Bob"]}`)
		s.fence()
		settle(time.Millisecond)
		other.ask(wire.TellsSend, `{"from_name":"Eve","to_game":"Alpha","to_name":"Bob","sent_at":"1990-01-01T00:00:00Z","message":"HUSH"}`)
		settle(time.Millisecond)
		s.ask(wire.TellsSend, `{"from_name":"Bob","to_game":"Beta","to_name":"Eve","sent_at":"1990-01-01T00:00:00Z","message":"HUSH"}`)
		settle(time.Millisecond)
		other.send(wire.PlayersSignIn, "", `{"name":"Sam"}`)
		other.fence()
		settle(time.Millisecond)

		c := w.GameChart(store.GameID(alpha.ID))
		if len(c.Sockets) != 1 || !c.Online {
			t.Fatalf("got %+v", c)
		}
		got := strings.Join(without(shown(c.Sockets[0])), "\n")
		want := `<{"event":"authenticate","payload":{"client_id":"` + alpha.ClientID + `","client_secret":"…","supports":["channels","players","tells","games"],"channels":["gossip"],"players":["Bob"]}}
` + welcomeText + `
heartbeats 1/1 {"event":"heartbeat"}
*{"event":"channels/broadcast","payload":{"channel":"gossip","game":"Beta","name":"Eve","message":"one"}}
<{"event":"channels/subscribe","payload":{"channel":"testing"}}
{"event":"channels/subscribe","status":"success"}
*{"event":"channels/broadcast","payload":{"channel":"testing","game":"Beta","name":"Eve","message":"two"}}
<{"event":"channels/unsubscribe","payload":{"channel":"gossip"}}
{"event":"channels/unsubscribe","status":"success"}
<{"event":"channels/subscribe","payload":{"channel":"gossip"}}
{"event":"channels/subscribe","status":"success"}
*{"event":"channels/broadcast","payload":{"channel":"gossip","game":"Beta","name":"Eve","message":"three"}}
<{"event":"channels/send","payload":{"channel":"gossip","name":"Bob","message":"own"}}
{"event":"channels/send","status":"success"}
heartbeats 1/0 {"event":"heartbeat","payload":{"players":["Bob"]}}
<{"event":"fence"}
{"event":"fence","status":"failure","error":"unknown"}
{"event":"tells/receive","payload":{"from_game":"Beta","from_name":"Eve","to_name":"Bob","sent_at":"1990-01-01T00:00:00Z","message":"(hidden)"}}
<{"event":"tells/send","payload":{"from_name":"Bob","to_game":"Beta","to_name":"Eve","sent_at":"1990-01-01T00:00:00Z","message":"(hidden)"}}
{"event":"tells/send","status":"success"}
*{"event":"players/sign-in","payload":{"game":"Beta","name":"Sam"}}`
		if got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
		one := c.Sockets[0]
		equal(t, "channels", one.Channels, []string{"gossip", "testing"})
		equal(t, "supports", one.Supports, []string{"channels", "games", "players", "tells"})
		equal(t, "players", one.Players, 1)
		equal(t, "address", one.Remote.String(), "192.0.2.1")
		equal(t, "unanswered", one.Unanswered, 0)
		if one.Skew > -24*time.Hour*100 {
			t.Errorf("got a skew of %v", one.Skew)
		}
		equal(t, "mistakes", len(c.Mistakes), 1) // the fence's event

		// A closed socket is remembered with what it has heard.
		say("gossip", "last")
		s.hangUp()
		settle(time.Second)
		say("gossip", "after")
		c = w.GameChart(store.GameID(alpha.ID))
		equal(t, "sockets", len(c.Sockets), 0)
		equal(t, "online for a while", c.Online, true)
		all := shown(*c.Last)
		if last := all[len(all)-1]; !strings.Contains(last, `"message":"last"`) {
			t.Errorf("the closed socket's last frame is %s", last)
		}
		if got := strings.Join(all, ""); strings.Contains(got, "HUSH") || strings.Contains(got, alpha.Secret) {
			t.Errorf("a secret is shown: %s", got)
		}

		// Messages of channels with id and time are shown so to those who got them so.
		h := w.dial()
		h.send(wire.Authenticate, "", credentials(alpha, `["channels","history"]`, `,"channels":["gossip"]`))
		h.next()
		say("gossip", strings.Repeat("x", 2000))
		all = shown(w.GameChart(store.GameID(alpha.ID)).Sockets[0])
		if last := all[len(all)-1]; !strings.Contains(last, `"sent_at":`) || !strings.Contains(last, "xxx…\"") || len(last) > 1300 {
			t.Errorf("got %s", last)
		}
	})
}

func TestChart_most(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, Options{Limits: unlimited()})
		alpha := w.game("Alpha")
		other := w.join(w.game("Beta"), `,"channels":["gossip"]`)
		s := w.join(alpha, `,"channels":["gossip"]`)
		for i := range 60 {
			other.ask(wire.ChannelsSend, fmt.Sprintf(`{"channel":"gossip","name":"Eve","message":"m%d"}`, i))
			s.ask(wire.ChannelsUnsubscribe, `{"channel":"none"}`)
			settle(time.Millisecond)
		}
		all := shown(w.GameChart(store.GameID(alpha.ID)).Sockets[0])
		equal(t, "frames", len(all), tapeMost)
		if !strings.Contains(strings.Join(all, "\n"), `"m59"`) || strings.Contains(strings.Join(all, "\n"), `"m5"`) {
			t.Errorf("these are not the last: %q", all)
		}
		for range 3 * Heartbeat / time.Second {
			settle(time.Second)
		}
		all = shown(w.GameChart(store.GameID(alpha.ID)).Sockets[0])
		equal(t, "the run of heartbeats", all[len(all)-1], `heartbeats 3/3 {"event":"heartbeat"}`)
	})
}

// TestChart_why fails to authenticate in every way.
func TestChart_why(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := DefaultLimits()
		l.Sockets, l.Failures = 1, 3
		w := open(t, Options{Limits: &l})
		old := w.game("Alpha")
		alpha, err := w.st.RotateGame(t.Context(), "Alpha", store.Rotation{OldEnds: time.Now()})
		w.do(err)
		w.do(w.st.UpdateGame(t.Context(), "Alpha", store.GameEdit{Suspended: new(false)}))
		first := func(payload string) Failure {
			settle(2 * time.Minute)
			s := w.dial()
			s.send(wire.Authenticate, "", payload)
			for a := s.arrive(); a.end == nil && a.text != welcomeText; a = s.arrive() {
			}
			settle(time.Second)
			c := w.GameChart(store.GameID(alpha.ID))
			if len(c.Failures) == 0 {
				t.Fatalf("nothing is remembered of %s", payload)
			}
			if strings.Contains(fmt.Sprintf("%+v", c), alpha.Secret) {
				t.Errorf("the chart shows the secret")
			}
			return c.Failures[0]
		}
		with := func(c store.Credential, supports string) string { return credentials(c, supports, "") }
		for _, test := range []struct {
			payload string
			want    Why
		}{
			{with(wrong(alpha), allSupports), WrongSecret},
			{with(old, allSupports), EndedSecret},
			{with(alpha, `[]`), NoSupports},
			{with(alpha, `["players"]`), NoChannels},
			{with(alpha, `["channels","x"]`), UnknownSupports},
			{`{"client_id":"` + alpha.ClientID + `","secret":"` + alpha.Secret + `","supports":["channels"]}`, NoCredentials},
		} {
			f := first(test.payload)
			if f.Why != test.want || f.Count != 1 || f.Remote.String() != "192.0.2.1" || f.Words() == "" {
				t.Errorf("%s: got %+v, want why %d", test.payload, f, test.want)
			}
			if f.Why == NoCredentials {
				equal(t, "mistakes", f.Mistakes, []wire.Mistake{{Kind: wire.UnknownField, Event: wire.Authenticate, Name: "secret", Means: "client_secret"}})
			}
		}
		for range 2 {
			w.try(wrong(alpha), home)
		}
		settle(time.Second)
		f := w.GameChart(store.GameID(alpha.ID)).Failures[0]
		equal(t, "one after the other", [2]any{f.Why, f.Count}, [2]any{WrongSecret, 2}) // the first was long before
		for range 3 {
			w.try(wrong(alpha), home)
		}
		equal(t, "too many", w.GameChart(store.GameID(alpha.ID)).Failures[0].Why, TooManyFailures)
		settle(2 * time.Minute)

		in := w.join(alpha, "")
		equal(t, "a second socket", first(with(alpha, allSupports)).Why, TooManySockets)
		in.hangUp()
		w.do(w.st.UpdateGame(t.Context(), "Alpha", store.GameEdit{Suspended: new(true)}))
		equal(t, "suspended", first(with(alpha, allSupports)).Why, Suspended)

		// Strangers.
		w.try(store.Credential{ClientID: "5a0b5ffa-6a45-4f1e-9d9d-3f0c4a7f2f11", Secret: "HUSH"}, home)
		w.try(store.Credential{}, home)
		w.dial()
		settle(2 * time.Minute)
		var got []string
		for _, f := range w.Strangers() {
			got = append(got, fmt.Sprintf("%d %s", f.Why, f.ClientID))
		}
		equal(t, "strangers", got, []string{fmt.Sprintf("%d ", NeverAuthenticated), fmt.Sprintf("%d ", UnknownClient), fmt.Sprintf("%d 5a0b5ffa…", UnknownClient)})
		if strings.Contains(fmt.Sprintf("%+v", w.Strangers()), "HUSH") {
			t.Error("a stranger's secret is shown")
		}
	})
}

// TestChart_endings ends sockets in every way.
func TestChart_endings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, Options{})
		alpha := w.game("Alpha")
		last := func() Ending {
			settle(time.Second)
			e := w.GameChart(store.GameID(alpha.ID)).Endings[0]
			if e.Words() == "" || !e.Opened.Before(e.At) {
				t.Errorf("got %+v: %s", e, e.Words())
			}
			return e
		}
		want := func(what string, code int, byClient bool) {
			t.Helper()
			if e := last(); e.Code != code || e.ByClient != byClient {
				t.Errorf("%s: got %+v, want %d", what, e, code)
			}
		}
		enter := func() *socket {
			s := w.join(alpha, `,"channels":["gossip"]`)
			settle(time.Second)
			return s
		}
		enter().hangUp()
		want("hung up", 1000, true)
		_ = enter().conn.CloseNow()
		want("cut", codeCut, true)
		s := enter()
		s.send(wire.Heartbeat, "", `"`+strings.Repeat("x", DefaultLimits().MaxMessage)+`"`)
		want("too large", wire.CloseTooLarge, true)
		s = enter()
		s.beats.Store(false)
		settle(time.Minute)
		want("no heartbeats", wire.CloseHeartbeat, false)
		s = enter()
		for range 1000 {
			if s.conn.Write(t.Context(), 1, []byte(`{"event":"unheard/of"}`)) != nil {
				break
			}
		}
		want("flood", wire.CloseRemoved, false)
		c := w.GameChart(store.GameID(alpha.ID))
		if c.Drops.Count < 90 || c.Drops.What != "unheard/of" {
			t.Errorf("got the drops %+v", c.Drops)
		}
		enter().ask(wire.ChannelsSubscribe, `{"channel":"a b"}`)
		w.join(alpha, `,"channels":["Gossip"]`)
		c = w.GameChart(store.GameID(alpha.ID))
		equal(t, "endings", len(c.Endings), endingsMost)
		equal(t, "refused", fmt.Sprint(c.Refused[0].Channel, c.Refused[0].ByCase, c.Refused[1].Channel, c.Refused[1].ByCase), "Gossiptruea bfalse")

		w.do(w.st.DeleteGame(t.Context(), "Alpha"))
		settle(time.Second)
		if c := w.GameChart(store.GameID(alpha.ID)); c.Online || len(c.Sockets) > 0 {
			t.Errorf("a game that is gone: got %+v", c)
		}
	})
}

// TestChart_slow has a socket that does not read.
func TestChart_slow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := unlimited()
		l.MaxQueue = 2000
		w := open(t, Options{Limits: l})
		alpha := w.game("Alpha")
		other := w.join(w.game("Beta"), `,"channels":["gossip"]`)
		s := w.dialPaused()
		s.send(wire.Authenticate, "", credentials(alpha, allSupports, `,"channels":["gossip"]`))
		s.turns <- struct{}{}
		for range 20 {
			other.ask(wire.ChannelsSend, `{"channel":"gossip","name":"Eve","message":"`+strings.Repeat("x", 200)+`"}`)
			settle(time.Millisecond) // one write would be taken, however long
		}
		settle(time.Minute)
		c := w.GameChart(store.GameID(alpha.ID))
		if c.Overflows.Count != 1 || len(c.Endings) != 1 || c.Endings[0].Code != wire.CloseTryLater || c.Last == nil || c.Last.Highest == 0 {
			t.Errorf("got %+v", c)
		}
	})
}

func TestChart_application(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, Options{})
		site := w.application("Site", "records")
		s := w.join(site, "")
		other := w.join(w.game("Beta"), `,"channels":["gossip"]`)
		other.ask(wire.ChannelsSend, `{"channel":"gossip","name":"Eve","message":"hello"}`)
		settle(time.Second)
		s.fence()
		settle(time.Second) // what an event is remembered for comes after its answer
		c := w.ApplicationChart(site.ID)
		got := strings.Join(shown(c.Sockets[0]), "\n")
		for _, part := range []string{`{"event":"sync/channels",`, `{"event":"sync/games",`, `*{"event":"channels/broadcast",`, `*{"event":"games/connect",`} {
			if !strings.Contains(got, part) {
				t.Errorf("%s is not in\n%s", part, got)
			}
		}
		equal(t, "form", c.Sockets[0].SyncForm, "records")
		equal(t, "verdict", c.Diagnose(Patient{Application: true}).State, Fair) // for the fence's event
	})
}

// TestChart_race looks at charts while much is going on.
func TestChart_race(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, Options{Limits: unlimited()})
		alpha, beta := w.game("Alpha"), w.game("Beta")
		done := make(chan struct{})
		var looking sync.WaitGroup
		looking.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
					w.GameChart(store.GameID(alpha.ID)).Diagnose(Patient{})
					time.Sleep(time.Millisecond)
				}
			}
		})
		other := w.join(beta, `,"channels":["gossip"],"players":["Eve"]`)
		for range 30 {
			s := w.join(alpha, `,"channels":["gossip"],"players":["Bob"]`)
			other.ask(wire.ChannelsSend, `{"channel":"gossip","name":"Eve","message":"x"}`)
			other.ask(wire.TellsSend, `{"from_name":"Eve","to_game":"Alpha","to_name":"Bob","message":"x"}`)
			s.ask(wire.ChannelsUnsubscribe, `{"channel":"gossip"}`)
			s.hangUp()
			settle(time.Second)
		}
		close(done)
		looking.Wait()
	})
}

// TestTape_idle keeps what an idle socket costs.
func TestTape_idle(t *testing.T) {
	message := []byte(`{"event":"authenticate","payload":` +
		credentials(store.Credential{ClientID: "5a0b5ffa-6a45-4f1e-9d9d-3f0c4a7f2f11", Secret: strings.Repeat("x", 52)}, allSupports, `,"channels":["gossip"]`) + `}`)
	f, err := wire.Decode(message)
	tape := newTape(wire.Show(message, f, err, takeBytes))
	beat := []byte(`{"event":"heartbeat","payload":{"players":[]}}`)
	f, err = wire.Decode(beat)
	for range 100 {
		tape.beat()
		tape.received(beat, f, err)
	}
	bytes := int(unsafe.Sizeof(*tape)) + cap(tape.takes)*int(unsafe.Sizeof(take{}))
	for _, one := range tape.takes {
		if one.text != welcomeText {
			bytes += (len(one.text) + 15) &^ 15
		}
	}
	if bytes > 400 {
		t.Errorf("an idle socket's tape takes %d bytes", bytes)
	}
	equal(t, "takes", len(tape.takes), 3)
	if n := unsafe.Sizeof(session{}); n > 448 {
		t.Errorf("a session takes %d bytes: the next size of memory is 480", n)
	}
}

func TestTape_bounds(t *testing.T) {
	tape := newTape("x")
	big := []byte(`{"event":"x","ref":"` + strings.Repeat("x", 3*takeBytes) + `"}`)
	for range 100 {
		tape.sent(big, takeBytes)
		if tape.bytes > tapeBytes || len(tape.takes) > tapeMost {
			t.Fatalf("%d bytes in %d takes", tape.bytes, len(tape.takes))
		}
	}
	sum := 0
	for _, one := range tape.takes {
		sum += len(one.text)
	}
	equal(t, "bytes", int(tape.bytes), sum)
	for range 100 {
		tape.sent([]byte("y"), takeBytes)
	}
	equal(t, "takes", len(tape.takes), tapeMost)
	equal(t, "bytes", int(tape.bytes), tapeMost)
	for i := range 100 {
		tape.listens(topic{topicChannel, store.ChannelID(i)})
	}
	equal(t, "spans", len(tape.rare.spans), spansMost)
	for range 70000 {
		tape.beat()
	}
	equal(t, "heartbeats", tape.takes[len(tape.takes)-1].asked, uint16(65535))
}

func TestEchoes_bounds(t *testing.T) {
	all := echoes{}
	text := func(bool) []byte { return nil }
	for i := range 1000 {
		all.add(topic{topicChannel, store.ChannelID(i)}, publication{}, text)
	}
	if len(all) > echoesMost {
		t.Errorf("%d topics", len(all))
	}
	for range 120 {
		all.add(topic{topicChannel, 999}, publication{from: owner{id: 1}}, text)
	}
	equal(t, "heard", len(all.heard(nil, topic{topicChannel, 999}, owner{}, 0, 0)), tapeMost)
	equal(t, "of the own", len(all.heard(nil, topic{topicChannel, 999}, owner{id: 1}, 0, 0)), 0)
	equal(t, "in another time", len(all.heard(nil, topic{topicChannel, 999}, owner{}, time.Now().Add(time.Hour).UnixNano(), 0)), 0)
	equal(t, "before it was said", len(all.heard(nil, topic{topicChannel, 999}, owner{}, 0, 1)), 0)
}

func TestMemories_bounds(t *testing.T) {
	m := memories{of: map[owner]*memory{}, clients: map[string]store.Peer{}}
	now := time.Now()
	for i := range memoriesMost + 10 {
		m.failed(store.Peer{ID: int64(i)}, Failure{Last: now.Add(time.Duration(i)), ClientID: fmt.Sprint(i)})
		m.ended(owner{id: int64(i)}, Ending{At: now.Add(time.Duration(i))}, &sight{})
	}
	if len(m.of) > memoriesMost || len(m.clients) != len(m.of) {
		t.Errorf("%d memories, %d client ids", len(m.of), len(m.clients))
	}
	kept := 0
	for _, one := range m.of {
		if one.last != nil {
			kept++
		}
	}
	equal(t, "kept", kept, keptMost)
	o := owner{id: memoriesMost + 9}
	for i := range 100 {
		m.failed(store.Peer{ID: o.id}, Failure{Last: now, Why: Why(i), ClientID: "c"})
		m.strange(Failure{Last: now, Why: Why(i)})
		m.mistaken(o, []wire.Mistake{{Name: fmt.Sprint(i)}})
		m.refused(o, fmt.Sprint(strings.Repeat("x", i)), false)
		m.denied(o, newDenial(fmt.Sprint(i, strings.Repeat("é", 5000)), strings.Repeat("é", 5000)), now)
	}
	one := m.of[o]
	equal(t, "failures", len(one.failures), failuresMost)
	equal(t, "strangers", len(m.strangers), strangersMost)
	equal(t, "mistakes", len(one.mistakes), mistakesMost)
	equal(t, "refused", len(one.refused), refusedMost)
	equal(t, "denials", len(one.denials), denialsMost)
	if d := one.denials[denialsMost-1]; len(d.Event) > nameMost+3 || len(d.Error) > reasonMost+3 || !utf8.ValidString(d.Event+d.Error) {
		t.Errorf("got %q", d.Event+d.Error)
	}
	if _, there := one.mistakes[wire.Mistake{Name: "99"}]; !there {
		t.Error("the newest mistake is not there")
	}
	m.forget(o)
	equal(t, "forgotten", m.of[o] == nil, true)
}

// TestChart_denials: what is refused is counted by its error, and marked on its frame though
// nobody asked for an answer.
func TestChart_denials(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, Options{Limits: unlimited()})
		alpha := w.game("Alpha")
		seen := time.Now()
		chart := func() (Chart, Diagnosis) {
			settle(time.Second)
			c := w.GameChart(store.GameID(alpha.ID))
			return c, c.Diagnose(Patient{LastSeen: &seen})
		}
		s := w.dial()
		s.joinWith(credentials(alpha, everySupport, `,"channels":["gossip"]`))
		for range 4 {
			s.send(wire.ChannelsSend, "", `{"channel":"testing","name":"Bob","message":"hello"}`)
		}
		s.ask(wire.ChannelsSend, `{"channel":"gossip","name":"Bob","message":" "}`)
		s.ask(wire.AchievementsDelete, `{"key":"none"}`)
		c, d := chart()
		var got, marks []string
		for _, one := range c.Denials {
			got = append(got, fmt.Sprint(one.Event, " ", one.Error, " ", one.Count))
		}
		equal(t, "denials", got, []string{"achievements/delete key not found 1", "channels/send message is empty 1", `channels/send not subscribed to "testing" 4`})
		for _, f := range c.Sockets[0].Frames {
			if f.Refused != "" && f.Received {
				marks = append(marks, f.Refused)
			}
		}
		none := `not subscribed to "testing"`
		equal(t, "marks", marks, []string{none, none, none, none, "message is empty", "key not found"})
		if want := "It is connected. The hub refused `channels/send` 4 times with the error `not subscribed to \"testing\"`"; !strings.HasPrefix(d.Verdict, want) || d.State != Grave {
			t.Errorf("got %s %q, want %q", d.State, d.Verdict, want)
		}

		s.ask(wire.ChannelsSubscribe, `{"channel":"testing"}`)
		if _, d := chart(); strings.Contains(d.Verdict, "testing") {
			t.Errorf("a channel that it subscribed to since: got %q", d.Verdict)
		}
	})
}

// TestChart_answerLate: an answer counts for its heartbeat, though other frames came between.
func TestChart_answerLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, Options{Limits: unlimited()})
		alpha := w.game("Alpha")
		s := w.join(alpha, `,"channels":["gossip"]`)
		s.beats.Store(false)
		settle(Heartbeat + time.Second)
		s.ask(wire.ChannelsSend, `{"channel":"gossip","name":"Bob","message":"hello"}`)
		s.send(wire.Heartbeat, "", `{"players":["Bob"]}`)
		settle(time.Second)
		got := shown(w.GameChart(store.GameID(alpha.ID)).Sockets[0])
		equal(t, "how many frames", len(got), 5)
		equal(t, "heartbeats", got[2], `heartbeats 2/2 {"event":"heartbeat","payload":{"players":["Bob"]}}`)
	})
}
