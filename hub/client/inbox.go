package client

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

const (
	// mostWaiting is how many events wait for the handlers before some are dropped.
	mostWaiting = 1000
	// reserved is how many more wait of those that are never dropped.
	reserved = 100
	// patience is how long an event that is never dropped waits for room.
	patience = time.Minute
)

var errStuck = errors.New("a handler has not returned for a minute")

// An inbox is what waits for the handlers, in its order.
type inbox struct {
	log     *slog.Logger
	events  chan func()
	dropped int // since there was room last; of the goroutine that puts
}

func newInbox(log *slog.Logger) *inbox {
	return &inbox{log: log, events: make(chan func(), mostWaiting+reserved)}
}

// handle calls what is put, until close.
func (b *inbox) handle() {
	for event := range b.events {
		event()
	}
}

func (b *inbox) close() { close(b.events) }

// A care says what becomes of an event for which there is no room.
type care bool

const (
	droppable care = false
	always    care = true
)

// put has an event handled. One goroutine puts. It reports errStuck if there is no room
// for one that may not be dropped.
func (b *inbox) put(ctx context.Context, care care, event func()) error {
	if care == droppable && len(b.events) >= mostWaiting {
		if b.dropped == 0 {
			b.log.Warn("a handler is slow: events are dropped")
		}
		b.dropped++
		return nil
	}
	if b.dropped > 0 && len(b.events) < mostWaiting/2 {
		b.log.Warn("the handlers have caught up", "dropped", b.dropped)
		b.dropped = 0
	}
	select {
	case b.events <- event:
		return nil
	default:
	}
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case b.events <- event:
		return nil
	case <-late.C:
		return errStuck
	case <-ctx.Done():
		return ctx.Err()
	}
}
