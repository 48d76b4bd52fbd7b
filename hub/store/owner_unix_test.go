//go:build unix

package store_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"hearsay/hub/store"
)

// What root's commands make belongs to the owner of the database, or of its folder.
func TestGive(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root gives files away")
	}
	const uid, gid = 54321, 54322
	folder := t.TempDir()
	check(t, os.Chown(folder, uid, gid))
	path := folder + "/hearsay.db"
	wants := func(names ...string) {
		t.Helper()
		for _, name := range names {
			st, err := os.Lstat(name)
			if err != nil {
				t.Error(err)
			} else if owner := st.Sys().(*syscall.Stat_t); owner.Uid != uid || owner.Gid != gid {
				t.Errorf("%s belongs to %d:%d", name, owner.Uid, owner.Gid)
			} else if mode := st.Mode().Perm(); mode != 0o600 && mode != 0o700 {
				t.Errorf("%s has the mode %v", name, mode)
			}
		}
	}
	s := open(t, path) // a first command
	addGame(t, s, "Alpha")
	wants(path, path+"-wal", path+"-shm", path+".lock")
	b := must(s.MakeBackup(t.Context(), folder+"/deep/backups", store.ByHand))
	wants(folder+"/deep", folder+"/deep/backups", b.Path)
	check(t, store.Backup(t.Context(), path, folder+"/copy.db"))
	wants(folder + "/copy.db")
	check(t, s.Close())
	kept := must(store.Restore(t.Context(), b.Path, path))
	wants(path, kept, path+".lock")
	_, err := store.Restore(t.Context(), b.Path, folder+"/new.db")
	check(t, err)
	wants(folder + "/new.db")
	firstSchema(t, folder+"/old.db")
	check(t, os.Chown(folder+"/old.db", uid, gid))
	check(t, open(t, folder+"/old.db").Close())
	wants(must(filepath.Glob(folder + "/old.db*"))...)
	copied := folder + "/copied.db"
	check(t, store.NewFile(copied))
	check(t, os.WriteFile(copied, []byte("kept"), 0))
	check(t, os.Chmod(copied, 0o600)) // its mode is up to the umask
	check(t, store.NewFile(copied))
	if string(must(os.ReadFile(copied))) != "kept" {
		t.Error("a file that was there was made again")
	}
	wants(copied)
}

// The owner of the folder makes root give away no file of others: neither by a second name nor
// by a link.
func TestGive_others(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root gives files away")
	}
	folder := t.TempDir()
	path, other := folder+"/hearsay.db", folder+"/other"
	check(t, open(t, path).Close())
	check(t, os.Chown(path, 54321, 54322))
	check(t, os.WriteFile(other, nil, 0o600))
	for _, put := range []func(string, string) error{os.Link, os.Symlink} {
		check(t, os.Remove(path+".lock"))
		check(t, put(other, path+".lock"))
		if unlock, err := store.Lock(path); err == nil {
			t.Error("the lock was taken")
			check(t, unlock())
		}
		if uid := must(os.Stat(other)).Sys().(*syscall.Stat_t).Uid; uid != 0 {
			t.Errorf("the other file belongs to %d", uid)
		}
	}
}
