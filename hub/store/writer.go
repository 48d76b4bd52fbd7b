package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

var errClosed = errors.New("the database is closing")

// A job is one transaction on the writing connection.
type job struct {
	do   func(*sqlite.Conn) error
	full bool       // see transact
	done chan error // holds one
}

// A writer owns the connection that writes. Only its goroutine uses conn.
type writer struct {
	*Store
	conn      *sqlite.Conn
	dirty     bool  // the transaction at hand changed more than chat messages and their words
	admits    bool  // it changed games, applications or channels
	reviewed  bool  // it changed held messages
	asks      bool  // it changed settings or restarts
	registers bool  // it changed characters
	ignores   bool  // it changed ignore lists
	committed bool  // it was committed, and watchers do not know yet
	full      bool  // synchronous is FULL, not NORMAL
	seen      int64 // data_version: changes when another connection has committed
	hooks     *hooks
	wal       wal
}

func (s *Store) openWriter() (_ *writer, err error) {
	w := &writer{Store: s, full: true}
	h := &hooks{
		update: func(table string) {
			w.dirty = w.dirty || table != "messages" && table != "marks" && !strings.HasPrefix(table, "search")
			w.admits = w.admits || table == "games" || table == "applications" || table == "channels"
			w.reviewed = w.reviewed || table == "held"
			w.asks = w.asks || table == "settings" || table == "restarts"
			w.registers = w.registers || table == "character_changes"
			w.ignores = w.ignores || table == "ignores"
		},
		rollback: w.forget,
		commit: func(pages int) {
			w.wal.pages = pages
			w.committed = w.committed || w.dirty
			if w.dirty {
				s.changed.Store(true)
			}
			if w.admits {
				s.admissions.Add(1)
			}
			if w.reviewed {
				s.reviews.Add(1)
			}
			if w.asks {
				s.asked.Add(1)
			}
			if w.registers {
				s.registrations.Add(1)
			}
			if w.ignores {
				s.ignored.Add(1)
			}
			w.forget()
		},
	}
	w.hooks = h
	number, err := register(h)
	if err != nil {
		return nil, err
	}
	w.conn, err = sqlite.OpenConn(uri(s.path, fmt.Sprintf("%s=%d", hookParameter, number)),
		sqlite.OpenReadWrite|sqlite.OpenWAL|sqlite.OpenURI)
	if err != nil {
		forget(number)
		return nil, err
	}
	defer func() {
		if err != nil {
			w.conn.Close()
		}
	}()
	w.conn.SetBusyTimeout(busyTimeout)
	for _, query := range []string{
		`PRAGMA foreign_keys = ON`, `PRAGMA synchronous = FULL`, `PRAGMA temp_store = MEMORY`,
		fmt.Sprintf(`PRAGMA journal_size_limit = %d`, walKept),
	} {
		if err := exec(w.conn, query); err != nil {
			return nil, err
		}
	}
	if err := h.hookCommits(number); err != nil {
		return nil, err
	}
	if w.seen, err = dataVersion(w.conn); err != nil {
		return nil, err
	}
	end, err := newest(w.conn)
	s.tail.jump(end, err != nil)
	if err == nil {
		err = s.identity.withWAL()
	}
	return w, err
}

// forget begins anew to note what a transaction changes.
func (w *writer) forget() {
	w.dirty, w.admits, w.reviewed, w.asks, w.registers, w.ignores = false, false, false, false, false, false
}

func (w *writer) run() {
	defer close(w.done)
	ticker := time.NewTicker(pollEvery)
	defer ticker.Stop()
	for {
		select {
		case j := <-w.jobs:
			j.done <- w.transact(j.full, j.do)
			w.checkpoint()
		case l := <-w.lines:
			w.append(l)
			w.checkpoint()
		case err := <-w.wal.back:
			w.writtenBack(err)
			w.checkpoint()
		case <-ticker.C:
			w.poll()
			w.checkpoint()
		case <-w.quit:
			w.finish()
			return
		}
	}
}

