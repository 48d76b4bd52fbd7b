package site_test

import (
	"fmt"
	"net/http"

	"slices"
	"testing"
	"time"

	"hearsay/hub/hubtest"
	"hearsay/hub/store"
)

// benchPaths are the public pages, and ways to use them that cost more than their plain look.
var benchPaths = []string{
	"/", "/games", "/games?q=999", "/games?filter=offline&page=190", "/games?sort=seen&desc=on&page=200", "/games/G1", "/games/G5000",
	"/channels", "/channels/room-aa", "/channels/room-aa?before=500000", "/events", "/events.atom", "/conduct", "/sitemap.xml", "/widget/room-aa",
	"/people/Person1", "/people/Person99999",
}

// BenchmarkPages asks for every public page of a large network, of which a hundred games are
// online, and reports the median of what each takes.
func BenchmarkPages(b *testing.B) {
	w := newWorld(b, hubtest.Crowd(b))
	for i := range 100 {
		c, err := w.store.RotateGame(b.Context(), fmt.Sprint("G", 1+i), store.Rotation{})
		check(b, err)
		w.connect(b, c, "Ann", "Bob", "Cid")
	}
	for _, path := range benchPaths {
		b.Run(path, func(b *testing.B) {
			var took []time.Duration
			for b.Loop() {
				began := time.Now()
				p := w.get(b, path)
				took = append(took, time.Since(began))
				if p.StatusCode != http.StatusOK {
					b.Fatalf("status %d: %.300s", p.StatusCode, p.text)
				}
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "median-ms")
			b.ReportMetric(0, "ns/op") // it would be the mean
		})
	}
}
