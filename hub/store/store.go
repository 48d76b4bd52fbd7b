package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/VictoriaMetrics/metrics"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

const (
	readers     = 4                      // connections that read
	busyTimeout = 10 * time.Second       // how long to wait for another process's transaction
	pollEvery   = 250 * time.Millisecond // how often to look for other processes' commits
)

var commitSeconds = metrics.NewHistogram("hearsay_commit_seconds")

// Options are the settings of a Store; the zero value works.
type Options struct {
	Log *slog.Logger // nil: none
}

// A Store is an open database file with the newest schema.
type Store struct {
	path  string
	logID string // see LogID
	log   *slog.Logger
	reads *sqlitex.Pool
	jobs  chan *job
	lines chan *line

	quit    chan struct{} // closed by Close
	done    chan struct{} // closed when the writer has ended
	closing sync.Once
	closed  error

	touches touches
	faults  faults
	pins    pins
	marks   marks

	identity *identity
	held     context.Context // ends when the file is lost, with the reason as its cause
	lose     context.CancelCauseFunc
	health   health
	walHeld  atomic.Int64 // since when a reader keeps the WAL from being written back, in nanoseconds since 1970; 0: none does

	operatorIdle atomic.Int64 // see SetOperatorIdle
	backupFailed atomic.Pointer[BackupFailure]
	rescued      atomic.Pointer[BackupFile]

	tail          tail
	admissions    atomic.Uint64 // commits that may have changed who may be connected
	reviews       atomic.Uint64 // commits that may have decided on held messages
	asked         atomic.Uint64 // commits that may have changed settings or restarts
	ignored       atomic.Uint64 // commits that may have changed ignore lists
	registrations atomic.Uint64 // commits that may have changed characters
	changed       atomic.Bool   // see Changed
	commitTime    atomic.Int64  // when watchers were last to be woken, in nanoseconds since 1970
	mu            sync.Mutex    // guards watchers
	watchers      map[chan struct{}]struct{}
}

// Open opens the file at path, makes it if it does not exist, and applies the
// migrations that it lacks, after a copy of it. It refuses a file that is no
// database of ours or comes from a newer program.
func Open(ctx context.Context, path string, o Options) (*Store, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	path, err := real(path)
	if err != nil {
		return nil, err
	}
	if err := secure(path); err != nil {
		return nil, err
	}
	if err := alone(path); err != nil {
		return nil, err
	}
	if err := migrate(ctx, path, o.Log); err != nil {
		return nil, fmt.Errorf("open %s: %w", path, mend(err))
	}
	if err := os.Chmod(path, 0o600); err != nil { // not before: it may have been another program's
		return nil, err
	}
	who, err := identify(path)
	if err != nil {
		return nil, err
	}
	s := &Store{
		path: path, log: o.Log, identity: who,
		jobs: make(chan *job), lines: make(chan *line, 1024),
		quit: make(chan struct{}), done: make(chan struct{}),
		watchers: map[chan struct{}]struct{}{},
	}
	s.held, s.lose = context.WithCancelCause(context.Background())
	s.health.succeeded(time.Now())
	s.touches.m = map[touched]touch{}
	s.pins.m = map[*CatchUp]VersionID{}
	w, err := s.openWriter()
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	s.reads, err = sqlitex.NewPool(uri(path, ""), sqlitex.PoolOptions{
		Flags:       sqlite.OpenReadOnly | sqlite.OpenURI,
		PoolSize:    readers,
		PrepareConn: addMatches,
	})
	if err == nil {
		err = s.openReaders(ctx)
	}
	if err != nil {
		w.conn.Close()
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	if s.logID, err = s.readLogID(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), s.reads.Close(), w.conn.Close())
	}
	go w.run()
	if err := s.keyNames(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: compute the keys of names: %w", path, err), s.Close())
	}
	return s, nil
}

// openReaders has each reader open the WAL now: the first time that it reads, SQLite looks
// for it by name.
func (s *Store) openReaders(ctx context.Context) (err error) {
	var all []*sqlite.Conn
	for range readers {
		conn, taken := s.reads.Take(ctx)
		if err = taken; err == nil {
			all = append(all, conn)
			_, err = dataVersion(conn)
		}
		if err != nil {
			break
		}
	}
	for _, conn := range all {
		s.reads.Put(conn)
	}
	if err != nil {
		err = errors.Join(err, s.reads.Close())
	}
	return err
}

// Close waits for the writes that have begun, keeps what is only in memory, and
// closes the file.
func (s *Store) Close() error {
	s.closing.Do(func() {
		err := s.FlushTouches(context.Background())
		if errors.Is(err, ErrLost) {
			err = nil // Loss tells
		}
		err = errors.Join(err, s.reads.Close()) // before the writer: only the last connection takes the WAL away
		close(s.quit)
		<-s.done
		s.closed = errors.Join(err, s.closed)
	})
	return s.closed
}

