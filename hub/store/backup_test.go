package store_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"hearsay/hub/hubtest"
	"hearsay/hub/store"
)

// names are those of the backups, without the time in them.
func names(t testing.TB, s *store.Store, folder string) (all []string) {
	t.Helper()
	for _, b := range must(s.Backups(t.Context(), folder)) {
		all = append(all, string(b.Kind))
	}
	return all
}

func TestBackups(t *testing.T) {
	s := open(t)
	folder := filepath.Join(t.TempDir(), "a", "b")
	ctx := store.WithActor(t.Context(), store.Actor{Name: "ann"})
	if all := must(s.Backups(ctx, folder)); len(all) != 0 {
		t.Errorf("where no folder is there are %+v", all)
	}
	addGame(t, s, "Alpha")
	b := must(s.MakeBackup(ctx, folder, store.ByHand))
	if !b.Sound() || b.Bytes == 0 || time.Since(b.At) > time.Minute || !strings.HasPrefix(b.Name, "hearsay-2") || filepath.Dir(b.Path) != folder {
		t.Errorf("made %+v", b)
	}
	if _, err := s.MakeBackup(ctx, folder, store.ByHand); err == nil && time.Since(b.At) < time.Second {
		t.Error("two in one second")
	}
	for _, name := range []string{"hearsay-x.db", "hearsay-20260102T030405Z.sqlite", "other-20260102T030405Z.db", "hearsay-20260102T030405Z.db.txt"} {
		check(t, os.WriteFile(filepath.Join(folder, name), nil, 0o600))
	}
	check(t, os.Mkdir(filepath.Join(folder, "hearsay-20260102T030405Z.db"), 0o700))
	old := "hearsay-20250102T030405Z-scheduled.db"
	check(t, os.WriteFile(filepath.Join(folder, old), []byte(strings.Repeat("nonsense", 1000)), 0o600))
	check(t, os.WriteFile(s.Path()+".before-restore-20240102T030405.678Z", nil, 0o600))
	all := must(s.Backups(ctx, folder))
	for i, want := range []struct {
		kind store.BackupKind
		at   string
	}{{store.ByHand, b.At.Format(time.RFC3339)}, {store.BySchedule, "2025-01-02T03:04:05Z"}, {store.BeforeRestore, "2024-01-02T03:04:05Z"}} {
		if i += len(all) - 3; all[i].Kind != want.kind || all[i].At.Format(time.RFC3339) != want.at {
			t.Errorf("got %+v, want %v", all[i], want)
		}
	}
	if all[len(all)-2].CheckedAt != nil || all[len(all)-2].Sound() {
		t.Error("one that nobody looked at is called sound")
	}
	if bad := must(s.CheckBackup(ctx, folder, old)); bad.Sound() || !strings.Contains(bad.Problem, "no hearsay database") {
		t.Errorf("got %+v", bad)
	}
	if bad := must(s.Backup(ctx, folder, old)); bad.CheckedAt == nil || bad.Problem == "" {
		t.Errorf("what was found is forgotten: %+v", bad)
	}
	check(t, os.WriteFile(filepath.Join(folder, old), []byte("other"), 0o600))
	if other := must(s.Backup(ctx, folder, old)); other.CheckedAt != nil {
		t.Errorf("another file of the name has the check of the first: %+v", other)
	}

	f, opened, err := s.OpenBackup(ctx, folder, b.Name)
	check(t, err)
	if st := must(f.Stat()); st.Size() != b.Bytes || opened.Name != b.Name {
		t.Errorf("got %d bytes of %+v", st.Size(), opened)
	}
	check(t, f.Close())
	check(t, s.RemoveBackup(ctx, folder, old))
	for _, name := range []string{old, "", "../hearsay.db", "hearsay-x.db", filepath.Join(folder, b.Name), filepath.Base(s.Path())} {
		_, _, err := s.OpenBackup(ctx, folder, name)
		wantErr(t, name, err, store.ErrNotFound)
		wantErr(t, name, s.RemoveBackup(ctx, folder, name), store.ErrNotFound)
		_, err = s.CheckBackup(ctx, folder, name)
		wantErr(t, name, err, store.ErrNotFound)
	}
	want := []string{"backup make " + b.Name, "backup check " + old, "backup download " + b.Name, "backup remove " + old}
	got := ask(t, connect(t, s.Path()), `SELECT action || ' ' || subject FROM audit ORDER BY id`)
	if got = slices.DeleteFunc(got, func(line string) bool { return strings.HasPrefix(line, "backup make") && line != want[0] }); !slices.Equal(got, want) {
		t.Errorf("on record is %q, want %q", got, want)
	}
}

