package store_test

import (
	"strings"
	"testing"

	"zombiezen.com/go/sqlite/sqlitex"

	"hearsay/hub/hubtest"
	"hearsay/hub/store"
)

// flood makes the WAL grow by about so many MB, while somebody reads an old state.
func flood(t *testing.T, s *store.Store, megabytes int) {
	t.Helper()
	text := strings.Repeat("x", 64<<10)
	for range megabytes*16 + 1 {
		check(t, s.Append(t.Context(), store.Message{Channel: 1, Game: "Alpha", Name: "Ann", Text: text}, func(store.Message) {}))
	}
}

// The WAL shrinks when the reader that made it grow has gone, while the hub runs. Litestream
// is such a reader: it holds a read transaction nearly all the time.
func TestWAL(t *testing.T) {
	t.Parallel()
	s := open(t)
	const most = 10 << 20
	flood(t, s, 24)
	if w := must(s.WAL()); w.Bytes > most || !w.Held.IsZero() {
		t.Errorf("with no reader the WAL is %+v", w)
	}

	reader := connect(t, s.Path())
	check(t, sqlitex.ExecuteTransient(reader, `BEGIN`, nil))
	before := ask(t, reader, `SELECT count(*) FROM settings`)
	flood(t, s, 24)
	hubtest.Eventually(t, "that it is known to be held", func() bool { return !must(s.WAL()).Held.IsZero() })
	if w := must(s.WAL()); w.Bytes < 24<<20 {
		t.Errorf("the WAL is %+v", w)
	}
	check(t, s.Ready(t.Context()))
	if after := ask(t, reader, `SELECT count(*) FROM settings`); after[0] != before[0] {
		t.Errorf("the reader saw %v and sees %v", before, after)
	}
	if problems := must(store.Check(t.Context(), s.Path())); len(problems) > 0 {
		t.Errorf("got %q", problems)
	}
	t.Logf("while it is held the WAL is %+v", must(s.WAL()))

	// A checkpoint of the reader's own, and at once the next transaction, as Litestream does.
	check(t, sqlitex.ExecuteTransient(reader, `COMMIT`, nil))
	ask(t, reader, `PRAGMA wal_checkpoint(PASSIVE)`)
	check(t, sqlitex.ExecuteTransient(reader, `BEGIN`, nil))
	ask(t, reader, `SELECT count(*) FROM settings`)
	check(t, sqlitex.ExecuteTransient(reader, `COMMIT`, nil))
	hubtest.Eventually(t, "a small WAL", func() bool {
		flood(t, s, 0)
		w := must(s.WAL())
		return w.Bytes <= most && w.Held.IsZero()
	})
	t.Logf("afterwards it is %+v", must(s.WAL()))
	if problems := must(store.Check(t.Context(), s.Path())); len(problems) > 0 {
		t.Errorf("got %q", problems)
	}
}

// A reader that keeps fewer pages from being written back than make a checkpoint worth while is
// not said to hold the WAL when it has gone, although nothing is written any more.
func TestWAL_few(t *testing.T) {
	t.Parallel()
	s := open(t)
	flood(t, s, 2)
	reader := connect(t, s.Path())
	check(t, sqlitex.ExecuteTransient(reader, `BEGIN`, nil))
	ask(t, reader, `SELECT count(*) FROM settings`)
	hubtest.Eventually(t, "that it holds the WAL", func() bool {
		flood(t, s, 0)
		return !must(s.WAL()).Held.IsZero()
	})
	check(t, sqlitex.ExecuteTransient(reader, `COMMIT`, nil))
	hubtest.Eventually(t, "that nobody holds it", func() bool { return must(s.WAL()).Held.IsZero() })
}
