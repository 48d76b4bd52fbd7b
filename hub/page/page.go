package page

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"github.com/a-h/templ"

	"hearsay/hub/store"
)

// Options are what every page needs.
type Options struct {
	// Store has the sessions. Without one nobody is ever signed in.
	Store *store.Store
	// Heading returns what people read as the network's name. Default: "Hearsay".
	Heading func() string
	// Registers reports whether people may register games. Default: they may not.
	Registers func() bool
	// Build is the build of the program, shown at the foot of every page;
	// default "development build".
	Build string
	// SignUp returns who may make an account. Default: nobody.
	SignUp func() store.SignUpMode
	// Remote returns the address of the client, seen through the proxies that
	// the operator trusts, and the zero Addr when it cannot tell. Default: the
	// other end of the connection.
	Remote func(*http.Request) netip.Addr
	// Secure reports whether the client came by TLS, here or at a trusted
	// proxy. Default: by TLS here.
	Secure func(*http.Request) bool
	// PublicURL is where browsers find the pages, such as "https://hub.example", whatever
	// the header Host says. Default: where the request's Host is.
	PublicURL string
	// Stopping is closed when the server begins to stop: then live pages are let go,
	// which would keep it for ever. Default: never.
	Stopping <-chan struct{}
	// Log hears of pages that could not be made. Default: nobody.
	Log *slog.Logger
}

// Filled are the options with their defaults.
func (o Options) Filled() Options {
	if o.Heading == nil {
		o.Heading = func() string { return "Hearsay" }
	}
	if o.Registers == nil {
		o.Registers = func() bool { return false }
	}
	o.Build = cmp.Or(o.Build, "development build")
	o.Log = cmp.Or(o.Log, slog.New(slog.DiscardHandler))
	if o.SignUp == nil {
		o.SignUp = func() store.SignUpMode { return store.SignUpClosed }
	}
	if o.Remote == nil {
		o.Remote = peer
	}
	if o.Secure == nil {
		o.Secure = func(r *http.Request) bool { return r.TLS != nil }
	}
	return o
}

// Pages are what the pages of one package share. Make them with [New].
type Pages struct {
	o          Options
	navigation [][]Item
	drawers    drawers
	protection *http.CrossOriginProtection
}

// New makes pages. Navigation is what operators' pages are reached by, in groups.
func New(o Options, navigation [][]Item) *Pages {
	p := &Pages{o: o.Filled(), navigation: navigation, protection: http.NewCrossOriginProtection()}
	if p.o.PublicURL != "" {
		_ = p.protection.AddTrustedOrigin(p.o.PublicURL) // what is no origin is refused as a setting, and trusted by nobody
	}
	p.protection.SetDenyHandler(http.HandlerFunc(p.serveForeign))
	return p
}

// Register adds routes to those of a server: answers have the headers that all have, forms of
// other sites are refused unless the route takes them, and nobody gets in who may not.
func (p *Pages) Register(mux *http.ServeMux, routes []Route) {
	for _, one := range routes {
		handler := p.admit(one)
		if !one.Foreign {
			handler = p.protection.Handler(handler)
		}
		mux.Handle(one.Pattern, guard(handler, p.o.Secure))
	}
}

// Origin is this hub's address as browsers reach it, without a slash at its end.
func (p *Pages) Origin(r *http.Request) string {
	if p.o.PublicURL != "" {
		return p.o.PublicURL
	}
	host := r.Host
	if at, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr); ok && host == "" {
		host = at.String() // an old client did not say whom it asks
	}
	if p.o.Secure(r) {
		return "https://" + host
	}
	return "http://" + host
}

// Socket is the address of the websocket as the client reaches it.
func (p *Pages) Socket(r *http.Request) string {
	return "ws" + strings.TrimPrefix(p.Origin(r), "http") + "/socket"
}

func peer(r *http.Request) netip.Addr {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{} // not a TCP connection: nobody we know
	}
	return ap.Addr().Unmap()
}

// policy is the Content-Security-Policy of every page, with a nonce for its scripts.
// Images may be data because Pico draws its icons so, and we the code for an
// authenticator.
const policy = "default-src 'none'; script-src 'nonce-%s'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"require-trusted-types-for 'script'; trusted-types htmx; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// onlyTLS has a browser that came by TLS use nothing else for half a year.
const onlyTLS = "max-age=15552000"

// guard sets the headers that every answer has; secure reports whether a request came by TLS.
// A handler that serves something lasting sets its own Cache-Control.
func guard(next http.Handler, secure func(*http.Request) bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		nonce := rand.Text()
		r = r.WithContext(templ.WithNonce(r.Context(), nonce))
		h := w.Header()
		h.Set("Content-Security-Policy", fmt.Sprintf(policy, nonce))
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		if secure(r) {
			h.Set("Strict-Transport-Security", onlyTLS)
		}
		next.ServeHTTP(w, r)
	})
}

// Render answers with the whole page, or with 500 if it cannot be made: the
// browser never sees half of one.
func (p *Pages) Render(w http.ResponseWriter, r *http.Request, code int, page templ.Component) {
	var b bytes.Buffer
	if err := page.Render(r.Context(), &b); err != nil {
		if r.Context().Err() != nil {
			return // nobody waits for the answer
		}
		p.o.Log.Error("render page", "path", logged(r), "err", err)
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	if zips(h, r) && b.Len() >= zipLeast {
		h.Set("Content-Encoding", "gzip")
		w.WriteHeader(code)
		_ = zipTo(w, b.Bytes()) // fails only when the browser has gone
		return
	}
	w.WriteHeader(code)
	_, _ = b.WriteTo(w) // fails only when the browser has gone
}

// Show is Render for a page that was found.
func (p *Pages) Show(w http.ResponseWriter, r *http.Request, page templ.Component) error {
	p.Render(w, r, http.StatusOK, page)
	return nil
}

// Public allows caches to keep the answer for a while, unless it is for somebody who is
// signed in. Without a query only: what people search for is rarely asked for twice.
func (p *Pages) Public(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Vary", "Cookie")
	if !Who(r).SignedIn() && r.URL.RawQuery == "" {
		w.Header().Set("Cache-Control", "public, max-age=30")
	}
}

// Open begins a public page: caches may keep it, and it has one address.
func (p *Pages) Open(w http.ResponseWriter, r *http.Request, title string) Frame {
	p.Public(w, r)
	f := p.Frame(r, title)
	f.Canonical = p.Origin(r) + r.URL.EscapedPath()
	return f
}
