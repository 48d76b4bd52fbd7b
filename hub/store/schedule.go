package store

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// The schedules of a BackupPlan.
const (
	Off    = "off"
	Daily  = "daily"
	Weekly = "weekly" // on Sundays
)

// A BackupPlan says where backups are, and when one is made without being asked for.
type BackupPlan struct {
	Folder   string
	Schedule string
	Hour     int // of the day
	Keep     int // how many of the schedule's backups are kept
}

// Check says what is wrong with a plan.
func (p BackupPlan) Check() error {
	switch {
	case p.Folder == "":
		return invalid("backup_folder", "is missing; name a folder")
	case p.Schedule != Off && p.Schedule != Daily && p.Schedule != Weekly:
		return invalid("backup_schedule", "%q will not do; use off, daily or weekly", p.Schedule)
	case p.Hour < 0 || p.Hour > 23:
		return invalid("backup_hour", "%d will not do; use 0 to 23", p.Hour)
	case p.Keep < 1 || p.Keep > 1000:
		return invalid("backups_kept", "%d will not do; use 1 to 1000", p.Keep)
	}
	return checkText("backup_folder", p.Folder)
}

// on is when the plan wants the backup of a day: the first moment at which the clocks of a
// zone show that hour, or, where they pass over it, a later one.
func (p BackupPlan) on(year int, month time.Month, day int, zone *time.Location) time.Time {
	wall := time.Date(year, month, day, p.Hour, 0, 0, 0, time.UTC)
	// With the offset of the day before and then of the day after: of an hour that comes
	// twice, the first is the first one's.
	for _, about := range []time.Time{wall.AddDate(0, 0, -1), wall.AddDate(0, 0, 1)} {
		_, offset := about.In(zone).Zone()
		at := wall.Add(-time.Duration(offset) * time.Second).In(zone)
		if at.Hour() == p.Hour && at.Day() == wall.Day() {
			return at
		}
	}
	_, offset := wall.AddDate(0, 0, 1).In(zone).Zone()
	_, end := wall.Add(-time.Duration(offset) * time.Second).In(zone).ZoneBounds() // it lies before the gap
	return end
}

// day is that of now, or so many days before or after it, with when the plan wants a backup
// then, if that is a day on which it does.
func (p BackupPlan) day(now time.Time, after int) (at time.Time, wanted bool) {
	year, month, day := now.Date()
	civil := time.Date(year, month, day+after, 0, 0, 0, 0, time.UTC) // so that no clock is put forward or back
	year, month, day = civil.Date()
	return p.on(year, month, day, now.Location()), p.Schedule != Weekly || civil.Weekday() == time.Sunday
}

// Last is when the plan last wanted a backup, and Next when it wants the next, in the
// zone of now. A plan that is off wants none, and gives the zero time.
func (p BackupPlan) Last(now time.Time) time.Time {
	for before := 0; p.Schedule != Off; before-- {
		if at, wanted := p.day(now, before); wanted && !at.After(now) {
			return at
		}
	}
	return time.Time{}
}

// Next is the first time after now at which the plan wants a backup.
func (p BackupPlan) Next(now time.Time) time.Time {
	for after := 0; p.Schedule != Off; after++ {
		if at, wanted := p.day(now, after); wanted && at.After(now) {
			return at
		}
	}
	return time.Time{}
}

const (
	scheduleEvery = time.Minute // how often it is looked whether a backup is due
	firstAfter    = time.Hour   // since the start, if there is no backup yet
	retryAfter    = time.Hour   // since the last failure
)

// A BackupFailure is why the last backup was not made.
type BackupFailure struct {
	At     time.Time
	Reason string
}

// BackupFailure is nil when the last backup was made.
func (s *Store) BackupFailure() *BackupFailure { return s.backupFailed.Load() }

