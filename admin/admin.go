package admin

import (
	"context"
	"net/http"
	"net/netip"
	"time"

	"hearsay/admin/setting"
	"hearsay/hub"
	"hearsay/hub/page"
	"hearsay/hub/quota"
	"hearsay/hub/site/mail"
	"hearsay/hub/store"
)

// Options says what the pages show and how they learn it. Store, Hub and Settings are
// needed by all but the public pages.
type Options struct {
	page.Options
	Hub *hub.Hub
	// Settings are those of the server.
	Settings *setting.Settings
	// Mail sends what people get by mail. Default: nothing is sent.
	Mail *mail.Sender
	// Restore has the server stop, put that file in the place of the database, and start
	// again; it does not wait. It reports false when the server is about to stop already.
	Restore func(*store.Successor) bool
	// Restored is how the last restore ended since the program started. Default: there was none.
	Restored *Restored
	// Started is when the server did; default now.
	Started time.Time
	// Ready returns nil when the hub can serve games, else the reason. Anyone
	// may read the reason: plain words, nothing secret. Default: always ready.
	Ready func(context.Context) error
	// MetricsToken is the bearer token that opens /metrics. Empty: nobody may read them there.
	// The address of a request proves nothing: a proxy on this machine may have forwarded it.
	MetricsToken string
	// UndeclaredProxy returns the address of a proxy that the operator has not declared, or the
	// zero Addr. Default: there is none.
	UndeclaredProxy func() netip.Addr
	// LastBackup returns when the file was last backed up, the zero time if it never
	// was, or why it could not be. Default: backups are no matter.
	LastBackup func(context.Context) (time.Time, error)
}

type server struct {
	Options
	*page.Pages
	logins logins
	mails  quota.Quota

	attention attention
	history   history
}

// New returns the handler of everything beside the socket.
func New(o Options) http.Handler {
	o.Options = o.Options.Filled()
	if o.Ready == nil {
		o.Ready = func(context.Context) error { return nil }
	}
	if o.Started.IsZero() {
		o.Started = time.Now()
	}
	s := &server{Options: o, Pages: page.New(o.Options, navigation)}
	mux := http.NewServeMux()
	s.Register(mux, s.routes())
	return mux
}
