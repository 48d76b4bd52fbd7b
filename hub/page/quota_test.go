package page_test

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"hearsay/hub/page"
)

func TestQuota(t *testing.T) {
	var q page.Quota
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
		if got := page.Network(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s: got %s, want %s", address, got, want)
		}
	}
}

func TestLocal(t *testing.T) {
	for _, path := range []string{"/", "/games?q=a%20b", "/oauth/authorize?client_id=1&redirect_uri=https%3A%2F%2Fa.example%2F", "/people/a:b"} {
		if got := page.Local(path); got != path {
			t.Errorf("%q: got %q", path, got)
		}
	}
	for _, path := range []string{"", "games", "//evil.example", "/\\evil.example", "\\\\evil.example", "/\t/evil.example", "/ /evil", "https://evil.example/", "javascript:alert(1)", "/%zz", "/a\r\nb"} {
		if got := page.Local(path); got != "" {
			t.Errorf("%q: got %q", path, got)
		}
	}
}
