package client

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/coder/websocket"

	"hearsay/hub/wire"
)

// A Client keeps a socket to a hub. It is safe for concurrent use.
type Client struct {
	o      Options
	roster *roster
	inbox  *inbox
	done   chan struct{} // closed at the end

	mu       sync.Mutex    // guards what follows
	changed  chan struct{} // closed and made anew when link changes
	link     *link         // the socket that has authenticated; nil: none
	channels map[string]bool
	err      error
}

// Dial starts a client, which lives until ctx ends. It does not wait for the hub: see
// Connected. It reports an ErrOptions that says what is wrong with o.
func Dial(ctx context.Context, o Options) (*Client, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	c := &Client{
		o: o, roster: &roster{ask: o.Players}, inbox: newInbox(o.Log),
		changed: make(chan struct{}), done: make(chan struct{}), channels: map[string]bool{},
	}
	for _, channel := range o.Channels {
		c.channels[channel] = true
	}
	handled := make(chan struct{})
	go func() {
		defer close(handled)
		c.inbox.handle()
	}()
	go func() {
		err := c.keep(ctx)
		c.inbox.close()
		<-handled
		c.mu.Lock()
		c.err = err
		c.mu.Unlock()
		close(c.done)
	}()
	return c, nil
}

// Done is closed when the client has ended: its socket is closed, its handlers have
// returned.
func (c *Client) Done() <-chan struct{} { return c.done }

// Err is nil until Done is closed. Then it says why: the end of the context, or the
// *Failure with which the hub refused the credentials, or an ErrOptions: a page is at the
// hub's address.
func (c *Client) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// Connected returns when the client is authenticated, at once if it is. Its error is that
// of ctx, or Err if the client has ended.
func (c *Client) Connected(ctx context.Context) error {
	for {
		c.mu.Lock()
		link, changed := c.link, c.changed
		c.mu.Unlock()
		if link != nil {
			return nil
		}
		select {
		case <-changed:
		case <-c.done:
			return c.Err()
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// current gives the socket that requests go to, or says why there is none.
func (c *Client) current() (*link, error) {
	c.mu.Lock()
	l := c.link
	c.mu.Unlock()
	if l == nil {
		return nil, c.absent()
	}
	return l, nil
}

// setLink says which socket requests go to.
func (c *Client) setLink(l *link) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.link = l
	close(c.changed)
	c.changed = make(chan struct{})
}

// keep makes sockets, one after the other, until ctx ends or the hub refuses.
func (c *Client) keep(ctx context.Context) error {
	wait := c.o.RetryLeast // before the next try
	met := false           // there was a hub at the address
	for {
		began := time.Now()
		l := &link{client: c}
		err := l.run(ctx)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if time.Since(began) > 10*c.o.RetryLeast && l.welcomed {
			wait = c.o.RetryLeast
		}
		met = met || l.welcomed
		switch page, isPage := errors.AsType[*statusError](err); {
		case Refused(err) && !c.o.Persist:
			return err
		case isPage && page.status < http.StatusBadRequest && !met:
			return fmt.Errorf("%w: url: %w", ErrOptions, err)
		}
		pause := jitter(wait)
		switch {
		case l.downtime > 0: // the hub has its own jitter
			pause = l.downtime + rand.N(time.Second)
			wait = c.o.RetryLeast
		case Refused(err) || isSlowDown(err):
			pause, wait = jitter(c.o.RetryMost), c.o.RetryMost
		default:
			wait = min(2*wait, c.o.RetryMost)
		}
		c.o.Log.Info("not connected", "hub", c.o.URL, "err", err, "again", pause)
		if h := c.o.Handlers.Disconnected; h != nil {
			_ = c.inbox.put(ctx, always, func() { h(err, pause) }) // a handler that hangs must not keep us from the hub
		}
		if !sleep(ctx, pause) {
			return context.Cause(ctx)
		}
	}
}

// jitter is between three and five quarters of d.
func jitter(d time.Duration) time.Duration { return d*3/4 + rand.N(d/2+1) }

func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// Refused reports whether an error says that the hub has refused to authenticate the client.
func Refused(err error) bool {
	f, ok := errors.AsType[*Failure](err)
	return ok && f.Event == wire.Authenticate
}

// A statusError says that the hub answered the handshake otherwise than with an upgrade.
type statusError struct {
	status int
	err    error
}

func (e *statusError) Error() string {
	if e.status < http.StatusBadRequest || e.status == http.StatusNotFound {
		return fmt.Sprintf("the address answered %d, so there is no socket. A hub's address ends in /socket", e.status)
	}
	return fmt.Sprintf("the hub answered %d: %v", e.status, e.err)
}

func (e *statusError) Unwrap() error { return e.err }

// isSlowDown reports whether the hub wants the client to wait long: the address failed
// too often, or the game is suspended or flooded.
func isSlowDown(err error) bool {
	if e, ok := errors.AsType[*statusError](err); ok && e.status == http.StatusTooManyRequests {
		return true
	}
	return websocket.CloseStatus(err) == wire.CloseRemoved
}

// wanted are the channels to be in, in order.
func (c *Client) wanted() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Sorted(maps.Keys(c.channels))
}

// want notes whether to be in a channel after the next reconnect.
func (c *Client) want(channel string, in bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if in {
		c.channels[channel] = true
	} else {
		delete(c.channels, channel)
	}
}
