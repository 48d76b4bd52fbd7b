package hubtest

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"hearsay/hub/store"
)

// NewFile gives the path of a new database on the newest schema, in a folder of the test.
// It is a copy of one that the process has made once: the migrations take most of the time
// that a small test needs, above all with the race detector.
func NewFile(t testing.TB) string {
	t.Helper()
	file, err := newFile()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "hearsay.db")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

var newFile = sync.OnceValues(func() (file []byte, err error) {
	dir, err := os.MkdirTemp("", "hearsay")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "hearsay.db")
	st, err := store.Open(context.Background(), path, store.Options{})
	if err != nil {
		return nil, err
	}
	if err := st.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})
