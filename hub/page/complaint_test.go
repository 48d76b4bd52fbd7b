package page_test

import (
	"bytes"
	"log/slog"
	"os"
	"strings"
	"testing"

	"hearsay/hub/page"
)

// TestComplaints: what the web server says is as loud as it deserves.
func TestComplaints(t *testing.T) {
	for text, want := range map[string]string{
		"http: Accept error: accept tcp 127.0.0.1:8080: accept4: too many open files; retrying in 5ms\n": "level=WARN",
		"http: panic serving 192.0.2.1:5: oh\ngoroutine 7 [running]:\n":                                  "level=ERROR",
		"http: superfluous response.WriteHeader call from x\n":                                           "level=WARN",
		"http: TLS handshake error from 192.0.2.1:5: EOF\n":                                              "level=DEBUG",
		"http: URL query contains semicolon, which is no longer a supported separator\n":                 "level=DEBUG",
		"http: Accept error: " + os.ErrDeadlineExceeded.Error() + "; retrying in 5ms\n":                  "level=DEBUG",
	} {
		var log bytes.Buffer
		page.Complaints(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))).Print(text)
		if !strings.Contains(log.String(), want+" ") || strings.Count(log.String(), "\n") != 1 {
			t.Errorf("%q: got %s, want %s", text, &log, want)
		}
		if strings.Contains(log.String(), "retrying") { // the log would not know the lines of one fault as the same
			t.Errorf("%q: got %s, with the pause", text, &log)
		}
	}
}
