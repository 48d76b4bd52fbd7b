package store

import (
	"context"
	"time"

	"zombiezen.com/go/sqlite"
)

// An OwnedGame is a game as its owner's list has it.
type OwnedGame struct {
	Game
	Characters int // that wait for somebody's approval
}

// OwnedGames lists the games that a user answers for, by short name.
func (s *Store) OwnedGames(ctx context.Context, userID int64) (all []OwnedGame, err error) {
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		games, err := rows(conn, `SELECT `+gameColumns+` FROM games WHERE owner_id = ?1 ORDER BY short_name`, scanGame, userID)
		if err != nil {
			return err
		}
		for _, g := range games {
			one := OwnedGame{Game: g}
			if _, err := row(conn, `SELECT count(*) FROM characters WHERE game_id = ?1 AND state = 'pending'`,
				func(stmt *sqlite.Stmt) { one.Characters = stmt.ColumnInt(0) }, int64(g.ID)); err != nil {
				return err
			}
			all = append(all, one)
		}
		return nil
	})
	return all, err
}

// Owns reports whether a user answers for the game of that short name, in whatever case. A
// game that is not there is nobody's.
func (s *Store) Owns(ctx context.Context, userID int64, shortName string) (owns bool, err error) {
	err = s.query(ctx, func(conn *sqlite.Conn) error {
		owns, err = row(conn, `SELECT 1 FROM games WHERE short_name = ?1 AND owner_id = ?2`, func(*sqlite.Stmt) {}, shortName, userID)
		return err
	})
	return owns, err
}

// OwnsAny reports whether a user answers for a game, or is offered one.
func (s *Store) OwnsAny(ctx context.Context, userID int64, now time.Time) (owns bool, err error) {
	err = s.query(ctx, func(conn *sqlite.Conn) error {
		owns, err = row(conn, `
			SELECT 1 FROM games WHERE owner_id = ?1
			UNION ALL SELECT 1 FROM transfers WHERE to_id = ?1 AND created_at > ?2
			LIMIT 1`, func(*sqlite.Stmt) {}, userID, micros(now.Add(-TransferLasts)))
		return err
	})
	return owns, err
}
