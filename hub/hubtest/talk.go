package hubtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/coder/websocket"
)

// A connectStep opens a socket. With authenticate it also reads up to the
// first heartbeat; of the frames before it only those of sync may come.
type connectStep struct {
	Peer struct {
		ID           word           `json:"id"`
		As           string         `json:"as"`
		Authenticate map[string]any `json:"authenticate"`
	} `json:"connect"`
}

var welcome = map[string]any{"event": "authenticate", "status": "success",
	"payload": map[string]any{"unicode": "✔️", "version": "2.3.0"}}

func (s *connectStep) play(ctx context.Context, p *performance, _ *peer) error {
	dialing, cancel := p.patient(ctx, 0)
	defer cancel()
	one, err := dial(dialing, string(s.Peer.ID), p.url, p.big)
	if err != nil {
		return err
	}
	p.enter(one)
	if s.Peer.Authenticate == nil {
		return nil
	}
	if err := s.authenticate(ctx, p, one); err != nil {
		return fmt.Errorf("%s authenticates: %w", one.id, err)
	}
	return nil
}

func (s *connectStep) authenticate(ctx context.Context, p *performance, one *peer) error {
	filled, err := p.fill(map[string]any{"client_id": "${" + s.Peer.As + ".id}", "client_secret": "${" + s.Peer.As + ".secret}"})
	if err != nil {
		return err
	}
	payload := filled.(map[string]any)
	maps.Copy(payload, s.Peer.Authenticate)
	if err := p.send(ctx, one, map[string]any{"event": "authenticate", "payload": payload}); err != nil {
		return err
	}
	for first := true; ; first = false {
		waiting, cancel := p.patient(ctx, 0)
		f, err := one.next(waiting, true)
		cancel()
		switch {
		case err != nil:
			return fmt.Errorf("want success and a heartbeat, but %w", err)
		case first:
			if err := p.match("frame", welcome, f.object); err != nil {
				return fmt.Errorf("%w; frame %s", err, f)
			}
		case f.isHeartbeat():
			return nil
		case !f.isSync():
			return fmt.Errorf("want a heartbeat, got %s", f)
		}
	}
}

const messageText = websocket.MessageText

// A sendStep sends a frame as compact JSON.
type sendStep struct {
	Frame any `json:"frame"`
}

func (s *sendStep) play(ctx context.Context, p *performance, one *peer) error {
	return p.send(ctx, one, s.Frame)
}

// A sendTextStep sends letters that need not be JSON.
type sendTextStep struct {
	Text   word `json:"text"`
	Size   int  `json:"size"`
	Binary bool `json:"binary"`
	Lost   bool `json:"lost"` // the socket may be closed already
}

func (s *sendTextStep) play(ctx context.Context, _ *performance, one *peer) error {
	text := []byte(s.Text)
	text = append(text, bytes.Repeat([]byte(" "), max(0, s.Size-len(text)))...)
	if s.Lost {
		_ = one.conn.Write(ctx, messageType(s.Binary), text)
		return nil
	}
	return one.write(ctx, messageType(s.Binary), text)
}

// A sendBytesStep sends bytes that need not be UTF-8.
type sendBytesStep struct {
	Bytes  []byte `json:"base64"`
	Binary bool   `json:"binary"`
}

func (s *sendBytesStep) play(ctx context.Context, _ *performance, one *peer) error {
	return one.write(ctx, messageType(s.Binary), s.Bytes)
}

func messageType(binary bool) websocket.MessageType {
	if binary {
		return websocket.MessageBinary
	}
	return websocket.MessageText
}

// An expectStep compares the next frame with a pattern, or the next frames
// with several in any order.
type expectStep struct {
	Frame    any      `json:"frame"`
	Frames   []any    `json:"frames"`
	Contains []string `json:"contains"`
	Within   duration `json:"within"`
}

func (s *expectStep) play(ctx context.Context, p *performance, one *peer) error {
	wants := s.Frames
	if s.Frame != nil {
		wants = []any{s.Frame}
	}
	if len(wants) == 0 {
		return errors.New("no frame to expect")
	}
	ctx, cancel := p.patient(ctx, s.Within)
	defer cancel()
	for len(wants) > 0 {
		f, err := one.next(ctx, slices.ContainsFunc(wants, isHeartbeatPattern))
		if err != nil {
			return fmt.Errorf("want %s, but %w", show(wants[0]), err)
		}
		if wants, err = p.claim(wants, f); err != nil {
			return err
		}
		for _, part := range s.Contains {
			if !strings.Contains(string(f.raw), part) {
				return fmt.Errorf("want the letters %s, got %s", part, f)
			}
		}
	}
	return nil
}

