//go:build linux

package main

import (
	"bytes"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"hearsay/hub/store"
	"hearsay/hub/wire"
)

// What answers begin with.
var (
	welcomed = []byte(`{"event":"authenticate","status":"success"`)
	answered = []byte(`{"event":"sync","ref":`)
)

// An entry is what a socket sends to come in, in frames.
type entry struct {
	authenticate []byte
	request      []byte // a sync, whose answer is waited for; nil: none
}

// enter is the entry of a game, or with a form that of an application.
func enter(c store.Credential, form string, channels ...string) entry {
	payload := wire.Encode(wire.AuthenticatePayload{
		ClientID: c.ClientID, ClientSecret: c.Secret, Supports: []string{"channels", "achievements"}, Channels: channels, Sync: form,
	})
	e := entry{authenticate: appendFrame(nil, wire.Frame{Event: wire.Authenticate, Payload: payload}.Encode(), masked)}
	if form != "" { // in the form records sync is an unknown event, which is answered after the records
		e.request = syncAfter(0)
	}
	return e
}

// syncAfter asks for the versions after one.
func syncAfter(cursor int64) []byte {
	payload := wire.Encode(map[string]any{"after": cursor, "cursor": true})
	return appendFrame(nil, wire.Frame{Event: wire.Sync, Ref: wire.Ref(`"level"`), Payload: payload}.Encode(), masked)
}

const patience = 15 * time.Second // with a server that does nothing

// The key and its answer are the example of RFC 6455, 1.3.
const (
	handshake = "GET /socket HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
	upgraded = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
)

var buffers = sync.Pool{New: func() any { b := make([]byte, 64<<10); return &b }}

// dial opens a socket and comes in; it blocks, and so does the socket. heard, which
// may be nil, gets each message on the way.
func dial(port int, e entry, heard func(message []byte)) (s stream, err error) {
	if s.fd, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0); err != nil {
		return s, err
	}
	defer func() {
		if err != nil {
			unix.Close(s.fd)
		}
	}()
	if err := errors.Join( // a connect with a timeout would end at each of the runtime's signals
		unix.Connect(s.fd, &unix.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}}),
		s.setTimeout(patience),
		unix.SetsockoptInt(s.fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1),
		s.write([]byte(handshake)),
	); err != nil {
		return s, fmt.Errorf("connect: %w", err)
	}
	buf := buffers.Get().(*[]byte)
	defer buffers.Put(buf)
	for end := -1; end < 0; end = bytes.Index(s.rest, []byte("\r\n\r\n")) {
		data, err := s.read(*buf)
		if err != nil {
			return s, fmt.Errorf("upgrade: %w", err)
		}
		s.rest = append(s.rest, data...)
	}
	head, rest, _ := bytes.Cut(s.rest, []byte("\r\n\r\n"))
	if !bytes.HasPrefix(head, []byte("HTTP/1.1 101 ")) {
		return s, fmt.Errorf("upgrade: refused: %.60q", head)
	}
	s.rest = rest
	if err := s.ask(e.authenticate, welcomed, *buf, heard); err != nil {
		return s, fmt.Errorf("authenticate: %w", err)
	}
	if e.request != nil {
		if err := s.ask(e.request, answered, *buf, heard); err != nil {
			return s, fmt.Errorf("sync: %w", err)
		}
	}
	return s, nil
}

func (s *stream) setTimeout(d time.Duration) error {
	limit := unix.NsecToTimeval(int64(d))
	return errors.Join(
		unix.SetsockoptTimeval(s.fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &limit),
		unix.SetsockoptTimeval(s.fd, unix.SOL_SOCKET, unix.SO_SNDTIMEO, &limit))
}

// ask sends a frame and reads up to the message that begins as the answer does.
func (s *stream) ask(frame, answer, buf []byte, heard func(message []byte)) error {
	if err := s.write(frame); err != nil {
		return err
	}
	for data := buf[:0]; ; {
		found := false
		err := s.feed(data, func(message []byte) bool {
			if heard != nil {
				heard(message)
			}
			found = bytes.HasPrefix(message, answer)
			return !found
		})
		if err == nil && !found {
			data, err = s.read(buf)
		}
		if err != nil || found {
			return err
		}
	}
}

// read reads from a socket that blocks.
func (s *stream) read(buf []byte) ([]byte, error) {
	for {
		n, err := unix.Read(s.fd, buf)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case errors.Is(err, unix.EAGAIN):
			err = errors.New("the server says nothing")
		case err == nil && n == 0:
			err = errCut
		}
		return buf[:max(n, 0)], err
	}
}

var errCut = errors.New("the server cut the connection")

// write writes all, to a socket that may block or not.
func (s *stream) write(b []byte) error {
	for len(b) > 0 {
		n, err := unix.Write(s.fd, b)
		switch {
		case err == nil:
			b = b[n:]
		case errors.Is(err, unix.EAGAIN):
			ready, err := unix.Poll([]unix.PollFd{{Fd: int32(s.fd), Events: unix.POLLOUT}}, int(patience.Milliseconds()))
			if err == nil && ready == 0 {
				return errors.New("the server takes nothing")
			}
		case !errors.Is(err, unix.EINTR):
			return err
		}
	}
	return nil
}
