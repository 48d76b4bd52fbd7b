package hubtest

import (
	"bufio"
	"bytes"
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/coder/websocket"
)

// Pipe opens a websocket to a handler, without a network: a [net.Pipe] stands for
// the connection, which has no buffer at all. from is the address that the handler
// sees, with a port. A socket of the system never becomes durably blocked in a
// bubble of testing/synctest, a pipe does.
func Pipe(t testing.TB, h http.Handler, from string) *websocket.Conn {
	t.Helper()
	conn, _, err := websocket.Dial(context.Background(), PipeURL, &websocket.DialOptions{HTTPClient: Pipes(h, from)})
	if err != nil {
		t.Fatalf("connect from %s: %v", from, err)
	}
	conn.SetReadLimit(4 << 20)
	t.Cleanup(func() { _ = conn.CloseNow() }) // fails if it is closed already
	return conn
}

// RawPipe is Pipe for a client that breaks the rules: it gives the connection as it
// is after the upgrade, and the status of the handler's answer. Without an upgrade
// there is no connection.
func RawPipe(t testing.TB, h http.Handler, from string) (conn net.Conn, status int) {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, "http"+strings.TrimPrefix(PipeURL, "ws"), nil)
	if err != nil {
		t.Fatal(err)
	}
	for key, value := range map[string]string{
		"Connection": "Upgrade", "Upgrade": "websocket",
		"Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
	} {
		r.Header.Set(key, value)
	}
	answer, err := pipes{h, from}.RoundTrip(r)
	if err != nil {
		t.Fatalf("connect from %s: %v", from, err)
	}
	conn, ok := answer.Body.(net.Conn)
	if !ok {
		return nil, answer.StatusCode
	}
	t.Cleanup(func() { conn.Close() })
	return conn, answer.StatusCode
}

// PipeURL is the address of a handler at the end of a pipe.
const PipeURL = "ws://pipe.test/socket"

// Pipes is for clients that dial by themselves: whatever they ask for goes to the handler,
// as with Pipe.
func Pipes(h http.Handler, from string) *http.Client { return &http.Client{Transport: pipes{h, from}} }

// pipes is a transport: each request gets a pipe of its own.
type pipes struct {
	h    http.Handler
	from string
}

func (p pipes) RoundTrip(r *http.Request) (*http.Response, error) {
	near, far := net.Pipe()
	w := &pipeWriter{ResponseRecorder: httptest.NewRecorder(), conn: far, answered: make(chan struct{})}
	r = r.Clone(context.WithoutCancel(r.Context()))
	r.RemoteAddr = p.from
	go func() {
		defer w.answer()
		p.h.ServeHTTP(w, r)
	}()
	<-w.answered
	if !w.hijacked {
		near.Close()
		far.Close()
		return w.Result(), nil
	}
	answer, err := http.ReadResponse(bufio.NewReader(near), r) // nothing follows it unasked
	if err == nil {
		answer.Body = near
	}
	return answer, err
}

// A pipeWriter is the handler's side of one request.
type pipeWriter struct {
	*httptest.ResponseRecorder
	conn     net.Conn
	hijacked bool // the answer comes over conn
	once     sync.Once
	answered chan struct{} // closed when it is known where the answer is
}

func (w *pipeWriter) answer() { w.once.Do(func() { close(w.answered) }) }

// Hijack gives the connection to the handler, which answers the handshake itself or has
// done so.
func (w *pipeWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	w.hijacked = true
	w.answer()
	if w.Code == http.StatusSwitchingProtocols {
		var head bytes.Buffer
		head.WriteString("HTTP/1.1 101 Switching Protocols\r\n")
		_ = w.Header().Write(&head) // a buffer takes everything
		head.WriteString("\r\n")
		if _, err := w.conn.Write(head.Bytes()); err != nil {
			return nil, nil, err
		}
	}
	return w.conn, bufio.NewReadWriter(bufio.NewReader(w.conn), bufio.NewWriter(w.conn)), nil
}
