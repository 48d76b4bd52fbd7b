package admin

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// readyTimeout is how long Ready may think: a probe that hears nothing learns
// less than one that hears no.
const readyTimeout = 5 * time.Second

// serveHealth answers as long as the process serves at all. Whoever restarts
// the program when this fails must not ask /readyz: a hub that waits for its
// disk is not mended by a restart.
func (s *server) serveHealth(w http.ResponseWriter, r *http.Request) {
	plain(w, http.StatusOK, "ok")
}

func (s *server) serveReady(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), readyTimeout)
	defer cancel()
	if err := s.Ready(ctx); err != nil {
		plain(w, http.StatusServiceUnavailable, err.Error())
		return
	}
	plain(w, http.StatusOK, "ready")
}

func plain(w http.ResponseWriter, code int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(code)
	_, _ = fmt.Fprintln(w, text) // fails only when the client has gone
}
