package oauth

import (
	"net/netip"
	"sync"
	"time"
)

// Failed requests, without the right secret, that are let pass within failureWindow.
const (
	failureWindow   = 10 * time.Minute
	clientFailures  = 30  // of a client id at an address
	addressFailures = 300 // of an address
	failuresMost    = 10_000
)

// failures count the requests that failed.
type failures struct {
	mu sync.Mutex // guards m
	m  map[failing]failed
}

// failing is who fails; of all client ids if that is empty.
type failing struct {
	address  netip.Addr // an IPv6 network of 64 bits
	clientID string
}

type failed struct {
	n     int
	since time.Time
}

// keys are what a request is counted by, with the most that each may fail.
func keys(clientID string, address netip.Addr) map[failing]int {
	address = address.Unmap().WithZone("")
	if prefix, err := address.Prefix(64); err == nil && address.Is6() {
		address = prefix.Addr()
	}
	return map[failing]int{{address, clientID}: clientFailures, {address, ""}: addressFailures}
}

// begin counts a request before it is looked at, so that requests at once count too, and
// reports whether it may be made.
func (f *failures) begin(clientID string, address netip.Addr, now time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.m == nil || len(f.m) > failuresMost {
		f.m = map[failing]failed{}
	}
	all := keys(clientID, address)
	for key, most := range all {
		if one := f.m[key]; now.Sub(one.since) < failureWindow && one.n >= most {
			return false
		}
	}
	for key := range all {
		one := f.m[key]
		if now.Sub(one.since) >= failureWindow {
			one = failed{since: now}
		}
		one.n++
		f.m[key] = one
	}
	return true
}

// succeeded forgets what a client has failed, and takes this request from what its address
// has: a good client beside bad ones does not hide them.
func (f *failures) succeeded(clientID string, address netip.Addr) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for key := range keys(clientID, address) {
		if one := f.m[key]; key.clientID == "" && one.n > 0 {
			one.n--
			f.m[key] = one
		} else {
			delete(f.m, key)
		}
	}
}
