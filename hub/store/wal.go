package store

import (
	"fmt"
	"os"
	"time"

	"zombiezen.com/go/sqlite"
)

const (
	// checkpointPages is how many pages of the WAL are not in the database file when they are
	// written back into it.
	checkpointPages = 1000
	// checkpointMost is how many the writer's goroutine writes back itself: 16 MB, a tenth of
	// a second. More has a goroutine of its own, which nobody waits for.
	checkpointMost = 4000
	// largePages is how many are much: then, or after a reader has kept some from being written
	// back, fewer than checkpointPages are too, so that the WAL can begin again.
	largePages = walKept / 4096
	// heldRetry is how long to wait for a reader that keeps the WAL from being written back, and
	// between tries to write back few pages.
	heldRetry = time.Second
	// walKept is the size in bytes to which the WAL is cut when it begins again.
	walKept = 8 << 20
)

// A wal is what the writer knows of the WAL. It is written back PASSIVE, which waits for
// nobody; when all of it is, and no reader needs it, the next commit begins it again and cuts
// it to walKept.
type wal struct {
	pages  int            // of it, as of our last commit
	stored int            // of those, how many are in the database file as well
	asked  int            // pages when it was last begun to write them back
	begun  time.Time      // when that was
	wait   time.Time      // not before this is it tried again
	back   chan writeBack // of the goroutine that writes back; nil: there is none
}

// A writeBack is how a checkpoint ended.
type writeBack struct {
	pages, stored int
	err           error
}

// checkpoint has the place of SQLite's auto-checkpoint, which would make those wait who
// are to hear of a commit.
func (w *writer) checkpoint() {
	if w.wal.pages < w.wal.stored {
		w.wal.stored = 0 // it has begun again
	}
	todo := w.wal.pages - w.wal.stored
	now := time.Now()
	if todo <= 0 || w.wal.back != nil || now.Before(w.wal.wait) {
		return
	}
	if clogged := w.wal.pages > largePages || w.walHeld.Load() != 0; todo < checkpointPages && (!clogged || now.Sub(w.wal.begun) < heldRetry) {
		return
	}
	w.wal.asked, w.wal.begun = w.wal.pages, now
	if todo <= checkpointMost {
		w.writtenBack(passive(w.conn))
		return
	}
	back := make(chan writeBack, 1)
	w.wal.back = back
	go func() { back <- w.writeBack() }()
}

// writeBack writes the WAL back on a connection of its own.
func (s *Store) writeBack() writeBack {
	conn, err := sqlite.OpenConn(uri(s.path, ""), sqlite.OpenReadWrite|sqlite.OpenURI)
	if err != nil {
		return writeBack{err: err}
	}
	defer conn.Close()
	if s.look(); s.Loss() != nil { // then it is of another file
		return writeBack{err: s.Loss()}
	}
	return passive(conn)
}

func passive(conn *sqlite.Conn) (b writeBack) {
	_, b.err = row(conn, `PRAGMA wal_checkpoint(PASSIVE)`,
		func(stmt *sqlite.Stmt) { b.pages, b.stored = stmt.ColumnInt(1), stmt.ColumnInt(2) })
	return b
}

// writtenBack notes how a checkpoint ended.
func (w *writer) writtenBack(b writeBack) {
	w.wal.back, w.wal.wait = nil, time.Time{}
	if b.err != nil {
		w.log.Warn("the WAL cannot be written back", "err", b.err)
		w.wal.wait = time.Now().Add(heldRetry)
		return
	}
	if w.wal.pages == w.wal.asked { // nothing was committed meanwhile
		w.wal.pages = b.pages
	}
	w.wal.stored = b.stored
	if b.stored >= b.pages {
		w.walHeld.Store(0)
		return
	}
	w.wal.wait = time.Now().Add(heldRetry)
	w.walHeld.CompareAndSwap(0, time.Now().UnixNano())
}

// A WAL is how the file's write-ahead log is.
type WAL struct {
	Bytes int64
	Held  time.Time // since when a reader keeps it from being written back; zero: none does
}

// WAL reports that.
func (s *Store) WAL() (w WAL, err error) {
	st, err := os.Stat(s.path + "-wal")
	if err != nil {
		return w, fmt.Errorf("look at the WAL: %w", err)
	}
	w.Bytes = st.Size()
	if at := s.walHeld.Load(); at != 0 {
		w.Held = time.Unix(0, at)
	}
	return w, nil
}
