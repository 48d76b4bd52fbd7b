package hub

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"hearsay/hub/store"
	"hearsay/hub/wire"
)

// trafficChannels come and go, but for the first two.
var trafficChannels = []string{"gossip", "testing", "red", "green", "blue"}

// A crowd is many clients that do this and that.
type crowd struct {
	*world
	mu    sync.Mutex // guards heard
	heard [][]arrival
}

// TestTraffic lets many sockets do anything at once, while channels and games come
// and go. Afterwards everyone must have heard the same order, and nothing may be left.
func TestTraffic(t *testing.T) {
	const games, sockets, acts = 6, 3, 120
	synctest.Test(t, func(t *testing.T) {
		l := unlimited()
		l.MaxQueue = 1 << 24
		w := open(t, Options{Limits: l})
		c := &crowd{world: w}
		site := w.join(w.application("Site", "versions"), "")
		began := w.session(owner{true, 1}) // still there at the end
		var running sync.WaitGroup
		for i := range games {
			credential := w.game(fmt.Sprintf("Game%d", i))
			for j := range sockets {
				random := rand.New(rand.NewPCG(uint64(i), uint64(j)))
				running.Go(func() { c.play(credential, random, acts) })
			}
		}
		running.Go(func() { c.operate(rand.New(rand.NewPCG(1, 2))) })
		running.Wait()
		synctest.Wait()
		equal(t, "the application's end", began.ctx.Err(), nil)

		order := map[string][]string{}
		last := map[string]int{} // of each socket
		for _, m := range broadcasts(t, site.take()) {
			order[m.Channel] = append(order[m.Channel], m.Message)
			n := 0
			fmt.Sscan(m.Message, &n)
			if n <= last[m.Name] {
				t.Errorf("message %d of %s came after its %d", n, m.Name, last[m.Name])
			}
			last[m.Name] = n
		}
		heard := 0
		for _, arrivals := range c.heard {
			at := map[string]int{}
			for _, m := range broadcasts(t, arrivals) {
				i := slices.Index(order[m.Channel][at[m.Channel]:], m.Message)
				if i < 0 {
					t.Fatalf("%q in %s came out of order, twice, or from nowhere", m.Message, m.Channel)
				}
				at[m.Channel] += i + 1
				heard++
			}
		}
		t.Logf("%d channels, %d messages heard on %d sockets", len(order), heard, len(c.heard))
		if heard < 500 {
			t.Errorf("only %d messages were heard", heard)
		}

		site.hangUp()
		settle(2 * OfflineAfter)
		w.wantEmpty()
	})
}

// TestTraffic_shutdown stops the hub in the middle of it.
func TestTraffic_shutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, Options{Limits: unlimited()})
		c := &crowd{world: w}
		var running sync.WaitGroup
		for i := range 4 {
			credential := w.game(fmt.Sprintf("Game%d", i))
			for j := range 4 {
				random := rand.New(rand.NewPCG(uint64(i), uint64(j)))
				running.Go(func() { c.play(credential, random, 60) })
			}
		}
		running.Go(func() {
			time.Sleep(20 * time.Millisecond)
			w.Shutdown(context.Background(), Downtime)
		})
		running.Wait()
		settle(2 * OfflineAfter)
		equal(t, "sockets", w.Sockets(), 0)
		for _, sh := range w.shards { // their goroutines have ended
			equal(t, "topics", len(sh.topics), 0)
		}
	})
}

