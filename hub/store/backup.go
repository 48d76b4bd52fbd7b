package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"zombiezen.com/go/sqlite"
)

// Backup writes a whole and compact copy of the file at path to dest, which must
// not exist. A server may run on the file and goes on writing meanwhile.
func Backup(ctx context.Context, path, dest string) error {
	if _, err := os.Stat(path); err != nil {
		return err
	}
	if _, err := os.Lstat(dest); err == nil {
		return fmt.Errorf("%s exists; name another file, or move it away: %w", dest, ErrConflict)
	}
	if _, err := schemaVersion(path); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	sweepCopies(filepath.Dir(dest), nil)
	return copyTo(ctx, path, dest)
}

// copyTo copies a database through SQLite, by way of a file beside dest, so that
// dest is whole or not there.
func copyTo(ctx context.Context, path, dest string) error {
	return withConn(ctx, path, func(conn *sqlite.Conn) error { return copyOpen(conn, path, dest) })
}

// withConn reads a database file that need not be in use.
func withConn(ctx context.Context, path string, do func(*sqlite.Conn) error) error {
	conn, err := sqlite.OpenConn(uri(path, ""), sqlite.OpenReadOnly|sqlite.OpenURI)
	if err != nil {
		return foreign(path, err)
	}
	defer conn.Close()
	conn.SetBusyTimeout(busyTimeout)
	conn.SetInterrupt(ctx.Done())
	return foreign(path, do(conn))
}

// copyOpen is copyTo for the database at path, as conn has it open.
func copyOpen(conn *sqlite.Conn, path, dest string) error {
	defer copying(filepath.Dir(dest))()
	temp, err := copyBeside(conn, path, dest)
	if err == nil {
		if err = os.Rename(temp, dest); err != nil {
			os.Remove(temp)
		}
	}
	flushFolder(dest)
	return err
}

// copyBeside copies the database at path, as conn has it open, to a new file in the folder
// of dest, which is on the disk when it returns.
func copyBeside(conn *sqlite.Conn, path, dest string) (_ string, err error) {
	temp, err := tempBeside(path, dest)
	if err != nil {
		return "", err
	}
	defer func() {
		if err != nil {
			os.Remove(temp)
		}
	}()
	if err := exec(conn, `VACUUM INTO ?1`, temp); err != nil {
		return "", err
	}
	return temp, flush(temp)
}

// flush puts a file on the disk before its rename is.
func flush(name string) error {
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// flushFolder puts on the disk how the files beside name are called. Where folders
// cannot be flushed, a power cut may undo a rename, but not half of it.
func flushFolder(name string) {
	if f, err := os.Open(filepath.Dir(name)); err == nil {
		_ = f.Sync()
		f.Close()
	}
}

// A BackupFile is a copy of the database in the folder of the backups, or the file
// that made room for one when that was restored.
type BackupFile struct {
	Name      string     `json:"name"`
	Path      string     `json:"path"`
	Kind      BackupKind `json:"kind"`
	Bytes     int64      `json:"bytes"`
	At        time.Time  `json:"at"`         // when it was made
	CheckedAt *time.Time `json:"checked_at"` // nil: never, or it was another file
	Problem   string     `json:"problem"`    // what the check found; "": nothing
}

// A BackupKind is why there is a backup.
type BackupKind string

// The kinds. Only those of the schedule are removed by the program itself.
const (
	ByHand        BackupKind = "by hand"
	BySchedule    BackupKind = "by schedule"
	BeforeRestore BackupKind = "before a restore"
	Rescued       BackupKind = "rescued" // from a file that was lost, while it was still open
)

// Sound reports whether the backup was checked and found whole.
func (b BackupFile) Sound() bool { return b.CheckedAt != nil && b.Problem == "" }

const (
	backupStamp  = "20060102T150405Z" // UTC
	scheduleMark = "-scheduled"
	rescueMark   = "-rescued"
)

// backupBase is how the names of the file's backups begin.
func (s *Store) backupBase() string { return strings.TrimSuffix(filepath.Base(s.path), ".db") + "-" }

// backupName parses the name of a backup, and knows no other file.
func (s *Store) backupName(name string) (at time.Time, kind BackupKind, ok bool) {
	stamp, ok := strings.CutPrefix(name, s.backupBase())
	stamp, ok2 := strings.CutSuffix(stamp, ".db")
	if !ok || !ok2 {
		return at, "", false
	}
	kind = ByHand
	if stamp, ok = strings.CutSuffix(stamp, scheduleMark); ok {
		kind = BySchedule
	} else if stamp, ok = strings.CutSuffix(stamp, rescueMark); ok {
		kind = Rescued
	}
	at, err := time.Parse(backupStamp, stamp)
	return at, kind, err == nil
}

// Backups lists what is in the folder, and the files that restores have kept, the
// newest first. Where there is no folder there are no backups.
func (s *Store) Backups(ctx context.Context, folder string) (all []BackupFile, err error) {
	all, err = list(folder, s.backupName)
	if err != nil {
		return nil, err
	}
	kept, err := keptFiles(s.path)
	if err != nil {
		return nil, err
	}
	all = append(all, kept...)
	slices.SortFunc(all, func(a, b BackupFile) int { return cmp.Or(b.At.Compare(a.At), cmp.Compare(b.Name, a.Name)) })
	return all, s.query(ctx, func(conn *sqlite.Conn) error {
		for i := range all {
			b := &all[i]
			if _, err := row(conn, `SELECT checked_at, coalesce(problem, '') FROM backups WHERE name = ?1 AND bytes = ?2`,
				func(stmt *sqlite.Stmt) { b.CheckedAt, b.Problem = timeAt(stmt, 0), stmt.ColumnText(1) }, b.Name, b.Bytes); err != nil {
				return err
			}
		}
		return nil
	})
}

func list(folder string, parse func(name string) (time.Time, BackupKind, bool)) (all []BackupFile, err error) {
	entries, err := os.ReadDir(folder)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("list the backups: %w", err)
	}
	for _, entry := range entries {
		at, kind, ok := parse(entry.Name())
		if !ok || !entry.Type().IsRegular() {
			continue
		}
		if st, err := entry.Info(); err == nil { // else it has just gone
			all = append(all, BackupFile{Name: entry.Name(), Path: filepath.Join(folder, entry.Name()), Kind: kind, Bytes: st.Size(), At: at})
		}
	}
	return all, nil
}

