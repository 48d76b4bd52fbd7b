package store

import (
	"fmt"
	"os"
	"path/filepath"
)

// A Disk says how much room the database takes and has.
type Disk struct {
	Used  int64 // bytes of the file and its WAL
	Free  int64 // bytes that this user may still take on the same disk
	Total int64 // bytes of the disk
}

// Disk reports that. Where it cannot be told, the error is errors.ErrUnsupported.
func (s *Store) Disk() (d Disk, err error) {
	for _, name := range []string{s.path, s.path + "-wal"} {
		if st, err := os.Stat(name); err == nil {
			d.Used += st.Size()
		}
	}
	d.Free, d.Total, err = room(filepath.Dir(s.path))
	if err != nil {
		err = fmt.Errorf("look at the disk: %w", err)
	}
	return d, err
}
