package store

import (
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"hearsay/migrations"
)

// Upgrades keep copies of the file as it was. Those to schemas that are not there yet are
// driven from the inside.
func TestUpgrade(t *testing.T) {
	t.Parallel()
	log := slog.New(slog.DiscardHandler)
	for _, name := range []string{"hearsay.db", `a[1]\b*?.db`} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			path := filepath.Join(folder, name)
			s, err := Open(t.Context(), path, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			// Not copies of ours, whatever they look like.
			others := []string{name + ".before-v2-mine", name + ".before-vx", name + ".before-v01", name + ".before-v+1", "other.db.before-v1", "x" + name + ".before-v1"}
			for _, other := range others {
				if err := os.WriteFile(filepath.Join(folder, other), []byte("other"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			now := migrations.Newest()
			copies := func() (ahead []int64) { // of schemas so far ahead
				for i := range int64(20) {
					if _, err := os.Stat(path + ".before-v" + strconv.FormatInt(now+i, 10)); err == nil {
						ahead = append(ahead, i)
					}
				}
				return ahead
			}
			for _, step := range []struct {
				ahead int64
				want  []int64
			}{
				{1, []int64{1}}, {2, []int64{1, 2}}, {2, []int64{1, 2}}, {3, []int64{1, 2, 3}},
				{4, []int64{2, 3, 4}}, {9, []int64{3, 4, 9}}, {10, []int64{4, 9, 10}},
			} {
				if err := upgrade(t.Context(), path, now+step.ahead, log); err != nil {
					t.Fatal(err)
				}
				if got := copies(); !slices.Equal(got, step.want) {
					t.Errorf("after the upgrade to %d+%d there are the copies %d, want %d", now, step.ahead, got, step.want)
				}
				file := path + ".before-v" + strconv.FormatInt(now+step.ahead, 10)
				if version, err := schemaVersion(file); err != nil || version != now {
					t.Errorf("%s: got schema %d, %v", file, version, err)
				}
				if problems, err := Check(t.Context(), file); err != nil || len(problems) > 0 {
					t.Errorf("%s: %q, %v", file, problems, err)
				}
			}
			// Another process was quicker: nothing to copy.
			if err := os.WriteFile(path+".before-v"+strconv.FormatInt(now, 10), []byte("copy"), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := upgrade(t.Context(), path, now, log); err != nil {
				t.Fatal(err)
			}
			if got, err := os.ReadFile(path + ".before-v" + strconv.FormatInt(now, 10)); err != nil || string(got) != "copy" {
				t.Errorf("the copy is overwritten with %q, %v", got, err)
			}
			for _, other := range others {
				if _, err := os.Stat(filepath.Join(folder, other)); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// A start that was cut off leaves goose's table at most; the next one goes on.
func TestMigrate_cutOff(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hearsay.db")
	conn, _ := hooked(t, path)
	for _, query := range []string{
		`CREATE TABLE goose_db_version (id INTEGER PRIMARY KEY AUTOINCREMENT, version_id INTEGER NOT NULL, is_applied INTEGER NOT NULL, tstamp TIMESTAMP DEFAULT (datetime('now')))`,
		`INSERT INTO goose_db_version (version_id, is_applied) VALUES (0, 1)`,
	} {
		if err := exec(conn, query); err != nil {
			t.Fatal(err)
		}
	}
	if version, err := schemaVersion(path); err != nil || version != 0 {
		t.Errorf("got %d, %v", version, err)
	}
	s, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}
