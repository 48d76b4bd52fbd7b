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

// period is how many days lie between two backups.
func (p BackupPlan) period() int {
	if p.Schedule == Weekly {
		return 7
	}
	return 1
}

// Last is when the plan last wanted a backup, and Next when it wants the next, in the
// zone of now. A plan that is off wants none, and gives the zero time.
func (p BackupPlan) Last(now time.Time) time.Time {
	if p.Schedule == Off {
		return time.Time{}
	}
	at := time.Date(now.Year(), now.Month(), now.Day(), p.Hour, 0, 0, 0, now.Location())
	if p.Schedule == Weekly {
		at = at.AddDate(0, 0, -int(now.Weekday()))
	}
	if at.After(now) {
		at = at.AddDate(0, 0, -p.period())
	}
	return at
}

// Next is the first time after now at which the plan wants a backup.
func (p BackupPlan) Next(now time.Time) time.Time {
	if p.Schedule == Off {
		return time.Time{}
	}
	return p.Last(now).AddDate(0, 0, p.period())
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

// ScheduleBackups makes backups as the plan says until ctx ends, and removes the oldest
// of those it made. One that was missed because no server ran is made at the start. Only
// the process that serves calls it.
func (s *Store) ScheduleBackups(ctx context.Context, plan func() BackupPlan) {
	began := time.Now()
	ticker := time.NewTicker(scheduleEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		p := plan()
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
		return fmt.Errorf("%s is damaged, and so may be the database: %s", b.Path, b.Problem)
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
