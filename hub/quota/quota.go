package quota

import (
	"crypto/sha256"
	"maps"
	"net/netip"
	"sync"
	"time"
)

const (
	quotaMost  = 10_000      // keys that a Quota counts
	quotaSweep = time.Minute // how often it forgets what is over
)

// A Quota counts how often something was done within a time, under keys. The zero value is
// ready to use.
type Quota struct {
	mu    sync.Mutex // guards what follows
	m     map[digest]tally
	swept time.Time // when it last forgot what is over
}

// A digest stands for a key, which may be a text of any length from outside.
type digest [sha256.Size]byte

func digestOf(key string) digest { return sha256.Sum256([]byte(key)) }

// A tally is how often, and when it is forgotten.
type tally struct {
	n    int
	ends time.Time
}

// Take counts one more under each key, before it is done, so that what happens at the same
// time counts as well. Keys say how often each may be done. Take reports false, and counts
// nothing, when one of them has had as often as it may within the window.
func (q *Quota) Take(keys map[string]int, window time.Duration, now time.Time) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.sweep(now)
	for key, most := range keys {
		if one := q.m[digestOf(key)]; now.Before(one.ends) && one.n >= most {
			return false
		}
	}
	for key := range keys {
		d := digestOf(key)
		one, there := q.m[d]
		if !there && len(q.m) >= quotaMost {
			q.evict()
		}
		if !now.Before(one.ends) {
			one = tally{ends: now.Add(window)}
		}
		one.n++
		q.m[d] = one
	}
	return true
}

// sweep forgets what is over.
func (q *Quota) sweep(now time.Time) {
	if q.m == nil {
		q.m, q.swept = map[digest]tally{}, now
	}
	if now.Sub(q.swept) < quotaSweep {
		return
	}
	q.swept = now
	maps.DeleteFunc(q.m, func(_ digest, one tally) bool { return !now.Before(one.ends) })
}

// evict forgets the key that counts least, of those the one that ends first. So a flood of new
// keys takes the place of its own, and what has failed often stays counted.
func (q *Quota) evict() {
	var least digest
	var found bool
	for d, one := range q.m {
		if is := q.m[least]; !found || one.n < is.n || one.n == is.n && one.ends.Before(is.ends) {
			least, found = d, true
		}
	}
	delete(q.m, least)
}

// Return takes back what Take has counted for something that was not done.
func (q *Quota) Return(keys map[string]int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for key := range keys {
		d := digestOf(key)
		if one, ok := q.m[d]; ok && one.n > 0 {
			one.n--
			q.m[d] = one
		}
	}
}

// Forget forgets all that was counted under the keys.
func (q *Quota) Forget(keys map[string]int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for key := range keys {
		delete(q.m, digestOf(key))
	}
}

// Len is how many keys it counts.
func (q *Quota) Len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.m)
}

// Network is what a client is counted by: an IPv4 address, or the network of 64 bits that
// one customer has of IPv6.
func Network(a netip.Addr) string {
	a = a.Unmap()
	if prefix, err := a.Prefix(64); err == nil && a.Is6() {
		a = prefix.Addr()
	}
	return a.String()
}
