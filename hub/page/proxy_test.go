package page

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestProxies(t *testing.T) {
	proxies, err := ParseProxies([]string{"127.0.0.1", "10.0.0.0/8", "::1"})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		peer      string
		forwarded []string
		proto     string
		want      string
		secure    bool
	}{
		{"192.0.2.1:5", nil, "", "192.0.2.1", false},
		{"192.0.2.1:5", []string{"198.51.100.7"}, "https", "192.0.2.1", false}, // nobody trusts it
		{"127.0.0.1:5", nil, "https", "127.0.0.1", true},
		{"127.0.0.1:5", []string{"198.51.100.7"}, "http", "198.51.100.7", false},
		{"[::1]:5", []string{"203.0.113.9, 198.51.100.7"}, "https", "198.51.100.7", true}, // the first is the client's word
		{"127.0.0.1:5", []string{"203.0.113.9", "198.51.100.7, 10.1.2.3"}, "", "198.51.100.7", false},
		{"127.0.0.1:5", []string{"nonsense"}, "", "127.0.0.1", false},
		{"127.0.0.1:5", []string{"10.1.2.3"}, "", "10.1.2.3", false},
		{"[::ffff:127.0.0.1]:5", []string{"2001:db8::1"}, "", "2001:db8::1", false},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = test.peer
		for _, value := range test.forwarded {
			r.Header.Add("X-Forwarded-For", value)
		}
		r.Header.Set("X-Forwarded-Proto", test.proto)
		if got := proxies.Remote(r).String(); got != test.want {
			t.Errorf("%s with %q: got %s, want %s", test.peer, test.forwarded, got, test.want)
		}
		if got := proxies.Secure(r); got != test.secure {
			t.Errorf("%s with %q: secure %t, want %t", test.peer, test.proto, got, test.secure)
		}
	}
	for _, bad := range []string{"", "home", "10.0.0.0/99"} {
		if _, err := ParseProxies([]string{bad}); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}
