//go:build unix

package store_test

import (
	"context"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"hearsay/hub/store"
)

// Copies that a kill left behind go as soon as nobody makes one in the folder, and only those.
func TestSweep(t *testing.T) {
	folder := t.TempDir()
	backups := filepath.Join(folder, "backups")
	s := open(t, folder+"/hearsay.db")
	check(t, os.Mkdir(backups, 0o700))
	left := []string{".hearsay-20260101T000000Z.db.hearsay-copy-1", ".hearsay-20260101T000000Z.db.hearsay-copy-1-journal", ".hearsay-20260101T000000Z.db-1234567890"}
	others := []string{
		".cache-1", "hearsay.hearsay-copy-1", ".x.hearsay-copy-y", ".report.copy-1", ".hearsay-notes-1234567890", ".hearsay-2026-1234567890",
		".hearsay-20260101T000000Z.db-20260102", ".hearsay-20260101T000000Z.db-12345678901-x",
	}
	check(t, os.Mkdir(filepath.Join(backups, ".folder.hearsay-copy-1"), 0o700))
	plant := func() {
		t.Helper()
		for _, name := range append(left, others...) {
			check(t, os.WriteFile(filepath.Join(backups, name), nil, 0o600))
		}
	}
	wants := func(when string, swept bool) {
		t.Helper()
		var all []string
		for _, entry := range must(os.ReadDir(backups)) {
			if entry.Name()[0] == '.' {
				all = append(all, entry.Name())
			}
		}
		want := len(others) // but one, which shows, and the folder
		if !swept {
			want += len(left)
		}
		if len(all) != want {
			t.Errorf("%s: there is %q", when, all)
		}
	}
	plant()
	holder := must(os.Open(backups)) // as somebody who makes a backup there at the moment
	check(t, syscall.Flock(int(holder.Fd()), syscall.LOCK_SH))
	must(s.MakeBackup(t.Context(), backups, store.ByHand))
	wants("while another makes one", false)
	check(t, holder.Close())
	must(s.MakeBackup(t.Context(), backups, store.BySchedule))
	wants("after a backup", true)
	plant()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s.ScheduleBackups(ctx, func() store.BackupPlan { return store.BackupPlan{Folder: backups, Schedule: store.Off} })
	wants("at the start", true)
	plant()
	check(t, os.Remove(filepath.Join(backups, left[2]))) // of which only the hub knows that it is one
	check(t, store.Backup(t.Context(), s.Path(), filepath.Join(backups, "by name")))
	wants("before a copy to a file", true)
}
