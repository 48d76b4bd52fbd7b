package mirror_test

import (
	"fmt"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

// BenchmarkMirror copies 10,000 games from a hub in the same process into an empty file,
// and then finds them level.
func BenchmarkMirror(b *testing.B) {
	w := open(b)
	w.sql(games(10_000))
	for _, form := range []string{"versions", "records"} {
		w.site = w.application(map[string]string{"versions": "New", "records": "Old"}[form], form)
		url := w.url()
		if form == "records" {
			url = w.old()
		}
		b.Run(form, func(b *testing.B) {
			var took time.Duration
			var grown uint64
			for i := range b.N {
				path := filepath.Join(b.TempDir(), fmt.Sprint(i))
				var before, after runtime.MemStats
				runtime.GC()
				runtime.ReadMemStats(&before)
				began := time.Now()
				c := w.copyFrom(url, path)
				c.level()
				took += time.Since(began)
				runtime.ReadMemStats(&after)
				grown = max(grown, after.HeapInuse-min(before.HeapInuse, after.HeapInuse))
				_ = c.stop() // it was told to
			}
			b.ReportMetric(float64(b.N)*10_002/took.Seconds(), "records/s")
			b.ReportMetric(float64(grown)/(1<<20), "MiB-heap")
		})
	}
}
