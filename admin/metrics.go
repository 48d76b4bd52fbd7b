package admin

import (
	"crypto/subtle"
	"net/http"
	"strings"

	"github.com/VictoriaMetrics/metrics"

	"hearsay/hub/page"
)

const metricsRefusal = "Metrics are for this machine only. Ask from it without a proxy in between, or start the hub " +
	"with a metrics token and send it as the header \"Authorization: Bearer TOKEN\"."

func (s *server) serveMetrics(w http.ResponseWriter, r *http.Request) {
	if !s.local(r) && !s.bearer(r) {
		page.Plain(w, http.StatusForbidden, metricsRefusal)
		return
	}
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	metrics.WritePrometheus(w, true)
	metrics.WriteFDMetrics(w)
}

// local reports whether a program on this machine asks for itself. A request
// that somebody forwarded is not: behind a proxy on this machine that the
// operator forgot to declare, all the world has a loopback address.
func (s *server) local(r *http.Request) bool {
	for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Real-Ip", "Via"} {
		if r.Header.Get(name) != "" {
			return false
		}
	}
	return s.Remote(r).Unmap().IsLoopback()
}

func (s *server) bearer(r *http.Request) bool {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return s.MetricsToken != "" && strings.EqualFold(scheme, "Bearer") &&
		subtle.ConstantTimeCompare([]byte(token), []byte(s.MetricsToken)) == 1
}
