package hub

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
	"go.uber.org/goleak"

	"hearsay/hub/hubtest"
	"hearsay/hub/store"
	"hearsay/hub/wire"
	backbone "hearsay/sync"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A world is a hub with its store.
type world struct {
	*Hub
	t       testing.TB
	path    string
	st      *store.Store
	stopRun context.CancelFunc
	ran     chan struct{}
	stopped bool
}

// open starts a hub on a new file.
func open(t testing.TB, o Options) *world {
	t.Helper()
	return reopen(t, hubtest.NewFile(t), o)
}

// reopen starts a hub on a file. In a bubble it must be stopped inside, because the
// store's writer has a ticker: that is done when the test ends.
func reopen(t testing.TB, path string, o Options) *world {
	t.Helper()
	st, err := store.Open(t.Context(), path, store.Options{Log: o.Log})
	if err != nil {
		t.Fatal(err)
	}
	if o.Backbone == nil {
		o.Backbone = backbone.New(st)
	}
	h, err := New(t.Context(), st, o)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{Hub: h, t: t, path: path, st: st, ran: make(chan struct{})}
	ctx, cancel := context.WithCancel(context.Background())
	w.stopRun = cancel
	go func() {
		defer close(w.ran)
		h.Run(ctx)
	}()
	t.Cleanup(w.stop)
	return w
}

// stop stops the hub and closes the file.
func (w *world) stop() {
	if w.stopped {
		return
	}
	w.stopped = true
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	w.Shutdown(ctx, Downtime)
	w.stopRun()
	<-w.ran
	if err := w.st.Close(); err != nil {
		w.t.Error(err)
	}
}

// game adds a displayed game.
func (w *world) game(shortName string) store.Credential {
	w.t.Helper()
	return w.gameWith(store.Game{ShortName: shortName, Name: shortName + " MUD", Display: true})
}

