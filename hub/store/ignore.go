package store

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"zombiezen.com/go/sqlite"
)

// An Ignore is whom a game does not want to hear.
type Ignore struct {
	Name      string    `json:"name"` // of a player, quoted as in PlayerPattern; "*": all of the game
	Game      string    `json:"game"` // short name; "*": whatever game
	CreatedBy string    `json:"created_by"`
	CreatedAt time.Time `json:"created_at"`
}

// MostIgnores is how many a game may have.
const MostIgnores = 500

// maxIgnored is how long a player's name may be, in characters: the hub lets no longer one
// speak.
const maxIgnored = 64

// String is the pattern: NAME@GAME, *@GAME or NAME@*.
func (i Ignore) String() string { return i.Name + "@" + i.Game }

func (i Ignore) who() who { return whoOf(i.Name, i.Game) }

// parseIgnore reads a pattern.
func parseIgnore(pattern string) (i Ignore, err error) {
	pattern = strings.TrimSpace(pattern)
	if pattern == "" {
		return i, invalid("pattern", "is missing; give NAME@GAME, *@GAME for a game, or NAME@* for whatever game")
	}
	if err := checkText("pattern", pattern); err != nil {
		return i, err
	}
	w, err := parseWho("pattern", pattern)
	if err != nil {
		return i, err
	}
	if n := utf8.RuneCountInString(w.name); n > maxIgnored {
		return i, invalid("pattern", "has a name of %d characters; players' names have at most %d", n, maxIgnored)
	}
	return ignoreOf(w), nil
}

func ignoreOf(w who) Ignore {
	return Ignore{Name: cmp.Or(quoteName(w.name), "*"), Game: cmp.Or(w.game, "*")}
}

// ignoredName is the name as the table has it: "*" is all, so the player "*" has a backslash,
// as have those of whose names that would be the form.
func ignoredName(w who) string {
	switch {
	case w.name == "":
		return "*"
	case strings.TrimLeft(w.name, `\`) == "*":
		return `\` + w.name
	}
	return w.name
}

// ignored reads the two columns.
func ignored(name, game string) (w who) {
	switch {
	case name == "*":
		name = ""
	case strings.TrimLeft(name, `\`) == "*":
		name = name[1:]
	}
	if game == "*" {
		game = ""
	}
	return who{name, game}
}

const selectIgnores = `
	SELECT name, game, created_by, created_at
	FROM ignores WHERE game_id = ?1 ORDER BY id`

func scanIgnore(stmt *sqlite.Stmt) Ignore {
	i := ignoreOf(ignored(stmt.ColumnText(0), stmt.ColumnText(1)))
	i.CreatedBy, i.CreatedAt = stmt.ColumnText(2), fromMicros(stmt.ColumnInt64(3))
	return i
}

// Ignores lists whom a game ignores, the oldest first.
func (s *Store) Ignores(ctx context.Context, shortName string) (all []Ignore, err error) {
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		g, err := game(conn, shortName)
		if err == nil {
			all, err = rows(conn, selectIgnores, scanIgnore, int64(g.ID))
		}
		return err
	})
	return all, err
}

// AddIgnore has a game ignore whom the pattern means, at once and in the name of the actor. It
// reports ErrConflict if the game does already.
func (s *Store) AddIgnore(ctx context.Context, shortName, pattern string) (i Ignore, err error) {
	if i, err = parseIgnore(pattern); err != nil {
		return i, err
	}
	i.CreatedBy, i.CreatedAt = cut(by(ctx), 100), fromMicros(micros(time.Now()))
	err = s.operate(ctx, "ignore add", shortName, func(conn *sqlite.Conn) error {
		g, err := game(conn, shortName)
		if err != nil {
			return err
		}
		all, err := rows(conn, selectIgnores, scanIgnore, int64(g.ID))
		switch {
		case err != nil:
			return err
		case strings.EqualFold(i.Game, g.ShortName):
			return invalid("pattern", "is of the game itself; name another game")
		case len(all) >= MostIgnores:
			return invalid("pattern", "is one too many; a game may ignore %d, so remove some", MostIgnores)
		}
		for _, other := range all {
			if other.who().key() == i.who().key() {
				return taken("pattern", "the game ignores %s already", other)
			}
		}
		if i.Game != "*" {
			if err := checkGameKnown(conn, "pattern", i.Game); err != nil {
				return err
			}
		}
		return exec(conn, `INSERT INTO ignores (game_id, name, game, created_by, created_at) VALUES (?1, ?2, ?3, ?4, ?5)`,
			int64(g.ID), ignoredName(i.who()), i.Game, null(i.CreatedBy), micros(i.CreatedAt))
	})
	return i, err
}

// RemoveIgnore has a game hear them again, at once and in the name of the actor; the pattern
// is that of AddIgnore, or means the same. It gives what was removed.
func (s *Store) RemoveIgnore(ctx context.Context, shortName, pattern string) (i Ignore, err error) {
	if i, err = parseIgnore(pattern); err != nil {
		return i, err
	}
	err = s.operate(ctx, "ignore remove", shortName, func(conn *sqlite.Conn) error {
		g, err := game(conn, shortName)
		if err != nil {
			return err
		}
		all, err := rows(conn, selectIgnores, scanIgnore, int64(g.ID))
		if err != nil {
			return err
		}
		for _, other := range all {
			if other.who().key() == i.who().key() {
				i = other
				return exec(conn, `DELETE FROM ignores WHERE game_id = ?1 AND name = ?2 AND game = ?3`, int64(g.ID), ignoredName(i.who()), i.Game)
			}
		}
		return fmt.Errorf("game %q: %w", g.ShortName, Missing{Noun: "ignore", Key: pattern})
	})
	return i, err
}

// Ignored counts the commits that may have changed what Ignorers gives, each before it wakes
// the watchers.
func (s *Store) Ignored() uint64 { return s.ignored.Load() }

// Ignorers reads the ignore lists of all games; nil: there are none.
func (s *Store) Ignorers(ctx context.Context) (*Ignorers, error) {
	all := byWho[map[GameID]struct{}]{}
	err := s.query(ctx, func(conn *sqlite.Conn) error {
		_, err := rows(conn, `SELECT game_id, name, game FROM ignores`, func(stmt *sqlite.Stmt) (none struct{}) {
			key := ignored(stmt.ColumnText(1), stmt.ColumnText(2)).key()
			if all[key] == nil {
				all[key] = map[GameID]struct{}{}
			}
			all[key][GameID(stmt.ColumnInt64(0))] = none
			return
		})
		return err
	})
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return &Ignorers{all}, nil
}

// Ignorers says which games ignore whom. It never changes, and may be used by many at once.
type Ignorers struct {
	all byWho[map[GameID]struct{}]
}

// A Deaf is the games that ignore somebody; nil, which costs nothing: none does.
type Deaf []map[GameID]struct{}

// To gives the games that ignore a player, or with an empty name a game as a whole. A nil
// Ignorers has none.
func (i *Ignorers) To(name, game string) (d Deaf) {
	if i != nil {
		i.all.each(name, game, func(games map[GameID]struct{}) { d = append(d, games) })
	}
	return d
}

// Has reports whether a game is among them.
func (d Deaf) Has(id GameID) bool {
	for _, games := range d {
		if _, there := games[id]; there {
			return true
		}
	}
	return false
}
