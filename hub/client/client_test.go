package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"hearsay/hub"
	"hearsay/hub/client"
	"hearsay/hub/hubtest"
	"hearsay/hub/store"
	"hearsay/hub/wire"
	backbone "hearsay/sync"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A world is a hub on a file, in a bubble, at the end of pipes. It can be put down and up.
type world struct {
	t    *testing.T
	st   *store.Store
	hub  atomic.Pointer[hub.Hub] // nil: nobody answers
	down func()
}

func open(t *testing.T) *world {
	t.Helper()
	st, err := store.Open(t.Context(), hubtest.NewFile(t), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, st: st, down: func() {}}
	w.up()
	t.Cleanup(func() {
		w.down()
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// up starts a hub; w.down stops it as planned, with a downtime.
func (w *world) up() {
	w.t.Helper()
	h, err := hub.New(w.t.Context(), w.st, hub.Options{Backbone: backbone.New(w.st), Heartbeat: 15 * time.Second})
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan struct{})
	go func() {
		defer close(ran)
		h.Run(ctx)
	}()
	w.hub.Store(h)
	w.down = func() {
		w.down = func() {}
		w.hub.Store(nil)
		ctx, end := context.WithTimeout(context.Background(), 10*time.Second)
		defer end()
		h.Shutdown(ctx, 20*time.Second)
		cancel()
		<-ran
	}
}

func (w *world) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	if h := w.hub.Load(); h != nil {
		h.ServeHTTP(rw, r)
		return
	}
	http.Error(rw, "nobody is here", http.StatusBadGateway)
}

func (w *world) game(shortName string) client.Options {
	w.t.Helper()
	c, err := w.st.CreateGame(w.t.Context(), store.Game{ShortName: shortName, Name: shortName + " MUD", Display: true}, store.LongSecret)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.options(c)
}

func (w *world) options(c store.Credential) client.Options {
	return client.Options{
		URL: hubtest.PipeURL, ClientID: c.ClientID, ClientSecret: c.Secret, HTTPClient: hubtest.Pipes(w, "192.0.2.1:1000"),
		Supports: []string{"players", "tells", "games", "achievements", "history"},
	}
}

// dial starts a client that ends with the test, before the hub does.
func (w *world) dial(o client.Options) *client.Client {
	w.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	c, err := client.Dial(ctx, o)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		cancel()
		<-c.Done()
	})
	return c
}

// join is dial for one that is connected.
func (w *world) join(o client.Options) *client.Client {
	w.t.Helper()
	c := w.dial(o)
	must(w.t, c.Connected(w.t.Context()))
	return c
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func want(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: got %+v, want %+v", what, got, want)
	}
}

func wantErr(t *testing.T, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// A journal is what handlers were told, in order.
type journal struct {
	mu    sync.Mutex
	lines []string
}

func (j *journal) note(format string, args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, fmt.Sprintf(format, args...))
}

func (j *journal) take() []string {
	synctest.Wait()
	j.mu.Lock()
	defer j.mu.Unlock()
	lines := j.lines
	j.lines = nil
	return lines
}

// handlers write all they are told.
func (j *journal) handlers() client.Handlers {
	return client.Handlers{
		Connected:      func(w wire.Welcome) { j.note("connected %s %s", w.Version, w.Unicode) },
		Disconnected:   func(err error, again time.Duration) { j.note("disconnected") },
		Broadcast:      func(b wire.Broadcast) { j.note("%s@%s on %s: %s", b.Name, b.Game, b.Channel, b.Message) },
		SignIn:         func(p wire.PlayerPayload) { j.note("%s@%s came", p.Name, p.Game) },
		SignOut:        func(p wire.PlayerPayload) { j.note("%s@%s went", p.Name, p.Game) },
		Tell:           func(p wire.ReceivePayload) { j.note("%s@%s tells %s: %s", p.FromName, p.FromGame, p.ToName, p.Message) },
		GameConnect:    func(game string) { j.note("%s is online", game) },
		GameDisconnect: func(game string) { j.note("%s is offline", game) },
		Restart:        func(d time.Duration) { j.note("restart") },
		Failure:        func(f *client.Failure) { j.note("no: %v", f) },
	}
}