func TestBackups_failure(t *testing.T) {
	s := open(t)
	folder := filepath.Join(t.TempDir(), "file")
	check(t, os.WriteFile(folder, nil, 0o600))
	if _, err := s.MakeBackup(t.Context(), filepath.Join(folder, "x"), store.ByHand); err == nil || s.BackupFailure() == nil || !strings.Contains(s.BackupFailure().Reason, "folder") {
		t.Errorf("got %v and %+v", err, s.BackupFailure())
	}
	if _, err := s.LastBackup(t.Context(), store.BackupPlan{Schedule: store.Daily}); err == nil || !strings.Contains(err.Error(), "folder") {
		t.Errorf("the last backup: %v", err)
	}
	made := must(s.MakeBackup(t.Context(), t.TempDir(), store.ByHand))
	for _, test := range []struct {
		plan store.BackupPlan
		ago  time.Duration // at most
		none bool
	}{
		{store.BackupPlan{Folder: filepath.Dir(made.Path), Schedule: store.Daily}, time.Minute, false},
		{store.BackupPlan{Folder: t.TempDir(), Schedule: store.Daily}, 0, true},
		{store.BackupPlan{Folder: t.TempDir(), Schedule: store.Off}, time.Second, false},
	} {
		if at := must(s.LastBackup(t.Context(), test.plan)); at.IsZero() != test.none || !test.none && time.Since(at) > test.ago {
			t.Errorf("%+v: the last is of %v", test.plan, at)
		}
	}
	if f := s.BackupFailure(); f != nil {
		t.Errorf("after a success there is %+v", f)
	}
}

func TestBackupPlan(t *testing.T) {
	zone := time.FixedZone("", 2*60*60)
	at := func(day, hour, minute int) time.Time { return time.Date(2026, 3, day, hour, minute, 0, 0, zone) }
	for _, test := range []struct {
		plan            store.BackupPlan
		now, last, next time.Time
	}{
		{store.BackupPlan{Schedule: store.Daily, Hour: 4}, at(10, 12, 0), at(10, 4, 0), at(11, 4, 0)},
		{store.BackupPlan{Schedule: store.Daily, Hour: 4}, at(10, 4, 0), at(10, 4, 0), at(11, 4, 0)},
		{store.BackupPlan{Schedule: store.Daily, Hour: 4}, at(10, 3, 59), at(9, 4, 0), at(10, 4, 0)},
		{store.BackupPlan{Schedule: store.Daily}, at(1, 0, 0), at(1, 0, 0), at(2, 0, 0)},
		{store.BackupPlan{Schedule: store.Weekly, Hour: 23}, at(10, 12, 0), at(8, 23, 0), at(15, 23, 0)}, // the 8th is a Sunday
		{store.BackupPlan{Schedule: store.Weekly, Hour: 23}, at(8, 22, 0), at(1, 23, 0), at(8, 23, 0)},
		{store.BackupPlan{Schedule: store.Off}, at(8, 22, 0), time.Time{}, time.Time{}},
	} {
		if last, next := test.plan.Last(test.now), test.plan.Next(test.now); !last.Equal(test.last) || !next.Equal(test.next) {
			t.Errorf("%+v at %v: got %v and %v, want %v and %v", test.plan, test.now, last, next, test.last, test.next)
		}
	}
	good := store.BackupPlan{Folder: "x", Schedule: store.Off, Keep: 1}
	check(t, good.Check())
	for _, change := range []func(*store.BackupPlan){
		func(p *store.BackupPlan) { p.Folder = "" }, func(p *store.BackupPlan) { p.Folder = "a\x00" },
		func(p *store.BackupPlan) { p.Schedule = "hourly" }, func(p *store.BackupPlan) { p.Hour = 24 },
		func(p *store.BackupPlan) { p.Hour = -1 }, func(p *store.BackupPlan) { p.Keep = 0 }, func(p *store.BackupPlan) { p.Keep = 1001 },
	} {
		p := good
		change(&p)
		wantErr(t, "a bad plan", p.Check(), store.ErrInvalid)
	}
}