// Path is the absolute path of the file itself, not of a link to it.
func (s *Store) Path() string { return s.path }

// secure makes the file if it does not exist, readable to its owner alone; SQLite
// gives its companions the same mode.
//
// It refuses to make one beside a WAL that has something in it: the file was lost, and an
// empty one in its place would hide that.
func secure(path string) error {
	if st, err := os.Stat(path); err == nil {
		if st.IsDir() {
			return fmt.Errorf("%s is a folder; name a file with --db", path)
		}
	} else if wal, err := os.Stat(path + "-wal"); err == nil && wal.Size() > 0 {
		return fmt.Errorf("%[1]s is gone, but its last changes are there, in %[1]s-wal; put the file back, or a backup with hearsay restore;"+
			" to begin with an empty file, remove %[1]s-wal", path)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	made := err == nil
	if errors.Is(err, fs.ErrExist) {
		f, err = os.OpenFile(path, os.O_RDWR, 0)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: the folder %s does not exist; make it, or name another file with --db", path, filepath.Dir(path))
	}
	if err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	if err = f.Close(); made && err == nil {
		err = give(path, path)
	}
	return err
}

// uri names the file for SQLite, whatever characters its path has.
func uri(path, query string) string {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") { // C:/…
		path = "/" + path
	}
	return (&url.URL{Scheme: "file", Path: path, RawQuery: query}).String()
}

// Watch returns a channel that gets a value soon after a commit of anything but
// chat messages, by this process or another. It holds one value: whoever is woken
// reads until level. stop ends it.
func (s *Store) Watch() (wake <-chan struct{}, stop func()) {
	ch := make(chan struct{}, 1)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watchers[ch] = struct{}{}
	return ch, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.watchers, ch)
	}
}

func (s *Store) wake() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for ch := range s.watchers {
		select {
		case ch <- struct{}{}:
		default: // it has not looked since the last one
		}
	}
}

// Admissions counts the commits that may have changed what Admission gives, each before
// it wakes the watchers.
func (s *Store) Admissions() uint64 { return s.admissions.Load() }

// SinceCommit says how long ago the last commit was that woke the watchers.
func (s *Store) SinceCommit() time.Duration {
	return time.Duration(time.Now().UnixNano() - s.commitTime.Load())
}

// Watchers says how many Watch calls have not been stopped.
func (s *Store) Watchers() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.watchers)
}

// read runs fn in one read transaction: all that it sees is of one moment. When ctx
// ends it is interrupted and gives the context's error.
func (s *Store) read(ctx context.Context, fn func(*sqlite.Conn) error) error {
	return s.query(ctx, func(conn *sqlite.Conn) (err error) {
		defer sqlitex.Transaction(conn)(&err)
		return fn(conn)
	})
}

// query is read for an fn of a single statement, which is a transaction by itself.
func (s *Store) query(ctx context.Context, fn func(*sqlite.Conn) error) (err error) {
	defer func() {
		if err != nil && ctx.Err() != nil {
			err = ctx.Err()
		}
	}()
	conn, err := s.reads.Take(ctx)
	if err != nil {
		return err
	}
	defer s.reads.Put(conn)
	return fn(conn)
}

// row is shorthand for a query of at most one row. It reports whether there was one.
func row(conn *sqlite.Conn, query string, scan func(*sqlite.Stmt), args ...any) (bool, error) {
	found := false
	err := sqlitex.Execute(conn, query, &sqlitex.ExecOptions{Args: args, ResultFunc: func(stmt *sqlite.Stmt) error {
		found = true
		scan(stmt)
		return nil
	}})
	return found, err
}

// rows collects what scan makes of each row.
func rows[T any](conn *sqlite.Conn, query string, scan func(*sqlite.Stmt) T, args ...any) ([]T, error) {
	var all []T
	err := sqlitex.Execute(conn, query, &sqlitex.ExecOptions{Args: args, ResultFunc: func(stmt *sqlite.Stmt) error {
		all = append(all, scan(stmt))
		return nil
	}})
	return all, err
}

func exec(conn *sqlite.Conn, query string, args ...any) error {
	return sqlitex.Execute(conn, query, &sqlitex.ExecOptions{Args: args})
}

// null turns an empty text into NULL.
func null(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// clash turns a broken UNIQUE constraint into that error.
func clash(err, then error) error {
	if code := sqlite.ErrCode(err); code == sqlite.ResultConstraintUnique || code == sqlite.ResultConstraintTrigger {
		return then
	}
	return err
}
