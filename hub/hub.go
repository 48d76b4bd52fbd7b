package hub

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/VictoriaMetrics/metrics"
	"github.com/coder/websocket"

	"hearsay/hub/store"
	"hearsay/hub/wire"
)

// The defaults of Options; protocol sections 2, 4 and 8.
const (
	Heartbeat    = 15 * time.Second
	OfflineAfter = 60 * time.Second
	DebugFor     = 300 * time.Second
	Downtime     = 15 * time.Second
	Name         = "Hearsay"
)

// Options are the settings of a Hub; the zero value works.
type Options struct {
	Log          *slog.Logger  // nil: none
	Name         string        // short name of the hub itself; "": Name
	Heartbeat    time.Duration // the tick; 0: Heartbeat
	OfflineAfter time.Duration // how long a game without a socket stays online; 0: OfflineAfter
	DebugFor     time.Duration // how long a socket's debug mode lasts; 0: DebugFor
	Limits       *Limits       // nil: DefaultLimits
	Compression  bool          // compress frames for clients that offer it

	// Descriptors is how many files and sockets the process may have open; 0: as many as it
	// likes. A quarter is for sockets that have not authenticated.
	Descriptors int

	// Restart is called when an operator wants the server to stop and start again. It has
	// that done, and does not wait for it. nil: nobody can.
	Restart func(downtime time.Duration)

	// Backbone feeds applications; nil: they get no records.
	Backbone Backbone
	// Remote finds the address of a client behind trusted proxies; nil: the connection's.
	Remote func(*http.Request) netip.Addr
}

// A Backbone feeds an application's socket with records until ctx ends. level is called
// once, when the socket has got what there was; live changes follow.
type Backbone interface {
	// Records serves the published form.
	Records(ctx context.Context, p store.Peer, send Send, level func()) error
	// Versions serves a request of the other form; level gets the payload of the
	// answer, or nil. It reports store.ErrNotFound for an unknown cursor.
	Versions(ctx context.Context, p store.Peer, r wire.SyncRequest, send Send, level func(json.RawMessage)) error
}

// Send waits for room in an application's socket, writes the frames together, keeps none
// of them, and fails when the socket is gone. With them the socket has all that it gets of
// the log up to through, which is 0 while it has not; there may be no frames.
type Send = func(through store.VersionID, frames ...[]byte) error

// A Hub is the meeting point of all sockets. Create it with New, run it with Run,
// mount it at /socket, end it with Shutdown.
type Hub struct {
	o      Options
	limits atomic.Pointer[Limits]
	store  *store.Store
	log    *slog.Logger

	failures   throttle[failure]
	addresses  throttle[netip.Addr]
	guesses    throttle[owner] // wrong registration keys
	memories   memories
	loans      loans
	running    sync.WaitGroup // sessions and their goroutines
	workers    *workers
	shards     []*shard
	following  sync.Mutex                     // one goroutine follows the file at a time
	rules      atomic.Pointer[store.Matcher]  // nil: there are none
	ignorers   atomic.Pointer[store.Ignorers] // nil: there are none
	restraints restraints
	talkers    talkers

	// Requests are handled under ctx, not under their session's: a context that somebody
	// has waited for never forgets it, and there are thousands of idle sessions.
	ctx    context.Context
	cancel context.CancelFunc

	toldThrough store.CharacterChangeID // the last change of a character that was told; of Run's goroutine alone

	reached  atomic.Int64  // the log's version that the directory has
	messages atomic.Uint64 // that were said in channels

	mu        sync.Mutex // guards what follows
	stopping  bool
	minute    minute // what was said in the last one
	sessions  map[*session]struct{}
	sockets   map[owner]int // authenticated, or about to be
	pending   pending
	presence  presence
	directory directory
	echoes    echoes
}

// failure is what failed authentications are counted by.
type failure struct {
	network  netip.Addr
	clientID string
}

// An owner is the game or application that sockets belong to.
type owner struct {
	application bool
	id          int64
}

var socketCount = metrics.NewGauge("hearsay_sockets", nil)

// New makes a Hub that knows the store's games and channels.
func New(ctx context.Context, st *store.Store, o Options) (*Hub, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Name == "" {
		o.Name = Name
	}
	for field, value := range map[*time.Duration]time.Duration{
		&o.Heartbeat: Heartbeat, &o.OfflineAfter: OfflineAfter, &o.DebugFor: DebugFor,
	} {
		if *field == 0 {
			*field = value
		}
	}
	l := DefaultLimits()
	if o.Limits != nil {
		l = *o.Limits
	}
	h := &Hub{
		o: o, store: st, log: o.Log,
		sessions: map[*session]struct{}{}, sockets: map[owner]int{},
		presence: presence{}, directory: newDirectory(), echoes: echoes{},
		guesses:  throttle[owner]{within: guessesFor},
		memories: memories{of: map[owner]*memory{}, clients: map[string]store.Peer{}},
		pending:  pending{of: map[netip.Addr]int{}},
	}
	h.SetLimits(l)
	if err := h.load(ctx); err != nil {
		return nil, err
	}
	h.ctx, h.cancel = context.WithCancel(context.WithoutCancel(ctx))
	h.shards = newShards()
	h.workers = newWorkers()
	return h, nil
}

