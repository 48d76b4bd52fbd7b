package hubtest

import (
	"context"
	"fmt"
	"strconv"

	"github.com/coder/websocket"

	"hearsay/hub/store"
	"hearsay/hub/wire"
)

// A Socket is a client's end of a websocket. One goroutine uses it at a time.
type Socket struct {
	Conn *websocket.Conn

	refs int
}

// Dial opens a socket; the caller closes Conn.
func Dial(ctx context.Context, url string) (*Socket, error) {
	conn, _, err := websocket.Dial(ctx, url, nil)
	if err != nil {
		return nil, err
	}
	conn.SetReadLimit(1 << 20)
	return &Socket{Conn: conn}, nil
}

// Send sends an event.
func (s *Socket) Send(ctx context.Context, event string, ref wire.Ref, payload any) error {
	f := wire.Frame{Event: event, Ref: ref}
	if payload != nil {
		f.Payload = wire.Encode(payload)
	}
	return s.Conn.Write(ctx, websocket.MessageText, f.Encode())
}

// Read gives the next frame but heartbeats.
func (s *Socket) Read(ctx context.Context) (wire.Frame, error) {
	for {
		_, message, err := s.Conn.Read(ctx)
		if err != nil {
			return wire.Frame{}, err
		}
		f, err := wire.Decode(message)
		if err != nil || f.Event != wire.Heartbeat {
			return f, err
		}
	}
}

// Ask sends a request and gives its answer; other frames go to hear, which may be nil.
func (s *Socket) Ask(ctx context.Context, event string, payload any, hear func(wire.Frame) error) (wire.Frame, error) {
	s.refs++
	ref := wire.Ref(`"r` + strconv.Itoa(s.refs) + `"`)
	if err := s.Send(ctx, event, ref, payload); err != nil {
		return wire.Frame{}, err
	}
	for {
		f, err := s.Read(ctx)
		if err != nil || string(f.Ref) == string(ref) {
			return f, err
		}
		if hear != nil {
			if err := hear(f); err != nil {
				return f, err
			}
		}
	}
}

// Authenticate comes in with a credential; extra is added to the payload.
func (s *Socket) Authenticate(ctx context.Context, c store.Credential, extra map[string]any) error {
	payload := map[string]any{"client_id": c.ClientID, "client_secret": c.Secret, "supports": []string{"channels"}}
	for key, value := range extra {
		payload[key] = value
	}
	if err := s.Send(ctx, wire.Authenticate, nil, payload); err != nil {
		return err
	}
	f, err := s.Read(ctx)
	if err == nil && f.Status != wire.StatusSuccess {
		err = fmt.Errorf("authenticate: %s %s", f.Status, f.Error)
	}
	return err
}
