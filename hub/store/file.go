package store

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"time"

	lib "modernc.org/sqlite/lib"
	"zombiezen.com/go/sqlite"

	"hearsay/migrations"
)

// SQLite is the version of the library.
const SQLite = lib.SQLITE_VERSION

// Schema is the number of the schema that this program makes and wants.
func Schema() int64 { return migrations.Newest() }

// A File is what a database file is like.
type File struct {
	Path     string `json:"path"`
	Bytes    int64  `json:"bytes"`
	WALBytes int64  `json:"wal_bytes"`  // what is written, and not yet in the file itself
	Free     int64  `json:"free_bytes"` // of Bytes, what is unused
	Schema   int64  `json:"schema"`

	Channels     int        `json:"channels"`
	Games        int        `json:"games"`
	Applications int        `json:"applications"`
	Admins       int        `json:"admins"`
	Moderators   int        `json:"moderators"`
	People       int        `json:"people"` // who are no operators
	Messages     int        `json:"messages"`
	LastMessage  *time.Time `json:"last_message_at"`
	Versions     int        `json:"versions"`
	Audit        int        `json:"audit"`
}

// Inspect looks at a database file or a backup, of whatever schema, and changes nothing.
func Inspect(ctx context.Context, path string) (f File, err error) {
	if path, err = real(path); err != nil {
		return f, err
	}
	f.Path = path
	st, err := os.Stat(path)
	if err != nil {
		return f, err
	}
	f.Bytes = st.Size()
	switch st, err := os.Stat(path + "-wal"); {
	case err == nil:
		f.WALBytes = st.Size()
	case !errors.Is(err, fs.ErrNotExist):
		return f, err
	}
	if f.Schema, err = schemaVersion(path); err != nil {
		return f, err
	}
	if f.Schema == 0 {
		return f, errForeign
	}
	conn, err := sqlite.OpenConn(uri(path, ""), sqlite.OpenReadOnly|sqlite.OpenURI)
	if err != nil {
		return f, foreign(path, err)
	}
	defer conn.Close()
	conn.SetBusyTimeout(busyTimeout)
	conn.SetInterrupt(ctx.Done())
	_, err = row(conn, `
		SELECT (SELECT freelist_count * page_size FROM pragma_freelist_count, pragma_page_size),
			(SELECT count(*) FROM channels), (SELECT count(*) FROM games), (SELECT count(*) FROM applications),
			(SELECT count(*) FROM users WHERE role = 'admin'), (SELECT count(*) FROM users WHERE role = 'moderator'),
			(SELECT count(*) FROM users WHERE role = 'person'),
			(SELECT count(*) FROM messages), (SELECT sent_at FROM messages ORDER BY id DESC LIMIT 1),
			(SELECT count(*) FROM versions), (SELECT count(*) FROM audit)`,
		func(stmt *sqlite.Stmt) {
			f.Free = stmt.ColumnInt64(0)
			for i, n := range []*int{&f.Channels, &f.Games, &f.Applications, &f.Admins, &f.Moderators, &f.People, &f.Messages} {
				*n = stmt.ColumnInt(i + 1)
			}
			f.LastMessage, f.Versions, f.Audit = timeAt(stmt, 8), stmt.ColumnInt(9), stmt.ColumnInt(10)
		})
	return f, foreign(path, err)
}