// LastBackup is when the newest backup was made that is not known to be damaged, the zero
// time if there is none, or why there is no newer one. Of a plan that is off it is now:
// whoever turned it off keeps the file safe otherwise.
func (s *Store) LastBackup(ctx context.Context, p BackupPlan) (time.Time, error) {
	if f := s.BackupFailure(); f != nil {
		return f.At, errors.New(f.Reason)
	}
	all, err := s.Backups(ctx, p.Folder)
	for _, b := range all {
		if b.Kind != BeforeRestore && b.Problem == "" {
			return b.At, err
		}
	}
	if p.Schedule == Off {
		return time.Now(), err
	}
	return time.Time{}, err
}

// GoodBackup is when the newest backup was made that was checked and found whole, the zero
// time if there is none.
func (s *Store) GoodBackup(ctx context.Context, folder string) (time.Time, error) {
	all, err := s.Backups(ctx, folder)
	for _, b := range all {
		if b.Kind != BeforeRestore && b.Sound() {
			return b.At, err
		}
	}
	return time.Time{}, err
}

// ScheduleBackups makes backups as the plan says until ctx ends, and removes the oldest
// of those it made. One that was missed because no server ran is made at the start. A file that
// is lost is saved as a backup at once, also when ctx has ended. Only the process that serves
// calls it.
func (s *Store) ScheduleBackups(ctx context.Context, plan func() BackupPlan) {
	began := time.Now()
	s.sweepBackups(plan().Folder)
	defer func() {
		s.look()
		s.rescue(context.WithoutCancel(ctx), plan().Folder)
	}()
	lost := s.held.Done()
	ticker := time.NewTicker(scheduleEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-lost:
			lost = nil // now the ticker has it tried again
		case <-ticker.C:
		}
		p := plan()
		if s.Loss() != nil {
			s.rescue(context.WithoutCancel(ctx), p.Folder)
			continue
		}
		err := s.backUpIfDue(ctx, p, began, time.Now())
		if err != nil && ctx.Err() == nil {
			s.log.Error("the scheduled backup failed", "folder", p.Folder, "err", err)
		}
	}
}

func (s *Store) backUpIfDue(ctx context.Context, p BackupPlan, began, now time.Time) error {
	if p.Schedule == Off {
		return nil
	}
	if f := s.BackupFailure(); f != nil && now.Sub(f.At) < retryAfter {
		return nil
	}
	last, err := s.lastScheduled(ctx, p.Folder, now)
	switch {
	case err != nil:
		s.backupFailed.Store(&BackupFailure{At: now, Reason: err.Error()})
		return err
	case last.IsZero() && now.Sub(began) < firstAfter && p.Last(now).Before(began):
		return nil
	case !last.Before(p.Last(now)) && !last.IsZero():
		return nil
	}
	b, err := s.MakeBackup(ctx, p.Folder, BySchedule)
	if err != nil {
		return err
	}
	if b.Problem != "" { // then the older ones may be worth more
		s.backupFailed.Store(&BackupFailure{At: now, Reason: b.Name + ": " + b.Problem})
		return fmt.Errorf("%s cannot be restored, and the database may have the same fault: %s", b.Path, b.Problem)
	}
	s.log.Info("made a backup", "path", b.Path, "bytes", b.Bytes)
	return s.dropBackups(ctx, p.Folder, p.Keep)
}

// lastScheduled is when the schedule made its last backup. Those of the future are of a
// clock that was wrong.
func (s *Store) lastScheduled(ctx context.Context, folder string, now time.Time) (last time.Time, err error) {
	all, err := s.Backups(ctx, folder)
	for _, b := range all {
		if b.Kind == BySchedule && !b.At.After(now) && b.At.After(last) {
			last = b.At
		}
	}
	return last, err
}

// dropBackups removes all but the newest of what the schedule made.
func (s *Store) dropBackups(ctx context.Context, folder string, keep int) error {
	all, err := s.Backups(ctx, folder)
	if err != nil {
		return err
	}
	for _, b := range all {
		if b.Kind != BySchedule {
			continue
		}
		if keep--; keep >= 0 {
			continue
		}
		if err := s.RemoveBackup(ctx, folder, b.Name); err != nil {
			return err
		}
	}
	return nil
}
