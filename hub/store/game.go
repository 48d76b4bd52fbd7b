package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"zombiezen.com/go/sqlite"

	"hearsay/hub/wire"
)

// A GameID is the id of a game; never used twice.
type GameID int64

// A Game is a MUD that may connect, as operators see it. Empty texts are absent.
type Game struct {
	ID                         GameID     `json:"id"`
	ShortName                  string     `json:"short_name"`
	Name                       string     `json:"name"`
	Display                    bool       `json:"display"`
	HidePlayers                bool       `json:"hide_players"` // from other games and the public pages; protocol section 6
	Description                string     `json:"description"`
	HomepageURL                string     `json:"homepage_url"`
	Tagline                    string     `json:"tagline"`
	UserAgent                  string     `json:"user_agent"`
	UserAgentURL               string     `json:"user_agent_url"`
	Version                    string     `json:"version"` // of the protocol that its client knows, as that last said
	AllowCharacterRegistration bool       `json:"allow_character_registration"`
	Suspended                  bool       `json:"suspended"`
	SuspendedReason            string     `json:"suspended_reason"`
	SuspendedUntil             *time.Time `json:"suspended_until"` // nil: until somebody ends it
	Waits                      bool       `json:"waits"`           // it was registered, and an operator has not approved it
	Owner                      string     `json:"owner"`           // username of who answers for it
	ClientID                   string     `json:"client_id"`
	LastSeenAt                 *time.Time `json:"last_seen_at"`
	SecretUsedAt               *time.Time `json:"secret_used_at"`
	OldSecretUsedAt            *time.Time `json:"old_secret_used_at"`
	OldSecretEndsAt            *time.Time `json:"old_secret_ends_at"`
}

// A GameEdit changes what is not nil. An empty text clears the field.
type GameEdit struct {
	Name, Description, HomepageURL, Tagline, UserAgentURL, Owner *string
	Display, HidePlayers, AllowCharacterRegistration, Suspended  *bool
}

const gameColumns = `id, short_name, name, display, description, homepage_url, tagline, user_agent, user_agent_url, version,
	allow_character_registration, suspended, client_id, last_seen_at, secret_used_at, old_secret_used_at, old_secret_ends_at,
	suspended_reason, suspended_until, (SELECT username FROM users WHERE users.id = owner_id), hide_players, waits`

func scanGame(stmt *sqlite.Stmt) Game {
	return Game{
		ID: GameID(stmt.ColumnInt64(0)), ShortName: stmt.ColumnText(1), Name: columnLine(stmt, 2), Display: stmt.ColumnBool(3),
		Description: columnText(stmt, 4), HomepageURL: columnLine(stmt, 5), Tagline: columnLine(stmt, 6),
		UserAgent: columnLine(stmt, 7), UserAgentURL: columnLine(stmt, 8), Version: columnLine(stmt, 9),
		AllowCharacterRegistration: stmt.ColumnBool(10), Suspended: stmt.ColumnBool(11), ClientID: stmt.ColumnText(12),
		LastSeenAt: timeAt(stmt, 13), SecretUsedAt: timeAt(stmt, 14), OldSecretUsedAt: timeAt(stmt, 15), OldSecretEndsAt: timeAt(stmt, 16),
		SuspendedReason: columnLine(stmt, 17), SuspendedUntil: timeAt(stmt, 18), Owner: stmt.ColumnText(19),
		HidePlayers: stmt.ColumnBool(20), Waits: stmt.ColumnBool(21),
	}
}

// timeAt is nil for NULL.
func timeAt(stmt *sqlite.Stmt, column int) *time.Time {
	if stmt.ColumnIsNull(column) {
		return nil
	}
	t := fromMicros(stmt.ColumnInt64(column))
	return &t
}

// Games lists all games by short name.
func (s *Store) Games(ctx context.Context) (all []Game, err error) {
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		all, err = rows(conn, `SELECT `+gameColumns+` FROM games ORDER BY short_name`, scanGame)
		return err
	})
	return all, err
}

// A GamePage is a Page of the list of games. Its filters are "online", "offline", "suspended",
// "hidden" and "waiting", its orders "name" (the short one), "title", "seen" and "players".
type GamePage struct {
	Page
	Online []GameID // who is online, most players first
}

