package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/VictoriaMetrics/metrics"
	"zombiezen.com/go/sqlite"
)

const (
	probeEvery  = 5 * time.Second  // after so long without a write, one is tried
	readyWithin = 15 * time.Second // so recent must the last write be that succeeded
	failedFor   = 10 * time.Second // so long a write that failed is held against the file, whatever else succeeds
)

var writeFailures = metrics.NewCounter("hearsay_write_failures_total")

// A health is how writing went lately.
type health struct {
	mu       sync.Mutex // guards what follows
	good     time.Time  // when a write last succeeded
	bad      time.Time  // when one last failed because of the machine
	badCause error
}

func (h *health) succeeded(now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.good = now
}

// note notes how a transaction ended.
func (h *health) note(err error) {
	now := time.Now()
	if err == nil {
		h.succeeded(now)
		return
	}
	if !machine(err) {
		return
	}
	writeFailures.Inc()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.bad, h.badCause = now, err
}

// idle is how long no write has succeeded.
func (h *health) idle(now time.Time) time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	return now.Sub(h.good)
}

func (h *health) ready(now time.Time) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.badCause != nil && now.Sub(h.bad) < failedFor:
		return fmt.Errorf("the database cannot be written: %w", h.badCause)
	case now.Sub(h.good) > readyWithin:
		return fmt.Errorf("nothing could be written to the database for %v", now.Sub(h.good).Round(time.Second))
	}
	return nil
}

// machine reports whether a transaction failed because of the disk, the file or another
// program, and not because of what was to be written.
func machine(err error) bool {
	switch sqlite.ErrCode(err).ToPrimary() {
	case sqlite.ResultBusy, sqlite.ResultLocked, sqlite.ResultFull, sqlite.ResultIOErr, sqlite.ResultCorrupt, sqlite.ResultNotADB,
		sqlite.ResultReadOnly, sqlite.ResultCantOpen, sqlite.ResultPerm, sqlite.ResultProtocol, sqlite.ResultNoMem:
		return true
	}
	return false
}

// Ready reports whether the file can be read, and whether writing it succeeded within the
// last 15 seconds and did not fail within the last ten. While nothing else is written,
// Maintain tries.
func (s *Store) Ready(ctx context.Context) error {
	select {
	case <-s.quit:
		return errors.New("the database is closing")
	default:
	}
	s.look()
	if err := s.Loss(); err != nil {
		return err
	}
	if err := s.health.ready(time.Now()); err != nil {
		return err
	}
	_, err := s.Newest(ctx)
	return err
}

// probe tries to write while nothing else is written, until ctx ends.
func (s *Store) probe(ctx context.Context) {
	ticker := time.NewTicker(probeEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if s.health.idle(time.Now()) < probeEvery {
			continue
		}
		// Nobody uses that number; to write it again puts one page into the WAL.
		err := s.note(ctx, func(conn *sqlite.Conn) error { return exec(conn, `PRAGMA user_version = 0`) })
		if ctx.Err() == nil {
			s.faults.note("a write that is tried", err)
		}
	}
}
