package oauth

import (
	"maps"
	"net/netip"
	"time"

	"hearsay/hub/quota"
)

// Failed requests, without the right secret, that are let pass within failureWindow.
const (
	failureWindow   = 10 * time.Minute
	clientFailures  = 30  // of a client id at an address
	addressFailures = 300 // of an address
)

// failures count the requests that failed: of each client at an address, and of all at it.
type failures struct{ quota.Quota }

// begin counts a request before it is looked at, and reports whether it may be made.
func (f *failures) begin(clientID string, address netip.Addr, now time.Time) bool {
	keys := ofClient(clientID, address)
	maps.Copy(keys, ofAddress(address))
	return f.Take(keys, failureWindow, now)
}

// succeeded forgets what a client has failed, and takes this request from what its address
// has: a good client beside bad ones does not hide them.
func (f *failures) succeeded(clientID string, address netip.Addr) {
	f.Forget(ofClient(clientID, address))
	f.Return(ofAddress(address))
}

func ofClient(clientID string, address netip.Addr) map[string]int {
	return map[string]int{"client " + clientID + " " + quota.Network(address): clientFailures}
}

func ofAddress(address netip.Addr) map[string]int {
	return map[string]int{"address " + quota.Network(address): addressFailures}
}
