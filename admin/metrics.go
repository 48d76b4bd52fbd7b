package admin

import (
	"crypto/subtle"
	"net/http"
	"strings"

	"github.com/VictoriaMetrics/metrics"

	"hearsay/hub/page"
)

const metricsRefusal = "Metrics want a token. Start the hub with --metrics-token TOKEN and send the header \"Authorization: Bearer TOKEN\", " +
	"or start it with --metrics-listen 127.0.0.1:9090 and ask there."

func (s *server) serveMetrics(w http.ResponseWriter, r *http.Request) {
	if !s.bearer(r) {
		w.Header().Set("WWW-Authenticate", "Bearer")
		page.Plain(w, http.StatusUnauthorized, metricsRefusal)
		return
	}
	ServeMetrics(w, r)
}

// ServeMetrics writes the metrics of the process to whoever asks. It is for a listener that
// nobody else reaches.
func ServeMetrics(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	metrics.WritePrometheus(w, true)
	metrics.WriteFDMetrics(w)
}

func (s *server) bearer(r *http.Request) bool {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return s.MetricsToken != "" && strings.EqualFold(scheme, "Bearer") &&
		subtle.ConstantTimeCompare([]byte(token), []byte(s.MetricsToken)) == 1
}
