package hub

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"hearsay/hub/store"
	"hearsay/hub/wire"
)

// benchWorld has no limits, and no heartbeats between the frames that are counted.
func benchWorld(b *testing.B) (*world, *httptest.Server) {
	b.Helper()
	l := unlimited()
	l.Sockets, l.AllSockets, l.MaxQueue = 0, 0, 1<<28
	w := open(b, Options{Limits: l, Heartbeat: time.Hour})
	server := httptest.NewServer(w.Hub)
	b.Cleanup(server.Close)
	return w, server
}

// dialTCP opens a websocket and leaves the rest to the caller, who counts bytes:
// so the clients of a benchmark cost little.
func dialTCP(b *testing.B, server *httptest.Server) net.Conn {
	b.Helper()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { conn.Close() })
	fmt.Fprint(conn, "GET /socket HTTP/1.1\r\nHost: bench\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil || answer.StatusCode != http.StatusSwitchingProtocols {
		b.Fatalf("got %v, %v", answer, err)
	}
	return conn
}

// size is how many bytes a frame of the hub is on the wire.
func size(text []byte) int64 {
	if len(text) < 126 {
		return int64(2 + len(text))
	}
	return int64(4 + len(text))
}

// readAll has each connection read so many bytes, and returns when all have.
func readAll(conns []net.Conn, bytes int64) (wait func()) {
	var running sync.WaitGroup
	for _, conn := range conns {
		running.Go(func() { _, _ = io.CopyN(io.Discard, conn, bytes) })
	}
	return running.Wait
}

// Ears read what comes to many connections, and tell when it is as much as is wanted.
type ears struct {
	heard, wanted atomic.Int64
	all           chan struct{}
}

func listen(conns []net.Conn) *ears {
	e := &ears{all: make(chan struct{})}
	for _, conn := range conns {
		go func() {
			buf := make([]byte, 16<<10)
			for {
				n, err := conn.Read(buf)
				if err != nil {
					return // the benchmark is over
				}
				if e.heard.Add(int64(n)) == e.wanted.Load() {
					e.all <- struct{}{}
				}
			}
		}()
	}
	return e
}

// hear waits until so many more bytes have come of what say sends.
func (e *ears) hear(bytes int64, say func()) {
	e.wanted.Add(bytes)
	say()
	<-e.all
}

// BenchmarkFanOut sends one message, or sixteen, to a thousand subscribers, and waits
// until the last of them has the last byte. It is compared with a loop that only writes
// the same to as many websockets.
func BenchmarkFanOut(b *testing.B) {
	const receivers = 1000
	w, server := benchWorld(b)
	c := w.game("Alpha")
	var conns []net.Conn
	for range receivers {
		conn := dialTCP(b, server)
		w.do(rawSend(conn, `{"event":"authenticate","payload":`+credentials(c, `["channels"]`, `,"channels":["gossip"]`)+`}`))
		readAll([]net.Conn{conn}, size(welcome)+size(heartbeatFrame))()
		conns = append(conns, conn)
	}
	sends := w.join(w.game("Sends"), `,"channels":["gossip"]`)
	frame := wire.Frame{Event: wire.ChannelsBroadcast, Ref: newRef(), Payload: wire.Broadcast{
		Channel: "gossip", Game: "Sends", Name: "Bob", Message: strings.Repeat("x", 80),
	}.Encode()}.Encode()
	message := `{"channel":"gossip","name":"Bob","message":"` + strings.Repeat("x", 80) + `"}`

	plain, plainConns := plainSockets(b, receivers)
	hubEars, plainEars := listen(conns), listen(plainConns)
	for _, messages := range []int{1, 16} {
		b.Run(fmt.Sprint(messages), func(b *testing.B) {
			var hub, loop time.Duration
			deliveries := int64(messages * receivers)
			for b.Loop() { // in turn, so that a busy machine hits both
				began := time.Now()
				hubEars.hear(size(frame)*deliveries, func() {
					for range messages {
						sends.ask(wire.ChannelsSend, message)
					}
				})
				hub += time.Since(began)
				began = time.Now()
				plainEars.hear(size(frame)*deliveries, func() {
					for range messages {
						for _, conn := range plain {
							w.do(conn.Write(context.Background(), websocket.MessageText, frame))
						}
					}
				})
				loop += time.Since(began)
			}
			b.ReportMetric(float64(hub.Nanoseconds())/float64(int64(b.N)*deliveries), "ns/delivery")
			b.ReportMetric(float64(loop.Nanoseconds())/float64(int64(b.N)*deliveries), "plain-ns/delivery")
			b.ReportMetric(float64(hub)/float64(loop), "x-plain")
		})
	}
}

// plainSockets are websockets without a hub, and their clients' connections.
func plainSockets(b *testing.B, n int) (sockets []*websocket.Conn, conns []net.Conn) {
	b.Helper()
	accepted := make(chan *websocket.Conn)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{CompressionMode: websocket.CompressionDisabled})
		if err == nil {
			accepted <- conn
		}
	}))
	b.Cleanup(server.Close)
	for range n {
		conns = append(conns, dialTCP(b, server))
		conn := <-accepted
		b.Cleanup(func() { _ = conn.CloseNow() })
		sockets = append(sockets, conn)
	}
	return sockets, conns
}

// BenchmarkConnect is a client that connects, authenticates and leaves.
func BenchmarkConnect(b *testing.B) {
	w, server := benchWorld(b)
	authenticate := []byte(`{"event":"authenticate","payload":` + credentials(w.game("Alpha"), `["channels"]`, `,"channels":["gossip"]`) + `}`)
	for b.Loop() {
		conn, _, err := websocket.Dial(b.Context(), server.URL, nil)
		w.do(err)
		w.do(conn.Write(b.Context(), websocket.MessageText, authenticate))
		if _, text, err := conn.Read(b.Context()); string(text) != string(welcome) {
			b.Fatalf("got %s, %v", text, err)
		}
		_ = conn.CloseNow() // the hub sees to the rest
	}
}

// BenchmarkLog has many games send at once into a channel that keeps a log; each
// waits for its answer before the next message.
func BenchmarkLog(b *testing.B) {
	for _, senders := range []int{1, 16, 128} {
		b.Run(fmt.Sprint(senders), func(b *testing.B) {
			w, server := benchWorld(b)
			c := w.game("Alpha")
			var conns []net.Conn
			for range senders {
				conn := dialTCP(b, server)
				w.do(rawSend(conn, `{"event":"authenticate","payload":`+credentials(c, `["channels"]`, `,"channels":["gossip"]`)+`}`))
				readAll([]net.Conn{conn}, size(welcome)+size(heartbeatFrame))()
				conns = append(conns, conn)
			}
			answer := size(success(wire.Frame{Event: wire.ChannelsSend, Ref: wire.Ref("1")}, nil))
			b.ResetTimer()
			var running sync.WaitGroup
			for i, conn := range conns {
				running.Go(func() {
					for range (b.N + i) / senders {
						_ = rawSend(conn, `{"event":"channels/send","ref":1,"payload":{"channel":"gossip","name":"Bob","message":"What a day to be a dragon."}}`)
						_, _ = io.CopyN(io.Discard, conn, answer)
					}
				})
			}
			running.Wait()
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
			id, err := w.ensureChannel(b.Context(), "gossip")
			w.do(err)
			if _, total, err := w.st.History(b.Context(), store.HistoryQuery{Channel: id, Limit: 1}); total != b.N {
				b.Errorf("the log has %d messages, %v, want %d", total, err, b.N)
			}
		})
	}
}
