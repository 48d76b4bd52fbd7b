package store

import (
	"context"

	"zombiezen.com/go/sqlite"
)

// A GameRegistration says who may register a game.
type GameRegistration string

// The modes of registering games.
const (
	RegistrationOperator GameRegistration = "operator" // operators add games
	RegistrationApproval GameRegistration = "approval" // everybody with an account, but an operator has to approve
	RegistrationVerified GameRegistration = "verified" // who has a verified e-mail address
)

const (
	// MostOwnGames is how many games somebody may answer for who registers another.
	MostOwnGames = 5
	// MostWaitingGames is how many of these may wait for approval.
	MostWaitingGames = 3
)

// waitsReason is why a game that waits is suspended.
const waitsReason = "It waits for an operator's approval"

// CheckGameRegistration refuses what is no mode.
func CheckGameRegistration(mode GameRegistration) error {
	switch mode {
	case RegistrationOperator, RegistrationApproval, RegistrationVerified:
		return nil
	}
	return invalid("game_registration", "%q will not do; use operator, approval or verified", string(mode))
}

// RegisterGame adds a game in the name of the user who is to answer for it: of g the short
// name, name, tagline and homepage count. Under the mode approval it waits: it is suspended
// and in no list until ApproveGame.
func (s *Store) RegisterGame(ctx context.Context, mode GameRegistration, username string, g Game) (Credential, error) {
	if err := CheckGameRegistration(mode); err != nil {
		return Credential{}, err
	}
	if mode == RegistrationOperator {
		return Credential{}, invalid("game_registration", "is for operators; ask one to add the game")
	}
	g = Game{
		ShortName: g.ShortName, Name: g.Name, Tagline: g.Tagline, HomepageURL: g.HomepageURL,
		Display: true, AllowCharacterRegistration: true, Owner: username,
	}
	if mode == RegistrationApproval {
		g.Waits, g.Suspended, g.SuspendedReason, g.Display = true, true, waitsReason, false
	}
	return s.createGame(ctx, "game register", g, LongSecret, func(conn *sqlite.Conn) error {
		u, err := user(conn, username)
		if err != nil {
			return err
		}
		if mode == RegistrationVerified && u.EmailVerifiedAt == nil {
			return invalid("short_name", "a game takes a verified e-mail address; give yours on the page of your account, and follow the link that you are sent")
		}
		owned, waiting := 0, 0
		if _, err := row(conn, `SELECT count(*), coalesce(sum(waits), 0) FROM games WHERE owner_id = ?1`,
			func(stmt *sqlite.Stmt) { owned, waiting = stmt.ColumnInt(0), stmt.ColumnInt(1) }, u.ID); err != nil {
			return err
		}
		switch {
		case owned >= MostOwnGames:
			return invalid("short_name", "you answer for %d games, the most that can be; ask an operator to add another", owned)
		case g.Waits && waiting >= MostWaitingGames:
			return invalid("short_name", "%d games of yours wait for approval, the most that can be; wait until an operator has decided", waiting)
		}
		return nil
	})
}

// WaitingGames lists the short names of those that wait for approval, the oldest first.
func (s *Store) WaitingGames(ctx context.Context) (all []string, err error) {
	err = s.query(ctx, func(conn *sqlite.Conn) error {
		all, err = rows(conn, `SELECT short_name FROM games WHERE waits ORDER BY id`, func(stmt *sqlite.Stmt) string { return stmt.ColumnText(0) })
		return err
	})
	return all, err
}

// ApproveGame lets a game connect that was registered, and shows it in lists. It reports
// ErrConflict if the game does not wait.
func (s *Store) ApproveGame(ctx context.Context, shortName string) error {
	return s.operate(ctx, "game approve", shortName, func(conn *sqlite.Conn) error {
		g, err := waitingGame(conn, shortName)
		if err != nil {
			return err
		}
		return exec(conn, `
			UPDATE games SET suspended = 0, suspended_reason = NULL, suspended_until = NULL, display = 1 WHERE id = ?1`, int64(g.ID))
	})
}

// DenyGame takes a game away that was registered; the name is free at once. It reports
// ErrConflict if the game does not wait.
func (s *Store) DenyGame(ctx context.Context, shortName string) error {
	return s.operate(ctx, "game deny", shortName, func(conn *sqlite.Conn) error {
		g, err := waitingGame(conn, shortName)
		if err != nil {
			return err
		}
		return exec(conn, `DELETE FROM games WHERE id = ?1`, int64(g.ID))
	})
}

func waitingGame(conn *sqlite.Conn, shortName string) (Game, error) {
	g, err := game(conn, shortName)
	if err == nil && !g.Waits {
		err = taken("short_name", "%q does not wait for approval", g.ShortName)
	}
	return g, err
}
