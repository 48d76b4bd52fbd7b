package hub

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"math/rand/v2"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/VictoriaMetrics/metrics"
	"github.com/coder/websocket"
	"github.com/google/uuid"

	"hearsay/hub/store"
	"hearsay/hub/wire"
)

const (
	writeTimeout = 10 * time.Second // of one frame, and of all that is left when a socket ends
	missedMost   = 3                // unanswered heartbeats after which the next tick ends a socket
	silentMost   = 4                // ticks that a socket has to authenticate

	// earlyMessages is how many messages of the largest size may come before a socket has
	// authenticated. One in fragments of a byte is seven times as long, with their headers.
	earlyMessages = 8

	// listWaits is how many bytes may wait for a socket before a list waits too: it makes
	// them no more than that and a frame.
	listWaits = 64 << 10
)

var (
	heartbeatsMissed = metrics.NewCounter("hearsay_heartbeats_missed_total")
	queueOverflows   = metrics.NewCounter("hearsay_queue_overflows_total")

	heartbeatFrame  = wire.Frame{Event: wire.Heartbeat}.Encode()
	heartbeatPacket = newPacket(heartbeatFrame)
)

// tooSlow is the reason of an overflow.
const tooSlow = "too slow, too much is waiting"

// An ending is why a session ends, as a context's cause.
type ending struct {
	code    int // 0: the peer is gone
	reason  string
	clients int  // the close code that came of the peer; 0: none
	cut     bool // the peer's answer is not waited for
}

// endingOf is that of a connection that cannot be read any more.
func endingOf(err error) ending {
	e := ending{reason: err.Error()}
	if errors.Is(err, websocket.ErrMessageTooBig) {
		e.clients = wire.CloseTooLarge // the library has sent it
	} else if c, ok := errors.AsType[websocket.CloseError](err); ok {
		e.clients, e.reason = int(c.Code), c.Reason
	}
	return e
}

func (e ending) Error() string { return e.reason }

// A session is one socket from its upgrade to its end.
type session struct {
	// Of the shard's goroutine alone. They come first, with what a push looks at.
	batch *batch // what has gathered for the session; nil: nothing
	waits bool   // it is in the shard's round

	link link // what conn runs on; data frames are pushed into it

	hub    *Hub
	conn   *websocket.Conn // reads, and writes control frames
	shard  *shard          // what is published comes from it
	remote netip.Addr
	ctx    context.Context // ends with an ending as its cause
	cancel context.CancelCauseFunc
	ending sync.Once

	answered atomic.Bool    // a heartbeat was answered since the last tick
	handling atomic.Bool    // a message is being handled, so no answer can be seen
	supports wire.Supports  // as peer below; here there is room: a session is 448 bytes, the next size is 480
	left     bool           // guarded by Hub.mu: it belongs to nothing any more
	pending  bool           // guarded by Hub.mu: it is counted among the hub's pending
	bare     bool           // guarded by Hub.mu: its client takes no payload in a close frame; see quirks
	handled  sync.WaitGroup // 1 while a worker handles a message
	closed   sync.WaitGroup // 1 until the connection is closed

	pulse    pulse
	progress atomic.Pointer[progress]   // of the feed; nil: nobody has asked for one
	named    atomic.Pointer[store.Peer] // who says to be there, for the log

	// Of the one worker that handles a message.
	buckets    *buckets // nil until a message is counted
	debugUntil time.Time
	feed       *feed // what an application is fed by
	form       string
	loan       *loan // of a browser's socket: what it came in with

	// Set once, under Hub.mu, when the socket becomes active; read by its worker
	// without it.
	peer *store.Peer
	tape *tape // set a little before

	// Guarded by Hub.mu.
	reserved *owner            // whose sockets it counts among, in Hub.sockets
	channels []store.ChannelID // each once; mostly two or three
	players  roster
}

func newSession(h *Hub, remote netip.Addr) *session {
	s := &session{hub: h, remote: remote}
	s.closed.Add(1)
	s.ctx, s.cancel = context.WithCancelCause(context.Background())
	s.link.broken = func(err error) {
		e := ending{reason: err.Error()}
		if errors.Is(err, errTooEarly) {
			h.addresses.fail(network(remote), time.Now())
			e = ending{code: wire.CloseRemoved, reason: e.reason, cut: true}
		}
		s.end(e)
	}
	s.link.early.Store(int32(min(earlyMessages*h.Limits().MaxMessage, math.MaxInt32)))
	return s
}

// run reads until the socket is closed.
func (s *session) run() {
	s.startPulse()
	err := s.read()
	s.end(endingOf(err))
	s.closed.Wait()
	s.stopFeed()
}

// read hands one message after the other to a worker.
func (s *session) read() error {
	for {
		// The session's context would cut the connection before its close frame.
		_, message, err := s.conn.Read(context.Background())
		if err != nil {
			return err
		}
		if s.ctx.Err() != nil {
			continue // the close frame is on its way; nothing counts any more
		}
		s.handling.Store(true)
		s.handled.Add(1)
		s.hub.workers.do(job{s, message})
		s.handled.Wait()
		s.handling.Store(false)
	}
}