// GamesPage gives a part of the games, and how many there are in all that match.
func (s *Store) GamesPage(ctx context.Context, p GamePage) (all []Game, total int, err error) {
	where := `(?2 = '' OR matches(?2, short_name, name, client_id))`
	switch p.Filter {
	case "suspended":
		where += ` AND suspended`
	case "hidden":
		where += ` AND NOT display`
	case "waiting":
		where += ` AND waits`
	}
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		all, total, err = pageOfGames(conn, where, p)
		return err
	})
	return all, total, err
}

// isOnline is true of the games that ?1 lists.
const isOnline = `games.id IN (SELECT value FROM json_each(?1))`

// pageOfGames gives a page of the games of which where is true; in where, ?2 is the search.
// Only ids are sorted: what else a game has is read of those on the page.
func pageOfGames(conn *sqlite.Conn, where string, p GamePage) (all []Game, total int, err error) {
	switch p.Filter {
	case "online":
		where += ` AND ` + isOnline
	case "offline":
		where += ` AND NOT ` + isOnline
	}
	var ids []GameID
	if p.Sort == "players" {
		ids, total, err = gamesByPlayers(conn, where, p)
	} else {
		order := p.order([][2]string{{"name", `short_name %`}, {"title", `name %`}, {"seen", `last_seen_at %, id %`}}...)
		ids, total, err = page(conn, `id`, `FROM games WHERE `+where, order, p.Page, scanGameID, array(p.Online), p.plain())
	}
	if err == nil {
		all, err = rows(conn, `SELECT `+qualified+` FROM json_each(?1) AS part CROSS JOIN games ON games.id = part.value ORDER BY part.key`,
			scanGame, array(ids))
	}
	return all, total, err
}

// gamesByPlayers gives a page of the ids of games: those that are online in the order of
// ?1, before or after all others by name. They are two lists, as sorting them as one would
// compare every game with many.
func gamesByPlayers(conn *sqlite.Conn, where string, p GamePage) (ids []GameID, total int, err error) {
	if err := p.check(); err != nil {
		return nil, 0, err
	}
	args := []any{array(p.Online), p.plain()}
	online, err := rows(conn, `SELECT games.id FROM json_each(?1) AS place CROSS JOIN games ON games.id = place.value
		WHERE `+where+` ORDER BY place.key`, scanGameID, args...)
	if err != nil {
		return nil, 0, err
	}
	others := p.Page
	if p.Desc {
		ids = part(online, p.Offset, p.Limit)
		others.Offset = max(0, p.Offset-len(online))
		others.Limit -= len(ids)
	}
	rest, n, err := page(conn, `id`, `FROM games WHERE `+where+` AND NOT `+isOnline, `short_name`, others, scanGameID, args...)
	ids = append(ids, rest...)
	if !p.Desc {
		slices.Reverse(online)
		ids = append(ids, part(online, max(0, p.Offset-n), p.Limit-len(ids))...)
	}
	return ids, len(online) + n, err
}

// part gives at most limit of all from offset on.
func part[T any](all []T, offset, limit int) []T {
	all = all[min(offset, len(all)):]
	return all[:min(limit, len(all)):min(limit, len(all))]
}

func scanGameID(stmt *sqlite.Stmt) GameID { return GameID(stmt.ColumnInt64(0)) }

// qualified are gameColumns beside another table.
var qualified = strings.Replace(gameColumns, "id, short_name", "games.id, short_name", 1)

// Game finds one by its short name, ignoring case.
func (s *Store) Game(ctx context.Context, shortName string) (g Game, err error) {
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		g, err = game(conn, shortName)
		return err
	})
	s.fresh(touched{"games", int64(g.ID)}, &g.LastSeenAt, &g.SecretUsedAt, &g.OldSecretUsedAt)
	return g, err
}

func game(conn *sqlite.Conn, shortName string) (g Game, err error) {
	found, err := row(conn, `SELECT `+gameColumns+` FROM games WHERE short_name = ?1`,
		func(stmt *sqlite.Stmt) { g = scanGame(stmt) }, shortName)
	if err == nil && !found {
		err = Missing{Noun: "game", Key: shortName}
	}
	return g, err
}

