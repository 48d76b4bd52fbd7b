package admin

import (
	"net/http"

	"hearsay/assets"
)

func (s *server) routes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.serveHome)
	mux.HandleFunc("GET /healthz", s.serveHealth)
	mux.HandleFunc("GET /readyz", s.serveReady)
	mux.HandleFunc("GET /metrics", s.serveMetrics)
	mux.Handle("GET /assets/", assets.Handler())
	mux.HandleFunc("/", s.serveMissing)
	return mux
}
