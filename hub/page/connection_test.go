package page

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"hearsay/hub/hubtest"
)

// A door is a real server whose connections are bounded.
type door struct {
	t testing.TB
	*httptest.Server
	connections *Connections
}

func openDoor(t testing.TB, c *Connections) *door {
	t.Helper()
	d := &door{t, httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // a client may go away
	})), c}
	d.Config.ConnState = c.Note
	d.Start()
	t.Cleanup(d.Close)
	return d
}

// dial opens a connection and sends text.
func (d *door) dial(text string) net.Conn {
	d.t.Helper()
	conn, err := net.Dial("tcp", d.Listener.Addr().String())
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(time.Minute)) // a test that hangs says so
	if _, err := io.WriteString(conn, text); err != nil {
		d.t.Fatal(err)
	}
	return conn
}

// ask sends a whole request on a new connection, and reports whether it is answered.
func (d *door) ask() bool {
	d.t.Helper()
	conn := d.dial("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	return err == nil && answer.StatusCode == http.StatusOK
}

// counted waits until so many connections are counted.
func (d *door) counted(n int) {
	d.t.Helper()
	hubtest.Eventually(d.t, fmt.Sprintf("the count of %d connections", n), func() bool {
		d.connections.mu.Lock()
		defer d.connections.mu.Unlock()
		return d.connections.n == n
	})
}

const trickle = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\na"

// TestConnections_address: an address over its bound loses its oldest connection, and the new
// one is served.
func TestConnections_address(t *testing.T) {
	var most atomic.Int64
	most.Store(5)
	d := openDoor(t, &Connections{Address: func() int { return int(most.Load()) }})
	first := d.dial(trickle)
	d.counted(1)
	for i := range 20 {
		d.dial(trickle)
		d.counted(min(5, i+2))
	}
	if _, err := first.Read(make([]byte, 1)); err == nil {
		t.Error("the oldest connection is still open")
	}
	if !d.ask() {
		t.Error("a new connection is not served")
	}
	most.Store(0)
	for i := range 20 {
		d.dial(trickle)
		d.counted(6 + i)
	}
}

// TestConnections_all: when there are too many in all, the address with the most loses one.
func TestConnections_all(t *testing.T) {
	d := openDoor(t, &Connections{Most: 5})
	for i := range 200 {
		d.dial([]string{trickle, "GET / HT", ""}[i%3])
		d.counted(min(5, i+1))
	}
	if !d.ask() {
		t.Error("a new connection is not served")
	}
}

// TestConnections_proxy: what comes through a trusted proxy is not one address's.
func TestConnections_proxy(t *testing.T) {
	proxies, _ := parseProxies(t, "127.0.0.1")
	d := openDoor(t, &Connections{Address: func() int { return 2 }, Proxies: proxies})
	for i := range 10 {
		d.dial(trickle)
		d.counted(i + 1)
	}
}

// TestConnections_ended: connections that end or become sockets are not counted any more.
func TestConnections_ended(t *testing.T) {
	c := &Connections{}
	d := openDoor(t, c)
	d.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		t.Cleanup(func() { conn.Close() })
		fmt.Fprint(conn, "mine")
	})
	socket := d.dial("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	if _, err := io.ReadFull(socket, make([]byte, 4)); err != nil {
		t.Fatal(err)
	}
	d.counted(0)
	gone := d.dial("GET / HT")
	d.counted(1)
	gone.Close()
	d.counted(0)
	if len(c.of) > 0 {
		t.Errorf("%d addresses are remembered", len(c.of))
	}
}
