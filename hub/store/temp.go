package store

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// While a file is being made it is called .NAME.hearsay-copy-NUMBER, beside where it will be. Who
// makes one holds the folder for that long; what is there while nobody holds the folder was
// left by a process that died.

const tempMark = ".hearsay-copy"

// tempBeside makes an empty file in the folder of dest that only the owner of the database
// at path can read.
func tempBeside(path, dest string) (string, error) {
	f, err := os.CreateTemp(filepath.Dir(dest), "."+filepath.Base(dest)+tempMark+"-*") // mode 0600
	if err != nil {
		return "", err
	}
	if err = errors.Join(f.Close(), give(f.Name(), path)); err != nil {
		os.Remove(f.Name())
	}
	return f.Name(), err
}

// NewFile makes an empty file at path, which belongs to the owner of its folder, unless there is
// one. It is for files that others than the hub fill.
func NewFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err == nil {
		err = errors.Join(f.Close(), give(path, path))
	}
	return err
}

// tempForm is also that of the companions which SQLite makes.
var tempForm = regexp.MustCompile(`\A\.(.+)-([0-9]+)(-journal|-wal|-shm)?\z`)

// copying holds a folder while a file is being made in it; several may at once.
func copying(folder string) (release func()) {
	release, err := holdFolder(folder, false)
	if err != nil {
		return func() {} // then nobody can sweep there either
	}
	return release
}

// formerDigits is how many digits the number of a former release's file has at least, to be
// told from a date in what a person named. One in fifty had fewer, and stays.
const formerDigits = 9

// sweepCopies takes away what was left behind in a folder by who made a file there and was
// cut off, unless somebody is making one. Former releases called them .NAME-NUMBER: of those
// it takes the ones whose NAME former knows; nil: none.
func sweepCopies(folder string, former func(name string) bool) {
	release, err := holdFolder(folder, true)
	if err != nil {
		return // the next one will
	}
	defer release()
	entries, _ := os.ReadDir(folder) // who makes a file there will tell
	for _, entry := range entries {
		m := tempForm.FindStringSubmatch(entry.Name())
		if m == nil || !entry.Type().IsRegular() {
			continue
		}
		if strings.HasSuffix(m[1], tempMark) || former != nil && len(m[2]) >= formerDigits && former(m[1]) {
			_ = os.Remove(filepath.Join(folder, entry.Name()))
		}
	}
}

// makeFolder makes a folder and those above it, for the owner of the database at path alone.
func makeFolder(folder, path string) error {
	if _, err := os.Stat(folder); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := makeFolder(filepath.Dir(folder), path); err != nil {
		return err
	}
	err := os.Mkdir(folder, 0o700)
	if errors.Is(err, fs.ErrExist) {
		return nil // somebody else has
	}
	if err == nil {
		err = give(folder, path)
	}
	return err
}

// keptFiles are those that made room for restored ones.
func keptFiles(path string) ([]BackupFile, error) {
	return list(filepath.Dir(path), func(name string) (time.Time, BackupKind, bool) {
		stamp, ok := strings.CutPrefix(name, filepath.Base(path)+keptName)
		at, err := time.Parse(keptStamp, stamp)
		return at, BeforeRestore, ok && err == nil
	})
}

// dropKept keeps the newest of them, and takes away the others with their companions.
func dropKept(path string) error {
	all, err := keptFiles(path)
	slices.SortFunc(all, func(a, b BackupFile) int { return a.At.Compare(b.At) })
	for _, one := range all[:max(0, len(all)-copiesKept)] {
		for _, suffix := range []string{"-wal", "-shm", "-journal", ""} {
			if gone := os.Remove(one.Path + suffix); !errors.Is(gone, fs.ErrNotExist) {
				err = errors.Join(err, gone)
			}
		}
	}
	return err
}
