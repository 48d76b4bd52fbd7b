//go:build unix

package admin_test

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"hearsay/hub"
	"hearsay/hub/store"
)

// rawSocket opens a socket that has authenticated, and leaves reading to the caller: so the
// clients of a benchmark cost little.
func rawSocket(b *testing.B, s *site, c store.Credential) net.Conn {
	b.Helper()
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
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
	rawSend(b, conn, fmt.Sprintf(`{"event":"authenticate","payload":{"client_id":%q,"client_secret":%q,"supports":["channels"],"channels":["gossip"]}}`, c.ClientID, c.Secret))
	return conn
}

// rawSend writes a text frame that is masked with zeros.
func rawSend(b *testing.B, conn net.Conn, text string) {
	b.Helper()
	frame := []byte{0x81, 0x80 | 126, byte(len(text) >> 8), byte(len(text)), 0, 0, 0, 0}
	if _, err := conn.Write(append(frame, text...)); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkFanOut says what open dashboards cost those who are to hear a message: in turn
// a hundred are open and none is, while one message after another goes to a thousand
// sockets.
func BenchmarkFanOut(b *testing.B) {
	const receivers, dashboards, messages = 1000, 100, 150 // of a turn, which lasts longer than a dashboard's second
	l := hub.DefaultLimits()
	l.Events, l.Sends, l.Sockets, l.AllSockets = hub.Rate{}, hub.Rate{}, 0, 0
	s := newSiteWith(b, b.TempDir()+"/hearsay.db", hub.Options{Limits: &l, Heartbeat: time.Hour})
	s.user(b, store.Admin)
	var heard sync.WaitGroup
	var says net.Conn
	for i := range receivers + 1 {
		c, err := s.Store.CreateGame(b.Context(), store.Game{ShortName: fmt.Sprint("G", i), Name: fmt.Sprint("Game ", i), Display: true}, store.LongSecret)
		if err != nil {
			b.Fatal(err)
		}
		if i == receivers {
			says = rawSocket(b, s, c)
			break
		}
		conn := rawSocket(b, s, c)
		go func() {
			for buf := make([]byte, 4096); ; {
				n, err := conn.Read(buf)
				if err != nil {
					return // the benchmark is over
				}
				heard.Add(-bytes.Count(buf[:n], []byte("Z"))) // each message has one, and nothing else
			}
		}()
	}
	say := `{"event":"channels/send","payload":{"channel":"gossip","name":"Bob","message":"Z` + strings.Repeat("x", 80) + `"}}`
	type cost struct{ took, cpu time.Duration }
	turn := func() cost {
		began, used := time.Now(), processorTime(b)
		for range messages {
			heard.Add(receivers)
			rawSend(b, says, say)
			heard.Wait()
		}
		return cost{time.Since(began), processorTime(b) - used}
	}
	admins := s.as(b, string(store.Admin))
	turn()
	var without, with []cost
	for b.Loop() {
		without = append(without, turn())
		ctx, closeAll := context.WithCancel(b.Context())
		var open sync.WaitGroup
		for range dashboards {
			r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/admin/live/dashboard", nil)
			if err != nil {
				b.Fatal(err)
			}
			resp, err := admins.Do(r)
			if err != nil || resp.StatusCode != http.StatusOK {
				b.Fatalf("got %v, %v", resp, err)
			}
			open.Go(func() {
				_, _ = io.Copy(io.Discard, resp.Body) // until closeAll
				resp.Body.Close()
			})
		}
		with = append(with, turn())
		closeAll()
		open.Wait()
	}
	median := func(all []cost, of func(cost) time.Duration) float64 {
		slices.SortFunc(all, func(x, y cost) int { return cmp.Compare(of(x), of(y)) })
		return float64(of(all[len(all)/2]))
	}
	took, cpu := func(c cost) time.Duration { return c.took }, func(c cost) time.Duration { return c.cpu }
	b.ReportMetric(median(without, took)/(messages*receivers), "ns/delivery")
	b.ReportMetric(median(with, took)/median(without, took), "x-with-dashboards")
	b.ReportMetric(median(without, cpu)/(messages*receivers), "cpu-ns/delivery") // the clients' too
	b.ReportMetric(median(with, cpu)/median(without, cpu), "x-cpu-with-dashboards")
	b.ReportMetric(0, "ns/op") // it would be the mean of both
}

// processorTime is what this process has used.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