// end ends the session; the first ending counts. It does not wait.
func (s *session) end(e ending) {
	s.ending.Do(func() {
		s.cancel(e)
		go s.close()
	})
}

// log says something about the session, and whose it is.
func (s *session) log(level slog.Level, message string, args ...any) {
	log := s.hub.log
	if !log.Enabled(s.hub.ctx, level) {
		return
	}
	log = log.With("remote", s.remote)
	if p := s.named.Load(); p != nil {
		log = log.With(kindOf(*p), p.ShortName)
	}
	log.Log(s.hub.ctx, level, message, args...)
}

// ended gives the ending, if there is one yet.
func (s *session) ended() (e ending, ok bool) {
	ok = errors.As(context.Cause(s.ctx), &e)
	return e, ok
}

// owner is that of an active session.
func (s *session) owner() owner { return owner{s.peer.Application, s.peer.ID} }

// variant is the form in which an active session gets what is published.
func (s *session) variant() (v variant) {
	if s.supports.Has(wire.SupportHistory) {
		v |= dated
	}
	if s.link.deflates {
		v |= deflated
	}
	return v
}

// active reports whether the socket has authenticated; under Hub.mu, or by its worker.
func (s *session) active() bool { return s.peer != nil }

// send sends a message, or lets it wait. It never blocks; a socket that cannot keep
// up ends.
func (s *session) send(message []byte) { s.sendAs(message, message) }

// sendAs is send for a message that is remembered in another form.
func (s *session) sendAs(message, shown []byte) {
	s.tape.sent(shown, takeBytes)
	s.push(appendPacket(nil, message, s.link.deflates))
}

// push is send for whole frames.
func (s *session) push(frames []byte) {
	if !s.link.push(frames, s.hub.Limits().MaxQueue) && s.ctx.Err() == nil {
		queueOverflows.Inc()
		s.end(ending{code: wire.CloseTryLater, reason: tooSlow})
	}
}

// sendWaiting sends messages of a list, in one write, when little waits before them.
func (s *session) sendWaiting(messages ...[]byte) error {
	size := 0
	for _, message := range messages {
		size += maxHeader + len(message)
	}
	frames := make(packet, 0, size)
	for _, message := range messages {
		frames = appendPacket(frames, message, s.link.deflates)
	}
	if err := s.link.wait(s.ctx, max(0, listWaits+wire.MaxFrame-len(frames))); err != nil {
		return err
	}
	for _, message := range messages {
		s.tape.sent(message, listBytes)
	}
	s.push(frames)
	return nil
}

// close ends the connection as the session's ending says. It runs once, on a
// goroutine of its own.
func (s *session) close() {
	defer s.closed.Done()
	s.hub.leave(s)
	s.pulse.stop()
	e, _ := s.ended()
	s.remember(e)
	if e.code == 0 {
		s.conn.CloseNow()
		s.log(slog.LevelDebug, "socket gone", "err", e.reason)
	} else {
		s.log(slog.LevelInfo, "closing socket", "code", e.code, "reason", e.reason)
		// What waits comes before the close frame; however slowly the peer takes it, it
		// is gone soon after its end.
		late := time.AfterFunc(writeTimeout, func() { s.link.Close() })
		s.link.settle()
		s.conclude(e)
		late.Stop()
	}
}

// conclude sends the close frame and closes the connection.
func (s *session) conclude(e ending) {
	code, reason := websocket.StatusCode(e.code), e.reason
	s.hub.mu.Lock()
	bare := s.bare
	s.hub.mu.Unlock()
	if bare {
		code, reason = websocket.StatusNoStatusRcvd, "" // which makes an empty payload
	}
	if e.cut {
		_, _ = s.link.Write(closeFrame(code, reason)) // the connection may be gone
		s.link.settle()
		_ = s.conn.CloseNow()
		return
	}
	_ = s.conn.Close(code, reason) // whether the peer answers is its affair
}

// closeFrame is a close frame as the library makes it.
func closeFrame(code websocket.StatusCode, reason string) []byte {
	if code == websocket.StatusNoStatusRcvd {
		return []byte{fin | opClose, 0}
	}
	return append([]byte{fin | opClose, byte(2 + len(reason)), byte(code >> 8), byte(code)}, reason...)
}

// newRef is the ref of a frame that nobody asked for.
func newRef() wire.Ref { return wire.Ref(`"` + uuid.NewString() + `"`) }

// notice is a frame that nobody asked for.
func notice(event string, payload []byte) []byte {
	return wire.Frame{Event: event, Ref: newRef(), Payload: payload}.Encode()
}

// restartFrame differs from socket to socket, so that not all come back at once.
func restartFrame(downtime time.Duration) []byte {
	seconds := int(downtime/time.Second) + rand.IntN(11) - 5
	return notice(wire.Restart, wire.Encode(wire.RestartPayload{Downtime: max(1, seconds)}))
}
