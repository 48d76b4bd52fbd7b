package main

import (
	"context"
	"net"
	"net/http"

	"hearsay/admin"
	"hearsay/hub/page"
	"hearsay/hub/store"
)

// serveMetrics gives metrics without a token at an address of their own, if there is one, until
// end is called. They are of the process, so that a hub which starts again keeps the listener.
func (s *server) serveMetrics(ctx context.Context) (end func() error, err error) {
	if s.given.MetricsListen == "" {
		return func() error { return nil }, nil
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", s.given.MetricsListen)
	if err != nil {
		return nil, &store.FieldError{Field: "metrics_listen", Reason: err.Error()}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metrics", admin.ServeMetrics)
	srv := &http.Server{Handler: mux, ReadTimeout: page.RequestTime, WriteTimeout: page.AnswerTime, ErrorLog: complaints(s.log)}
	done := make(chan error, 1)
	go func() { done <- srv.Serve(l) }()
	return func() error {
		err := srv.Close()
		<-done // that it was closed
		return err
	}, nil
}
