package admin_test

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"hearsay/admin"
	"hearsay/hub/hubtest"
	"hearsay/hub/store"
)

// benchPaths are ways to use pages that cost more than their plain look, on a crowded
// file.
var benchPaths = []string{
	"/admin?period=30d", "/admin/applications/Site/sees?form=records&page=50", "/admin/games?q=999", "/admin/games?sort=seen&desc=on&page=200", "/admin/games/G5000", "/admin/games/G5000/edit",
	"/admin/channels?sort=day&desc=on", "/admin/channels/room-aa", "/admin/channels/room-aa?before=500000", "/admin/channels/room-hq",
	"/admin/messages?before=10", "/admin/messages?words=ba", "/admin/messages?words=ba*", "/admin/messages?words=nothing",
	"/admin/messages?player=Player1&game=G1", "/admin/messages?player=Player49999", "/admin/messages?game=G9999&words=ba",
	"/admin/messages?channel=room-hq&words=ba", "/admin/messages?from=2000-01-01T00:00&until=2000-01-02T00:00&words=ba",
	"/admin/messages?from=2000-01-01T00:00&game=G1",
}

// BenchmarkPages asks for every page of a large network, as an admin, and reports the
// median of what each takes.
func BenchmarkPages(b *testing.B) {
	s := newSiteOn(b, hubtest.Crowd(b))
	furnish(b, s)
	admins := s.as(b, string(store.Admin))
	paths := map[string]bool{}
	for _, path := range benchPaths {
		paths[path] = true
	}
	for _, pattern := range admin.Routes() {
		if path := tour[pattern]; strings.HasPrefix(pattern, http.MethodGet) && path != "" {
			paths[path] = true
		}
	}
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		b.Run(path, func(b *testing.B) {
			var took []time.Duration
			for b.Loop() {
				began := time.Now()
				p := admins.get(b, path)
				took = append(took, time.Since(began))
				if p.StatusCode >= http.StatusBadRequest {
					b.Fatalf("status %d: %.300s", p.StatusCode, p.text)
				}
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "median-ms")
			b.ReportMetric(0, "ns/op") // it would be the mean
		})
	}
}
