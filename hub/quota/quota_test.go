package quota_test

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"hearsay/hub/quota"
)

func TestQuota(t *testing.T) {
	var q quota.Quota
	now := time.Now()
	keys := map[string]int{"a": 2, "b": 3}
	take := func(want bool) {
		t.Helper()
		if got := q.Take(keys, time.Hour, now); got != want {
			t.Errorf("got %t, want %t", got, want)
		}
	}
	take(true)
	take(true)
	take(false)
	keys = map[string]int{"b": 3}
	take(true) // what was refused counts under no key
	take(false)
	q.Return(keys)
	take(true)
	q.Forget(keys)
	take(true)
	now = now.Add(time.Hour)
	keys = map[string]int{"a": 2}
	take(true)
	take(true)
	take(false)
	for i := range 20_000 { // a flood of others begins it anew, and takes no memory
		q.Take(map[string]int{fmt.Sprint("other", i): 1}, time.Hour, now)
	}
	take(true)
}

func TestNetwork(t *testing.T) {
	for address, want := range map[string]string{
		"192.0.2.1": "192.0.2.1", "::ffff:192.0.2.1": "192.0.2.1", "2001:db8:1:2:3::4": "2001:db8:1:2::", "::1": "::",
	} {
		if got := quota.Network(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s: got %s, want %s", address, got, want)
		}
	}
}
