package assets_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"hearsay/assets"
)

func TestHandler(t *testing.T) {
	for _, tt := range []struct {
		name, contentType, content string
	}{
		{"app.css", "text/css; charset=utf-8", "--pico-primary"},
		{"vendor/pico.min.css", "text/css; charset=utf-8", "Pico CSS"},
		{"vendor/htmx.min.js", "text/javascript; charset=utf-8", "4.0.1"},
		{"vendor/hx-sse.min.js", "text/javascript; charset=utf-8", "text/event-stream"},
		{"vendor/hx-csp.min.js", "text/javascript; charset=utf-8", "createPolicy"},
		{"favicon.svg", "image/svg+xml", "<svg"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			url := assets.URL(tt.name)
			if !regexp.MustCompile(`^/assets/[0-9a-f]{16}/` + regexp.QuoteMeta(tt.name) + `$`).MatchString(url) {
				t.Fatalf("URL(%q) = %q, want /assets/HASH/%s", tt.name, url, tt.name)
			}
			w := request(t, url)
			if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), tt.content) {
				t.Errorf("GET %s: got %d and %d bytes, want 200 with %q in it", url, w.Code, w.Body.Len(), tt.content)
			}
			for name, want := range map[string]string{
				"Content-Type":           tt.contentType,
				"Cache-Control":          "public, max-age=31536000, immutable",
				"X-Content-Type-Options": "nosniff",
			} {
				if got := w.Header().Get(name); got != want {
					t.Errorf("GET %s: %s: got %q, want %q", url, name, got, want)
				}
			}
		})
	}
}

func TestHandler_gzip(t *testing.T) {
	for accepts, want := range map[string]bool{
		"": false, "gzip": true, "br, GZIP;q=0.5": true, "gzip;q=0": false, "gzip; q=0.000": false, "x-gzip, deflate": false, "deflate,gzip , br": true,
	} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, assets.URL("vendor/pico.min.css"), nil)
		r.Header.Set("Accept-Encoding", accepts)
		assets.Handler().ServeHTTP(w, r)
		if got := w.Header().Get("Content-Encoding") == "gzip"; got != want || w.Header().Get("Vary") != "Accept-Encoding" {
			t.Errorf("%q: got %v", accepts, w.Header())
		}
		body, size := io.Reader(w.Body), w.Body.Len()
		if want {
			var err error
			if body, err = gzip.NewReader(body); err != nil {
				t.Fatal(err)
			}
		}
		text, err := io.ReadAll(body)
		if err != nil || !strings.Contains(string(text), "Pico CSS") || want && size*4 > len(text) {
			t.Errorf("%q: %d bytes of %d, %v", accepts, size, len(text), err)
		}
	}
}

func TestHandler_unknownPath(t *testing.T) {
	for _, path := range []string{
		"/assets/",
		"/assets/app.css",
		"/assets/0000000000000000/app.css",
		strings.Replace(assets.URL("app.css"), "app.css", "favicon.svg", 1),
		assets.URL("app.css") + "/",
		"/assets/../assets.go",
	} {
		w := request(t, path)
		if w.Code != http.StatusNotFound {
			t.Errorf("GET %s: got %d, want 404", path, w.Code)
		}
		if got := w.Header().Get("Cache-Control"); strings.Contains(got, "immutable") {
			t.Errorf("GET %s: Cache-Control: got %q, want nothing lasting", path, got)
		}
	}
}

func TestURL_unknownName(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error(`URL("missing.css"): got an answer, want a panic`)
		}
	}()
	assets.URL("missing.css")
}

func request(t testing.TB, path string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, "http://hub.example/", nil)
	r.URL.Path = path
	assets.Handler().ServeHTTP(w, r)
	return w
}
