package store

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"zombiezen.com/go/sqlite"
)

// fresh is a new store and the end of its log.
func fresh(t *testing.T) (*Store, VersionID) {
	t.Helper()
	s, err := Open(t.Context(), t.TempDir()+"/hearsay.db", Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	begin, err := s.Newest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s, begin
}

// TestRecent: however far behind they are, and whoever writes meanwhile, readers
// get each version once and in order, and the memory is bounded.
func TestRecent(t *testing.T) {
	t.Parallel()
	s, begin := fresh(t)
	const edits = 2*tailMost + 300
	end := begin + edits
	var running sync.WaitGroup
	for r := range 6 {
		running.Go(func() {
			random := rand.New(rand.NewPCG(uint64(r), 1))
			wake, stop := s.Watch()
			defer stop()
			for last := begin; last < end; {
				versions, err := s.Recent(t.Context(), last, 1+random.IntN(150))
				if err != nil {
					t.Error(err)
					return
				}
				if len(versions) == 0 {
					<-wake
				}
				for _, v := range versions {
					if v.ID != last+1 {
						t.Errorf("reader %d: version %d after %d", r, v.ID, last)
						return
					}
					last = v.ID
				}
				for r == 0 && last < end && last%500 == 0 && len(versions) > 0 { // one falls far behind
					if now, err := s.Newest(t.Context()); err != nil || now >= min(end, last+tailMost+tailSlack+50) {
						break
					}
					<-wake
				}
			}
		})
	}
	for i := range edits {
		text := fmt.Sprintf("edit %d", i)
		if err := s.UpdateChannel(t.Context(), "gossip", ChannelEdit{Description: &text}); err != nil {
			t.Fatal(err)
		}
	}
	running.Wait()
	if n := len(s.tail.versions); n < tailMost || n > tailMost+tailSlack {
		t.Errorf("the tail holds %d versions, want %d to %d", n, tailMost, tailMost+tailSlack)
	}
	if all, there := s.tail.versionsAfter(begin, 10); there {
		t.Errorf("the tail reaches back to the beginning: %v", all)
	}
	if all, there := s.tail.versionsAfter(end, 10); !there || len(all) != 0 {
		t.Errorf("at the end: got %v, %t", all, there)
	}
}

// Much at once is passed over in memory, and read from the file.
func TestRecent_much(t *testing.T) {
	s, begin := fresh(t)
	if err := s.write(t.Context(), func(conn *sqlite.Conn) error {
		return exec(conn, `
			INSERT INTO games (short_name, name)
			WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
			SELECT 'g' || i, 'Game ' || i FROM n`, tailRead+10)
	}); err != nil {
		t.Fatal(err)
	}
	text := "one more"
	if err := s.UpdateChannel(t.Context(), "gossip", ChannelEdit{Description: &text}); err != nil {
		t.Fatal(err)
	}
	last := begin
	for n := 0; n < tailRead+11; {
		all, err := s.Recent(t.Context(), last, 100)
		if err != nil || len(all) == 0 {
			t.Fatalf("got %d versions after %d, %v", len(all), last, err)
		}
		for _, v := range all {
			if v.ID != last+1 {
				t.Fatalf("version %d after %d", v.ID, last)
			}
			last = v.ID
			n++
		}
	}
	if n := len(s.tail.versions); n != 1 {
		t.Errorf("the tail holds %d versions, want 1", n)
	}
}

// When the tail could not be read, the file is, until it can be read again.
func TestRecent_behind(t *testing.T) {
	s, begin := fresh(t)
	edit := func(text string) {
		t.Helper()
		if err := s.UpdateChannel(t.Context(), "gossip", ChannelEdit{Description: &text}); err != nil {
			t.Fatal(err)
		}
	}
	want := func(n int, inMemory bool) {
		t.Helper()
		all, err := s.Recent(t.Context(), begin, 10)
		if err != nil || len(all) != n {
			t.Fatalf("got %d versions, %v, want %d", len(all), err, n)
		}
		if _, there := s.tail.versionsAfter(begin, 10); there != inMemory {
			t.Errorf("in memory: %t, want %t", there, inMemory)
		}
	}
	edit("one")
	want(1, true)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	err := s.write(t.Context(), func(conn *sqlite.Conn) error {
		defer conn.SetInterrupt(conn.SetInterrupt(gone.Done()))
		return s.tail.follow(conn)
	})
	if err == nil {
		t.Fatal("the tail was read on a connection that does nothing")
	}
	want(1, false)
	edit("two")
	want(2, true)
}

// TestWriter_checkpoint: the WAL is written back, by records and by messages, and those
// who wait for a commit are told first.
func TestWriter_checkpoint(t *testing.T) {
	s, _ := fresh(t)
	if err := s.write(t.Context(), func(conn *sqlite.Conn) error { return exec(conn, `CREATE TABLE t (a)`) }); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		if err := s.write(t.Context(), func(conn *sqlite.Conn) error { return exec(conn, `INSERT INTO t VALUES (zeroblob(400000))`) }); err != nil {
			t.Fatal(err)
		}
	}
	long := make([]byte, 100_000)
	for range 100 {
		if err := s.Append(t.Context(), Message{Channel: 1, Game: "g", Name: "n", Text: string(long)}, func(Message) {}); err != nil {
			t.Fatal(err)
		}
	}
	conn, err := sqlite.OpenConn(uri(s.Path(), ""), sqlite.OpenReadWrite|sqlite.OpenURI)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	pages := 0
	if _, err := row(conn, `PRAGMA wal_checkpoint(NOOP)`, func(stmt *sqlite.Stmt) { pages = stmt.ColumnInt(1) }); err != nil {
		t.Fatal(err)
	}
	if pages > 3*checkpointPages {
		t.Errorf("the WAL has grown to %d pages", pages)
	}
}
