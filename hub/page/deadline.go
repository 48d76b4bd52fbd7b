package page

import (
	"io"
	"net/http"
	"time"
)

const (
	// RequestTime is how long the whole of a request may take to arrive, for http.Server's
	// ReadTimeout.
	RequestTime = 30 * time.Second
	// AnswerTime is how long a client may take for each part of an answer, at least 4 KiB.
	// It is also for http.Server's WriteTimeout.
	AnswerTime = 30 * time.Second
)

// InTime bounds how long clients take, however long the handler does. A request has
// RequestTime, which ends with its body. An answer has AnswerTime for each part that is
// written, so a download takes as long as it needs while the client takes something. A handler
// that sets a deadline for writing has its own rule, as live pages do. The server must have
// RequestTime and AnswerTime as its timeouts, for what next does not see.
func InTime(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		out := http.NewResponseController(w)
		// Errors mean that the writer is no network's.
		_ = out.SetWriteDeadline(time.Time{})
		if r.Body == nil || r.Body == http.NoBody {
			_ = out.SetReadDeadline(time.Time{}) // the server looks whether the client is gone, which must not end then
		} else {
			r.Body = &timelyBody{r.Body, out}
		}
		answer := &timelyWriter{ResponseWriter: w, out: out}
		next.ServeHTTP(answer, r)
		_ = out.SetWriteDeadline(time.Now().Add(AnswerTime)) // for what the server still has
	})
}

// A timelyBody takes the deadline off when the body has arrived.
type timelyBody struct {
	io.ReadCloser
	out *http.ResponseController
}

func (b *timelyBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err == io.EOF {
		_ = b.out.SetReadDeadline(time.Time{})
	}
	return n, err
}

// A timelyWriter sets a deadline for each write, unless the handler does.
type timelyWriter struct {
	http.ResponseWriter
	out *http.ResponseController
	own bool // the handler has set one
}

func (w *timelyWriter) Write(p []byte) (int, error) {
	if !w.own {
		_ = w.out.SetWriteDeadline(time.Now().Add(AnswerTime))
	}
	return w.ResponseWriter.Write(p)
}

// SetWriteDeadline is for http.ResponseController.
func (w *timelyWriter) SetWriteDeadline(at time.Time) error {
	w.own = true
	return w.out.SetWriteDeadline(at)
}

// Unwrap is for http.ResponseController.
func (w *timelyWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