// claim gives the patterns without the first that f matches.
func (p *performance) claim(wants []any, f frame) ([]any, error) {
	var first error
	for i, want := range wants {
		err := p.match("frame", want, f.object)
		if err == nil {
			return slices.Delete(wants, i, i+1), nil
		}
		if first == nil {
			first = fmt.Errorf("%w; want frame %s, got %s", err, show(want), f)
		}
	}
	return nil, first
}

func isHeartbeatPattern(want any) bool {
	object, _ := want.(map[string]any)
	return object["event"] == "heartbeat"
}

// A quietStep requires that a fence is answered before anything else comes.
type quietStep struct {
	Peers words `json:"quiet"`
}

func (s *quietStep) play(ctx context.Context, p *performance, _ *peer) error {
	for _, id := range s.Peers {
		one, err := p.peer(string(id))
		if err != nil {
			return err
		}
		before, err := p.fence(ctx, one)
		if err != nil {
			return err
		}
		if len(before) > 0 {
			return fmt.Errorf("want %s quiet, got %s", one.id, before[0])
		}
	}
	return nil
}

// A closeStep wants the hub to close the socket next.
type closeStep struct {
	Code   int      `json:"code"`
	Reason *string  `json:"reason"`
	Within duration `json:"within"`
}

func (s *closeStep) play(ctx context.Context, p *performance, one *peer) error {
	f, err := p.next(ctx, one)
	if err == nil {
		return fmt.Errorf("want close %d, got %s", s.Code, f)
	}
	end, ok := errors.AsType[*closed](err)
	switch {
	case !ok || end.code != s.Code:
		return fmt.Errorf("want close %d, but %w", s.Code, err)
	case s.Reason != nil && end.reason != *s.Reason:
		return fmt.Errorf("want close %d %q, but %w", s.Code, *s.Reason, err)
	}
	return nil
}

// A hangupStep closes with a handshake, which the hub must answer.
type hangupStep struct{}

func (s *hangupStep) play(_ context.Context, _ *performance, one *peer) error {
	if err := one.conn.Close(websocket.StatusNormalClosure, ""); err != nil {
		return fmt.Errorf("want close %d answered, but %w", websocket.StatusNormalClosure, err)
	}
	return nil
}

// A dropStep cuts the TCP connection.
type dropStep struct{}

func (s *dropStep) play(_ context.Context, _ *performance, one *peer) error {
	return one.conn.CloseNow()
}

// A pingStep wants a pong with the same payload.
type pingStep struct{}

func (s *pingStep) play(ctx context.Context, p *performance, one *peer) error {
	ctx, cancel := p.patient(ctx, 0)
	defer cancel()
	if err := one.conn.Ping(ctx); err != nil {
		return fmt.Errorf("want a pong with the same payload, but %w", err)
	}
	return nil
}

// An untilStep asks again until the answer is the wanted one, for what happens
// soon but not at a moment that the client can see.
type untilStep struct {
	Event   string   `json:"event"`
	Payload any      `json:"payload"`
	Frames  []any    `json:"frames"`
	Within  duration `json:"within"`
}

func (s *untilStep) play(ctx context.Context, p *performance, one *peer) error {
	trying, cancel := p.patient(ctx, s.Within)
	defer cancel()
	for {
		request := map[string]any{"event": s.Event, "ref": fmt.Sprintf("u-%d", p.requests.Add(1))}
		if s.Payload != nil {
			request["payload"] = s.Payload
		}
		if err := p.send(ctx, one, request); err != nil {
			return err
		}
		before, err := p.fence(ctx, one)
		if err != nil {
			return err
		}
		got := make([]any, len(before))
		for i, f := range before {
			got[i] = f.object
		}
		err = p.match("frames", map[string]any{"$unordered": slices.Clip(s.Frames)}, got)
		if err == nil {
			return nil
		}
		if pause(trying, 100*time.Millisecond) != nil {
			return err
		}
	}
}
