package hub

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"hearsay/hub/hubtest"
	"hearsay/hub/wire"
)

// coffeeMud is what CoffeeMud sends to open a socket, byte for byte; the same key each time.
const coffeeMud = "GET /socket HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nOrigin: http://coffeemud.net\r\n" +
	"Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"

// otherMud is the same of a client that nothing is known of.
var otherMud = strings.Replace(coffeeMud, "Origin: http://coffeemud.net\r\n", "", 1)

// rawSocket is a connection of a real network, after the upgrade.
type rawSocket struct {
	t testing.TB
	net.Conn
	in *bufio.Reader
}

func dialRaw(t testing.TB, address, request string) rawSocket {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(patience)) // a test that hangs says so
	fmt.Fprintf(conn, request, address)
	s := rawSocket{t, conn, bufio.NewReader(conn)}
	answer, err := http.ReadResponse(s.in, nil)
	if err != nil || answer.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("got %+v, %v", answer, err)
	}
	return s
}

// say sends a text frame with a mask of zeros.
func (s rawSocket) say(text string) {
	s.t.Helper()
	head := []byte{finText, 0x80 | 126, 0, 0, 0, 0, 0, 0}
	binary.BigEndian.PutUint16(head[2:], uint16(len(text)))
	if _, err := s.Write(append(head, text...)); err != nil {
		s.t.Fatal(err)
	}
}

// frame reads a frame as it is.
func (s rawSocket) frame() []byte {
	s.t.Helper()
	head := make([]byte, 2)
	_, err := io.ReadFull(s.in, head)
	if n := int(head[1]); err == nil {
		if n == 126 {
			long := make([]byte, 2)
			_, err = io.ReadFull(s.in, long)
			n = int(binary.BigEndian.Uint16(long))
			head = append(head, long...)
		}
		body := make([]byte, n)
		if err == nil {
			_, err = io.ReadFull(s.in, body)
		}
		head = append(head, body...)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return head
}

// close reads up to the close frame, and gives that.
func (s rawSocket) close() []byte {
	s.t.Helper()
	for {
		if f := s.frame(); f[0]&opMask == opClose {
			s.Close()
			return f
		}
	}
}

// TestQuirk_coffeeMud: its sockets end with an empty close frame, however they end; those of
// others with a code and a reason.
func TestQuirk_coffeeMud(t *testing.T) {
	l := DefaultLimits()
	l.AllSockets = 3
	w := open(t, Options{Limits: &l})
	c := w.game("Alpha")
	server := httptest.NewServer(w.Hub)
	defer server.Close()
	address := server.Listener.Addr().String()
	payload := func(secret, agent string) string {
		return fmt.Sprintf(`{"event":"authenticate","payload":{"client_id":%q,"client_secret":%q,"supports":["channels","players","tells","games","achievements"],`+
			`"channels":["gossip"],"version":"2.3.0","user_agent":%q}}`, c.ClientID, secret, agent)
	}
	bare := []byte{0x88, 0x00}
	full := func(code int, reason string) []byte {
		return append([]byte{0x88, byte(2 + len(reason)), byte(code >> 8), byte(code)}, reason...)
	}
	want := func(what string, got, want []byte) {
		t.Helper()
		if !bytes.Equal(got, want) {
			t.Errorf("%s: got % x, want % x", what, got, want)
		}
	}

	s := dialRaw(t, address, coffeeMud)
	s.say(payload("wrong", "CoffeeMud 5.11.0"))
	want("a refusal", s.close(), bare)
	s = dialRaw(t, address, otherMud)
	s.say(payload("wrong", "CoffeeMud 5.11.0"))
	want("known by its user agent alone", s.close(), bare)
	s = dialRaw(t, address, otherMud)
	s.say(payload("wrong", "CoffeeMudlet 1"))
	want("a refusal of another", s.close(), full(wire.CloseAuthentication, wire.Goodbye))

	hubtest.Eventually(t, "the end of the refused sockets", func() bool { return w.Sockets() == 0 })
	coffee, other := dialRaw(t, address, coffeeMud), dialRaw(t, address, otherMud)
	coffee.say(payload(c.Secret, "CoffeeMud 5.11.0"))
	other.say(payload(c.Secret, "Other 1"))
	for _, s := range []rawSocket{coffee, other} {
		if got := s.frame(); !bytes.Equal(got, append([]byte{finText, byte(len(welcome))}, welcome...)) {
			t.Fatalf("got %q", got)
		}
	}
	silent := dialRaw(t, address, coffeeMud)
	// A client sees the upgrade before the hub counts its socket, so the next might be counted first.
	hubtest.Eventually(t, "the silent socket", func() bool { return w.Sockets() == 3 })
	dialRaw(t, address, otherMud) // for which the silent one makes way
	want("making way", silent.close(), bare)

	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	w.Shutdown(ctx, Downtime)
	want("a planned stop", coffee.close(), bare)
	want("a planned stop of another", other.close(), full(wire.ClosePlannedStop, "restarting"))
}