// Backup finds the one with that name. A name never leads out of the two folders.
func (s *Store) Backup(ctx context.Context, folder, name string) (BackupFile, error) {
	all, err := s.Backups(ctx, folder)
	for _, b := range all {
		if b.Name == name {
			return b, err
		}
	}
	if err == nil {
		err = Missing{Noun: "backup", Key: name}
	}
	return BackupFile{}, err
}

// MakeBackup makes a backup in the folder, which it makes too, and checks it. A backup
// that is damaged is there all the same, with its Problem.
func (s *Store) MakeBackup(ctx context.Context, folder string, kind BackupKind) (b BackupFile, err error) {
	defer func() {
		if err == nil {
			s.backupFailed.Store(nil)
		} else if ctx.Err() == nil && !errors.Is(err, ErrConflict) {
			s.backupFailed.Store(&BackupFailure{At: time.Now(), Reason: err.Error()})
		}
	}()
	b.At, b.Kind = time.Now().UTC().Truncate(time.Second), kind
	b.Name = s.backupBase() + b.At.Format(backupStamp)
	switch kind {
	case BySchedule:
		b.Name += scheduleMark
	case Rescued:
		b.Name += rescueMark
	}
	b.Name += ".db"
	b.Path = filepath.Join(folder, b.Name)
	if err := makeFolder(folder, s.path); err != nil {
		return b, fmt.Errorf("make the folder of the backups: %w", err)
	}
	if _, err := os.Lstat(b.Path); err == nil {
		return b, taken("backup", "one was made this second; wait a moment")
	}
	s.sweepBackups(folder)
	defer s.sweepBackups(folder)
	// From an open connection: whatever has happened to the file's name, this is the file.
	if err := s.query(ctx, func(conn *sqlite.Conn) error { return copyOpen(conn, s.path, b.Path) }); err != nil {
		return b, fmt.Errorf("back up: %w", err)
	}
	return b, s.checkBackup(ctx, "backup make", &b)
}

// sweepBackups takes away what was left behind by who made a backup there and was cut off.
func (s *Store) sweepBackups(folder string) {
	sweepCopies(folder, func(name string) bool {
		_, _, ok := s.backupName(name)
		return ok
	})
}

// CheckBackup looks through a backup for damage, and remembers what it found.
func (s *Store) CheckBackup(ctx context.Context, folder, name string) (BackupFile, error) {
	b, err := s.Backup(ctx, folder, name)
	if err == nil {
		err = s.checkBackup(ctx, "backup check", &b)
	}
	return b, err
}

func (s *Store) checkBackup(ctx context.Context, action string, b *BackupFile) error {
	st, err := os.Stat(b.Path)
	if err != nil {
		return err
	}
	problems, err := Check(ctx, b.Path)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		problems = []string{err.Error()} // it cannot be restored, whatever the reason
	}
	now := time.Now().UTC()
	b.Bytes, b.CheckedAt, b.Problem = st.Size(), &now, strings.Join(problems, "; ")
	if s.Loss() != nil {
		return nil // nothing can be put on record
	}
	return s.operate(ctx, action, b.Name, func(conn *sqlite.Conn) error {
		return exec(conn, `
			INSERT INTO backups (name, bytes, checked_at, problem) VALUES (?1, ?2, ?3, ?4)
			ON CONFLICT (name) DO UPDATE SET bytes = excluded.bytes, checked_at = excluded.checked_at, problem = excluded.problem`,
			b.Name, b.Bytes, micros(now), null(b.Problem))
	})
}

// RemoveBackup removes a backup.
func (s *Store) RemoveBackup(ctx context.Context, folder, name string) error {
	b, err := s.Backup(ctx, folder, name)
	if err != nil {
		return err
	}
	if err := os.Remove(b.Path); err != nil {
		return fmt.Errorf("remove the backup: %w", err)
	}
	return s.operate(ctx, "backup remove", b.Name, func(conn *sqlite.Conn) error {
		return exec(conn, `DELETE FROM backups WHERE name = ?1`, b.Name)
	})
}

// OpenBackup opens a backup for somebody who takes it away; that is put on record, unless
// the file is lost.
func (s *Store) OpenBackup(ctx context.Context, folder, name string) (*os.File, BackupFile, error) {
	b, err := s.Backup(ctx, folder, name)
	if err != nil {
		return nil, b, err
	}
	f, err := os.Open(b.Path)
	if err == nil {
		err = s.Note(ctx, "backup download", b.Name)
		if errors.Is(err, ErrLost) {
			err = nil // nothing can be put on record, and the backup is needed
		}
		if err != nil {
			f.Close()
		}
	}
	return f, b, err
}
