package store

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"zombiezen.com/go/sqlite"
)

const (
	// restartAwaited is how long a server may take to take a restart.
	restartAwaited = 5 * time.Second
	// restartWaits is how long a restart waits to be taken: one that was asked for when
	// no server ran must not be announced by the next.
	restartWaits = 30 * time.Second
	restartKept  = 90 * 24 * time.Hour
)

// A Restart is a planned stop that games are told of.
type Restart struct {
	ID       int64      `json:"id"`
	AskedAt  time.Time  `json:"asked_at"`
	Downtime int        `json:"downtime"` // seconds, as it is announced
	Again    bool       `json:"again"`    // the server stops, and starts again by itself
	ToldAt   *time.Time `json:"told_at"`  // nil: no server has taken it
	Told     []string   `json:"told"`     // short names of games and applications
}

const restartColumns = `id, asked_at, downtime, again, told_at, told`

func scanRestart(stmt *sqlite.Stmt) Restart {
	r := Restart{
		ID: stmt.ColumnInt64(0), AskedAt: fromMicros(stmt.ColumnInt64(1)), Downtime: stmt.ColumnInt(2), Again: stmt.ColumnBool(3),
		ToldAt: timeAt(stmt, 4), Told: []string{},
	}
	_ = json.Unmarshal([]byte(stmt.ColumnText(5)), &r.Told) // NULL, or what ToldRestart has written
	return r
}

// CheckDowntime refuses what no stop is announced to take.
func CheckDowntime(seconds int) error {
	if seconds < 1 || seconds > 24*60*60 {
		return invalid("downtime", "%d seconds will not do; use 1 to 86400, a day", seconds)
	}
	return nil
}

// AskRestart asks the server that runs on the file to announce a stop, and with again
// also to stop and start by itself. Restart tells whether it has.
func (s *Store) AskRestart(ctx context.Context, downtime int, again bool) (r Restart, err error) {
	if err := CheckDowntime(downtime); err != nil {
		return r, err
	}
	action := "restart announce"
	if again {
		action = "restart now"
	}
	now := time.Now()
	err = s.operate(ctx, action, fmt.Sprintf("%d seconds", downtime), func(conn *sqlite.Conn) error {
		if err := exec(conn, `DELETE FROM restarts WHERE asked_at < ?1 OR asked_at < ?2 AND told_at IS NULL`,
			micros(now.Add(-restartKept)), micros(now.Add(-restartWaits))); err != nil {
			return err
		}
		_, err := row(conn, `INSERT INTO restarts (asked_at, downtime, again) VALUES (?1, ?2, ?3) RETURNING `+restartColumns,
			func(stmt *sqlite.Stmt) { r = scanRestart(stmt) }, micros(now), downtime, again)
		return err
	})
	return r, err
}

// AwaitRestart waits until a server has taken a restart, and says whom it has told. If
// none does within some seconds, it takes the restart back and reports ErrUnserved.
func (s *Store) AwaitRestart(ctx context.Context, id int64) (Restart, error) {
	wake, stop := s.Watch()
	defer stop()
	timeout := time.After(restartAwaited)
	for {
		r, err := s.Restart(ctx, id)
		if err != nil || r.ToldAt != nil {
			return r, err
		}
		select {
		case <-wake:
		case <-ctx.Done():
			return r, ctx.Err()
		case <-timeout:
			if err := s.WithdrawRestart(ctx, id); !errors.Is(err, ErrNotFound) {
				return r, cmp.Or(err, ErrUnserved)
			}
		}
	}
}

// WithdrawRestart takes back what no server has taken. It reports ErrNotFound if one has.
func (s *Store) WithdrawRestart(ctx context.Context, id int64) error {
	return s.write(ctx, func(conn *sqlite.Conn) error {
		err := exec(conn, `DELETE FROM restarts WHERE id = ?1 AND told_at IS NULL`, id)
		if err == nil && conn.Changes() == 0 {
			err = Missing{Noun: "restart", Key: fmt.Sprint(id)}
		}
		return err
	})
}

// Restarts are the last ones, the newest first.
func (s *Store) Restarts(ctx context.Context, limit int) (all []Restart, err error) {
	err = s.query(ctx, func(conn *sqlite.Conn) error {
		all, err = rows(conn, `SELECT `+restartColumns+` FROM restarts ORDER BY id DESC LIMIT ?1`, scanRestart, limit)
		return err
	})
	return all, err
}

// Restart is that one.
func (s *Store) Restart(ctx context.Context, id int64) (r Restart, err error) {
	err = s.query(ctx, func(conn *sqlite.Conn) error {
		found, err := row(conn, `SELECT `+restartColumns+` FROM restarts WHERE id = ?1`,
			func(stmt *sqlite.Stmt) { r = scanRestart(stmt) }, id)
		if err == nil && !found {
			err = Missing{Noun: "restart", Key: fmt.Sprint(id)}
		}
		return err
	})
	return r, err
}

// UntoldRestarts are those that a server has to take, the oldest first.
func (s *Store) UntoldRestarts(ctx context.Context) (all []Restart, err error) {
	err = s.query(ctx, func(conn *sqlite.Conn) error {
		all, err = rows(conn, `SELECT `+restartColumns+` FROM restarts WHERE told_at IS NULL AND asked_at >= ?1 ORDER BY id`,
			scanRestart, micros(time.Now().Add(-restartWaits)))
		return err
	})
	return all, err
}

// ToldRestart notes that the server has taken a restart, and whom it has told. It
// reports ErrNotFound if somebody has taken it, or taken it back.
func (s *Store) ToldRestart(ctx context.Context, id int64, told []string) error {
	text, err := json.Marshal(append([]string{}, told...))
	if err != nil {
		return err
	}
	return s.write(ctx, func(conn *sqlite.Conn) error {
		err := exec(conn, `UPDATE restarts SET told_at = ?2, told = ?3 WHERE id = ?1 AND told_at IS NULL`, id, micros(time.Now()), string(text))
		if err == nil && conn.Changes() == 0 {
			err = Missing{Noun: "restart", Key: fmt.Sprint(id)}
		}
		return err
	})
}
