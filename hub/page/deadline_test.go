package page

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A pipeListener gives connections without a network, so that a server runs in a bubble.
type pipeListener chan net.Conn

func (l pipeListener) Accept() (net.Conn, error) {
	conn, ok := <-l
	if !ok {
		return nil, net.ErrClosed
	}
	return conn, nil
}
func (l pipeListener) Close() error   { return nil }
func (l pipeListener) Addr() net.Addr { return &net.TCPAddr{} }

// inTime serves a connection in a bubble as the hub does, and gives the client's end.
func inTime(t *testing.T, handler http.HandlerFunc) net.Conn {
	l := make(pipeListener, 1)
	near, far := net.Pipe()
	l <- far
	srv := &http.Server{Handler: InTime(handler), ReadTimeout: RequestTime, WriteTimeout: AnswerTime}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = srv.Serve(l) // it ends with the listener
	}()
	t.Cleanup(func() {
		near.Close()
		close(l)
		<-done
		srv.Close()
	})
	return near
}

// TestInTime_body: a request must have come after RequestTime.
func TestInTime_body(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		lasted := make(chan time.Duration, 1)
		conn := inTime(t, func(w http.ResponseWriter, r *http.Request) {
			_, err := io.ReadAll(r.Body)
			lasted <- time.Since(began)
			if !errors.Is(err, net.ErrClosed) && !strings.Contains(err.Error(), "timeout") {
				t.Errorf("the body ended with %v", err)
			}
		})
		if _, err := io.WriteString(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		go func() { _, _ = io.Copy(io.Discard, conn) }()
		for range 1000 { // a byte a second
			if _, err := io.WriteString(conn, "a"); err != nil {
				break
			}
			time.Sleep(time.Second)
		}
		if got := <-lasted; got != RequestTime {
			t.Errorf("the body could take %v, want %v", got, RequestTime)
		}
	})
}

// TestInTime_handler: how long the handler takes does not matter, with a body or without.
func TestInTime_handler(t *testing.T) {
	for _, request := range []string{"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"} {
		synctest.Test(t, func(t *testing.T) {
			conn := inTime(t, func(w http.ResponseWriter, r *http.Request) {
				if _, err := io.ReadAll(r.Body); err != nil {
					t.Error(err)
				}
				time.Sleep(10 * time.Minute)
				if err := r.Context().Err(); err != nil {
					t.Errorf("the request ended: %v", err)
				}
				_, _ = io.WriteString(w, "done") // the answer below says how it went
			})
			in := bufio.NewReader(conn)
			for range 2 { // also the next one on the connection
				if _, err := io.WriteString(conn, request); err != nil {
					t.Fatal(err)
				}
				answer, err := http.ReadResponse(in, nil)
				if err != nil {
					t.Fatal(err)
				}
				if body, err := io.ReadAll(answer.Body); err != nil || string(body) != "done" {
					t.Errorf("got %q, %v", body, err)
				}
			}
		})
	}
}

// TestInTime_answer: a client that takes nothing of an answer for AnswerTime is cut off. One
// that takes it slowly gets all of it.
func TestInTime_answer(t *testing.T) {
	const size = 1 << 20
	for _, test := range []struct {
		every time.Duration // between two reads of 32 KiB
		whole bool
	}{{AnswerTime - 2*time.Second, true}, {AnswerTime + time.Second, false}} {
		synctest.Test(t, func(t *testing.T) {
			conn := inTime(t, func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(w, io.LimitReader(zeros{}, size)) // the client may be cut off
			})
			if _, err := io.WriteString(conn, "GET / HTTP/1.0\r\n\r\n"); err != nil {
				t.Fatal(err)
			}
			n := 0
			for buffer := make([]byte, 32<<10); ; time.Sleep(test.every) {
				some, err := io.ReadFull(conn, buffer)
				if n += some; err != nil {
					break
				}
			}
			if whole := n > size; whole != test.whole {
				t.Errorf("every %v: %d bytes, want all: %t", test.every, n, test.whole)
			}
		})
	}
}

// zeros are without end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

// TestInTime_own: a handler may have a deadline of its own, and wait without one.
func TestInTime_own(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const own = time.Second
		began := time.Now()
		lasted := make(chan time.Duration, 1)
		conn := inTime(t, func(w http.ResponseWriter, r *http.Request) {
			out := http.NewResponseController(w)
			time.Sleep(10 * time.Minute)
			for {
				if err := out.SetWriteDeadline(time.Now().Add(own)); err != nil {
					t.Error(err)
				}
				if _, err := w.Write([]byte("x")); err != nil || out.Flush() != nil {
					break
				}
			}
			lasted <- time.Since(began) - 10*time.Minute
		})
		if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(11 * time.Minute)
		if got := <-lasted; got != own {
			t.Errorf("the write lasted %v, want %v", got, own)
		}
	})
}

// TestAdmit_lateForm: who sends a form for longer than RequestTime learns that it did not arrive,
// and nothing is done.
func TestAdmit_lateForm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mux := http.NewServeMux()
		New(Options{}, nil).Register(mux, []Route{To("POST /{$}", Anyone, func(http.ResponseWriter, *http.Request) error {
			t.Error("half a form was acted upon")
			return nil
		})})
		conn := inTime(t, mux.ServeHTTP)
		var sending sync.WaitGroup
		sending.Go(func() {
			_, err := io.WriteString(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\n")
			for err == nil { // a byte a second
				time.Sleep(time.Second)
				_, err = io.WriteString(conn, "a")
			}
		})
		defer sending.Wait()
		defer conn.Close() // which ends the sending
		answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(answer.Body)
		if err != nil || answer.StatusCode != http.StatusRequestTimeout || !strings.Contains(string(body), "The form did not arrive") {
			t.Errorf("got %s, %q, %v; want 408 and a page that says so", answer.Status, body, err)
		}
	})
}
