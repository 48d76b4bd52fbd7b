package store_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"zombiezen.com/go/sqlite/sqlitex"

	"hearsay/hub/hubtest"
	"hearsay/hub/store"
)

// The hub is not ready while another program holds the write lock, and is again when that has
// ended, though nobody writes.
func TestReady(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, err := store.Open(t.Context(), hubtest.NewFile(t), store.Options{})
		check(t, err)
		stop := maintain(t, s)
		check(t, s.Ready(t.Context()))
		conn := connect(t, s.Path())
		check(t, sqlitex.ExecuteTransient(conn, `BEGIN IMMEDIATE`, nil))
		time.Sleep(6 * time.Second) // and SQLite waits for ten more
		if err := s.Ready(t.Context()); err == nil || !strings.Contains(err.Error(), "written") {
			t.Errorf("under the lock: %v", err)
		}
		if _, err := s.InviteUser(t.Context(), store.User{Username: "ann", Role: store.Admin}); !errors.Is(err, store.ErrBusy) {
			t.Errorf("a write under the lock: %v", err)
		}
		check(t, sqlitex.ExecuteTransient(conn, `ROLLBACK`, nil))
		time.Sleep(16 * time.Second)
		check(t, s.Ready(t.Context()))
		stop()
		check(t, s.Close())
	})
}

// An idle hub stays ready, because a write is tried.
func TestReady_idle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := store.Open(t.Context(), hubtest.NewFile(t), store.Options{})
		check(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); s.Maintain(ctx) }()
		for range 20 {
			time.Sleep(3 * time.Second)
			synctest.Wait()
			check(t, s.Ready(t.Context()))
		}
		cancel()
		<-done
		time.Sleep(16 * time.Second)
		if err := s.Ready(t.Context()); err == nil || !strings.Contains(err.Error(), "nothing could be written") {
			t.Errorf("with nobody who tries: %v", err)
		}
		check(t, s.Close())
	})
}

// A damaged file is not ready once something has met the damage, whatever else can be written.
func TestReady_damaged(t *testing.T) {
	path := hubtest.NewFile(t)
	conn := connect(t, path)
	root := ask(t, conn, `SELECT (rootpage - 1) * 4096 FROM sqlite_schema WHERE name = 'messages'`)
	f := must(os.OpenFile(path, os.O_RDWR, 0))
	var at int64
	for _, digit := range root[0] {
		at = at*10 + int64(digit-'0')
	}
	_, err := f.WriteAt([]byte(strings.Repeat("\xff", 4096)), at)
	check(t, err)
	check(t, f.Close())
	s := open(t, path)
	check(t, s.Ready(t.Context()))
	if err := s.Append(t.Context(), store.Message{Channel: 1, Text: "hi"}, func(store.Message) { t.Error("delivered") }); err == nil {
		t.Error("a message was logged in a damaged file")
	}
	check(t, s.SetSetting(t.Context(), "title", "unrelated"))
	if err := s.Ready(t.Context()); err == nil || !strings.Contains(err.Error(), "cannot be written") {
		t.Errorf("got %v", err)
	}
}
