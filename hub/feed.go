package hub

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"hearsay/hub/store"
	"hearsay/hub/wire"
)

// A feed is a goroutine in which the backbone feeds an application's socket.
type feed struct {
	stop context.CancelFunc
	done chan struct{}
}

// startFeed runs serve until the socket ends or stopFeed is called. It returns nil when
// serve calls level, which says that the catch-up is over. If serve ends before that,
// startFeed returns serve's error.
func (s *session) startFeed(serve func(ctx context.Context, level func()) error) error {
	s.stopFeed()
	s.progress.Store(&progress{})
	ctx, stop := context.WithCancel(s.ctx)
	s.feed = &feed{stop: stop, done: make(chan struct{})}
	level := make(chan struct{})
	failed := make(chan error, 1)
	s.hub.mu.Lock()
	s.hub.running.Add(1)
	s.hub.mu.Unlock()
	go func(done chan struct{}) {
		defer s.hub.running.Done()
		defer close(done)
		err := serve(ctx, func() { close(level) })
		failed <- err
		select {
		case <-level:
			if ctx.Err() == nil {
				s.log(slog.LevelError, "the sync ended", "err", err)
				s.end(ending{code: wire.CloseTryLater, reason: "the database does not answer"})
			}
		default: // startFeed returns it
		}
	}(s.feed.done)
	select {
	case <-level:
		return nil
	case err := <-failed:
		select {
		case <-level: // it ended right after
			return nil
		default:
			return err
		}
	}
}

// progress is how far an application's socket has been fed. It may be read at any time.
type progress struct {
	through atomic.Int64 // the version up to which it has the log; 0: the catch-up is not over
	sent    atomic.Int64 // when the last frame was sent, in nanoseconds since 1970; 0: none was
}

// sendSync sends what comes of the backbone, and notes how far that is.
func (s *session) sendSync(through store.VersionID, frames ...[]byte) error {
	p := s.progress.Load()
	if len(frames) > 0 {
		if err := s.sendWaiting(frames...); err != nil {
			return err
		}
		p.sent.Store(time.Now().UnixNano())
	}
	if through > 0 {
		p.through.Store(int64(through))
	}
	return nil
}

// stopFeed ends the stream at hand, and returns when nothing more comes of it.
func (s *session) stopFeed() {
	if s.feed != nil {
		s.feed.stop()
		<-s.feed.done
		s.feed = nil
	}
}

// startRecords begins the sync in the form records, which nobody has to ask for. It
// returns when all records are queued, or false if the socket has ended.
func (s *session) startRecords(peer store.Peer) bool {
	if s.hub.o.Backbone == nil {
		return true
	}
	err := s.startFeed(func(ctx context.Context, level func()) error {
		return s.hub.o.Backbone.Records(ctx, peer, s.sendSync, level)
	})
	if err != nil && s.ctx.Err() == nil {
		s.log(slog.LevelError, "the first sync failed", "err", err)
		s.tryLater("the database does not answer")
	}
	return err == nil
}

// handleSync serves sync, in the form versions. It returns when the catch-up is
// over, so that later requests are answered after it. Section 9.
func (s *session) handleSync(_ context.Context, f wire.Frame) {
	r, ok := wire.DecodeSyncRequest(f.Payload)
	if !ok || s.hub.o.Backbone == nil {
		s.fail(f, wire.ErrorMalformed)
		return
	}
	err := s.startFeed(func(ctx context.Context, level func()) error {
		return s.hub.o.Backbone.Versions(ctx, *s.peer, r, s.sendSync, func(payload json.RawMessage) {
			if s.answers(f) {
				s.send(success(f, payload))
			}
			level()
		})
	})
	switch {
	case err == nil || s.ctx.Err() != nil:
	case errors.Is(err, store.ErrNotFound):
		s.fail(f, wire.ErrorUnknownCursor)
	default:
		s.fail(f, s.reason(err))
	}
}
