package hubtest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/coder/websocket"
)

// A peer is one socket of a case. Its reader keeps every frame, in order, until
// a step asks for it.
type peer struct {
	id         string
	conn       *websocket.Conn
	inbox      inbox
	mirror     *mirror
	big        bool          // frames of 16 KiB and more are allowed
	introduced atomic.Bool   // authenticate was sent
	done       chan struct{} // closed when the reader has ended
}

// dial opens a socket. ctx bounds the handshake alone.
func dial(ctx context.Context, id, url string, big bool) (*peer, error) {
	one := &peer{id: id, mirror: newMirror(), big: big, done: make(chan struct{})}
	one.inbox.news = make(chan struct{}, 1)
	conn, answer, err := websocket.Dial(ctx, url, &websocket.DialOptions{OnPingReceived: one.handlePing})
	if err != nil {
		if answer != nil {
			return nil, fmt.Errorf("connect %s: want status 101, got %d", id, answer.StatusCode)
		}
		return nil, fmt.Errorf("connect %s: %w", id, err)
	}
	conn.SetReadLimit(4 << 20)
	one.conn = conn
	go one.read()
	return one, nil
}

func (one *peer) read() {
	defer close(one.done)
	for {
		kind, raw, err := one.conn.Read(context.Background())
		one.inbox.put(arrival{kind: kind, raw: raw, end: err})
		if err != nil {
			return
		}
	}
}

func (one *peer) handlePing(context.Context, []byte) bool {
	if !one.introduced.Load() {
		one.inbox.put(arrival{ping: true})
	}
	return true
}

// hangUp ends the socket without a handshake and waits for the reader.
func (one *peer) hangUp() {
	_ = one.conn.CloseNow() // fails if it is closed already
	<-one.done
}

// write sends one message. If it cannot, the error says how the socket ended:
// what the hub said before tells more than a failed write.
func (one *peer) write(ctx context.Context, kind websocket.MessageType, text []byte) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if bytes.Contains(text, []byte(`"authenticate"`)) {
		one.introduced.Store(true)
	}
	failed := one.conn.Write(ctx, kind, text)
	if failed == nil {
		return nil
	}
	failed = fmt.Errorf("send on %s: %w", one.id, failed)
	for {
		f, err := one.next(ctx, true)
		if err != nil {
			return errors.Join(failed, err)
		}
		failed = fmt.Errorf("%w; unread: %s", failed, f)
	}
}

// next takes the next frame. It passes over heartbeats unless beats is true.
// A frame that has come already is given even if ctx is done.
func (one *peer) next(ctx context.Context, beats bool) (frame, error) {
	for {
		a, err := one.inbox.take(ctx)
		if err != nil {
			return frame{}, fmt.Errorf("%s: %w", one.id, err)
		}
		if a.end != nil {
			return frame{}, newClosed(one.id, a.end)
		}
		f, err := inspect(a, one.big)
		if err != nil {
			return frame{}, fmt.Errorf("%s: %w: %s", one.id, err, excerpt(a.raw))
		}
		if f.isHeartbeat() && !beats && one.introduced.Load() {
			continue
		}
		if f.isSync() {
			if err := one.mirror.apply(f); err != nil {
				return frame{}, fmt.Errorf("%s: %w: %s", one.id, err, excerpt(a.raw))
			}
		}
		return f, nil
	}
}

// checkUnread inspects what came and no step asked for.
func (one *peer) checkUnread() error {
	for !one.inbox.empty() {
		a, err := one.inbox.take(context.Background())
		if err != nil || a.end != nil {
			return err
		}
		if _, err := inspect(a, one.big); err != nil {
			return fmt.Errorf("%s, unread: %w: %s", one.id, err, excerpt(a.raw))
		}
	}
	return nil
}

// An arrival is a frame, a websocket ping, or the end of the socket.
type arrival struct {
	kind websocket.MessageType
	raw  []byte
	ping bool
	end  error
}

// An inbox holds any number of arrivals, so that a case which reads late does
// not slow the hub. One goroutine takes.
type inbox struct {
	mu       sync.Mutex // guards arrivals
	arrivals []arrival
	news     chan struct{} // cap 1
}

func (b *inbox) put(a arrival) {
	b.mu.Lock()
	b.arrivals = append(b.arrivals, a)
	b.mu.Unlock()
	select {
	case b.news <- struct{}{}:
	default:
	}
}

func (b *inbox) empty() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.arrivals) == 0
}

var errSilence = errors.New("nothing came")

// take waits for an arrival. The end of the socket stays in the inbox for ever.
func (b *inbox) take(ctx context.Context) (arrival, error) {
	for {
		b.mu.Lock()
		if len(b.arrivals) > 0 {
			a := b.arrivals[0]
			if a.end == nil {
				b.arrivals = b.arrivals[1:]
			}
			b.mu.Unlock()
			return a, nil
		}
		b.mu.Unlock()
		select {
		case <-b.news:
		case <-ctx.Done():
			return arrival{}, errSilence
		}
	}
}

// A closed error says how a socket ended.
type closed struct {
	peer   string
	code   int // -1 without a close frame
	reason string
	err    error
}

func newClosed(id string, err error) *closed {
	c := &closed{peer: id, code: int(websocket.CloseStatus(err)), err: err}
	if end, ok := errors.AsType[websocket.CloseError](err); ok {
		c.reason = end.Reason
	}
	return c
}

func (c *closed) Error() string {
	if c.code < 0 {
		return fmt.Sprintf("%s was cut off: %v", c.peer, c.err)
	}
	return fmt.Sprintf("%s was closed with %d %q", c.peer, c.code, c.reason)
}

// A frame is one message of the hub.
type frame struct {
	object map[string]any
	raw    []byte
}

const syncPrefix = "sync/"

func (f frame) String() string { return excerpt(f.raw) }

func (f frame) event() string {
	event, _ := f.object["event"].(string)
	return event
}

func (f frame) isHeartbeat() bool { return string(f.raw) == `{"event":"heartbeat"}` }

// isSync reports whether the frame carries records; the answer to a request of
// that name does not.
func (f frame) isSync() bool {
	_, answers := f.object["status"]
	return !answers && strings.HasPrefix(f.event(), syncPrefix)
}

// inspect checks what the protocol promises of every message on the wire.
func inspect(a arrival, big bool) (frame, error) {
	const most = 16 << 10
	f := frame{raw: a.raw}
	switch {
	case a.ping:
		return f, errors.New("want silence, got a websocket ping before authenticate")
	case a.kind != websocket.MessageText:
		return f, errors.New("want a text frame, got a binary one")
	case !utf8.Valid(a.raw):
		return f, errors.New("want valid UTF-8")
	case bytes.ContainsAny(a.raw, "\r\n"):
		return f, errors.New("want one line")
	case len(a.raw) >= most && !big:
		return f, fmt.Errorf("want less than 16 KiB, got %d bytes", len(a.raw))
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, a.raw); err != nil {
		return f, fmt.Errorf("want JSON: %w", err)
	}
	if compact.Len() != len(a.raw) {
		return f, errors.New("want compact JSON")
	}
	if err := decodeStrict(a.raw, &f.object); err != nil || f.object == nil {
		return f, errors.New("want one JSON object")
	}
	if ref, there := f.object["ref"]; there && ref == nil {
		return f, errors.New("want no ref that is null")
	}
	return f, nil
}
