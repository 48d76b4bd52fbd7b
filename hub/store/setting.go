package store

import (
	"context"
	"slices"

	"zombiezen.com/go/sqlite"
)

// secretSettings are those whose values nobody is shown.
var secretSettings = []string{"smtp-url", "metrics-token"}

// SecretSetting reports whether the value of a setting is a secret, so that it stands in no
// log, no audit entry and on no page.
func SecretSetting(key string) bool { return slices.Contains(secretSettings, key) }

// Settings are those that the file has, by the name of their flag. What they mean is
// the affair of whoever serves.
func (s *Store) Settings(ctx context.Context) (map[string]string, error) {
	all := map[string]string{}
	err := s.query(ctx, func(conn *sqlite.Conn) error {
		_, err := rows(conn, `SELECT key, value FROM settings`, func(stmt *sqlite.Stmt) (none struct{}) {
			all[stmt.ColumnText(0)] = stmt.ColumnText(1)
			return
		})
		return err
	})
	return all, err
}

// SetSetting keeps a setting in the file. It does not know which values will do.
func (s *Store) SetSetting(ctx context.Context, key, value string) error {
	return s.write(ctx, func(conn *sqlite.Conn) error { return setSetting(ctx, conn, key, value) })
}

func setSetting(ctx context.Context, conn *sqlite.Conn, key, value string) error {
	if err := checkLength(key, value, 1000); err != nil {
		return err
	}
	return operate(ctx, conn, "setting set", &key, func(conn *sqlite.Conn) error {
		return exec(conn, `
			INSERT INTO settings (key, value) VALUES (?1, ?2)
			ON CONFLICT (key) DO UPDATE SET value = excluded.value`, key, value)
	})
}

// UnsetSetting takes a setting out of the file. It reports ErrNotFound if it is not there.
func (s *Store) UnsetSetting(ctx context.Context, key string) error {
	return s.operate(ctx, "setting unset", key, func(conn *sqlite.Conn) error {
		err := exec(conn, `DELETE FROM settings WHERE key = ?1`, key)
		if err == nil && conn.Changes() == 0 {
			err = Missing{Noun: "setting", Key: key}
		}
		return err
	})
}

// Asked counts the commits that may have changed settings or restarts, each before it
// wakes the watchers.
func (s *Store) Asked() uint64 { return s.asked.Load() }
