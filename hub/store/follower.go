package store

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"zombiezen.com/go/sqlite"
)

const (
	followedWithin = time.Second // how long AwaitFollowers waits
	followedEvery  = 10 * time.Millisecond

	retryFirst = pollEvery
	retryMost  = 15 * time.Second
)

// marks are those of other processes: see AwaitFollowers. A server has followers, which
// acknowledge them; the store of a command has none.
type marks struct {
	newest atomic.Int64 // the newest that was there before the followers were woken last

	mu        sync.Mutex // guards what follows
	followers map[*Follower]struct{}
	taken     int64 // the newest that was taken away
}

// A Follower is a reader that keeps something in memory which the file decides. It is
// what a command waits for that changes the file. It belongs to one goroutine.
type Follower struct {
	// Wake gets a value soon after a commit of anything but chat messages, by this process or
	// another. It holds one value: whoever is woken reads until level.
	Wake <-chan struct{}

	store *Store
	stop  func()
	begun int64         // the newest mark before the look at hand
	level int64         // the newest mark that it has come to; guarded by marks.mu
	pause time.Duration // after the last look; 0: that did not fail
}

// Follow makes a Follower; Stop ends it.
func (s *Store) Follow() *Follower {
	f := &Follower{store: s}
	f.Wake, f.stop = s.Watch()
	s.marks.mu.Lock()
	defer s.marks.mu.Unlock()
	if s.marks.followers == nil {
		s.marks.followers = map[*Follower]struct{}{}
	}
	s.marks.followers[f] = struct{}{}
	return f
}

// Stop ends the Follower.
func (f *Follower) Stop() {
	f.stop()
	f.store.marks.mu.Lock()
	defer f.store.marks.mu.Unlock()
	delete(f.store.marks.followers, f)
}

// Begin comes before a look at the file.
func (f *Follower) Begin() { f.begun = f.store.marks.newest.Load() }

// End comes after a look, with its error. It gives a channel that has a value when a look
// that failed is due again, or nil. The pause doubles with each failure in a row, from a quarter
// of a second to 15 seconds.
func (f *Follower) End(ctx context.Context, err error) (retry <-chan time.Time) {
	if err == nil {
		err = f.store.acknowledge(ctx, f)
	}
	if err == nil {
		f.pause = 0
		return nil
	}
	f.pause = min(max(retryFirst, 2*f.pause), retryMost)
	return time.After(f.pause)
}

// acknowledge takes away the marks that all followers have come to.
func (s *Store) acknowledge(ctx context.Context, f *Follower) error {
	m := &s.marks
	m.mu.Lock()
	f.level = f.begun
	level := f.begun
	for other := range m.followers {
		level = min(level, other.level)
	}
	due := level > m.taken
	m.mu.Unlock()
	if !due {
		return nil
	}
	err := s.note(ctx, func(conn *sqlite.Conn) error { return exec(conn, `DELETE FROM marks WHERE id <= ?1`, level) })
	if err == nil {
		m.mu.Lock()
		m.taken = max(m.taken, level)
		m.mu.Unlock()
	}
	return err
}

// newestMark is 0 if there are no marks.
func newestMark(conn *sqlite.Conn) (id int64, err error) {
	_, err = row(conn, `SELECT coalesce(max(id), 0) FROM marks`, func(stmt *sqlite.Stmt) { id = stmt.ColumnInt64(0) })
	return id, err
}

// Changed reports whether this Store has committed anything but chat messages.
func (s *Store) Changed() bool { return s.changed.Load() }

// AwaitFollowers waits until the server that runs on the file has followed what was committed
// before, for up to a second. It reports whether it has.
func (s *Store) AwaitFollowers(ctx context.Context) (followed bool, err error) {
	var id int64
	if err := s.note(ctx, func(conn *sqlite.Conn) error {
		_, err := row(conn, `INSERT INTO marks DEFAULT VALUES RETURNING id`, func(stmt *sqlite.Stmt) { id = stmt.ColumnInt64(0) })
		return err
	}); err != nil {
		return false, err
	}
	ticker, late := time.NewTicker(followedEvery), time.NewTimer(followedWithin)
	defer ticker.Stop()
	defer late.Stop()
	for {
		waits := false
		err := s.query(ctx, func(conn *sqlite.Conn) (err error) {
			waits, err = row(conn, `SELECT 1 FROM marks WHERE id = ?1`, func(*sqlite.Stmt) {}, id)
			return err
		})
		if err != nil || !waits {
			return err == nil, err
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return false, ctx.Err()
		case <-late.C:
			return false, s.note(ctx, func(conn *sqlite.Conn) error { return exec(conn, `DELETE FROM marks WHERE id = ?1`, id) })
		}
	}
}
