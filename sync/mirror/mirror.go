package mirror

import (
	"cmp"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// Errors of this package.
var (
	// ErrTaken says that another Run fills the same tables now.
	ErrTaken = errors.New("another mirror has taken the tables over")
	// ErrHubFile says that the file is a hub's own.
	ErrHubFile = errors.New("the file is a hub's own; name another for the copy")
	// ErrPrefix says that there can be no tables of that prefix.
	ErrPrefix = errors.New("a prefix has letters, digits and _, begins with a letter, and is short")
	// ErrLayout says that a newer program has made the tables.
	ErrLayout = errors.New("the tables are of a newer program")
	// ErrNoRecords says that the hub has given nothing: the credentials are not those of an
	// application, or the hub is empty and cannot say so.
	ErrNoRecords = errors.New("the hub gives no records; are the credentials those of an application?")
	// ErrNotFound says that there is no such record, or that it is deleted.
	ErrNotFound = errors.New("not found")
)

// TombstonesFor is how long deleted records stay in the tables.
const TombstonesFor = 90 * 24 * time.Hour

// layout is the number of schema.sql.
const layout = 2

// hubApplicationID is the application id of a hub's own file.
const hubApplicationID = 0x48525359

// Options say which hub to copy. URL, ClientID and ClientSecret must be set for Run.
type Options struct {
	URL          string // of the hub's socket: "wss://hub.example/socket"
	ClientID     string // of an application of the hub
	ClientSecret string

	Prefix string       // of the tables; empty: "hub_". Letters, digits and _
	Log    *slog.Logger // nil: nothing is logged

	// What follows is called by the goroutine of Run, which waits for it.

	// Changed is told after each commit what has changed in the tables. After a crash right
	// behind a commit it is not told again: who must not miss anything compares the tables'
	// versions with the ones that it has done.
	Changed func([]Change)
	// Progress is told during a catch-up how far it is, after each commit.
	Progress func(Progress)
	// Level is told when the copy is level with the hub, after each catch-up.
	Level func(Level)
	// Disconnected is told when the hub cannot be reached, and when it is tried again.
	Disconnected func(err error, again time.Duration)

	// And this is about the socket.

	RetryLeast time.Duration // the first wait between tries to reach the hub; 0: a second
	RetryMost  time.Duration // the longest; 0: a minute
	HTTPClient *http.Client  // for the handshake; nil: http.DefaultClient
}

// A Change is what has happened to a record of the copy.
type Change struct {
	Kind    string // as in "sync/KIND": "games"
	Action  string // "create", "update" or "delete", as it is for the copy
	ID      int64  // of the record
	Name    string // a channel's name, a game's short name, an event's or achievement's title, a rule's subject
	Version int64  // the hub's; 0 without the extension
}

// A Progress is how far a catch-up is.
type Progress struct {
	Received int // versions or records
	Total    int // how many there may be at most; 0: nobody knows
}

// A Level says that the copy has all that the hub has.
type Level struct {
	Form     string         // "cursor", "since" or "records"
	Verified bool           // the hub's counts and digest say so
	Repaired bool           // it was a full resync, because the copy had differed
	Why      string         // how it had, if this run has found that: "another program has changed games 7"
	Cursor   int64          // the hub's newest version, if the form is cursor
	Log      string         // the UUID of the hub's log; empty: it has none
	Counts   map[string]int // of the records, by kind
}

// A Mirror is a copy of a hub's records in a SQLite file.
type Mirror struct {
	o     Options
	pool  *sqlitex.Pool
	owned bool // Close closes the pool
	log   *slog.Logger
	sql   statements
}

//go:embed schema.sql
var schema string

var prefixForm = regexp.MustCompile(`\A[A-Za-z][A-Za-z0-9_]{0,30}\z`)

// Open opens the application's file, which is made if there is none, and makes the tables
// in it. The file is put into WAL mode; other programs may have it open.
func Open(ctx context.Context, path string, o Options) (*Mirror, error) {
	pool, err := sqlitex.NewPool(path, sqlitex.PoolOptions{PoolSize: 4, PrepareConn: func(conn *sqlite.Conn) error {
		conn.SetBusyTimeout(30 * time.Second)
		// What a power cut takes away comes again: the place goes with it.
		return sqlitex.ExecuteTransient(conn, `PRAGMA synchronous = NORMAL`, nil)
	}})
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	m, err := New(ctx, pool, o)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), pool.Close())
	}
	m.owned = true
	return m, nil
}

// New is Open for a pool of the application's own. Run keeps one connection of it.
func New(ctx context.Context, pool *sqlitex.Pool, o Options) (*Mirror, error) {
	if o.Prefix == "" {
		o.Prefix = "hub_"
	}
	if !prefixForm.MatchString(o.Prefix) {
		return nil, fmt.Errorf("prefix %q: %w", o.Prefix, ErrPrefix)
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	o.RetryLeast = cmp.Or(o.RetryLeast, time.Second)
	o.RetryMost = max(cmp.Or(o.RetryMost, time.Minute), o.RetryLeast)
	m := &Mirror{o: o, pool: pool, log: o.Log, sql: newStatements(o.Prefix)}
	conn, err := pool.Take(ctx)
	if err != nil {
		return nil, err
	}
	defer pool.Put(conn)
	return m, m.prepare(conn)
}

// prepare makes the tables where they are missing.
func (m *Mirror) prepare(conn *sqlite.Conn) error {
	id, err := number(conn, `PRAGMA application_id`)
	if err != nil {
		return err
	}
	if id == hubApplicationID {
		return ErrHubFile
	}
	if err := sqlitex.ExecuteScript(conn, strings.ReplaceAll(schema, "hub_", m.o.Prefix), nil); err != nil {
		return fmt.Errorf("make the tables: %w", err)
	}
	return m.upgrade(conn)
}

// upgrade brings the tables of an older program up to date.
func (m *Mirror) upgrade(conn *sqlite.Conn) (err error) {
	end, err := sqlitex.ImmediateTransaction(conn)
	if err != nil {
		return err
	}
	defer end(&err)
	found, err := number(conn, m.sql.with(`SELECT layout FROM {}sync`))
	switch {
	case err != nil || found == layout:
		return err
	case found > layout:
		return ErrLayout
	}
	for _, query := range []string{
		`ALTER TABLE {}sync ADD COLUMN log TEXT NOT NULL DEFAULT ''`,
		`UPDATE {}sync SET layout = 2, cursor = 0, since = NULL, repairing = (hub <> '')`, // to have a check of each record
	} {
		if err := sqlitex.Execute(conn, m.sql.with(query), nil); err != nil {
			return fmt.Errorf("bring the tables up to date: %w", err)
		}
	}
	return nil
}

// Close closes the file, unless the pool was given. Run must have returned.
func (m *Mirror) Close() error {
	if m.owned {
		return m.pool.Close()
	}
	return nil
}

// number gives the integer that a query has.
func number(conn *sqlite.Conn, query string, args ...any) (n int64, err error) {
	err = sqlitex.Execute(conn, query, &sqlitex.ExecOptions{Args: args, ResultFunc: func(stmt *sqlite.Stmt) error {
		n = stmt.ColumnInt64(0)
		return nil
	}})
	return n, err
}