// Run follows the log of versions, delivers what people approve, tells what becomes of
// characters, and announces the restarts that the store is asked for, until ctx ends. What
// fails is tried again after a pause, and at each commit.
func (h *Hub) Run(ctx context.Context) {
	follower := h.store.Follow()
	defer follower.Stop()
	looks := []struct {
		commits func() uint64 // that are a reason to look
		look    func(context.Context) error
		at      uint64 // the last time
	}{
		{h.store.Admissions, h.admit, h.store.Admissions() - 1}, // never yet
		{h.store.Ignored, h.heedIgnores, h.store.Ignored() - 1},
		{h.store.Reviews, h.release, h.store.Reviews() - 1},
		{h.store.Registrations, h.tellChanges, h.store.Registrations() - 1},
		{h.store.Asked, h.restart, h.store.Asked() - 1},
	}
	for {
		follower.Begin()
		err := h.followBy(ctx, h.store.Recent)
		for i := range looks {
			l := &looks[i]
			if n := l.commits(); n != l.at {
				failed := l.look(ctx)
				if failed == nil {
					l.at = n
				}
				err = errors.Join(err, failed)
			}
		}
		if err != nil && ctx.Err() == nil {
			h.log.Error("changes could not be read", "err", err)
		}
		ends, retry := h.ruleEnds(), follower.End(ctx, err)
		if err != nil {
			ends = nil // it may be what cannot be read
		}
		select {
		case <-follower.Wake:
		case <-ends:
		case <-retry:
		case <-ctx.Done():
			return
		}
	}
}

// ServeHTTP upgrades a request to a socket and serves it until it closes. Section 1.
func (h *Hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	remote := h.remote(r)
	if h.addresses.over(network(remote), h.Limits().FailuresAddress, time.Now()) {
		h.log.Warn("an address gets no socket for up to a minute, after too many refusals", "remote", remote)
		w.Header().Set("Retry-After", "60")
		http.Error(w, "too many failed authentications from this address; wait a minute", http.StatusTooManyRequests)
		return
	}
	s := newSession(h, remote)
	o := &websocket.AcceptOptions{
		InsecureSkipVerify: true, // any Origin: one known client invents its own
		CompressionMode:    websocket.CompressionDisabled,
		OnPingReceived:     func(context.Context, []byte) bool { return s.controlled() },
		OnPongReceived:     func(context.Context, []byte) { s.controlled() },
	}
	if h.o.Compression {
		o.CompressionMode = websocket.CompressionNoContextTakeover
	}
	s.heed("", r.Header.Get("Origin"))
	conn, err := websocket.Accept(&hijacker{ResponseWriter: w, link: &s.link}, r, o)
	if err != nil {
		h.log.Debug("no websocket", "remote", remote, "err", err)
		return
	}
	conn.SetReadLimit(int64(h.Limits().MaxMessage))
	s.conn, s.link.deflates = conn, w.Header().Get("Sec-WebSocket-Extensions") != ""
	h.serve(s)
}

func (h *Hub) remote(r *http.Request) netip.Addr {
	if h.o.Remote != nil {
		return h.o.Remote(r)
	}
	ap, _ := netip.ParseAddrPort(r.RemoteAddr)
	return ap.Addr()
}

// serve starts a session on an open socket. It returns at once: the goroutine of
// net/http, its stack and its buffers are not wanted any more.
func (h *Hub) serve(s *session) {
	h.mu.Lock()
	if h.stopping { // Shutdown may wait for the others already
		h.mu.Unlock()
		_ = s.conn.Close(wire.ClosePlannedStop, "restarting") // whether the peer answers is its affair
		return
	}
	h.makeRoom(s)
	s.shard = h.shards[len(h.sessions)%len(h.shards)]
	h.sessions[s] = struct{}{}
	h.running.Add(1)
	h.mu.Unlock()
	socketCount.Inc()
	go func() {
		defer h.running.Done()
		s.run()
		h.mu.Lock()
		delete(h.sessions, s)
		h.mu.Unlock()
		socketCount.Dec()
	}()
}

// Sockets says how many there are.
func (h *Hub) Sockets() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.sessions)
}

// Shutdown announces a planned stop of about downtime to active sockets and closes
// all with 1012. It returns when the last is closed; when ctx ends it cuts them
// off. Section 4.
func (h *Hub) Shutdown(ctx context.Context, downtime time.Duration) {
	h.mu.Lock()
	h.stopping = true
	for s := range h.sessions {
		restart := s.active()
		s.shard.put(operation{session: s, call: func() { // after what was published
			if restart {
				s.send(restartFrame(downtime))
			}
			s.end(ending{code: wire.ClosePlannedStop, reason: "restarting"})
		}})
	}
	h.presence.stopTimers()
	h.mu.Unlock()

	done := make(chan struct{})
	go func() {
		h.running.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-ctx.Done():
		h.mu.Lock()
		for s := range h.sessions {
			go s.link.Close()
		}
		h.mu.Unlock()
		h.cancel()
		<-done
	}
	for _, sh := range h.shards {
		sh.end()
	}
	h.workers.end()
	h.cancel()
}
