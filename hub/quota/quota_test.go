package quota_test

import (
	"fmt"
	"net/netip"
	"runtime"
	"strconv"
	"strings"
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
	for i := range 20_000 { // a flood of others takes its own places
		q.Take(map[string]int{fmt.Sprint("other", i): 1}, time.Hour, now)
	}
	take(false)
	if n := q.Len(); n != 10_000 {
		t.Errorf("%d keys are counted", n)
	}
	keys = map[string]int{"other19999": 1} // the newest is counted as well
	take(false)
}

// TestQuota_sweep: what is over takes no memory, though nobody asks for its key again.
func TestQuota_sweep(t *testing.T) {
	var q quota.Quota
	now := time.Now()
	for i := range 100 {
		q.Take(map[string]int{fmt.Sprint(i): 1}, 10*time.Minute, now)
	}
	q.Take(map[string]int{"last": 1}, 10*time.Minute, now.Add(9*time.Minute))
	if n := q.Len(); n != 101 {
		t.Errorf("%d keys are counted", n)
	}
	q.Take(map[string]int{"last": 2}, 10*time.Minute, now.Add(10*time.Minute))
	if n := q.Len(); n != 1 {
		t.Errorf("%d keys are counted after their time", n)
	}
}

// TestQuota_memory: a key takes as much whatever it was made of.
func TestQuota_memory(t *testing.T) {
	var q quota.Quota
	now := time.Now()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range 100 {
		q.Take(map[string]int{strings.Repeat("x", 1<<20) + strconv.Itoa(i): 1}, time.Hour, now)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if kept := int64(after.HeapAlloc) - int64(before.HeapAlloc); kept > 1<<20 {
		t.Errorf("100 keys of a mebibyte keep %d bytes", kept)
	}
	if q.Len() != 100 {
		t.Errorf("%d keys are counted", q.Len())
	}
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
