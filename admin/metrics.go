package admin

import (
	"context"
	"crypto/subtle"
	"io"
	"log/slog"
	"net"
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
	writeMetrics(w, r)
}

// ListenMetrics gives metrics without a token at an address of their own, which nobody else
// reaches, until end is called; without an address it does nothing. They are of the process,
// so a hub that starts again keeps the listener. An address that cannot be used is a FieldError.
func ListenMetrics(ctx context.Context, address string, log *slog.Logger) (end func() error, err error) {
	if address == "" {
		return func() error { return nil }, nil
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, &store.FieldError{Field: "metrics_listen", Reason: err.Error()}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metrics", writeMetrics)
	srv := &http.Server{Handler: mux, ReadTimeout: page.RequestTime, WriteTimeout: page.AnswerTime, ErrorLog: page.Complaints(log)}
	done := make(chan error, 1)
	go func() { done <- srv.Serve(l) }()
	return func() error {
		err := srv.Close()
		<-done // that it was closed
		return err
	}, nil
}

// writeMetrics writes the metrics of the process to any client.
func writeMetrics(w http.ResponseWriter, _ *http.Request) {
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
