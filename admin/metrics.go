package admin

import (
	"context"
	"crypto/subtle"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"hearsay/hub/page"
	"hearsay/hub/store"
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

// FileMetrics puts those of the database file among the metrics of the process until end is
// called. plan says where backups are.
func FileMetrics(st *store.Store, plan func() store.BackupPlan) (end func()) {
	set := metrics.NewSet()
	set.RegisterMetricsWriter(func(w io.Writer) { writeFileMetrics(w, st, plan()) })
	metrics.RegisterSet(set)
	return func() { metrics.UnregisterSet(set, true) }
}

// writeFileMetrics writes them; what cannot be told is left out.
func writeFileMetrics(w io.Writer, st *store.Store, plan store.BackupPlan) {
	ctx, cancel := context.WithTimeout(context.Background(), readyTimeout)
	defer cancel()
	lost := uint64(0)
	if st.Loss() != nil {
		lost = 1
	}
	metrics.WriteGaugeUint64(w, "hearsay_file_lost", lost)
	if d, err := st.Disk(); err == nil {
		metrics.WriteGaugeUint64(w, "hearsay_file_bytes", uint64(d.Used))
		metrics.WriteGaugeUint64(w, "hearsay_disk_free_bytes", uint64(d.Free))
	}
	now := time.Now()
	if wal, err := st.WAL(); err == nil {
		held := 0.0
		if !wal.Held.IsZero() {
			held = now.Sub(wal.Held).Seconds()
		}
		metrics.WriteGaugeUint64(w, "hearsay_wal_bytes", uint64(wal.Bytes))
		metrics.WriteGaugeFloat64(w, "hearsay_wal_held_seconds", held)
	}
	if at, err := st.GoodBackup(ctx, plan.Folder); err == nil && !at.IsZero() {
		metrics.WriteGaugeFloat64(w, "hearsay_backup_age_seconds", now.Sub(at).Seconds())
	}
}

func (s *server) bearer(r *http.Request) bool {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return s.MetricsToken != "" && strings.EqualFold(scheme, "Bearer") &&
		subtle.ConstantTimeCompare([]byte(token), []byte(s.MetricsToken)) == 1
}