func (w *world) gameWith(g store.Game) store.Credential {
	w.t.Helper()
	c, err := w.st.CreateGame(w.t.Context(), g, store.LongSecret)
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

// application adds one whose sync has the form.
func (w *world) application(shortName, form string) store.Credential {
	w.t.Helper()
	c, err := w.st.CreateApplication(w.t.Context(),
		store.Application{ShortName: shortName, Name: shortName, SyncForm: form}, store.LongSecret)
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

// do fails the test if a change of the store fails.
func (w *world) do(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// unlimited are the default limits without the buckets.
func unlimited() *Limits {
	l := DefaultLimits()
	l.Events, l.Sends, l.Subscribes, l.Tells, l.System = Rate{}, Rate{}, Rate{}, Rate{}, Rate{}
	return &l
}

// An arrival is a frame, or the end of a socket.
type arrival struct {
	at   time.Time
	text string
	end  error
}

// patience is how long a test waits for what must come.
const patience = time.Minute

// A socket is a client's side. Its reader keeps all that comes, with the time.
type socket struct {
	t     testing.TB
	conn  *websocket.Conn
	turns chan struct{} // each value lets the reader read one frame; closed: it reads on
	over  chan struct{} // closed when the test ends
	beats atomic.Bool   // heartbeats are answered

	mu       sync.Mutex // guards arrivals
	arrivals []arrival
	news     chan struct{} // holds one: something arrived
}

const home = "192.0.2.1:1000"

// dial opens a socket, by default from home.
func (w *world) dial(from ...string) *socket {
	w.t.Helper()
	s := w.dialPaused(from...)
	close(s.turns)
	return s
}

// dialPaused opens a socket that reads only when it is its turn.
func (w *world) dialPaused(from ...string) *socket {
	w.t.Helper()
	s := &socket{
		t: w.t, conn: hubtest.Pipe(w.t, w.Hub, append(from, home)[0]),
		turns: make(chan struct{}), over: make(chan struct{}), news: make(chan struct{}, 1),
	}
	var running sync.WaitGroup
	answers := make(chan struct{}, 1000)
	running.Go(func() {
		defer close(answers)
		s.read(answers)
	})
	running.Go(func() {
		for range answers {
			_ = s.conn.Write(context.Background(), websocket.MessageText, heartbeatFrame) // fails when the socket has ended
		}
	})
	w.t.Cleanup(func() {
		close(s.over)
		_ = s.conn.CloseNow() // fails if it is closed already
		running.Wait()
	})
	return s
}

func (s *socket) read(answers chan<- struct{}) {
	for {
		select {
		case <-s.turns:
		case <-s.over:
			return
		}
		_, text, err := s.conn.Read(context.Background())
		answer := s.beats.Load() && string(text) == string(heartbeatFrame)
		s.mu.Lock()
		s.arrivals = append(s.arrivals, arrival{time.Now(), string(text), err})
		s.mu.Unlock()
		signal(s.news)
		if err != nil {
			return
		}
		if answer {
			answers <- struct{}{}
		}
	}
}

// take gives what has arrived and was not taken.
func (s *socket) take() []arrival {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.arrivals
	s.arrivals = nil
	return all
}

// texts gives the frames that have arrived, without heartbeats.
func (s *socket) texts() []string {
	s.t.Helper()
	all := []string{}
	for _, a := range s.take() {
		if a.end != nil {
			s.t.Fatalf("the socket ended: %v", a.end)
		}
		if a.text != string(heartbeatFrame) {
			all = append(all, a.text)
		}
	}
	return all
}

// arrive waits for the next arrival.
func (s *socket) arrive() arrival {
	s.t.Helper()
	late := time.NewTimer(patience)
	defer late.Stop()
	for {
		s.mu.Lock()
		if len(s.arrivals) > 0 {
			a := s.arrivals[0]
			s.arrivals = s.arrivals[1:]
			s.mu.Unlock()
			return a
		}
		s.mu.Unlock()
		select {
		case <-s.news:
		case <-late.C:
			s.t.Fatalf("nothing came within %v", patience)
		}
	}
}

// next waits for the next frame that is no heartbeat.
func (s *socket) next() string {
	s.t.Helper()
	for {
		a := s.arrive()
		if a.end != nil {
			s.t.Fatalf("the socket ended: %v", a.end)
		}
		if a.text != string(heartbeatFrame) {
			return a.text
		}
	}
}

// ended waits for the end, and gives what came before it.
func (s *socket) ended() (code int, reason string, at time.Time, before []string) {
	s.t.Helper()
	for {
		a := s.arrive()
		if a.end != nil {
			code, reason = status(a.end)
			return code, reason, a.at, before
		}
		before = append(before, a.text)
	}
}

// status is -1 without a close frame.
func status(err error) (code int, reason string) {
	if e, ok := errors.AsType[websocket.CloseError](err); ok {
		reason = e.Reason
	}
	return int(websocket.CloseStatus(err)), reason
}

// wantEnd fails the test unless the socket ends so, and gives what came before, but
// for heartbeats.
func (s *socket) wantEnd(code int) (before []string) {
	s.t.Helper()
	got, reason, _, before := s.ended()
	if got != code {
		s.t.Fatalf("the socket ended with %d %q, want %d; before: %q", got, reason, code, before)
	}
	return slices.DeleteFunc(before, func(text string) bool { return text == string(heartbeatFrame) })
}

// wantOpen fails the test if the socket has ended; it takes what has come.
func (s *socket) wantOpen() {
	s.t.Helper()
	s.texts()
}

// send sends an event; payload is JSON, or nothing.
func (s *socket) send(event, ref, payload string) {
	s.t.Helper()
	var f wire.Frame
	f.Event = event
	if ref != "" {
		f.Ref = wire.Ref(`"` + ref + `"`)
	}
	if payload != "" {
		f.Payload = json.RawMessage(payload)
	}
	if err := s.conn.Write(context.Background(), websocket.MessageText, f.Encode()); err != nil {
		s.t.Fatalf("send %s: %v", event, err)
	}
}

// ask sends a request, and waits for its answer. What comes before that is lost.
func (s *socket) ask(event, payload string) (answer string) {
	s.t.Helper()
	ref := newRef()
	s.send(event, strings.Trim(string(ref), `"`), payload)
	for {
		if text := s.next(); strings.Contains(text, string(ref)) {
			return text
		}
	}
}

// fence returns when the hub has handled all that was sent on the socket. It gives
// what came before.
func (s *socket) fence() (before []string) {
	s.t.Helper()
	ref := newRef()
	s.send("fence", strings.Trim(string(ref), `"`), "")
	for {
		text := s.next()
		if strings.Contains(text, string(ref)) {
			return before
		}
		before = append(before, text)
	}
}

func succeeded(answer string) bool { return strings.Contains(answer, `"status":"success"`) }

func limited(answer string) bool { return strings.Contains(answer, `"error":"rate limit exceeded"`) }

const allSupports = `["channels","players","tells","games"]`

// credentials is an authenticate's payload; more are further members: `,"debug":true`.
func credentials(c store.Credential, supports, more string) string {
	return fmt.Sprintf(`{"client_id":%q,"client_secret":%q,"supports":%s%s}`, c.ClientID, c.Secret, supports, more)
}

// join opens a socket that has authenticated and answers heartbeats. It sends the first
// answer itself: one beside the test would say that nobody is on after a sign-in of it.
func (w *world) join(c store.Credential, more string, from ...string) *socket {
	w.t.Helper()
	s := w.dial(from...)
	s.joinWith(credentials(c, allSupports, more))
	return s
}

func (s *socket) joinWith(credentials string) {
	s.t.Helper()
	s.authenticateWith(credentials)
	s.send(wire.Heartbeat, "", "")
	s.beats.Store(true)
}

// enter opens a socket with every flag that hears gossip. It answers no heartbeat: that would
// sign its players out.
func (w *world) enter(c store.Credential, players string) *socket {
	w.t.Helper()
	s := w.dial()
	s.send(wire.Authenticate, "", credentials(c, everySupport, `,"channels":["gossip"],"players":[`+players+`]`))
	if got := s.next(); got != string(welcome) {
		w.t.Fatalf("got %s", got)
	}
	return s
}

// authenticate returns with the first heartbeat.
func (s *socket) authenticate(c store.Credential, more string) {
	s.t.Helper()
	s.authenticateWith(credentials(c, allSupports, more))
}

func (s *socket) authenticateWith(credentials string) {
	s.t.Helper()
	s.send(wire.Authenticate, "", credentials)
	if got := s.arrive(); got.text != string(welcome) {
		s.t.Fatalf("authenticate: got %q, %v, want the welcome", got.text, got.end)
	}
	for {
		got := s.arrive()
		if got.end != nil {
			s.t.Fatalf("authenticate: %v", got.end)
		}
		if got.text == string(heartbeatFrame) {
			return
		}
	}
}

// hangUp closes the socket as clients do.
func (s *socket) hangUp() {
	_ = s.conn.Close(websocket.StatusNormalClosure, "") // the hub may have closed it
}

// settle waits until nothing moves in the bubble, after a while.
func settle(after time.Duration) {
	time.Sleep(after)
	synctest.Wait()
}

// rawSend writes a text frame that is not masked by anything but zeros.
func rawSend(conn net.Conn, text string) error {
	frame := []byte{0x81, 0x80 | 126, byte(len(text) >> 8), byte(len(text)), 0, 0, 0, 0}
	_, err := conn.Write(append(frame, text...))
	return err
}

func equal(t testing.TB, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}