// wantEmpty fails the test if the hub remembers sockets that have left.
func (w *world) wantEmpty() {
	w.t.Helper()
	for _, sh := range w.shards {
		sh.put(operation{call: func() { equal(w.t, "topics", len(sh.topics), 0) }})
		sh.settle(nil)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for what, n := range map[string]int{
		"sessions": len(w.sessions), "sockets": len(w.sockets), "presence": len(w.presence),
	} {
		equal(w.t, what, n, 0)
	}
}

// A heard message is unique by its name and text.
func broadcasts(t testing.TB, arrivals []arrival) (all []wire.SendPayload) {
	t.Helper()
	for _, a := range arrivals {
		f, err := wire.Decode([]byte(a.text))
		if err != nil || f.Event != wire.ChannelsBroadcast {
			continue
		}
		p, ok := wire.DecodeSend(f.Payload)
		if !ok {
			t.Fatalf("got %s", a.text)
		}
		p.Message += " of " + p.Name
		all = append(all, p)
	}
	return all
}

// play is one client, which now and then comes back on a new socket.
func (c *crowd) play(credential store.Credential, random *rand.Rand, acts int) {
	var s *socket
	leave := func() {
		if s == nil {
			return
		}
		if random.IntN(2) == 0 {
			s.hangUp()
		} else {
			_ = s.conn.CloseNow() // the hub may have closed it
		}
		c.mu.Lock()
		c.heard = append(c.heard, s.take())
		c.mu.Unlock()
		s = nil
	}
	defer leave()
	for n := range acts {
		time.Sleep(time.Duration(random.IntN(3)) * time.Millisecond)
		if s == nil {
			s = c.dial()
			s.beats.Store(true)
			_ = s.say(wire.Authenticate, credentials(credential, `["channels","players","tells","games","history"]`,
				`,"channels":["gossip"],"players":["Bob"]`))
		}
		channel := trafficChannels[random.IntN(len(trafficChannels))*random.IntN(2)] // half of it is gossip
		name := fmt.Sprint("Player", random.IntN(5))
		var err error
		switch random.IntN(14) {
		case 0, 1:
			err = s.say(wire.ChannelsSubscribe, fmt.Sprintf(`{"channel":%q}`, channel))
		case 2:
			err = s.say(wire.ChannelsUnsubscribe, fmt.Sprintf(`{"channel":%q}`, channel))
		case 3:
			err = s.say(wire.PlayersSignIn, fmt.Sprintf(`{"name":%q}`, name))
		case 4:
			err = s.say(wire.PlayersSignOut, fmt.Sprintf(`{"name":%q}`, name))
		case 5:
			err = s.say(wire.PlayersStatus, "")
		case 6:
			err = s.say(wire.GamesStatus, "")
		case 7:
			err = s.say(wire.Heartbeat, fmt.Sprintf(`{"players":[%q]}`, name))
		case 8:
			err = s.say(wire.TellsSend, fmt.Sprintf(`{"from_name":"Bob","to_game":"Game%d","to_name":"Bob","message":"hi"}`, random.IntN(6)))
		case 9:
			err = s.say(wire.ChannelsHistory, fmt.Sprintf(`{"channel":%q}`, channel))
		case 10:
			leave()
		default:
			err = s.say(wire.ChannelsSend, fmt.Sprintf(`{"channel":%q,"name":"%p","message":"%d"}`, channel, s, n+1))
		}
		if err != nil {
			leave()
		}
	}
}

// say sends a request; an error means that the socket has ended.
func (s *socket) say(event, payload string) error {
	f := wire.Frame{Event: event, Ref: wire.Ref(`1`), Payload: []byte(payload)}
	if payload == "" {
		f.Payload = nil
	}
	return s.conn.Write(context.Background(), websocket.MessageText, f.Encode())
}

// operate changes channels and games beneath the crowd. What fails because a game
// has just made the channel again is of no interest.
func (c *crowd) operate(random *rand.Rand) {
	ctx := context.Background()
	for i := range 60 {
		time.Sleep(time.Duration(random.IntN(4)) * time.Millisecond)
		channel := trafficChannels[2+random.IntN(len(trafficChannels)-2)]
		game := fmt.Sprintf("Game%d", random.IntN(6))
		on := random.IntN(2) == 0
		switch random.IntN(6) {
		case 0:
			_ = c.st.DeleteChannel(ctx, channel)
		case 1:
			_, _ = c.st.CreateChannel(ctx, store.Channel{Name: channel, KeepDays: random.IntN(2)})
		case 2:
			_ = c.st.UpdateGame(ctx, game, store.GameEdit{Display: &on})
		case 3:
			suspended := true
			_ = c.st.UpdateGame(ctx, game, store.GameEdit{Suspended: &suspended})
			time.Sleep(2 * time.Millisecond)
			suspended = false
			_ = c.st.UpdateGame(ctx, game, store.GameEdit{Suspended: &suspended})
		case 4:
			name := fmt.Sprint("Short", i)
			credential, err := c.st.CreateGame(ctx, store.Game{ShortName: name, Name: name, Display: true}, store.LongSecret)
			if err == nil {
				c.play(credential, random, 5)
				_ = c.st.DeleteGame(ctx, name)
			}
		}
	}
}
