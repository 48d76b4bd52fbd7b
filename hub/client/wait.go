package client

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"hearsay/hub/wire"
)

// answerFor is how long a request waits for its answer if its context sets no end.
const answerFor = 30 * time.Second

// A question is a request that is to be answered.
type question struct {
	event   string
	payload json.RawMessage
	fence   json.RawMessage // of a list whose end nobody says: a payload for the same event that is refused, which shows that the list is over
	ordered bool            // the answer waits for what came before it to be handled, however long that takes
}

// A wait is for the frames of an answer.
type wait struct {
	ordered bool
	news    chan struct{} // holds one

	frames []wire.Frame // guarded by link.mu, as what follows
	lost   bool
}

// ask sends a question, and gives each frame of its answer to take, until that is content
// or the fence comes. It reports a *Failure if the hub says no.
func (c *Client) ask(ctx context.Context, q question, take func(wire.Frame) (done bool, err error)) error {
	l, err := c.current()
	if err != nil {
		return err
	}
	if _, ends := ctx.Deadline(); !ends && !q.ordered {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, answerFor)
		defer cancel()
	}
	ref, fence := newRef(), newRef()
	w := &wait{ordered: q.ordered, news: make(chan struct{}, 1)}
	if !l.await(w, ref, fence) {
		return c.absent()
	}
	defer l.forget(ref, fence)
	if err := l.write(wire.Frame{Event: q.event, Ref: ref, Payload: q.payload}); err != nil {
		return fmt.Errorf("%s: %w", q.event, ErrLost)
	}
	if q.fence != nil {
		if err := l.write(wire.Frame{Event: q.event, Ref: fence, Payload: q.fence}); err != nil {
			return fmt.Errorf("%s: %w", q.event, ErrLost)
		}
	}
	var refused error
	for {
		f, err := l.next(ctx, w)
		if err != nil {
			return fmt.Errorf("%s: %w", q.event, err)
		}
		if string(f.Ref) == string(fence) {
			return refused
		}
		if f.Status == wire.StatusFailure {
			refused = failure(f)
			if q.fence == nil {
				return refused
			}
			continue
		}
		if done, err := take(f); done || err != nil {
			return err
		}
	}
}

// absent says why there is no socket.
func (c *Client) absent() error {
	select {
	case <-c.done:
		return ErrClosed
	default:
		return ErrNotConnected
	}
}

func newRef() wire.Ref { return wire.Ref(`"` + uuid.NewString() + `"`) }

func (l *link) await(w *wait, refs ...wire.Ref) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, ref := range refs {
		if l.over {
			return false
		}
		l.waiting[string(ref)] = w
	}
	return true
}

func (l *link) forget(refs ...wire.Ref) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, ref := range refs {
		delete(l.waiting, string(ref))
	}
}

// lose ends all waits.
func (l *link) lose() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.over = true
	for _, w := range l.waiting {
		w.lost = true
		signal(w.news)
	}
}

func signal(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}

// next gives the next frame of an answer.
func (l *link) next(ctx context.Context, w *wait) (wire.Frame, error) {
	for {
		l.mu.Lock()
		if len(w.frames) > 0 {
			f := w.frames[0]
			w.frames = w.frames[1:]
			l.mu.Unlock()
			return f, nil
		}
		lost := w.lost
		l.mu.Unlock()
		if lost {
			return wire.Frame{}, ErrLost
		}
		select {
		case <-w.news:
		case <-ctx.Done():
			return wire.Frame{}, fmt.Errorf("no answer: %w", context.Cause(ctx))
		}
	}
}

// answer brings an answer to who waits for it.
func (l *link) answer(f wire.Frame) error {
	l.mu.Lock()
	w := l.waiting[string(f.Ref)]
	l.mu.Unlock()
	deliver := func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		w.frames = append(w.frames, f)
		signal(w.news)
	}
	switch {
	case w != nil && w.ordered:
		return l.put(always, func() {
			if h := l.client.o.Handlers.Level; h != nil && f.Status == wire.StatusSuccess {
				level, _ := wire.DecodeLevel(f.Payload) // zero without the extension
				h(level)
			}
			deliver()
		})
	case w != nil:
		deliver()
	case len(f.Ref) > 0: // nobody waits any longer
	case f.Status == wire.StatusFailure && l.client.o.Handlers.Failure != nil:
		h := l.client.o.Handlers.Failure
		return l.put(droppable, func() { h(failure(f)) })
	default:
		return l.other(f)
	}
	return nil
}
