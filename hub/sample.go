package hub

import (
	"context"
	"errors"
	"time"

	"hearsay/hub/store"
)

// Sample puts on record once a minute how much goes on, until ctx ends; then it does so
// once more, for the messages of the minute that has begun. It is to end while sockets are
// still open.
func (h *Hub) Sample(ctx context.Context) {
	recorded, writing := h.messages.Load(), context.WithoutCancel(ctx)
	census := newCensus()
	for last := false; !last; {
		next := time.NewTimer(untilSample(time.Now()))
		select {
		case <-next.C:
		case <-ctx.Done():
			next.Stop()
			last = true
		}
		now, status := time.Now(), h.Status()
		at, all := census.add(now, status.Games)
		h.record(writing, at, all)
		r := h.reading(writing, status)
		said := h.messages.Load()
		r.Messages = int(said - recorded)
		if err := h.store.AddReading(writing, now, r); errors.Is(err, store.ErrLost) {
			continue // the store has told
		} else if err != nil {
			h.log.Error("what goes on cannot be put on record", "err", err)
			continue
		}
		recorded = said
	}
	at, all := census.take()
	h.record(writing, at, all)
}

// untilSample is how long it is to the middle of a minute: so each minute has one sample,
// though timers are a little late.
func untilSample(now time.Time) time.Duration {
	half := now.Truncate(time.Minute).Add(30 * time.Second)
	if !half.After(now) {
		half = half.Add(time.Minute)
	}
	return half.Sub(now)
}

// reading says how much goes on.
func (h *Hub) reading(ctx context.Context, st Status) store.Reading {
	r := store.Reading{Games: len(st.Games), Players: st.Players, Sockets: st.Sockets}
	for _, a := range st.Applications {
		r.Lag = max(r.Lag, h.Lag(ctx, a))
	}
	return r
}

// Lag is how far an application is behind: the age of the first change that it has not
// got. It is 0 for one that has all, or has not begun.
func (h *Hub) Lag(ctx context.Context, a ApplicationStatus) time.Duration {
	if a.Fed == 0 || a.Cursor == 0 || a.Cursor >= store.VersionID(h.reached.Load()) {
		return 0
	}
	lag, err := h.store.Lag(ctx, a.Cursor, time.Now())
	if err != nil && ctx.Err() == nil {
		h.log.Error("the log cannot be read", "err", err)
	}
	return lag
}