// finish ends the writer. Callers that still wait are told by quit; messages
// that were accepted are logged.
func (w *writer) finish() {
	for {
		select {
		case l := <-w.lines:
			w.append(l)
			continue
		default:
		}
		break
	}
	if w.wal.back != nil {
		<-w.wal.back
	}
	w.look()
	var err error
	if w.Loss() != nil && !w.identity.ours() {
		err = errors.Join(w.identity.setAside(), w.hooks.leaveWAL())
	}
	w.closed = errors.Join(err, w.conn.Close())
}

// poll looks whether the file is still there, and wakes the watchers if another process
// has committed.
func (w *writer) poll() {
	w.look()
	if w.Loss() != nil {
		if err := w.identity.setAside(); err != nil {
			w.faults.note("the WAL of the lost file", err)
		}
		return
	}
	now, err := dataVersion(w.conn)
	if err != nil {
		w.log.Warn("other processes' changes cannot be seen", "err", err)
		return
	}
	if now != w.seen {
		w.seen = now
		mark, err := newestMark(w.conn) // before all else is looked at: that is not older
		if err != nil {
			w.log.Warn("other processes' marks cannot be seen", "err", err)
		}
		w.admissions.Add(1)
		w.reviews.Add(1)
		w.asked.Add(1)
		w.registrations.Add(1)
		w.ignored.Add(1)
		w.tell(mark)
	}
}

// tell reads what was logged into the tail, and wakes the watchers. mark is the newest of
// other processes' marks that they come to then, or 0.
func (w *writer) tell(mark int64) {
	w.committed = false
	w.commitTime.Store(time.Now().UnixNano())
	if err := w.tail.follow(w.conn); err != nil {
		w.log.Warn("the end of the log cannot be kept in memory", "err", err)
	}
	if mark > 0 {
		w.marks.newest.Store(mark)
	}
	w.wake()
}

// dataVersion changes when another connection has committed.
func dataVersion(conn *sqlite.Conn) (n int64, err error) {
	_, err = row(conn, `PRAGMA data_version`, func(stmt *sqlite.Stmt) { n = stmt.ColumnInt64(0) })
	return n, err
}

// transact runs do in an IMMEDIATE transaction. With full the commit survives a
// power cut, else only the death of the process.
func (w *writer) transact(full bool, do func(*sqlite.Conn) error) (err error) {
	if err := w.Loss(); err != nil {
		return err
	}
	defer func() { w.health.note(err) }()
	if full != w.full {
		mode := `PRAGMA synchronous = NORMAL`
		if full {
			mode = `PRAGMA synchronous = FULL`
		}
		if err := exec(w.conn, mode); err != nil {
			return err
		}
		w.full = full
	}
	began := time.Now()
	end, err := sqlitex.ImmediateTransaction(w.conn)
	if err != nil {
		return locked(err)
	}
	err = do(w.conn)
	end(&err)
	if err == nil {
		commitSeconds.UpdateDuration(began)
	}
	if w.committed {
		w.tell(0)
	}
	return err
}

func locked(err error) error {
	if sqlite.ErrCode(err).ToPrimary() == sqlite.ResultBusy {
		return fmt.Errorf("%w, for %v by now; end its transaction: %w", ErrBusy, busyTimeout, err)
	}
	return err
}

// write runs do in one durable transaction on the writer's goroutine. It returns
// early when ctx ends before do has begun.
func (s *Store) write(ctx context.Context, do func(*sqlite.Conn) error) error {
	return s.do(ctx, &job{do: do, full: true, done: make(chan error, 1)})
}

// note is write for what a power cut may take.
func (s *Store) note(ctx context.Context, do func(*sqlite.Conn) error) error {
	return s.do(ctx, &job{do: do, done: make(chan error, 1)})
}

func (s *Store) do(ctx context.Context, j *job) error {
	select {
	case s.jobs <- j:
		return <-j.done
	case <-ctx.Done():
		return ctx.Err()
	case <-s.done:
		return errClosed
	}
}
