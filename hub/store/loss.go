package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// look notices whether the file is still the one that is open. What it finds is final until
// the file is opened again, and logged once.
func (s *Store) look() {
	if s.Loss() != nil {
		return
	}
	err := s.identity.look()
	if !errors.Is(err, ErrLost) {
		s.faults.note("a look at the file", err)
		return
	}
	s.lose(err)
	if context.Cause(s.held) == err { // nobody was quicker
		s.log.Error("the database file is lost; what is still open is saved as a backup, then stop the hub and restore that", "err", err)
	}
}

// Loss is an error of ErrLost when the file was deleted, renamed or replaced under the
// program, or its WAL was, else nil. It is noticed within a quarter of a second. From then on
// every write is refused with this error; reading goes on, of the files that are still open.
func (s *Store) Loss() error { return context.Cause(s.held) }

// Rescued is the backup that was made of a lost file while it was still open; nil: none yet.
func (s *Store) Rescued() *BackupFile { return s.rescued.Load() }

// rescue saves a lost file as a backup, once. The system keeps a deleted file only as long as
// this program has it open.
func (s *Store) rescue(ctx context.Context, folder string) {
	if s.Loss() == nil || s.Rescued() != nil {
		return
	}
	b, err := s.MakeBackup(ctx, folder, Rescued)
	if err == nil && b.Problem != "" {
		err = errors.New(b.Name + ": " + b.Problem)
		s.backupFailed.Store(&BackupFailure{At: b.At, Reason: err.Error()})
	}
	if err != nil {
		s.log.Error("the lost database could not be saved; mend this before the hub stops", "folder", folder, "err", err)
		return
	}
	s.rescued.Store(&b)
	s.log.Warn("saved the lost database as a backup; stop the hub, and put it in place with hearsay restore", "path", b.Path)
}

// CheckRescued refuses a path without a file if the folder of its backups has one that was saved
// of a lost file: an empty file in its place would hide the loss.
func CheckRescued(path, folder string) error {
	path, err := real(path)
	if err != nil {
		return err
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return nil // Open tells the rest
	}
	all, err := list(folder, (&Store{path: path}).backupName)
	if err != nil {
		return err
	}
	var newest BackupFile
	for _, b := range all {
		if b.Kind == Rescued && b.At.After(newest.At) {
			newest = b
		}
	}
	if newest.Path == "" {
		return nil
	}
	return fmt.Errorf("%[1]s is gone, and %[2]s was saved of it; to put that in place: hearsay restore %[2]s --db %[1]s;"+
		" to begin with an empty file, move the backup to another folder", path, newest.Path)
}