// CheckGame says what would keep CreateGame from adding g.
func (s *Store) CheckGame(ctx context.Context, g Game) error {
	if err := CheckShortName(g.ShortName); err != nil {
		return err
	}
	if err := g.check(); err != nil {
		return err
	}
	return s.read(ctx, func(conn *sqlite.Conn) error {
		if err := checkFree(conn, g.ShortName); err != nil {
			return err
		}
		return checkNameFree(conn, `games`, g.Name, 0)
	})
}

// CreateGame adds a game; of g only what a GameEdit can set, and the short name, is used.
func (s *Store) CreateGame(ctx context.Context, g Game, form SecretForm) (Credential, error) {
	g.Waits, g.SuspendedReason = false, ""
	return s.createGame(ctx, "game add", g, form, func(*sqlite.Conn) error { return nil })
}

// createGame adds a game unless may, in the same transaction, gives an error.
func (s *Store) createGame(ctx context.Context, action string, g Game, form SecretForm, may func(*sqlite.Conn) error) (c Credential, err error) {
	err = s.write(ctx, func(conn *sqlite.Conn) error {
		if err := may(conn); err != nil {
			return err
		}
		c, err = addGame(ctx, conn, action, g, form)
		return err
	})
	return c, err
}

// addGame adds a game within a transaction.
func addGame(ctx context.Context, conn *sqlite.Conn, action string, g Game, form SecretForm) (c Credential, err error) {
	if err := CheckShortName(g.ShortName); err != nil {
		return c, err
	}
	if err := g.check(); err != nil {
		return c, err
	}
	secret, hash := newSecret(form)
	c.Secret = secret
	err = operate(ctx, conn, action, &g.ShortName, func(conn *sqlite.Conn) error {
		if err := checkFree(conn, g.ShortName); err != nil {
			return err
		}
		if err := checkNameFree(conn, `games`, g.Name, 0); err != nil {
			return err
		}
		owner, err := ownerID(conn, g.Owner)
		if err != nil {
			return err
		}
		_, err = row(conn, `
			INSERT INTO games (short_name, name, display, description, homepage_url, tagline, user_agent_url,
				allow_character_registration, suspended, secret_hash, created_at, owner_id, hide_players, suspended_reason, waits)
			VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)
			RETURNING id, client_id`,
			func(stmt *sqlite.Stmt) { c.ID, c.ClientID = stmt.ColumnInt64(0), stmt.ColumnText(1) },
			g.ShortName, g.Name, g.Display, null(g.Description), null(g.HomepageURL), null(g.Tagline), null(g.UserAgentURL),
			g.AllowCharacterRegistration, g.Suspended, hash, micros(time.Now()), owner, g.HidePlayers, null(g.SuspendedReason), g.Waits)
		return err
	})
	if err != nil {
		return Credential{}, fmt.Errorf("add game %q: %w", g.ShortName, err)
	}
	return c, nil
}

// check refuses what cannot be, and cleans the description.
func (g *Game) check() error {
	for _, err := range []error{
		checkName(g.Name),
		checkDescription(g.Description),
		checkURL("homepage_url", g.HomepageURL),
		checkURL("user_agent_url", g.UserAgentURL),
		CheckLine("tagline", g.Tagline, 200),
	} {
		if err != nil {
			return err
		}
	}
	g.Description = wire.CleanText(g.Description)
	return nil
}

