//go:build unix

package store

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// names says how many names a file has.
func names(path string) (int, error) {
	st, err := os.Stat(path)
	if err != nil {
		return 0, err
	}
	return int(st.Sys().(*syscall.Stat_t).Nlink), nil
}

// holdFolder holds a folder for who makes files in it, or, alone, for who takes leftovers
// away; the latter fails at once while others hold it. It ends with the process.
func holdFolder(folder string, alone bool) (release func(), err error) {
	f, err := os.Open(folder)
	if err != nil {
		return nil, err
	}
	how := syscall.LOCK_SH
	if alone {
		how = syscall.LOCK_EX | syscall.LOCK_NB
	}
	for err = syscall.EINTR; err == syscall.EINTR; {
		err = syscall.Flock(int(f.Fd()), how)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return func() { f.Close() }, nil
}

// give makes a new file belong to the owner of the database at path, or of its folder if
// there is none yet: a command that root runs leaves nothing that the server cannot use.
func give(name, path string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	st, err := os.Stat(path)
	if os.IsNotExist(err) || path == name {
		st, err = os.Stat(filepath.Dir(path))
	}
	if os.IsNotExist(err) {
		return nil // both are lost, see Loss
	}
	if err != nil {
		return err
	}
	owner := st.Sys().(*syscall.Stat_t)
	// Who owns the folder may have put another's file under the name: root must not give that away.
	f, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	if st, err = f.Stat(); err != nil {
		return err
	}
	if !st.IsDir() && st.Sys().(*syscall.Stat_t).Nlink > 1 {
		return fmt.Errorf("%s has a second name; remove it, so that it can be made again", name)
	}
	return f.Chown(int(owner.Uid), int(owner.Gid))
}
