package page

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func parseProxies(t testing.TB, texts ...string) (*Proxies, *bytes.Buffer) {
	t.Helper()
	var log bytes.Buffer
	p, err := ParseProxies(texts, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	return p, &log
}

func TestProxies(t *testing.T) {
	proxies, _ := parseProxies(t, "127.0.0.1", "10.0.0.0/8", "::1")
	type headers = map[string][]string
	for _, test := range []struct {
		peer    string
		headers headers
		want    string
		secure  bool
	}{
		{"192.0.2.1:5", nil, "192.0.2.1", false},
		{"192.0.2.1:5", headers{"X-Forwarded-For": {"198.51.100.7"}, "X-Forwarded-Proto": {"https"}}, "192.0.2.1", false}, // nobody trusts it
		{"127.0.0.1:5", headers{"X-Forwarded-Proto": {"https"}}, "127.0.0.1", true},
		{"127.0.0.1:5", headers{"X-Forwarded-For": {"198.51.100.7"}, "X-Forwarded-Proto": {"http"}}, "198.51.100.7", false},
		{"[::1]:5", headers{"X-Forwarded-For": {"203.0.113.9, 198.51.100.7"}, "X-Forwarded-Proto": {"https"}}, "198.51.100.7", true}, // the first is the client's word
		{"127.0.0.1:5", headers{"X-Forwarded-For": {"203.0.113.9", "198.51.100.7, 10.1.2.3"}}, "198.51.100.7", false},
		{"127.0.0.1:5", headers{"X-Forwarded-For": {"nonsense"}}, "127.0.0.1", false},
		{"127.0.0.1:5", headers{"X-Forwarded-For": {""}}, "127.0.0.1", false},
		{"127.0.0.1:5", headers{"X-Forwarded-For": {"10.1.2.3"}}, "10.1.2.3", false},
		{"[::ffff:127.0.0.1]:5", headers{"X-Forwarded-For": {"2001:db8::1"}}, "2001:db8::1", false},
		{"[::ffff:192.0.2.1]:5", nil, "192.0.2.1", false},
		{"127.0.0.1:5", headers{"X-Forwarded-For": {"198.51.100.7:4711"}}, "198.51.100.7", false},
		{"127.0.0.1:5", headers{"X-Forwarded-For": {"[2001:db8::1]:4711"}}, "2001:db8::1", false},
		{"127.0.0.1:5", headers{"X-Forwarded-For": {"[2001:db8::1]"}}, "2001:db8::1", false},
		{"127.0.0.1:5", headers{"X-Forwarded-For": {`"[2001:db8::1]:4711"`}}, "2001:db8::1", false},
		{"127.0.0.1:5", headers{"X-Forwarded-For": {`"198.51.100.7"`}}, "198.51.100.7", false},
		{"127.0.0.1:5", headers{"X-Forwarded-For": {"::ffff:198.51.100.7"}}, "198.51.100.7", false},
		{"127.0.0.1:5", headers{"X-Forwarded-For": {"198.51.100.7, ::ffff:10.1.2.3"}}, "198.51.100.7", false},
		{"127.0.0.1:5", headers{"X-Forwarded-For": {"198.51.100.7,\t[::ffff:10.1.2.3]:80"}}, "198.51.100.7", false},
		{"127.0.0.1:5", headers{"X-Forwarded-For": {"fe80::1%eth0"}}, "fe80::1", false},
		{"127.0.0.1:5", headers{"X-Forwarded-For": {"198.51.100.7, unknown"}}, "127.0.0.1", false},
		{"127.0.0.1:5", headers{"X-Forwarded-Proto": {"https, http"}}, "127.0.0.1", true},
		{"127.0.0.1:5", headers{"X-Forwarded-Proto": {"http, https"}}, "127.0.0.1", false},
		{"127.0.0.1:5", headers{"X-Forwarded-Proto": {" HTTPS "}}, "127.0.0.1", true},
		{"127.0.0.1:5", headers{"X-Forwarded-Proto": {"wss"}}, "127.0.0.1", true},
		{"127.0.0.1:5", headers{"X-Forwarded-Proto": {"httpsx"}}, "127.0.0.1", false},
		{"127.0.0.1:5", headers{"Forwarded": {"for=198.51.100.7;proto=https;by=203.0.113.43"}}, "198.51.100.7", true},
		{"127.0.0.1:5", headers{"Forwarded": {`For="[2001:db8:cafe::17]:4711"; Proto="HTTPS"`}}, "2001:db8:cafe::17", true},
		{"127.0.0.1:5", headers{"Forwarded": {`for=203.0.113.9;proto=https, for="198.51.100.7:80";proto=http`, "for=10.1.2.3"}}, "198.51.100.7", true},
		{"127.0.0.1:5", headers{"Forwarded": {`for="198.51.100.7, 10.1.2.3"`}}, "127.0.0.1", false},
		{"127.0.0.1:5", headers{"Forwarded": {"for=198.51.100.7, for=_hidden"}}, "127.0.0.1", false},
		{"127.0.0.1:5", headers{"Forwarded": {"for=198.51.100.7, proto=http"}}, "127.0.0.1", false},
		{"127.0.0.1:5", headers{"Forwarded": {"for=203.0.113.9;proto=https"}, "X-Forwarded-For": {"198.51.100.7"}}, "198.51.100.7", false}, // the proxy writes but one of them
		{"192.0.2.1:5", headers{"Forwarded": {"for=198.51.100.7;proto=https"}}, "192.0.2.1", false},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = test.peer
		r.Header = test.headers
		if got := proxies.Remote(r).String(); got != test.want {
			t.Errorf("%s with %q: got %s, want %s", test.peer, test.headers, got, test.want)
		}
		if got := proxies.Secure(r); got != test.secure {
			t.Errorf("%s with %q: secure %t, want %t", test.peer, test.headers, got, test.secure)
		}
	}
	for _, bad := range []string{"", "home", "10.0.0.0/99"} {
		if _, err := ParseProxies([]string{bad}, nil); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

// TestProxies_undeclared: a proxy that the operator forgot is told of once; one that is far
// away is kept out of what needs attention.
func TestProxies_undeclared(t *testing.T) {
	proxies, log := parseProxies(t, "10.0.0.1")
	ask := func(from, header string) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = from
		r.Header.Set(header, "198.51.100.7")
		proxies.Remote(r)
	}
	ask("10.0.0.1:5", "X-Forwarded-For")
	ask("127.0.0.1:5", "X-Other")
	if log.Len() > 0 || proxies.Undeclared().IsValid() {
		t.Errorf("%s is undeclared: %s", proxies.Undeclared(), log)
	}
	for range 3 {
		ask("203.0.113.9:5", "X-Forwarded-For")
	}
	if n := strings.Count(log.String(), "\n"); n != 1 || proxies.Undeclared().IsValid() {
		t.Errorf("%s is undeclared, %d lines: %s", proxies.Undeclared(), n, log)
	}
	for range 3 {
		ask("[::ffff:127.0.0.1]:5", "X-Forwarded-Proto")
		ask("192.168.1.1:5", "Forwarded")
	}
	if n := strings.Count(log.String(), "\n"); n != 2 || proxies.Undeclared().String() != "127.0.0.1" || !strings.Contains(log.String(), "--trusted-proxies") {
		t.Errorf("%s is undeclared, %d lines: %s", proxies.Undeclared(), n, log)
	}
	behind, _ := parseProxies(t)
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.RemoteAddr = "127.0.0.1:5"
	r.Header.Set("X-Forwarded-Proto", "https")
	if behind.Secure(r) || behind.Undeclared().String() != "127.0.0.1" {
		t.Error("a page that only asks for the protocol does not notice the proxy")
	}
	var none *Proxies
	r = httptest.NewRequest(http.MethodGet, "/", nil)
	if none.Remote(r).String() != "192.0.2.1" || none.Secure(r) || none.Undeclared().IsValid() {
		t.Error("no proxies trust somebody")
	}
}

// TestOrigin_noHost: a request without Host still gets links that lead somewhere.
func TestOrigin_noHost(t *testing.T) {
	p := New(Options{}, nil)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Host = ""
		Plain(w, http.StatusOK, p.Origin(r))
	}))
	defer server.Close()
	answer, err := http.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var b bytes.Buffer
	if _, err := b.ReadFrom(answer.Body); err != nil || strings.TrimSpace(b.String()) != server.URL {
		t.Errorf("got %q, %v, want %s", b.String(), err, server.URL)
	}
}