// UpdateGame changes a game. Its short name never changes.
func (s *Store) UpdateGame(ctx context.Context, shortName string, e GameEdit) error {
	err := s.operate(ctx, "game edit", shortName, func(conn *sqlite.Conn) error {
		g, err := game(conn, shortName)
		if err != nil {
			return err
		}
		was := g.Name
		set(&g.Name, e.Name)
		set(&g.Description, e.Description)
		set(&g.HomepageURL, e.HomepageURL)
		set(&g.Tagline, e.Tagline)
		set(&g.UserAgentURL, e.UserAgentURL)
		set(&g.Display, e.Display)
		set(&g.HidePlayers, e.HidePlayers)
		set(&g.AllowCharacterRegistration, e.AllowCharacterRegistration)
		set(&g.Suspended, e.Suspended)
		set(&g.Owner, e.Owner)
		if err := g.check(); err != nil {
			return err
		}
		if g.Waits && g.Suspended && g.Display {
			return invalid("display", "is an operator's decision as long as the game waits for approval")
		}
		owner, err := ownerID(conn, g.Owner)
		if err != nil {
			return err
		}
		if g.Name != was {
			if err := checkNameFree(conn, `games`, g.Name, int64(g.ID)); err != nil {
				return err
			}
		}
		return exec(conn, `
			UPDATE games SET name = ?2, description = ?3, homepage_url = ?4, tagline = ?5, user_agent_url = ?6,
				display = ?7, allow_character_registration = ?8, suspended = ?9, owner_id = ?10, hide_players = ?11,
				suspended_reason = iif(?9, suspended_reason, NULL), suspended_until = iif(?9, suspended_until, NULL)
			WHERE id = ?1`,
			int64(g.ID), g.Name, null(g.Description), null(g.HomepageURL), null(g.Tagline), null(g.UserAgentURL),
			g.Display, g.AllowCharacterRegistration, g.Suspended, owner, g.HidePlayers)
	})
	if err != nil {
		return fmt.Errorf("edit game %q: %w", shortName, err)
	}
	return nil
}

// ownerID is the id of a user who is to own something, NULL for nobody.
func ownerID(conn *sqlite.Conn, username string) (any, error) {
	if username == "" {
		return nil, nil
	}
	u, err := user(conn, username)
	if errors.Is(err, ErrNotFound) {
		return nil, invalid("owner", "there is no user %q; add one first, or leave it empty", username)
	}
	return u.ID, err
}

// set puts value into field unless it is nil.
func set[T any](field *T, value *T) {
	if value != nil {
		*field = *value
	}
}

// SuspendGame closes a game's sockets and refuses new ones.
func (s *Store) SuspendGame(ctx context.Context, shortName string, u Suspension) error {
	return s.operate(ctx, "game suspend", shortName, func(conn *sqlite.Conn) error {
		return suspend(conn, `games`, shortName, u)
	})
}

// ResumeGame ends a game's suspension.
func (s *Store) ResumeGame(ctx context.Context, shortName string) error {
	no := false
	return s.UpdateGame(ctx, shortName, GameEdit{Suspended: &no})
}

// EndGameSecret refuses a game's old secret from now on.
func (s *Store) EndGameSecret(ctx context.Context, shortName string) error {
	return s.operate(ctx, "game end-secret", shortName, func(conn *sqlite.Conn) error {
		return endSecret(conn, `games`, shortName)
	})
}

// RotateGame gives a game a new secret; its sockets stay.
func (s *Store) RotateGame(ctx context.Context, shortName string, r Rotation) (c Credential, err error) {
	if err := s.FlushTouches(ctx); err != nil { // they are of the secret that becomes the old one
		return c, err
	}
	err = s.operate(ctx, "game rotate", shortName, func(conn *sqlite.Conn) error {
		c, err = rotate(conn, `games`, shortName, r.Form, r.OldEnds)
		return err
	})
	return c, err
}

// DeleteGame takes a game away with its connections, events and achievements.
func (s *Store) DeleteGame(ctx context.Context, shortName string) error {
	return s.operate(ctx, "game remove", shortName, func(conn *sqlite.Conn) error {
		err := exec(conn, `DELETE FROM games WHERE short_name = ?1`, shortName)
		if err == nil && conn.Changes() == 0 {
			err = Missing{Noun: "game", Key: shortName}
		}
		return err
	})
}

// SetClient stores what a game's client calls itself; both texts are cut to 255
// characters. Empty texts change nothing.
func (s *Store) SetClient(ctx context.Context, id GameID, userAgent, version string) error {
	return s.write(ctx, func(conn *sqlite.Conn) error {
		return exec(conn, `
			UPDATE games SET user_agent = coalesce(?2, user_agent), version = coalesce(?3, version) WHERE id = ?1`,
			int64(id), null(userAgent), null(version))
	})
}