func TestDial_options(t *testing.T) {
	good := client.Options{URL: "wss://hub.example/socket", ClientID: "a", ClientSecret: "b"}
	for name, bad := range map[string]func(*client.Options){
		"no url":      func(o *client.Options) { o.URL = "" },
		"no host":     func(o *client.Options) { o.URL = "ws:///socket" },
		"http":        func(o *client.Options) { o.URL = "http://hub.example/socket" },
		"not a url":   func(o *client.Options) { o.URL = "ws://hub example:x/" },
		"no id":       func(o *client.Options) { o.ClientID = "" },
		"no secret":   func(o *client.Options) { o.ClientSecret = "" },
		"a spelt url": func(o *client.Options) { o.URL = "hub.example" },
	} {
		o := good
		bad(&o)
		if c, err := client.Dial(t.Context(), o); !errors.Is(err, client.ErrOptions) || c != nil {
			t.Errorf("%s: got %v, %v", name, c, err)
		}
	}
}

func TestClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t)
		ctx := t.Context()
		var heard journal
		ao, bo := w.game("Alpha"), w.game("Beta")
		ao.Channels, ao.Handlers = []string{"gossip"}, heard.handlers()
		alpha := w.join(ao)
		want(t, "at first", heard.take(), []string{"connected 2.3.0 ✔️"})
		beta := w.join(bo)

		// Each is awaited: a tell goes to the socket straight, and what is published may come after it.
		want(t, "what Alpha heard first", heard.take(), []string{"Beta is online"})
		must(t, beta.Subscribe(ctx, "gossip"))
		must(t, beta.Send(ctx, "gossip", "Bob", "Hello!"))
		want(t, "what Alpha heard of the channel", heard.take(), []string{"Bob@Beta on gossip: Hello!"})
		must(t, beta.SignIn(ctx, "Bob"))
		must(t, alpha.SignIn(ctx, "Ann"))
		want(t, "who Alpha heard come", heard.take(), []string{"Bob@Beta came"})
		must(t, beta.Tell(ctx, wire.TellPayload{FromName: "Bob", ToGame: "alpha", ToName: "ann", Message: "Psst"}))
		want(t, "what Alpha was told", heard.take(), []string{"Bob@Beta tells Ann: Psst"})
		must(t, beta.SignOut(ctx, "Bob"))
		want(t, "who Alpha heard go", heard.take(), []string{"Bob@Beta went"})

		all, err := beta.Players(ctx)
		must(t, err)
		want(t, "players", all, []wire.PlayersPayload{{Game: "Alpha", Players: []string{"Ann"}}})
		names, err := beta.PlayersOf(ctx, "Alpha")
		must(t, err)
		want(t, "players of Alpha", names, []string{"Ann"})
		games, err := alpha.Games(ctx)
		must(t, err)
		if len(games) != 1 || games[0].Game != "Beta" || games[0].DisplayName != "Beta MUD" {
			t.Errorf("games: got %+v", games)
		}
		g, err := alpha.Game(ctx, "Beta")
		must(t, err)
		want(t, "the supports of Beta", g.Supports, []string{"achievements", "channels", "games", "history", "players", "tells"})

		messages, total, err := alpha.History(ctx, "gossip", 0, 0)
		must(t, err)
		if total != 1 || len(messages) != 1 || messages[0].Message != "Hello!" {
			t.Errorf("history: got %d, %+v", total, messages)
		}
		messages, total, err = alpha.History(ctx, "gossip", messages[0].ID, 10)
		must(t, err)
		if total != 0 || len(messages) != 0 {
			t.Errorf("history after the last: got %d, %+v", total, messages)
		}
		must(t, beta.Unsubscribe(ctx, "gossip"))
		must(t, beta.Post(wire.ChannelsSubscribe, wire.ChannelPayload{Channel: "testing"}))
		must(t, beta.Send(ctx, "testing", "Bob", "once more"))
	})
}

