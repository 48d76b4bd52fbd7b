package hub

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"hearsay/hub/hubtest"
)

func TestNewPacket(t *testing.T) {
	for _, test := range []struct {
		size   int
		header string
	}{
		{0, "81 00"}, {125, "81 7d"}, {126, "81 7e 00 7e"}, {65535, "81 7e ff ff"}, {65536, "81 7f 00 00 00 00 00 01 00 00"},
	} {
		message := strings.Repeat("x", test.size)
		p := newPacket([]byte(message))
		header := len(p) - test.size
		equal(t, fmt.Sprintf("header of %d bytes", test.size), fmt.Sprintf("% x", []byte(p[:header])), test.header)
		equal(t, "message", string(p[header:]) == message, true)
	}
}

func openLink(conn net.Conn) *link {
	l := &link{broken: func(error) {}, room: make(chan struct{}, 1)}
	l.open(conn)
	return l
}

// TestLink_limit: what waits is bounded, counts until it is written, and makes room
// when the peer reads.
func TestLink_limit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		defer theirs.Close()
		defer ours.Close()
		l := openLink(ours)
		read := func(n int) string {
			text := make([]byte, n)
			if _, err := io.ReadFull(theirs, text); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			return string(text)
		}
		for i, want := range []bool{true, true, false} {
			equal(t, fmt.Sprintf("push %d", i), l.push([]byte("four"), 10), want)
			synctest.Wait()
		}
		equal(t, "waiting", l.waiting(), 8)
		equal(t, "room", len(l.room), 0)
		equal(t, "read", read(4), "four")
		equal(t, "waiting when one is read", l.waiting(), 4)
		equal(t, "room when one is read", len(l.room), 1)
		equal(t, "push when one is read", l.push([]byte("more"), 10), true)
		equal(t, "read", read(8), "fourmore")
		equal(t, "waiting when all is read", l.waiting(), 0)
		equal(t, "more than the limit when nothing waits", l.push(make([]byte, 100), 10), true)
		equal(t, "but nothing after it", l.push([]byte("x"), 10), false)
		equal(t, "highest", l.highest(), 100)
		equal(t, "highest of all, while it waits", queueHigh.most.Load() >= 100, true)
		read(100)
	})
}

func TestLink_closeFrame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		l := openLink(ours)
		l.push([]byte("data"), 100)
		closing := []byte{0x88, 0}
		if _, err := l.Write(closing); err != nil {
			t.Fatal(err)
		}
		equal(t, "push after a close frame", l.push([]byte("late"), 100), true)
		if _, err := l.Write(closing); !errors.Is(err, errLinkEnded) {
			t.Errorf("a second close frame: got %v, want %v", err, errLinkEnded)
		}
		go func() {
			synctest.Wait()
			ours.Close()
		}()
		text, _ := io.ReadAll(theirs)
		equal(t, "read", string(text), "data\x88\x00")
	})
}

func TestLink_broken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		l := openLink(ours)
		broken := make(chan error, 1)
		l.broken = func(err error) { broken <- err }
		theirs.Close()
		l.push([]byte("data"), 100)
		if err := <-broken; !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("got %v, want %v", err, io.ErrClosedPipe)
		}
		equal(t, "push on a broken link", l.push([]byte("more"), 1), true)
		equal(t, "waiting", l.waiting(), 0)
	})
}

// A peer that takes nothing for writeTimeout is lost.
func TestLink_stalled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		defer theirs.Close()
		l := openLink(ours)
		broken := make(chan error, 1)
		l.broken = func(err error) { broken <- err }
		l.push([]byte("data"), 100)
		settle(writeTimeout - 1)
		equal(t, "broken before the time is over", len(broken), 0)
		settle(1)
		equal(t, "broken when it is over", len(broken), 1)
	})
}

// TestLink_concurrent has many writers on a real socket, whose peer reads slower than
// they write: nothing is lost, nothing interleaves, and each one's order holds.
func TestLink_concurrent(t *testing.T) {
	const writers, lines = 8, 5000
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	theirs, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer theirs.Close()
	ours, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer ours.Close()
	l := openLink(ours)
	var running sync.WaitGroup
	for i := range writers {
		running.Go(func() {
			for n := range lines {
				if !l.push(fmt.Appendf(nil, "%d %d %s\n", i, n, strings.Repeat("x", n%500)), 1<<30) {
					t.Error("a line was refused")
				}
			}
		})
	}
	running.Wait() // before anything is read: most of it waits
	var next [writers]int
	in := bufio.NewScanner(theirs)
	for got := 0; got < writers*lines; got++ {
		if !in.Scan() {
			t.Fatalf("the link ended after %d lines: %v", got, in.Err())
		}
		var i, n int
		if _, err := fmt.Sscan(in.Text(), &i, &n); err != nil || n != next[i] {
			t.Fatalf("got %.40q, want line %d of writer %d", in.Text(), next[i], i)
		}
		next[i]++
	}
	hubtest.Eventually(t, "the end of the waiting", func() bool { return l.waiting() == 0 })
}

// The answer to the handshake is short and plain, to the letter.
func TestHijacker_answer(t *testing.T) {
	w := open(t, Options{})
	server := httptest.NewServer(w.Hub)
	defer server.Close()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "GET /socket HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\nOrigin: http://else.where\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
	want := "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nUpgrade: websocket\r\n\r\n"
	got := make([]byte, len(want))
	if _, err := io.ReadFull(conn, got); err != nil {
		t.Fatal(err)
	}
	equal(t, "answer", string(got), want)
}
