package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/coder/websocket"

	"hearsay/hub/wire"
)

const (
	// handshakeFor is how long it may take to connect, and then to authenticate.
	handshakeFor = 20 * time.Second
	// writeFor is how long one frame may take to be written.
	writeFor = 10 * time.Second
	// silence is how long the hub, which asks for a heartbeat every 15 seconds, may say
	// nothing before the socket counts as dead.
	silence = time.Minute
	// mostBytes bounds a frame of the hub's; those of the original may be large.
	mostBytes = 4 << 20
)

// A link is one socket. The goroutine of run reads it.
type link struct {
	client   *Client
	conn     *websocket.Conn
	ctx      context.Context // ends with the socket
	beat     chan struct{}   // holds one: a heartbeat is to be answered
	welcomed bool            // authenticated; of the reading goroutine
	downtime time.Duration   // as a restart announced it; so too

	mu      sync.Mutex // guards what follows
	waiting map[string]*wait
	over    bool
}

// run connects, and serves the socket until it ends. When ctx ends it is closed as
// websockets are.
func (l *link) run(ctx context.Context) error {
	if err := l.dial(ctx); err != nil {
		return err
	}
	var end context.CancelFunc
	l.ctx, end = context.WithCancel(context.WithoutCancel(ctx))
	l.beat, l.waiting = make(chan struct{}, 1), map[string]*wait{}
	var running sync.WaitGroup
	closing := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(closing)
		_ = l.conn.Close(websocket.StatusNormalClosure, "") // it may be closed already
	})
	defer func() {
		if !stop() {
			<-closing
		}
		end()
		_ = l.conn.CloseNow() // the same
		running.Wait()
	}()
	welcome, err := l.authenticate()
	if err != nil {
		return err
	}
	l.welcomed = true
	l.client.o.Log.Info("connected", "hub", l.client.o.URL)
	running.Go(l.beats)
	l.client.setLink(l)
	defer l.client.setLink(nil)
	defer l.lose()
	if h := l.client.o.Handlers.Connected; h != nil {
		if err := l.put(always, func() { h(welcome) }); err != nil {
			return err
		}
	}
	for {
		f, err := l.read(silence)
		if err != nil {
			return err
		}
		if err := l.handle(f); err != nil {
			return err
		}
	}
}

func (l *link) dial(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, handshakeFor)
	defer cancel()
	conn, answer, err := websocket.Dial(ctx, l.client.o.URL, &websocket.DialOptions{HTTPClient: l.client.o.HTTPClient})
	if err != nil {
		if answer != nil {
			return &statusError{answer.StatusCode, err}
		}
		return err
	}
	conn.SetReadLimit(mostBytes)
	l.conn = conn
	return nil
}

// read gives the next frame of the hub's. What is none is passed over.
func (l *link) read(within time.Duration) (wire.Frame, error) {
	ctx, cancel := context.WithTimeout(l.ctx, within)
	defer cancel()
	for {
		_, message, err := l.conn.Read(ctx)
		if err != nil {
			if ctx.Err() != nil && l.ctx.Err() == nil {
				return wire.Frame{}, fmt.Errorf("the hub said nothing for %v", within)
			}
			return wire.Frame{}, inWords(err)
		}
		f, err := wire.Decode(message)
		if err == nil {
			return f, nil
		}
		l.client.o.Log.Warn("the hub sent what is no frame", "bytes", len(message))
	}
}

// A closedError says in words how the hub closed the socket.
type closedError struct{ websocket.CloseError }

func (e *closedError) Error() string {
	return fmt.Sprintf("the hub closed the socket with %d %s", e.Code, e.Reason)
}

func (e *closedError) Unwrap() error { return e.CloseError }

func inWords(err error) error {
	if e, closed := errors.AsType[websocket.CloseError](err); closed {
		return &closedError{e}
	}
	return err
}

func (l *link) write(f wire.Frame) error {
	ctx, cancel := context.WithTimeout(l.ctx, writeFor)
	defer cancel()
	return l.conn.Write(ctx, websocket.MessageText, f.Encode())
}

