package admin

import (
	"context"
	"net/http"
	"time"

	"hearsay/hub/page"
)

// readyTimeout is how long Ready may think: a probe that hears nothing learns
// less than one that hears no.
const readyTimeout = 5 * time.Second

// serveHealth answers as long as the process serves at all. Whoever restarts
// the program when this fails must not ask /readyz: a hub that waits for its
// disk is not mended by a restart.
func (s *server) serveHealth(w http.ResponseWriter, r *http.Request) {
	page.Plain(w, http.StatusOK, "ok")
}

func (s *server) serveReady(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), readyTimeout)
	defer cancel()
	if err := s.Ready(ctx); err != nil {
		page.Plain(w, http.StatusServiceUnavailable, err.Error())
		return
	}
	page.Plain(w, http.StatusOK, "ready")
}
