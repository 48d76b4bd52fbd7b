package hub

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Talkers are the people who said something from browsers not long ago. Each has a bucket
// like that of a game's socket for what it sends.
type talkers struct {
	mu    sync.Mutex // guards what follows; a leaf
	of    *Limits    // that the buckets were made by
	all   map[string]*rate.Limiter
	sweep int // how many of all are worth a sweep
}

// mostTalkers bounds what is remembered of them.
const mostTalkers = 50000

// take takes one token of a person's bucket.
func (t *talkers) take(name string, l *Limits, now time.Time) bool {
	if l.Sends.Burst == 0 {
		return true
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.of != l {
		t.of, t.all, t.sweep = l, map[string]*rate.Limiter{}, 64
	}
	bucket := t.all[name]
	if bucket == nil {
		if len(t.all) >= t.sweep {
			t.forget(now)
		}
		bucket = l.Sends.limiter(1)
		t.all[name] = bucket
	}
	return bucket.AllowN(now, 1)
}

// forget forgets those whose bucket is full again, and everybody if that is not enough.
func (t *talkers) forget(now time.Time) {
	for name, bucket := range t.all {
		if bucket.TokensAt(now) >= float64(bucket.Burst()) {
			delete(t.all, name)
		}
	}
	if len(t.all) >= mostTalkers {
		clear(t.all)
	}
	t.sweep = min(max(64, 2*len(t.all)), mostTalkers)
}
