package site_test

import (
	"bufio"
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"

	"hearsay/hub/hubtest"
	"hearsay/hub/store"
)

// counted counts what is read.
type counted struct {
	io.Reader
	n int
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += n
	return n, err
}

// TestLive_bytes: what is said costs each reader of a live page no more than 1 kB, compressed
// or not, however much stands on the page.
func TestLive_bytes(t *testing.T) {
	w := newWorld(t, hubtest.NewFile(t))
	for range 60 {
		w.say(t, "gossip", "Ann", "Has anybody seen my lantern? I had it when I left the inn.")
	}
	transport := &http.Transport{DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	for _, path := range []string{"/live/channel?name=gossip", "/live/widget?name=gossip", "/live/network"} {
		for _, coding := range []string{"", "gzip"} {
			r := request(t, w.URL+path)
			r.Header.Set("Accept-Encoding", coding)
			answer, err := transport.RoundTrip(r)
			check(t, err)
			defer answer.Body.Close()
			if got := answer.Header.Get("Content-Encoding"); got != coding {
				t.Fatalf("%s: got the encoding %q, want %q", path, got, coding)
			}
			raw := &counted{Reader: answer.Body}
			events := bufio.NewReader(raw)
			if coding == "gzip" {
				unpacked, err := gzip.NewReader(raw)
				check(t, err)
				events = bufio.NewReader(unpacked)
			}
			until := func(text string) {
				t.Helper()
				for {
					line, err := events.ReadString('\n')
					check(t, err)
					if strings.Contains(line, text) {
						return
					}
				}
			}
			until("lantern")
			before, text := raw.n, "Is it this one? "+path+coding
			w.say(t, "gossip", "Bob", text)
			until(text)
			if n := raw.n - before; n > 1000 {
				t.Errorf("%s, %q: a message costs %d bytes", path, coding, n)
			} else {
				t.Logf("%s, %q: a message costs %d bytes, the whole part %d", path, coding, n, before)
			}
		}
	}
}

// TestZip: pages are compressed for those who take it, but not where a secret is, nor where
// another site has somebody's browser ask.
func TestZip(t *testing.T) {
	w := newWorld(t, hubtest.NewFile(t))
	w.furnish(t)
	eve := w.member(t, "Eve", store.Person)
	for _, test := range []struct {
		token, path, takes, site string
		zipped                   bool
	}{
		{"", "/channels/gossip", "gzip, br", "", true},
		{"", "/channels/gossip", "", "", false},
		{"", "/channels/gossip", "gzip;q=0", "", false},
		{"", "/channels/gossip", "gzip", "cross-site", true},
		{eve, "/channels/gossip", "gzip", "same-origin", true},
		{eve, "/channels/gossip", "gzip", "cross-site", false},
		{eve, "/characters", "gzip", "same-origin", false}, // has a key on it
	} {
		p := w.send(t, test.token, test.path, nil, "Accept-Encoding", test.takes, "Sec-Fetch-Site", test.site)
		if p.StatusCode != http.StatusOK || (p.Header.Get("Content-Encoding") == "gzip") != test.zipped || !strings.Contains(strings.Join(p.Header.Values("Vary"), ","), "Accept-Encoding") {
			t.Errorf("%+v: got %d, %v", test, p.StatusCode, p.Header)
		}
	}
}
