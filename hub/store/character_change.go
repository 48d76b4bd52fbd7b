package store

import (
	"context"
	"time"

	"zombiezen.com/go/sqlite"
)

const (
	characterChangesKept = 10000
	// charactersKept is how long characters that were denied or withdrawn are shown.
	charactersKept = 30 * 24 * time.Hour
)

// A CharacterChangeID is the id of a change; the later one is greater.
type CharacterChangeID int64

// A CharacterChange is something that has become of a character, whoever has done it.
type CharacterChange struct {
	ID       CharacterChangeID
	Game     GameID
	Name     string
	Was, Is  CharacterState // "": there was none, or is none any more
	Reason   string         // of a veto
	Username string         // whose it is, if it is approved
}

// Registrations counts the commits that may have changed characters, each before it wakes
// the watchers.
func (s *Store) Registrations() uint64 { return s.registrations.Load() }

// NewestCharacterChange is where CharacterChanges begins for who wants only what comes.
func (s *Store) NewestCharacterChange(ctx context.Context) (id CharacterChangeID, err error) {
	err = s.query(ctx, func(conn *sqlite.Conn) error {
		_, err := row(conn, `SELECT coalesce(max(id), 0) FROM character_changes`,
			func(stmt *sqlite.Stmt) { id = CharacterChangeID(stmt.ColumnInt64(0)) })
		return err
	})
	return id, err
}

// CharacterChanges gives those after one, in their order, at most limit.
func (s *Store) CharacterChanges(ctx context.Context, after CharacterChangeID, limit int) (all []CharacterChange, err error) {
	err = s.query(ctx, func(conn *sqlite.Conn) error {
		all, err = rows(conn, `
			SELECT h.id, h.game_id, h.name, h.was, h.state, h.reason, iif(h.state = 'approved', u.username, '')
			FROM character_changes AS h LEFT JOIN users AS u ON u.id = h.user_id
			WHERE h.id > ?1 ORDER BY h.id LIMIT ?2`, func(stmt *sqlite.Stmt) CharacterChange {
			return CharacterChange{
				ID: CharacterChangeID(stmt.ColumnInt64(0)), Game: GameID(stmt.ColumnInt64(1)), Name: stmt.ColumnText(2),
				Was: CharacterState(stmt.ColumnText(3)), Is: CharacterState(stmt.ColumnText(4)),
				Reason: stmt.ColumnText(5), Username: stmt.ColumnText(6),
			}
		}, int64(after), limit)
		return err
	})
	return all, err
}

// PurgeCharacters forgets characters that were denied or withdrawn long ago, keys that are
// too old, and all but the newest changes.
func (s *Store) PurgeCharacters(ctx context.Context, now time.Time) error {
	args := []any{micros(now), micros(now.Add(-charactersKept)), characterChangesKept}
	due := false
	err := s.query(ctx, func(conn *sqlite.Conn) (err error) {
		due, err = row(conn, `
			SELECT 1 FROM registration_keys WHERE expires_at <= ?1
			UNION ALL SELECT 1 FROM characters WHERE state IN ('denied', 'withdrawn') AND decided_at <= ?2
			UNION ALL SELECT 1 FROM character_changes WHERE id <= (SELECT max(id) FROM character_changes) - ?3
			LIMIT 1`, func(*sqlite.Stmt) {}, args...)
		return err
	})
	if err != nil || !due {
		return err
	}
	return s.write(ctx, func(conn *sqlite.Conn) error {
		for i, query := range []string{
			`DELETE FROM registration_keys WHERE expires_at <= ?1`,
			`DELETE FROM characters WHERE state IN ('denied', 'withdrawn') AND decided_at <= ?1`,
			`DELETE FROM character_changes WHERE id <= (SELECT max(id) FROM character_changes) - ?1`,
		} {
			if err := exec(conn, query, args[i]); err != nil {
				return err
			}
		}
		return nil
	})
}