// The clocks pass over an hour, or show it twice: each day has one backup, and the next is
// never in the past.
func TestBackupPlan_zones(t *testing.T) {
	for _, test := range []struct {
		zone     string
		schedule string
		hour     int
		days     string   // the first of those that are looked at, in the zone
		want     []string // of each of them
	}{
		{"Europe/Berlin", store.Daily, 2, "2026-03-28", []string{"2026-03-28T02:00+01:00", "2026-03-29T03:00+02:00", "2026-03-30T02:00+02:00"}},
		{"Europe/Berlin", store.Daily, 2, "2026-10-24", []string{"2026-10-24T02:00+02:00", "2026-10-25T02:00+02:00", "2026-10-26T02:00+01:00"}},
		{"Europe/Berlin", store.Weekly, 2, "2026-03-22", []string{"2026-03-22T02:00+01:00", "2026-03-29T03:00+02:00", "2026-04-05T02:00+02:00"}},
		{"America/New_York", store.Daily, 2, "2026-03-07", []string{"2026-03-07T02:00-05:00", "2026-03-08T03:00-04:00", "2026-03-09T02:00-04:00"}},
		{"America/New_York", store.Daily, 1, "2026-10-31", []string{"2026-10-31T01:00-04:00", "2026-11-01T01:00-04:00", "2026-11-02T01:00-05:00"}},
		{"America/Santiago", store.Daily, 0, "2026-09-05", []string{"2026-09-05T00:00-04:00", "2026-09-06T01:00-03:00", "2026-09-07T00:00-03:00"}},
		{"America/Santiago", store.Daily, 23, "2026-04-03", []string{"2026-04-03T23:00-03:00", "2026-04-04T23:00-03:00", "2026-04-05T23:00-04:00"}},
		{"America/Santiago", store.Weekly, 0, "2026-08-30", []string{"2026-08-30T00:00-04:00", "2026-09-06T01:00-03:00", "2026-09-13T00:00-03:00"}},
	} {
		zone := must(time.LoadLocation(test.zone))
		plan := store.BackupPlan{Schedule: test.schedule, Hour: test.hour}
		var all []time.Time
		for _, text := range test.want {
			all = append(all, must(time.Parse("2006-01-02T15:04Z07:00", text)))
		}
		for now := must(time.ParseInLocation(time.DateOnly, test.days, zone)).Add(23 * time.Hour); now.Before(all[2].Add(12 * time.Hour)); now = now.Add(10 * time.Minute) {
			last, next := plan.Last(now), plan.Next(now)
			i, _ := slices.BinarySearchFunc(all, now.Add(1), time.Time.Compare) // so many are not after now
			if i == 0 || !last.Equal(all[i-1]) || i < len(all) && !next.Equal(all[i]) || !next.After(now) {
				t.Fatalf("%s %s at %d: at %v got %v and %v, want those of %v", test.zone, test.schedule, test.hour, now, last, next, test.want)
			}
		}
	}

	// Another zone from the next start on: what was made for a day there is not made again,
	// and no day is without.
	plan := store.BackupPlan{Schedule: store.Daily, Hour: 4}
	berlin, york := must(time.LoadLocation("Europe/Berlin")), must(time.LoadLocation("America/New_York"))
	made := time.Date(2026, 1, 5, 4, 0, 0, 0, york)
	if noon := time.Date(2026, 1, 5, 19, 0, 0, 0, berlin); plan.Last(noon).After(made) || !plan.Next(noon).Equal(time.Date(2026, 1, 6, 4, 0, 0, 0, berlin)) {
		t.Errorf("in Berlin the plan wants %v and %v", plan.Last(noon), plan.Next(noon))
	}
	made = time.Date(2026, 1, 5, 4, 0, 0, 0, berlin)
	if noon := time.Date(2026, 1, 5, 12, 0, 0, 0, york); !plan.Last(noon).Equal(time.Date(2026, 1, 5, 4, 0, 0, 0, york)) || plan.Last(noon).Sub(made) != 6*time.Hour {
		t.Errorf("in New York the plan wants %v", plan.Last(noon))
	}
}

