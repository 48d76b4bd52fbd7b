package store

import (
	"context"
	"errors"
	"time"

	"zombiezen.com/go/sqlite"
)

// TransferLasts is how long somebody may accept a game.
const TransferLasts = 7 * 24 * time.Hour

// A Transfer is a game that is given to somebody, who has still to accept it.
type Transfer struct {
	Game   string    `json:"game"` // short name
	To     string    `json:"to"`   // username
	By     string    `json:"by"`   // as in audit; "": the program
	EndsAt time.Time `json:"ends_at"`
}

const selectTransfers = `
	SELECT g.short_name, u.username, t.made_by, t.created_at
	FROM transfers AS t JOIN games AS g ON g.id = t.game_id JOIN users AS u ON u.id = t.to_id`

func scanTransfer(stmt *sqlite.Stmt) Transfer {
	return Transfer{stmt.ColumnText(0), stmt.ColumnText(1), stmt.ColumnText(2), fromMicros(stmt.ColumnInt64(3)).Add(TransferLasts)}
}

// Transfers lists what may be accepted, by game; by one user if username is not empty.
func (s *Store) Transfers(ctx context.Context, username string, now time.Time) (all []Transfer, err error) {
	where, args := ` WHERE t.created_at > ?1`, []any{micros(now.Add(-TransferLasts))}
	if username != "" {
		where, args = where+` AND u.username = ?2`, append(args, username)
	}
	err = s.query(ctx, func(conn *sqlite.Conn) error {
		all, err = rows(conn, selectTransfers+where+` ORDER BY g.short_name`, scanTransfer, args...)
		return err
	})
	return all, err
}

// Transfer finds to whom a game is given. It reports ErrNotFound if it is to nobody.
func (s *Store) Transfer(ctx context.Context, shortName string, now time.Time) (t Transfer, err error) {
	err = s.query(ctx, func(conn *sqlite.Conn) error {
		t, err = transfer(conn, shortName, now)
		return err
	})
	return t, err
}

func transfer(conn *sqlite.Conn, shortName string, now time.Time) (t Transfer, err error) {
	found, err := row(conn, selectTransfers+` WHERE g.short_name = ?1 AND t.created_at > ?2`,
		func(stmt *sqlite.Stmt) { t = scanTransfer(stmt) }, shortName, micros(now.Add(-TransferLasts)))
	if err == nil && !found {
		err = Missing{Noun: "offer of game", Key: shortName}
	}
	return t, err
}

// OfferGame gives a game to somebody, who owns it as soon as they accept; until then the
// owner stays. It takes the place of what was offered before.
func (s *Store) OfferGame(ctx context.Context, shortName, to string, now time.Time) error {
	return s.operate(ctx, "game offer", shortName, func(conn *sqlite.Conn) error {
		g, err := game(conn, shortName)
		if err != nil {
			return err
		}
		if to == "" {
			return invalid("to", "is missing; give the username of who is to own the game")
		}
		u, err := user(conn, to)
		switch {
		case errors.Is(err, ErrNotFound):
			return invalid("to", "there is no user %q; they need an account first", to)
		case err != nil:
			return err
		case u.Username == g.Owner:
			return invalid("to", "%s owns the game already", u.Username)
		}
		return exec(conn, `
			INSERT INTO transfers (game_id, to_id, made_by, created_at) VALUES (?1, ?2, ?3, ?4)
			ON CONFLICT (game_id) DO UPDATE SET to_id = excluded.to_id, made_by = excluded.made_by, created_at = excluded.created_at`,
			int64(g.ID), u.ID, null(cut(by(ctx), 100)), micros(now))
	})
}

// WithdrawGame takes back what OfferGame did. It reports ErrNotFound if the game is given to
// nobody.
func (s *Store) WithdrawGame(ctx context.Context, shortName string, now time.Time) error {
	return s.operate(ctx, "game withdraw", shortName, func(conn *sqlite.Conn) error {
		if _, err := transfer(conn, shortName, now); err != nil {
			return err
		}
		return exec(conn, `DELETE FROM transfers WHERE game_id = (SELECT id FROM games WHERE short_name = ?1)`, shortName)
	})
}

// AcceptGame makes the user to whom a game is given its owner. It reports ErrNotFound if it
// is not given to that user.
func (s *Store) AcceptGame(ctx context.Context, shortName, username string, now time.Time) error {
	return s.operate(ctx, "game accept", shortName, func(conn *sqlite.Conn) error {
		if err := transferTo(conn, shortName, username, now); err != nil {
			return err
		}
		return exec(conn, `
			UPDATE games SET owner_id = (SELECT to_id FROM transfers WHERE game_id = games.id) WHERE short_name = ?1`, shortName)
	})
}

// DeclineGame refuses a game. It reports ErrNotFound if it is not given to that user.
func (s *Store) DeclineGame(ctx context.Context, shortName, username string, now time.Time) error {
	return s.operate(ctx, "game decline", shortName, func(conn *sqlite.Conn) error {
		if err := transferTo(conn, shortName, username, now); err != nil {
			return err
		}
		return exec(conn, `DELETE FROM transfers WHERE game_id = (SELECT id FROM games WHERE short_name = ?1)`, shortName)
	})
}

// transferTo reports ErrNotFound unless the game is given to that user.
func transferTo(conn *sqlite.Conn, shortName, username string, now time.Time) error {
	t, err := transfer(conn, shortName, now)
	if err == nil && t.To != username {
		err = Missing{Noun: "offer of game", Key: shortName}
	}
	return err
}