func TestClient_character(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t)
		ctx := t.Context()
		o := w.game("Alpha")
		o.Supports = append(o.Supports, "characters")
		changed := make(chan wire.Character, 10)
		o.Handlers.CharacterChanged = func(c wire.Character) { changed <- c }
		a := w.join(o)
		allowed := true
		must(t, w.st.UpdateGame(ctx, "Alpha", store.GameEdit{AllowCharacterRegistration: &allowed}))
		ann, err := w.st.InviteUser(ctx, store.User{Username: "ann", Role: store.Admin})
		must(t, err)
		key, err := w.st.RegistrationKey(ctx, ann.ID, time.Now())
		must(t, err)

		c, err := a.CharacterStatus(ctx, "bob")
		must(t, err)
		want(t, "before", c, wire.Character{Name: "bob"})
		must(t, a.SignIn(ctx, "Bob"))
		must(t, a.Tell(ctx, wire.TellPayload{FromName: "Bob", ToGame: "Hearsay", ToName: "system", Message: "register " + key.Key}))
		want(t, "registered", <-changed, wire.Character{Name: "Bob", Registered: true})
		all, err := w.st.CharactersOf(ctx, ann.ID)
		must(t, err)
		_, err = w.st.ApproveCharacter(ctx, all[0].ID, ann.ID)
		must(t, err)
		approved := wire.Character{Name: "Bob", Registered: true, Approved: true, Username: "ann"}
		want(t, "approved", <-changed, approved)
		c, err = a.CharacterStatus(ctx, "bob")
		must(t, err)
		want(t, "after", c, approved)
		_, err = a.CharacterStatus(ctx, " ")
		wantErr(t, "nobody", err, client.ErrNameEmpty)
		_, err = w.join(w.game("Beta")).CharacterStatus(ctx, "bob")
		wantErr(t, "without the flag", err, client.ErrMissingSupport)
	})
}

func TestClient_manyFrames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t)
		a := w.join(w.game("Alpha"))
		if games, err := a.Games(t.Context()); err != nil || len(games) != 0 {
			t.Errorf("nobody else: got %v, %v", games, err)
		}
		for i := range 25 {
			w.join(w.game(fmt.Sprintf("Game%d", i)))
		}
		if games, err := a.Games(t.Context()); err != nil || len(games) != 25 {
			t.Errorf("got %d games, %v", len(games), err)
		}
		for i := range 23 {
			created, err := a.CreateAchievement(t.Context(), wire.Achievement{Title: fmt.Sprintf("No. %02d", i), Points: 1, Display: true})
			must(t, err)
			if created.Key == "" || created.Points != 1 {
				t.Errorf("created %+v", created)
			}
			time.Sleep(time.Second) // the bucket of all events
		}
		all, err := a.Achievements(t.Context())
		must(t, err)
		if len(all) != 23 || all[22].Title != "No. 22" {
			t.Errorf("got %d achievements, the last %+v", len(all), all[len(all)-1])
		}
		all[0].Points = 7
		changed, err := a.UpdateAchievement(t.Context(), all[0])
		must(t, err)
		want(t, "changed", changed, all[0])
		for _, one := range all {
			must(t, a.DeleteAchievement(t.Context(), one.Key))
			time.Sleep(time.Second)
		}
		if all, err := a.Achievements(t.Context()); err != nil || len(all) != 0 {
			t.Errorf("after the last is gone: %v, %v", all, err)
		}
	})
}

func TestFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t)
		ctx := t.Context()
		plain := w.game("Plain")
		plain.Supports = nil
		p := w.join(plain)
		a := w.join(w.game("Alpha"))
		w.game("Off")
		must(t, a.SignIn(ctx, "Ann"))
		tell := wire.TellPayload{FromName: "Ann", ToGame: "Off", ToName: "Eve", Message: "x"}
		wantErr(t, "a tell to a game that is offline", a.Tell(ctx, tell), client.ErrOffline)
		tell.ToGame = "Plain"
		wantErr(t, "a tell to a game without the flag", a.Tell(ctx, tell), client.ErrNotSupported)
		tell.FromName = "Nobody"
		other := w.join(w.game("Other"))
		tell.ToGame = "Other"
		wantErr(t, "a tell of nobody", a.Tell(ctx, tell), client.ErrSenderOffline)
		tell.FromName = "Ann"
		wantErr(t, "a tell to nobody", a.Tell(ctx, tell), client.ErrReceiverOffline)
		wantErr(t, "a tell without the flag", p.Tell(ctx, tell), client.ErrMissingSupport)
		_, err := p.Games(ctx)
		wantErr(t, "a list without the flag", err, client.ErrMissingSupport)
		_, err = a.Game(ctx, "None")
		wantErr(t, "no game", err, client.ErrUnknownGame)
		wantErr(t, "a bad channel", a.Subscribe(ctx, "no channel"), client.ErrSubscribe)
		wantErr(t, "a channel unheard", a.Send(ctx, "gossip", "Ann", "x"), client.ErrNotSubscribed)
		must(t, a.Subscribe(ctx, "gossip"))
		wantErr(t, "nothing said", a.Send(ctx, "gossip", "Ann", " "), client.ErrMessageEmpty)
		_, err = a.Do(ctx, "what/ever", nil)
		wantErr(t, "an unknown event", err, client.ErrUnknown)
		_, err = a.Sync(ctx, wire.SyncRequest{})
		wantErr(t, "a sync of a game", err, client.ErrUnknown)
		_, err = a.CreateAchievement(ctx, wire.Achievement{Points: 1000})
		f, ok := errors.AsType[*client.Failure](err)
		if !ok || f.Fields["title"] == nil || f.Fields["points"] == nil || !strings.Contains(err.Error(), "title can't be blank") {
			t.Errorf("a bad achievement: got %v", err)
		}
		err = nil
		for range 20 {
			if err = other.Subscribe(ctx, "gossip"); err != nil {
				break
			}
		}
		wantErr(t, "too much at once", err, client.ErrRateLimited)
		if errors.Is(err, client.ErrUnknown) || errors.Is(&client.Failure{Reason: "mutedly"}, client.ErrMuted) || errors.Is(err, client.Reason("")) {
			t.Error("a failure is another's")
		}
		if !errors.Is(&client.Failure{Reason: wire.ErrorSlow(3 * time.Second)}, client.ErrSlow) {
			t.Error("slow mode is not known")
		}
	})
}

func TestClient_heartbeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t)
		watcher := w.join(w.game("Watcher"))
		players := func() []string {
			names, err := watcher.PlayersOf(t.Context(), "Alpha")
			must(t, err)
			return names
		}
		var names atomic.Pointer[[]string]
		names.Store(&[]string{"Ann"})
		stuck := make(chan struct{})
		var hang atomic.Bool
		o := w.game("Alpha")
		o.Players = func() []string {
			if hang.Load() {
				<-stuck
			}
			return *names.Load()
		}
		var heard journal
		o.Handlers = heard.handlers()
		a := w.join(o)
		want(t, "at once", players(), []string{"Ann"})
		names.Store(&[]string{"Ann", "Bob"})
		time.Sleep(16 * time.Second)
		want(t, "after a heartbeat", players(), []string{"Ann", "Bob"})
		hang.Store(true)
		time.Sleep(5 * time.Minute)
		want(t, "while the game does not answer", players(), []string{"Ann", "Bob"})
		hang.Store(false)
		names.Store(&[]string{"Cid"})
		close(stuck)
		time.Sleep(31 * time.Second)
		want(t, "when it does", players(), []string{"Cid"})
		must(t, a.SignIn(t.Context(), "Dee"))
		for _, line := range heard.take() {
			if strings.Contains(line, "disconnected") {
				t.Error("the socket did not last")
			}
		}
	})
}