// A planned is a plan that changes while it is followed.
type planned struct {
	mu   sync.Mutex // guards plan
	plan store.BackupPlan
}

func (p *planned) now() store.BackupPlan {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.plan
}

func (p *planned) change(how func(*store.BackupPlan)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	how(&p.plan)
}

// schedule runs the schedule in a bubble, whose time begins at midnight UTC of 2000-01-01.
func schedule(t *testing.T, plan *planned, do func(t *testing.T, s *store.Store, wait func(time.Duration))) {
	synctest.Test(t, func(t *testing.T) {
		s, err := store.Open(t.Context(), hubtest.NewFile(t), store.Options{})
		check(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			s.ScheduleBackups(ctx, plan.now)
		}()
		do(t, s, func(d time.Duration) {
			time.Sleep(d)
			synctest.Wait()
		})
		cancel()
		<-done
		check(t, s.Close())
	})
}

func TestScheduleBackups(t *testing.T) {
	folder := t.TempDir()
	now := time.Now()
	hour := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).In(now.Location()).Hour() + 2 // two hours after the bubble's beginning
	plan := &planned{plan: store.BackupPlan{Folder: folder, Schedule: store.Daily, Hour: hour % 24, Keep: 1}}
	schedule(t, plan, func(t *testing.T, s *store.Store, wait func(time.Duration)) {
		count := func(what string, scheduled, byHand int) {
			t.Helper()
			n := map[string]int{}
			for _, name := range names(t, s, folder) {
				n[name]++
			}
			if n["by schedule"] != scheduled || n["by hand"] != byHand {
				t.Errorf("%s: got %v, want %d by schedule and %d by hand", what, n, scheduled, byHand)
			}
		}
		wait(59 * time.Minute)
		count("at the start", 0, 0)
		wait(2 * time.Minute)
		count("an hour after it, because there is none", 1, 0)
		wait(59*time.Minute + time.Second)
		count("at its hour", 1, 0) // the first has gone
		must(s.MakeBackup(t.Context(), folder, store.ByHand))
		// Its hour moves, because a day is a third of a million looks for other processes.
		plan.change(func(p *store.BackupPlan) { p.Keep, p.Hour = 2, (p.Hour+1)%24 })
		wait(time.Hour)
		count("at its next hour", 2, 1)
		for _, b := range must(s.Backups(t.Context(), folder)) {
			if !b.Sound() {
				t.Errorf("%+v was not checked", b)
			}
			if age := time.Since(b.At); b.Kind == store.BySchedule && age > 90*time.Minute {
				t.Errorf("%s is kept, and is not among the newest", b.Name)
			}
		}

		// Off is off, and what was missed is made when it is on again.
		plan.change(func(p *store.BackupPlan) { p.Schedule = store.Off })
		for _, b := range must(s.Backups(t.Context(), folder)) {
			check(t, s.RemoveBackup(t.Context(), folder, b.Name))
		}
		wait(2 * time.Hour)
		count("off", 0, 0)
		plan.change(func(p *store.BackupPlan) { p.Schedule = store.Weekly })
		wait(2 * time.Minute)
		count("on again", 1, 0)
		wait(2 * time.Hour)
		count("and not twice", 1, 0)

		// A folder that cannot be fails once an hour.
		check(t, os.WriteFile(filepath.Join(folder, "file"), nil, 0o600))
		plan.change(func(p *store.BackupPlan) { p.Folder = filepath.Join(folder, "file", "x") })
		wait(2 * time.Minute)
		first := s.BackupFailure()
		if first == nil {
			t.Fatal("no failure")
		}
		wait(30 * time.Minute)
		if f := s.BackupFailure(); !f.At.Equal(first.At) {
			t.Error("it was tried again at once")
		}
		wait(40 * time.Minute)
		if f := s.BackupFailure(); f.At.Equal(first.At) {
			t.Error("it was not tried again")
		}
		check(t, os.Remove(filepath.Join(folder, "file")))
		wait(time.Hour)
		count("mended", 1, 0)
		if f := s.BackupFailure(); f != nil {
			t.Errorf("after a success there is %+v", f)
		}
	})
}
