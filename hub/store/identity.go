package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// An identity says which files are open. SQLite finds the WAL and its index by name alone,
// so what happens to a name under an open database ends in two files that pass for one.
type identity struct {
	path           string
	file, wal, shm os.FileInfo
}

// identify looks at the file before it is opened, so that a change meanwhile is noticed later.
func identify(path string) (*identity, error) {
	file, err := stat(path)
	return &identity{path: path, file: file}, err
}

// withWAL also looks at the companions, which are there as soon as the file is open.
func (i *identity) withWAL() (err error) {
	if i.wal, err = stat(i.path + "-wal"); err == nil {
		i.shm, err = stat(i.path + "-shm")
	}
	return err
}

// stat is os.Stat that also notes the number of the file, which Windows looks up only when
// two are compared.
func stat(name string) (os.FileInfo, error) {
	st, err := os.Stat(name)
	if err == nil {
		os.SameFile(st, st)
	}
	return st, err
}

// look reports an error of ErrLost if a name leads elsewhere now, and another one if that
// cannot be told.
func (i *identity) look() error {
	for _, one := range []struct {
		name string
		was  os.FileInfo
	}{{i.path, i.file}, {i.path + "-wal", i.wal}, {i.path + "-shm", i.shm}} {
		switch now, err := os.Stat(one.name); {
		case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
			return fmt.Errorf("%w: %s was deleted or renamed under the running program", ErrLost, one.name)
		case err != nil:
			return fmt.Errorf("look at the database: %w", err)
		case !os.SameFile(now, one.was):
			return fmt.Errorf("%w: another file took the place of %s under the running program", ErrLost, one.name)
		}
	}
	return nil
}

// ours reports whether what closing the database does by name meets the open files alone:
// the WAL is written back into the file, and deleted.
func (i *identity) ours() bool {
	file, err := os.Stat(i.path)
	wal, walErr := os.Stat(i.path + "-wal")
	return err == nil && os.SameFile(file, i.file) && (errors.Is(walErr, fs.ErrNotExist) || walErr == nil && os.SameFile(wal, i.wal))
}

// setAside renames the open WAL if another file has the name of the database: a program
// that opens that file would take the WAL for its own. Where only the file is gone, the WAL stays: with
// it the file is whole again when somebody puts it back.
func (i *identity) setAside() error {
	file, err := os.Stat(i.path)
	if err != nil || os.SameFile(file, i.file) {
		return nil
	}
	if wal, err := os.Stat(i.path + "-wal"); err == nil && os.SameFile(wal, i.wal) {
		if err := os.Rename(i.path+"-wal", i.path+".lost-"+time.Now().UTC().Format(keptStamp)+"-wal"); err != nil {
			return err
		}
	}
	if shm, err := os.Stat(i.path + "-shm"); err == nil && os.SameFile(shm, i.shm) {
		return os.Remove(i.path + "-shm")
	}
	return nil
}

// real follows links to the file that a path means, which need not be there. SQLite does the
// same, so that the companions of a file are in its folder, not in that of a link.
func real(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	for range 40 {
		target, err := os.Readlink(path)
		if err != nil {
			return path, nil
		}
		if !filepath.IsAbs(target) {
			folder, err := filepath.EvalSymlinks(filepath.Dir(path))
			if err != nil {
				return "", err
			}
			target = filepath.Join(folder, target)
		}
		path = target
	}
	return "", fmt.Errorf("%s: too many links lead from one to the next", path)
}

// alone refuses a file with a second name (a hard link): each name would have a WAL and a
// lock of its own, and two programs would damage the file without noticing each other.
func alone(path string) error {
	n, err := names(path)
	if err == nil && n > 1 { // the second may be of a restore that was cut off; it goes with the lock
		if unlock, locked := Lock(path); locked == nil {
			n, err = names(path)
			err = errors.Join(err, unlock())
		}
	}
	if err != nil || n <= 1 {
		return err
	}
	return fmt.Errorf("%s has %d names (hard links), and the database may only have one; remove the others, which find DIR -samefile %[1]s lists", path, n)
}