// Without Players the client knows whom it signed in.
func TestClient_roster(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t)
		watcher := w.join(w.game("Watcher"))
		a := w.join(w.game("Alpha"))
		must(t, a.SignIn(t.Context(), "Ann"))
		must(t, a.SignIn(t.Context(), "Bob"))
		must(t, a.SignOut(t.Context(), "ann"))
		time.Sleep(time.Minute)
		names, err := watcher.PlayersOf(t.Context(), "Alpha")
		must(t, err)
		want(t, "after heartbeats", names, []string{"Bob"})
		w.down()
		w.up()
		time.Sleep(2 * time.Minute)
		names, err = watcher.PlayersOf(t.Context(), "Alpha")
		must(t, err)
		want(t, "after a restart", names, []string{"Bob"})
	})
}

func TestClient_restart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t)
		var heard journal
		o := w.game("Alpha")
		o.Channels, o.Handlers = []string{"gossip"}, heard.handlers()
		a := w.join(o)
		must(t, a.Subscribe(t.Context(), "testing"))
		must(t, a.Unsubscribe(t.Context(), "gossip"))
		must(t, a.Subscribe(t.Context(), "chess"))
		heard.take()
		began := time.Now()
		w.down()
		w.up()
		want(t, "a stop", heard.take(), []string{"restart", "disconnected"})
		wantErr(t, "meanwhile", a.Send(t.Context(), "chess", "Ann", "x"), client.ErrNotConnected)
		must(t, a.Connected(t.Context()))
		if took := time.Since(began); took < 15*time.Second || took > 27*time.Second {
			t.Errorf("it came back after %v, the notice was about 20 s", took)
		}
		b := w.join(w.game("Beta"))
		for _, channel := range []string{"chess", "testing", "gossip"} {
			must(t, b.Subscribe(t.Context(), channel))
			must(t, b.Send(t.Context(), channel, "Bob", "x"))
		}
		want(t, "its channels", heard.take()[1:], []string{"Beta is online", "Bob@Beta on chess: x", "Bob@Beta on testing: x"})
	})
}

// While nobody answers, tries are a second apart and then ever longer.
func TestClient_backoff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t)
		o := w.game("Alpha")
		w.down()
		var tries []time.Duration
		o.Handlers.Disconnected = func(err error, again time.Duration) {
			if !strings.Contains(err.Error(), "502") {
				t.Errorf("got %v", err)
			}
			tries = append(tries, again)
		}
		a := w.dial(o)
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if len(tries) < 12 || len(tries) > 20 {
			t.Errorf("%d tries in ten minutes: %v", len(tries), tries)
		}
		for i, got := range tries {
			base := min(time.Second<<i, time.Minute)
			if got < base*3/4 || got > base*5/4 {
				t.Errorf("wait %d is %v, want about %v", i, got, base)
			}
		}
		w.up()
		must(t, a.Connected(t.Context()))
	})
}

func TestClient_refused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t)
		o := w.game("Alpha")
		right := o.ClientSecret
		o.ClientSecret = "wrong"
		c := w.dial(o)
		<-c.Done()
		wantErr(t, "wrong credentials", c.Err(), client.ErrCredentials)
		wantErr(t, "waiting for them", c.Connected(t.Context()), client.ErrCredentials)
		wantErr(t, "a request", c.Send(t.Context(), "gossip", "Ann", "x"), client.ErrClosed)
		if strings.Contains(c.Err().Error(), "wrong") {
			t.Error("the error shows the secret")
		}
		o.Supports = []string{"flight"}
		o.ClientSecret = right
		c = w.dial(o)
		<-c.Done()
		wantErr(t, "an unknown flag", c.Err(), client.ErrUnknownSupports)

		// One that goes on comes in when an operator has mended it.
		o.Supports = nil
		o.Persist = true
		must(t, w.st.UpdateGame(t.Context(), "Alpha", store.GameEdit{Suspended: new(true)}))
		c = w.dial(o)
		time.Sleep(3 * time.Minute)
		must(t, w.st.UpdateGame(t.Context(), "Alpha", store.GameEdit{Suspended: new(false)}))
		began := time.Now()
		must(t, c.Connected(t.Context()))
		if took := time.Since(began); took > 80*time.Second {
			t.Errorf("it came in after %v", took)
		}
	})
}