func (l *link) authenticate() (welcome wire.Welcome, err error) {
	o := &l.client.o
	payload := wire.AuthenticatePayload{
		ClientID: o.ClientID, ClientSecret: o.ClientSecret, Supports: o.Supports, Channels: l.client.wanted(),
		Players: l.client.roster.now(), Version: o.Version, UserAgent: o.UserAgent, Sync: o.SyncForm,
	}
	if err := l.write(wire.Frame{Event: wire.Authenticate, Payload: wire.Encode(payload)}); err != nil {
		return welcome, err
	}
	for {
		f, err := l.read(handshakeFor)
		switch {
		case err != nil:
			return welcome, err
		case f.Event != wire.Authenticate: // an extension of some other hub
		case f.Status == wire.StatusFailure:
			return welcome, failure(f)
		default:
			_ = json.Unmarshal(f.Payload, &welcome) // a hub may leave it out
			return welcome, nil
		}
	}
}

// beats answers heartbeats.
func (l *link) beats() {
	for {
		select {
		case <-l.beat:
		case <-l.ctx.Done():
			return
		}
		players := l.client.roster.now()
		if players == nil {
			players = []string{}
		}
		payload := wire.Encode(wire.HeartbeatPayload{Players: players})
		if err := l.write(wire.Frame{Event: wire.Heartbeat, Payload: payload}); err != nil {
			return // the reader learns of it too
		}
	}
}

func (l *link) put(care care, event func()) error { return l.client.inbox.put(l.ctx, care, event) }

// handle takes a frame of the hub's.
func (l *link) handle(f wire.Frame) error {
	h := &l.client.o.Handlers
	if f.Status != "" {
		return l.answer(f)
	}
	switch f.Event {
	case wire.Heartbeat:
		select {
		case l.beat <- struct{}{}:
		default: // the one before it is still being answered
		}
		if h.Heartbeat != nil {
			return l.put(always, h.Heartbeat)
		}
		return nil
	case wire.Restart:
		return l.restart(f)
	case wire.ChannelsBroadcast:
		if b, ok := wire.DecodeBroadcast(f.Payload); ok && h.Broadcast != nil {
			return l.put(droppable, func() { h.Broadcast(b) })
		}
		return nil
	case wire.PlayersSignIn:
		return notify(l, f, h.SignIn)
	case wire.PlayersSignOut:
		return notify(l, f, h.SignOut)
	case wire.TellsReceive:
		return notify(l, f, h.Tell)
	case wire.CharactersChanged:
		return notify(l, f, h.CharacterChanged)
	case wire.GamesConnect:
		return notify(l, f, named(h.GameConnect))
	case wire.GamesDisconnect:
		return notify(l, f, named(h.GameDisconnect))
	}
	if h.Sync != nil {
		if b, err := wire.DecodeSync(f.Event, f.Payload); err == nil {
			return l.put(always, func() { h.Sync(b) })
		} else if !errors.Is(err, wire.ErrNoSync) {
			l.client.o.Log.Error("the hub sent records that cannot be read", "event", f.Event, "err", err)
		}
	}
	return l.other(f)
}

// notify has a payload handled.
func notify[T any](l *link, f wire.Frame, h func(T)) error {
	var payload T
	if h == nil || json.Unmarshal(f.Payload, &payload) != nil {
		return nil
	}
	return l.put(droppable, func() { h(payload) })
}

func named(h func(string)) func(wire.GamePayload) {
	if h == nil {
		return nil
	}
	return func(p wire.GamePayload) { h(p.Game) }
}

func (l *link) other(f wire.Frame) error {
	if h := l.client.o.Handlers.Other; h != nil {
		return l.put(droppable, func() { h(f) })
	}
	return nil
}

func (l *link) restart(f wire.Frame) error {
	var payload wire.RestartPayload
	if json.Unmarshal(f.Payload, &payload) != nil || payload.Downtime < 1 {
		payload.Downtime = 1
	}
	downtime := min(time.Duration(payload.Downtime)*time.Second, time.Hour)
	l.downtime = downtime
	if h := l.client.o.Handlers.Restart; h != nil {
		return l.put(droppable, func() { h(downtime) })
	}
	return nil
}
