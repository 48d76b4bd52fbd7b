package quota

import (
	"net/netip"
	"sync"
	"time"
)

// quotaMost is how many keys a Quota counts; beyond, it begins anew.
const quotaMost = 10_000

// A Quota counts how often something was done within a time, under keys. The zero value is
// ready to use.
type Quota struct {
	mu sync.Mutex // guards m
	m  map[string]tally
}

// A tally is how often, since when, and when it is forgotten.
type tally struct {
	n    int
	ends time.Time
}

// Take counts one more under each key, before it is done, so that what happens at once
// counts too. It reports false, and counts nothing, when one of the keys has had as often
// as it may within the window.
func (q *Quota) Take(keys map[string]int, window time.Duration, now time.Time) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.m) > quotaMost {
		for key, one := range q.m {
			if !now.Before(one.ends) {
				delete(q.m, key)
			}
		}
	}
	if q.m == nil || len(q.m) > quotaMost {
		q.m = map[string]tally{}
	}
	for key, most := range keys {
		if one := q.m[key]; now.Before(one.ends) && one.n >= most {
			return false
		}
	}
	for key := range keys {
		one := q.m[key]
		if !now.Before(one.ends) {
			one = tally{ends: now.Add(window)}
		}
		one.n++
		q.m[key] = one
	}
	return true
}

// Return takes back what Take has counted for something that was not done.
func (q *Quota) Return(keys map[string]int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for key := range keys {
		if one, ok := q.m[key]; ok {
			one.n--
			q.m[key] = one
		}
	}
}

// Forget forgets all that was counted under the keys.
func (q *Quota) Forget(keys map[string]int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for key := range keys {
		delete(q.m, key)
	}
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
