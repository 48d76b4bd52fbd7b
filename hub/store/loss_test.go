package store_test

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"hearsay/hub/hubtest"
	"hearsay/hub/store"
)

// A journal is a log that may be read while it is written.
type journal struct {
	mu   sync.Mutex // guards text
	text bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// losses are the ways in which the file of a running program gets lost.
var losses = map[string]func(t *testing.T, path string){
	"deleted":         func(t *testing.T, path string) { check(t, os.Remove(path)) },
	"renamed":         func(t *testing.T, path string) { check(t, os.Rename(path, path+".old")) },
	"all deleted":     func(t *testing.T, path string) { check(t, os.Remove(path)); check(t, os.Remove(path+"-wal")) },
	"WAL deleted":     func(t *testing.T, path string) { check(t, os.Remove(path+"-wal")) },
	"index deleted":   func(t *testing.T, path string) { check(t, os.Remove(path+"-shm")) },
	"replaced":        func(t *testing.T, path string) { check(t, os.Rename(other(t, path), path)) },
	"folder replaced": func(t *testing.T, path string) { check(t, os.Rename(filepath.Dir(path), filepath.Dir(path)+".old")) },
	"replaced slowly": func(t *testing.T, path string) {
		check(t, os.Rename(path, path+".old"))
		time.Sleep(400 * time.Millisecond) // until it is known to be gone; the test is right without, too
		check(t, os.Rename(other(t, path), path))
	},
}

// other makes another database with a game Other.
func other(t *testing.T, path string) string {
	s := open(t, filepath.Join(t.TempDir(), "other.db"))
	addGame(t, s, "Other")
	copied := filepath.Join(filepath.Dir(path), "incoming")
	check(t, store.Backup(t.Context(), s.Path(), copied))
	return copied
}

func TestStore_lost(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("an open file cannot be deleted or renamed here")
	}
	for name, lose := range losses {
		t.Run(name, func(t *testing.T) {
			folder, log := filepath.Join(t.TempDir(), "data"), new(journal)
			check(t, os.Mkdir(folder, 0o700))
			path, backups := filepath.Join(folder, "hearsay.db"), filepath.Join(t.TempDir(), "backups")
			s := must(store.Open(t.Context(), path, store.Options{Log: slog.New(slog.NewTextHandler(log, nil))}))
			t.Cleanup(func() { s.Close() })
			unlock := must(store.Lock(path))
			addGame(t, s, "Alpha")
			check(t, s.Ready(t.Context()))
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			done := make(chan struct{})
			go func() {
				defer close(done)
				s.ScheduleBackups(ctx, func() store.BackupPlan {
					return store.BackupPlan{Folder: backups, Schedule: store.Daily, Keep: 1}
				})
			}()

			lose(t, path)
			hubtest.Eventually(t, "the loss", func() bool { return s.Loss() != nil })
			wantErr(t, "the loss", s.Loss(), store.ErrLost)
			if !strings.Contains(s.Loss().Error(), path) {
				t.Errorf("the loss is %v", s.Loss())
			}
			wantErr(t, "ready", s.Ready(t.Context()), store.ErrLost)
			for _, channel := range []store.ChannelID{1, 2} {
				wantErr(t, "a message", s.Append(t.Context(), store.Message{Channel: channel, Game: "Alpha", Name: "Ann", Text: "hi"},
					func(store.Message) { t.Error("it was delivered") }), store.ErrLost)
			}
			_, err := s.CreateGame(t.Context(), store.Game{ShortName: "Beta", Name: "Beta"}, store.LongSecret)
			wantErr(t, "a game", err, store.ErrLost)
			if games := must(s.Games(t.Context())); len(games) != 1 {
				t.Errorf("the open file has %d games", len(games))
			}

			hubtest.Eventually(t, "the rescue", func() bool { return s.Rescued() != nil })
			saved := s.Rescued()
			if saved.Kind != store.Rescued || saved.Problem != "" || filepath.Dir(saved.Path) != backups {
				t.Errorf("rescued %+v", saved)
			}
			if all := must(s.Backups(t.Context(), backups)); len(all) != 1 || all[0].Kind != store.Rescued {
				t.Errorf("there is %+v", all)
			}
			again := must(s.MakeBackup(t.Context(), filepath.Join(backups, "by hand"), store.ByHand)) // as the page does
			for _, path := range []string{saved.Path, again.Path} {
				copied := open(t, path)
				if games := must(copied.Games(t.Context())); len(games) != 1 || games[0].ShortName != "Alpha" {
					t.Errorf("%s has the games %+v", path, games)
				}
				check(t, copied.Close())
			}
			cancel()
			<-done
			if n := strings.Count(log.String(), "level=ERROR"); n != 1 || !strings.Contains(log.String(), "lost") {
				t.Errorf("%d errors are in the log:\n%s", n, log)
			}

			// The name leads to a whole file now, also after the last one has closed.
			if strings.HasPrefix(name, "replaced") {
				hubtest.Eventually(t, "the WAL put aside", func() bool { return len(must(filepath.Glob(path+".lost-*-wal"))) == 1 })
				o := open(t, path)
				addGame(t, o, "More")
				check(t, s.Close())
				if games := must(o.Games(t.Context())); len(games) != 2 || games[1].ShortName != "Other" {
					t.Errorf("the other file has the games %+v", games)
				}
				check(t, o.Close())
				if problems := must(store.Check(t.Context(), path)); len(problems) > 0 {
					t.Errorf("the other file is damaged: %q", problems)
				}
			}
			check(t, s.Close())
			switch name {
			case "deleted", "renamed": // no empty file takes the place of one that was lost
				if o, err := store.Open(t.Context(), path, store.Options{}); err == nil || !strings.Contains(err.Error(), path+"-wal") {
					t.Errorf("opened %v, %v", o, err)
				}
			case "WAL deleted", "index deleted":
				if games := must(open(t, path).Games(t.Context())); len(games) != 1 {
					t.Errorf("the file has %d games", len(games))
				}
			}
			if name == "renamed" { // and it may be put back
				check(t, os.Rename(path+".old", path))
				if games := must(open(t, path).Games(t.Context())); len(games) != 1 {
					t.Errorf("the file has %d games", len(games))
				}
				return
			}
			check(t, unlock())
			if name != "folder replaced" && name != "WAL deleted" && name != "index deleted" {
				_, err = store.Restore(t.Context(), saved.Path, path)
				check(t, err)
				if games := must(open(t, path).Games(t.Context())); len(games) != 1 || games[0].ShortName != "Alpha" {
					t.Errorf("restored are the games %+v", games)
				}
			}
		})
	}
}

// What is lost in the last moment is saved by the stop.
func TestScheduleBackups_lostAtTheEnd(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("an open file cannot be deleted here")
	}
	s, backups := open(t), t.TempDir()
	addGame(t, s, "Alpha")
	check(t, os.Remove(s.Path()))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s.ScheduleBackups(ctx, func() store.BackupPlan { return store.BackupPlan{Folder: backups, Schedule: store.Off, Keep: 1} })
	wantErr(t, "the loss", s.Loss(), store.ErrLost)
	if s.Rescued() == nil {
		t.Fatal("nothing was saved")
	}
	if games := must(open(t, s.Rescued().Path).Games(t.Context())); len(games) != 1 {
		t.Errorf("saved were %d games", len(games))
	}
}