// A handler that does not return costs events, not the socket.
func TestClient_stuckHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t)
		o := w.game("Alpha")
		o.Channels = []string{"gossip"}
		release := make(chan struct{})
		var heard []string
		o.Handlers.Broadcast = func(b wire.Broadcast) {
			<-release
			heard = append(heard, b.Message)
		}
		a := w.join(o)
		site, err := w.st.CreateApplication(t.Context(), store.Application{ShortName: "Site", Name: "Site", SyncForm: "records"}, store.LongSecret)
		must(t, err)
		so := w.options(site)
		so.Supports = nil
		b := w.join(so)
		const said = 1500
		for i := range said {
			must(t, b.Send(t.Context(), "gossip", "Bob", fmt.Sprint(i)))
			time.Sleep(60 * time.Millisecond) // twenty a second are allowed
		}
		must(t, a.Send(t.Context(), "gossip", "Ann", "I am still here"))
		close(release)
		must(t, b.Send(t.Context(), "gossip", "Bob", "the last"))
		synctest.Wait()
		if len(heard) < 1000 || len(heard) > 1102 || heard[999] != "999" || !slices.IsSortedFunc(heard[:1000], func(a, b string) int { return len(a) - len(b) }) {
			t.Errorf("heard %d, %v", len(heard), heard[len(heard)-3:])
		}
	})
}

// Records are not dropped: the hub waits, and after a while the socket is made anew.
func TestClient_stuckSync(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t)
		var sockets, sent atomic.Int64
		o := w.game("Alpha")
		o.HTTPClient = hubtest.Pipes(old(func(p *peer, f wire.Frame) bool {
			if f.Event == wire.Authenticate {
				sockets.Add(1)
				for i := range 2000 {
					p.write(fmt.Sprintf(`{"event":"sync/channels","payload":{"channels":[{"id":%d}]}}`, i))
					sent.Add(1)
				}
			}
			return true
		}), "192.0.2.1:1000")
		release := make(chan struct{})
		var heard atomic.Int64
		o.Handlers.Sync = func(b wire.SyncBatch) {
			<-release
			heard.Add(1)
		}
		w.dial(o)
		time.Sleep(50 * time.Second)
		if n := sent.Load(); sockets.Load() != 1 || n < 1000 || n > 1200 {
			t.Errorf("%d sockets, %d frames sent", sockets.Load(), n)
		}
		time.Sleep(30 * time.Second)
		close(release)
		time.Sleep(2 * time.Minute)
		if sockets.Load() < 2 || heard.Load() < 3000 {
			t.Errorf("%d sockets, heard %d", sockets.Load(), heard.Load())
		}
	})
}

// What is under way when the socket ends is lost, and says so.
func TestClient_lost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t)
		o := w.game("Alpha")
		o.HTTPClient = hubtest.Pipes(old(func(_ *peer, f wire.Frame) bool { return f.Event != "vanish" }), "192.0.2.1:1000")
		a := w.join(o)
		_, err := a.Do(t.Context(), "vanish", nil)
		wantErr(t, "a socket that ends", err, client.ErrLost)
		must(t, a.Connected(t.Context()))
		began := time.Now()
		_, err = a.Do(t.Context(), "silence", nil)
		wantErr(t, "no answer", err, context.DeadlineExceeded)
		if took := time.Since(began); took != 30*time.Second {
			t.Errorf("it waited %v", took)
		}
	})
}

// TestClient_dead leaves a socket on which nothing comes.
func TestClient_dead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t)
		var heard journal
		o := w.game("Alpha")
		o.Handlers = heard.handlers()
		o.HTTPClient = hubtest.Pipes(old(func(*peer, wire.Frame) bool { return true }), "192.0.2.1:1000")
		w.join(o)
		time.Sleep(90 * time.Second)
		want(t, "a minute and a half", heard.take(), []string{"connected  ", "disconnected", "connected  "})
	})
}
