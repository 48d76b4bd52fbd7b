package hub

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/netip"
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

	// listWaits is how many bytes may wait for a socket before a list waits too.
	listWaits = 64 << 10
)

var (
	heartbeatsMissed = metrics.NewCounter("hearsay_heartbeats_missed_total")
	queueOverflows   = metrics.NewCounter("hearsay_queue_overflows_total")
	queueHigh        = metrics.NewGauge("hearsay_queue_high_bytes", nil)

	heartbeatFrame = wire.Frame{Event: wire.Heartbeat}.Encode()
)

// An ending is why a session ends, as a context's cause.
type ending struct {
	code   int // 0: the peer is gone
	reason string
	flush  bool // what waits in the queue goes out first
}

func (e ending) Error() string { return e.reason }

// A session is one socket from its upgrade to its end.
type session struct {
	hub    *Hub
	conn   *websocket.Conn
	under  net.Conn // what conn runs on
	remote netip.Addr
	since  time.Time
	queue  *queue
	ctx    context.Context // ends with an ending as its cause
	cancel context.CancelCauseFunc

	log atomic.Pointer[slog.Logger] // names the peer once it is known

	beats    chan struct{} // holds one: the peer has authenticated, ticks begin anew
	answered atomic.Bool   // a heartbeat was answered since the last tick
	handling atomic.Bool   // a message is being handled, so no answer can be seen

	// Of the reader alone.
	buckets    *buckets
	debugUntil time.Time
	feed       *feed // what an application is fed by
	form       string

	// Set once, under Hub.mu, when the socket becomes active; read by its reader
	// without it.
	peer     *store.Peer
	supports wire.Supports

	// Guarded by Hub.mu.
	left     bool   // it belongs to nothing any more
	reserved *owner // whose sockets it counts among, in Hub.sockets
	channels map[store.ChannelID]struct{}
	players  roster
}

func newSession(h *Hub, conn *websocket.Conn, remote netip.Addr) *session {
	s := &session{
		hub: h, conn: conn, remote: remote, since: time.Now(), queue: newQueue(),
		beats: make(chan struct{}, 1),
	}
	s.log.Store(h.log.With("remote", remote.String()))
	s.ctx, s.cancel = context.WithCancelCause(context.Background())
	// The library counts what it has read before it knows the end: one byte more
	// than allowed is too many.
	conn.SetReadLimit(int64(h.l.MaxMessage))
	return s
}

// run reads until the socket is closed.
func (s *session) run() {
	written := make(chan struct{})
	go func() {
		defer close(written)
		s.write()
	}()
	// However slowly the peer takes what waits for it, it is gone soon after its end.
	defer context.AfterFunc(s.ctx, func() { time.AfterFunc(writeTimeout, func() { s.under.Close() }) })()
	err := s.read()
	s.end(ending{reason: err.Error()})
	<-written
	s.stopFeed()
}

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
		s.handle(message)
		s.handling.Store(false)
	}
}

// end ends the session; the first ending counts. It does not wait.
func (s *session) end(e ending) { s.cancel(e) }

// ended gives the ending, if there is one yet.
func (s *session) ended() (e ending, ok bool) {
	ok = errors.As(context.Cause(s.ctx), &e)
	return e, ok
}

// owner is that of an active session.
func (s *session) owner() owner { return owner{s.peer.Application, s.peer.ID} }

// active reports whether the socket has authenticated; under Hub.mu, or by its reader.
func (s *session) active() bool { return s.peer != nil }

// send queues a frame. It never blocks; a socket that cannot keep up ends.
func (s *session) send(frame []byte) {
	if !s.queue.push(frame, s.hub.l.MaxQueue) {
		queueOverflows.Inc()
		s.queue.close() // nothing more will be written
		s.end(ending{code: wire.CloseTryLater, reason: "too slow, too much is waiting"})
	}
}

// sendWaiting queues a frame of a list when little waits before it.
func (s *session) sendWaiting(frame []byte) error {
	for s.queue.waiting() > listWaits {
		select {
		case <-s.queue.room:
		case <-s.ctx.Done():
			return context.Cause(s.ctx)
		}
	}
	if s.ctx.Err() != nil {
		return context.Cause(s.ctx)
	}
	s.send(frame)
	return nil
}

// write sends what is queued, and heartbeats, until the session ends; then it
// closes the connection.
func (s *session) write() {
	ticker := time.NewTicker(s.hub.o.Heartbeat)
	defer ticker.Stop()
	ticks, missed, active := 0, 0, false
	for {
		select {
		case <-s.queue.ready:
			s.flush()
		case <-s.beats:
			ticker.Reset(s.hub.o.Heartbeat)
			active, missed = true, 1 // the first heartbeat came with the welcome
		case <-ticker.C:
			if ticks++; !active {
				// One that is in its first sync has authenticated, and may take longer.
				if ticks >= silentMost && !s.handling.Load() && len(s.beats) == 0 {
					s.end(ending{code: wire.CloseHeartbeat, reason: wire.Goodbye})
				}
				continue
			}
			if s.answered.Swap(false) || s.handling.Load() {
				missed = 0
			}
			if missed >= missedMost {
				heartbeatsMissed.Inc()
				s.end(ending{code: wire.CloseHeartbeat, reason: wire.Goodbye})
				continue
			}
			missed++
			s.send(heartbeatFrame)
		case <-s.ctx.Done():
			s.close()
			return
		}
	}
}

// flush writes all that is queued.
func (s *session) flush() {
	for _, frame := range s.queue.take() {
		if e, ended := s.ended(); ended && !e.flush {
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), writeTimeout)
		err := s.conn.Write(ctx, websocket.MessageText, frame)
		cancel()
		if err != nil {
			s.end(ending{reason: err.Error()})
			return
		}
		s.queue.written(frame)
	}
}

// close ends the connection as the session's ending says.
func (s *session) close() {
	s.hub.leave(s)
	s.queue.close()
	queueHigh.Set(max(queueHigh.Get(), float64(s.queue.high)))
	e, _ := s.ended()
	if e.code == 0 {
		s.conn.CloseNow()
		s.log.Load().Debug("socket gone", "err", e.reason)
		return
	}
	s.log.Load().Info("closing socket", "code", e.code, "reason", e.reason)
	if e.flush {
		s.flush()
	}
	_ = s.conn.Close(websocket.StatusCode(e.code), e.reason) // whether the peer answers is its affair
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
