package page

import (
	"context"
	"log"
	"log/slog"
	"os"
	"strings"
)

// Complaints takes what net/http says of connections, for http.Server's ErrorLog. What clients
// cause by themselves is for those who debug: scanners and broken handshakes are everyday. The
// rest is the hub's affair: no more descriptors, a panic, an answer that is written wrongly.
func Complaints(to *slog.Logger) *log.Logger { return log.New(complaintWriter{to}, "", 0) }

type complaintWriter struct{ to *slog.Logger }

func (w complaintWriter) Write(p []byte) (int, error) {
	text, stack, _ := strings.Cut(strings.TrimSpace(string(p)), "\n")
	text, _, _ = strings.Cut(text, "; retrying in ") // the pause grows, and would make other lines of one fault
	level := slog.LevelWarn
	switch {
	case strings.HasPrefix(text, "http: panic serving "):
		level = slog.LevelError
	case strings.HasPrefix(text, "http: TLS handshake error "),
		strings.HasPrefix(text, "http: URL query contains semicolon"),
		strings.HasPrefix(text, "http: Accept error: ") && strings.Contains(text, os.ErrDeadlineExceeded.Error()): // a stop
		level = slog.LevelDebug
	}
	args := []any{"err", text}
	if stack != "" {
		args = append(args, "stack", stack)
	}
	w.to.Log(context.Background(), level, "the web server complains", args...)
	return len(p), nil
}
