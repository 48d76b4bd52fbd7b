package admin

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"github.com/a-h/templ"

	"hearsay/admin/setting"
	"hearsay/hub"
	"hearsay/hub/store"
)

// Options says what the pages show and how they learn it. Store, Hub and Settings are
// needed by all but the public pages.
type Options struct {
	Store *store.Store
	Hub   *hub.Hub
	// Settings are those of the server.
	Settings *setting.Settings
	// Restore has the server stop, put that file in the place of the database, and start
	// again; it does not wait. It reports false when the server is about to stop already.
	Restore func(*store.Successor) bool
	// Restored is how the last restore ended since the program started. Default: there was none.
	Restored *Restored
	// Started is when the server did; default now.
	Started time.Time
	// Name is what people read as the network's, without Settings; default "Hearsay".
	Name string
	// Build is the build of the program, shown at the foot of every page;
	// default "development build".
	Build string
	// Ready returns nil when the hub can serve games, else the reason. Anyone
	// may read the reason: plain words, nothing secret. Default: always ready.
	Ready func(context.Context) error
	// Remote returns the address of the client, seen through the proxies that
	// the operator trusts, and the zero Addr when it cannot tell. Default: the
	// other end of the connection.
	Remote func(*http.Request) netip.Addr
	// Secure reports whether the client came by TLS, here or at a trusted
	// proxy. Default: by TLS here.
	Secure func(*http.Request) bool
	// MetricsToken lets whoever sends it as a bearer token read /metrics from
	// any address. Empty: only this machine may.
	MetricsToken string
	// LastBackup returns when the file was last backed up, the zero time if it never
	// was, or why it could not be. Default: backups are no matter.
	LastBackup func(context.Context) (time.Time, error)
	// Stopping is closed when the server begins to stop: then live pages are let go,
	// which would keep it for ever. Default: never.
	Stopping <-chan struct{}
	// Log hears of pages that could not be made. Default: nobody.
	Log *slog.Logger
}

type server struct {
	Options
	logins  logins
	drawers drawers
	live    *topics

	attention attention
	history   history
}

// New returns the handler of everything beside the socket.
func New(o Options) http.Handler {
	o.Name = cmp.Or(o.Name, "Hearsay")
	o.Build = cmp.Or(o.Build, "development build")
	o.Log = cmp.Or(o.Log, slog.New(slog.DiscardHandler))
	if o.Ready == nil {
		o.Ready = func(context.Context) error { return nil }
	}
	if o.Remote == nil {
		o.Remote = peer
	}
	if o.Secure == nil {
		o.Secure = func(r *http.Request) bool { return r.TLS != nil }
	}
	if o.Started.IsZero() {
		o.Started = time.Now()
	}
	s := &server{Options: o}
	s.live = newTopics(s.topics(), o.Stopping, o.Log)
	return guard(s.handler())
}

// heading is what people read as the network's name.
func (s *server) heading() string {
	if s.Settings == nil {
		return s.Name
	}
	c := s.Settings.Config()
	return c.Heading()
}

func peer(r *http.Request) netip.Addr {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{} // not a TCP connection: nobody we know
	}
	return ap.Addr()
}

// policy is the Content-Security-Policy of every page, with a nonce for its scripts.
// Images may be data because Pico draws its icons so, and we the code for an
// authenticator.
const policy = "default-src 'none'; script-src 'nonce-%s'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"require-trusted-types-for 'script'; trusted-types htmx; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// guard sets the headers that every answer has, and refuses forms that another site
// sends. A handler that serves something lasting sets its own Cache-Control.
func guard(next http.Handler) http.Handler {
	next = http.NewCrossOriginProtection().Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		nonce := rand.Text()
		r = r.WithContext(templ.WithNonce(r.Context(), nonce))
		h := w.Header()
		h.Set("Content-Security-Policy", fmt.Sprintf(policy, nonce))
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// render answers with the whole page, or with 500 if it cannot be made: the
// browser never sees half of one.
func (s *server) render(w http.ResponseWriter, r *http.Request, code int, page templ.Component) {
	var b bytes.Buffer
	if err := page.Render(r.Context(), &b); err != nil {
		s.Log.Error("render page", "path", r.URL.Path, "err", err)
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(code)
	_, _ = b.WriteTo(w) // fails only when the browser has gone
}

// show is render for a page that was found.
func (s *server) show(w http.ResponseWriter, r *http.Request, page templ.Component) error {
	s.render(w, r, http.StatusOK, page)
	return nil
}