// FuzzForwarded: whatever stands in the headers, an untrusted sender is taken for itself, a
// trusted one leads to a whole address, and the last hop alone decides unless it is trusted.
func FuzzForwarded(f *testing.F) {
	for _, seed := range [][3]string{
		{"198.51.100.7:80, [::1]:5", "https, http", `for="[::1]:5";proto=https, for=_x`},
		{`"`, `"`, `for="\`}, {"[", "]", "for=[;proto==,,;"}, {"::ffff:1.2.3.4", "HTTPS", "for"},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	f.Fuzz(func(t *testing.T, fors, proto, standard string) {
		proxies, _ := parseProxies(t, "127.0.0.1")
		for _, h := range []http.Header{{"X-Forwarded-For": {fors}, "X-Forwarded-Proto": {proto}}, {"Forwarded": {standard}}} {
			r := &http.Request{RemoteAddr: "192.0.2.1:5", Header: h}
			if got := proxies.Remote(r); got.String() != "192.0.2.1" || proxies.Secure(r) {
				t.Errorf("%q: an untrusted sender is %s", h, got)
			}
			r.RemoteAddr = "127.0.0.1:5"
			at := proxies.Remote(r)
			if !at.IsValid() || at.Is4In6() || at.Zone() != "" {
				t.Errorf("%q: got %s", h, at)
			}
			proxies.Secure(r)
			for name, values := range h { // what a client writes before it changes nothing
				if name == "X-Forwarded-Proto" || strings.ContainsAny(values[0], `"\`) {
					continue
				}
				more := h.Clone()
				more[name] = []string{map[bool]string{true: "for=203.0.113.9", false: "203.0.113.9"}[name == "Forwarded"], values[0], "198.51.100.1"}
				if name == "Forwarded" {
					more[name][2] = "for=198.51.100.1"
				}
				r.Header = more
				if got := proxies.Remote(r); got.String() != "198.51.100.1" {
					t.Errorf("%q: got %s, want the last hop", more, got)
				}
				r.Header = h
			}
		}
	})
}
