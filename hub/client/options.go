package client

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"hearsay/hub/wire"
)

// Options say where the hub is, who asks and what for. URL, ClientID and ClientSecret
// must be set.
type Options struct {
	URL          string // of the hub's socket: "wss://hub.example/socket"
	ClientID     string
	ClientSecret string

	Supports  []string        // flags; "channels" is always one of them
	Channels  []string        // to subscribe to at once, and after each reconnect
	Players   func() []string // who is on; nil: whom SignIn and SignOut have named. Asked for each heartbeat, by one goroutine at a time
	Version   string          // of the game
	UserAgent string          // of the program; empty: that of this package
	SyncForm  string          // of an application: "records" or "versions"; empty: what the operator has set. Extension

	Handlers Handlers
	Persist  bool         // goes on when the hub refuses the credentials: an operator may mend them
	Log      *slog.Logger // nil: nothing is logged. Never a secret, never what a tell says

	RetryLeast time.Duration // the first wait between tries; 0: a second
	RetryMost  time.Duration // the longest; 0: a minute
	HTTPClient *http.Client  // for the handshake; nil: http.DefaultClient
}

// Handlers take what the hub sends unasked. Each may be nil. They are called by one
// goroutine, in the order in which the hub sent it. A handler may call methods of the
// Client and wait for their answers, but for Sync.
//
// While a handler runs, up to 1,000 events wait. Then those of games, players, channels
// and tells are dropped and counted in the log, so that the socket lives on; of Sync none
// is dropped: the hub is kept waiting, which costs it nothing, and after a minute the
// socket is given up and made anew.
type Handlers struct {
	Connected    func(wire.Welcome)                   // authenticated
	Disconnected func(err error, again time.Duration) // the socket has ended, or could not be made; the next try is after that time

	Broadcast      func(wire.Broadcast)      // somebody said something in a channel; ID is 0 without the flag history
	SignIn         func(wire.PlayerPayload)  // a player came to another game
	SignOut        func(wire.PlayerPayload)  // and went
	Tell           func(wire.ReceivePayload) // somebody speaks to a player of this game
	GameConnect    func(game string)         // a game came online
	GameDisconnect func(game string)         // and went
	Restart        func(downtime time.Duration)

	CharacterChanged func(wire.Character) // what a player of this game is on the network has changed. Flag characters, an extension

	Sync      func(wire.SyncBatch) // records of the network, to an application
	Level     func(wire.SyncLevel) // a catch-up that Sync asked for is over; zero if the hub has no extension
	Heartbeat func()               // the hub asked whether the client is there; it has been answered, or will be

	Failure func(*Failure)   // a no that no request waits for
	Other   func(wire.Frame) // anything else
}

// DefaultUserAgent is what a client calls itself unless told otherwise.
const DefaultUserAgent = "hearsay-client"

func (o *Options) complete() error {
	if err := checkURL(o.URL); err != nil {
		return fmt.Errorf("%w: url: %w", ErrOptions, err)
	}
	if o.ClientID == "" || o.ClientSecret == "" {
		return fmt.Errorf("%w: the client id and the client secret must be given", ErrOptions)
	}
	o.Supports = withChannels(o.Supports)
	if o.UserAgent == "" {
		o.UserAgent = DefaultUserAgent
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.RetryLeast <= 0 {
		o.RetryLeast = time.Second
	}
	if o.RetryMost <= 0 {
		o.RetryMost = time.Minute
	}
	o.RetryMost = max(o.RetryMost, o.RetryLeast)
	return nil
}

// checkURL refuses what is no address of a hub's socket. Its errors tell nothing of a password.
func checkURL(text string) error {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return fmt.Errorf("the address cannot be read: %w. One looks like wss://hub.example/socket", errors.Unwrap(err)) // err tells all of it
	case u.User != nil:
		return fmt.Errorf("the address of %q has a user name or a password before the @. "+
			"Take them out; a hub asks for the client id and its secret", u.Host)
	case u.Scheme != "ws" && u.Scheme != "wss", u.Host == "":
		return fmt.Errorf("%q is no address of a hub; one looks like wss://hub.example/socket", text[strings.LastIndexByte(text, '@')+1:])
	case u.Path == "" || u.Path == "/":
		return fmt.Errorf("%q has no path. A hub's socket is at %s://%s/socket", text, u.Scheme, u.Host)
	}
	return nil
}

// withChannels copies the flags, with the one that every socket must have.
func withChannels(flags []string) []string {
	all := []string{wire.SupportChannels.Names()[0]}
	for _, flag := range flags {
		if flag != all[0] {
			all = append(all, flag)
		}
	}
	return all
}
