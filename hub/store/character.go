package store

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"zombiezen.com/go/sqlite"

	"hearsay/hub/fold"
)

// A CharacterID is the id of a character; never used twice.
type CharacterID int64

// A Character is a player of a game who was registered as somebody's.
type Character struct {
	ID        CharacterID    `json:"id"`
	Username  string         `json:"username"`
	GameID    GameID         `json:"-"`
	Game      string         `json:"game"`      // its short name
	GameName  string         `json:"game_name"` // that people read
	Name      string         `json:"name"`      // as the game spells it
	State     CharacterState `json:"state"`
	Reason    string         `json:"reason"` // of a veto
	CreatedAt time.Time      `json:"created_at"`
	DecidedAt *time.Time     `json:"decided_at"` // when the state came to be; nil: it is pending
	DecidedBy string         `json:"decided_by"`

	user       int64
	approvedAt *time.Time
}

// String is "NAME@GAME".
func (c Character) String() string { return c.Name + "@" + c.Game }

// A CharacterState is how far a character is.
type CharacterState string

// The states.
const (
	Pending   CharacterState = "pending"   // registered in the game; the person has to look at it
	Approved  CharacterState = "approved"  // by the person: everybody may see it
	Denied    CharacterState = "denied"    // by the person
	Vetoed    CharacterState = "vetoed"    // by the game's owner, who alone can lift that
	Withdrawn CharacterState = "withdrawn" // by the person
)

// CharacterStates are all of them.
var CharacterStates = []CharacterState{Pending, Approved, Denied, Vetoed, Withdrawn}

// Held reports whether nobody else can have the name. A name that was denied or withdrawn
// rests beside that, for NameRests.
func (s CharacterState) Held() bool { return s == Pending || s == Approved || s == Vetoed }

const heldStates = `'pending', 'approved', 'vetoed'`

const characterColumns = `c.id, u.username, c.game_id, g.short_name, g.name, c.name, c.state, c.reason, c.created_at, c.decided_at, c.decided_by,
	c.user_id, c.approved_at`

const fromCharacters = `FROM characters AS c JOIN users AS u ON u.id = c.user_id JOIN games AS g ON g.id = c.game_id`

func scanCharacter(stmt *sqlite.Stmt) Character {
	return Character{
		ID: CharacterID(stmt.ColumnInt64(0)), Username: stmt.ColumnText(1),
		GameID: GameID(stmt.ColumnInt64(2)), Game: stmt.ColumnText(3), GameName: columnLine(stmt, 4),
		Name: stmt.ColumnText(5), State: CharacterState(stmt.ColumnText(6)), Reason: columnLine(stmt, 7),
		CreatedAt: fromMicros(stmt.ColumnInt64(8)), DecidedAt: timeAt(stmt, 9), DecidedBy: stmt.ColumnText(10),
		user: stmt.ColumnInt64(11), approvedAt: timeAt(stmt, 12),
	}
}

// Character is that one.
func (s *Store) Character(ctx context.Context, id CharacterID) (c Character, err error) {
	err = s.query(ctx, func(conn *sqlite.Conn) error {
		c, err = character(conn, id)
		return err
	})
	return c, err
}

func character(conn *sqlite.Conn, id CharacterID) (c Character, err error) {
	found, err := row(conn, `SELECT `+characterColumns+` `+fromCharacters+` WHERE c.id = ?1`,
		func(stmt *sqlite.Stmt) { c = scanCharacter(stmt) }, int64(id))
	if err == nil && !found {
		err = Missing{Noun: "character", Key: strconv.FormatInt(int64(id), 10)}
	}
	return c, err
}

// CharactersOf lists a user's characters in whatever state, by game and name. Those that
// were denied or withdrawn are among them for a month.
func (s *Store) CharactersOf(ctx context.Context, userID int64) (all []Character, err error) {
	err = s.query(ctx, func(conn *sqlite.Conn) error {
		all, err = charactersOf(conn, userID)
		return err
	})
	return all, err
}

func charactersOf(conn *sqlite.Conn, userID int64) ([]Character, error) {
	return rows(conn, `SELECT `+characterColumns+` `+fromCharacters+` WHERE c.user_id = ?1 ORDER BY g.short_name, c.folded, c.id`,
		scanCharacter, userID)
}

// CharactersOfGame gives a part of the characters of a game, or with 0 of all games, and
// how many there are in all that match. What is searched is a character's or user's name.
// Its filters are the states, its orders "created", "name", "user" and "game".
func (s *Store) CharactersOfGame(ctx context.Context, id GameID, p Page) (all []Character, total int, err error) {
	from := fromCharacters + `
		WHERE (?1 = '' OR matches(?1, c.name, u.username)) AND (?2 = '' OR c.state = ?2)`
	args := []any{p.plain(), p.Filter}
	if id != 0 {
		from += ` AND c.game_id = ?3`
		args = append(args, int64(id))
	}
	order := p.order([2]string{"created", `c.id %`}, [2]string{"name", `c.folded %, c.id %`},
		[2]string{"user", `u.username %, c.id %`}, [2]string{"game", `g.short_name %, c.folded, c.id`})
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		all, total, err = page(conn, characterColumns, from, order, p, scanCharacter, args...)
		return err
	})
	return all, total, err
}

// keyNames computes the keys of characters that an older program or the sqlite3 shell wrote. Of
// two that are held and the same by it, the younger stays as it was written.
func (s *Store) keyNames(ctx context.Context) error {
	type unkeyed struct {
		id   int64
		name string
	}
	var all []unkeyed
	err := s.query(ctx, func(conn *sqlite.Conn) (err error) {
		all, err = rows(conn, `SELECT id, name FROM characters WHERE NOT keyed ORDER BY id`,
			func(stmt *sqlite.Stmt) unkeyed { return unkeyed{stmt.ColumnInt64(0), stmt.ColumnText(1)} })
		return err
	})
	if err != nil || len(all) == 0 {
		return err
	}
	return s.write(ctx, func(conn *sqlite.Conn) error {
		for _, one := range all {
			if err := exec(conn, `UPDATE OR IGNORE characters SET folded = ?2, keyed = 1 WHERE id = ?1`, one.id, fold.Key(one.name)); err != nil {
				return err
			}
		}
		return nil
	})
}

// A CharacterStatus is what a game may know of one of its players.
type CharacterStatus struct {
	Name       string // as it was registered; if it was not, as it was asked for
	Registered bool   // by whomever; a veto does not change that
	Approved   bool
	Username   string // whose it is, if it is approved
}

// CharacterStatus says what a player of a game is, by a name that is the same.
func (s *Store) CharacterStatus(ctx context.Context, id GameID, name string) (status CharacterStatus, err error) {
	status.Name = name
	err = s.query(ctx, func(conn *sqlite.Conn) error {
		_, err := row(conn, `
			SELECT c.name, c.state = 'approved', iif(c.state = 'approved', u.username, '')
			FROM characters AS c JOIN users AS u ON u.id = c.user_id
			WHERE c.game_id = ?1 AND c.folded = ?2 AND c.state IN (`+heldStates+`)`,
			func(stmt *sqlite.Stmt) {
				status = CharacterStatus{stmt.ColumnText(0), true, stmt.ColumnBool(1), stmt.ColumnText(2)}
			}, int64(id), fold.Key(name))
		return err
	})
	return status, err
}

// A judgement is what somebody makes of a character.
type judgement struct {
	verb   string // of the audit
	user   int64  // whose character it must be; 0: anybody's
	game   GameID // of which game; 0: of any
	from   []CharacterState
	to     CharacterState // "": what it was before the veto
	reason string
}

// ApproveCharacter says for a user that a pending character is theirs; a user of 0 is
// whoever it is, for operators. It reports ErrNotFound for somebody else's, and ErrConflict
// when it is too late, as DenyCharacter and WithdrawCharacter do. What is so already stays.
func (s *Store) ApproveCharacter(ctx context.Context, id CharacterID, userID int64) (Character, error) {
	return s.judge(ctx, id, judgement{verb: "approve", user: userID, from: []CharacterState{Pending}, to: Approved})
}

// DenyCharacter says that a pending one is not.
func (s *Store) DenyCharacter(ctx context.Context, id CharacterID, userID int64) (Character, error) {
	return s.judge(ctx, id, judgement{verb: "deny", user: userID, from: []CharacterState{Pending}, to: Denied})
}

// WithdrawCharacter gives up a character that is pending or approved. A veto cannot be
// got around so.
func (s *Store) WithdrawCharacter(ctx context.Context, id CharacterID, userID int64) (Character, error) {
	return s.judge(ctx, id, judgement{verb: "withdraw", user: userID, from: []CharacterState{Pending, Approved}, to: Withdrawn})
}

// VetoCharacter says for the owner of a game that a character is nobody's; a game of 0 is
// whichever it is, for operators. The player is told the reason, of at most 200 characters.
// It reports ErrNotFound for another game's. A second veto changes the reason.
func (s *Store) VetoCharacter(ctx context.Context, id CharacterID, game GameID, reason string) (Character, error) {
	reason = strings.TrimSpace(reason)
	if reason == "" {
		return Character{}, invalid("reason", "is missing; say why, the player is told")
	}
	if err := CheckLine("reason", reason, 200); err != nil {
		return Character{}, err
	}
	return s.judge(ctx, id, judgement{verb: "veto", game: game, from: []CharacterState{Pending, Approved, Vetoed}, to: Vetoed, reason: reason})
}

// LiftVeto makes a character what it was before the veto.
func (s *Store) LiftVeto(ctx context.Context, id CharacterID, game GameID) (Character, error) {
	return s.judge(ctx, id, judgement{verb: "lift-veto", game: game, from: []CharacterState{Vetoed}})
}

func (s *Store) judge(ctx context.Context, id CharacterID, j judgement) (c Character, err error) {
	if c, err = s.Character(ctx, id); err != nil {
		return c, err
	}
	err = s.operate(ctx, "character "+j.verb, c.String(), func(conn *sqlite.Conn) error {
		if c, err = character(conn, id); err != nil {
			return err
		}
		if j.user != 0 && j.user != c.user || j.game != 0 && j.game != c.GameID {
			return Missing{Noun: "character", Key: strconv.FormatInt(int64(id), 10)}
		}
		if err := j.apply(&c, time.Now(), by(ctx)); err != nil {
			return err
		}
		return exec(conn, `
			UPDATE characters SET state = ?2, reason = ?3, approved_at = ?4, decided_at = ?5, decided_by = ?6
			WHERE id = ?1`,
			int64(id), string(c.State), null(c.Reason), nullTime(c.approvedAt), nullTime(c.DecidedAt), null(c.DecidedBy))
	})
	if err != nil && !errors.Is(err, errDecided) {
		return Character{}, fmt.Errorf("character %d: %w", id, err)
	}
	return c, nil
}

// apply changes c, or reports errDecided when nothing is to be changed.
func (j judgement) apply(c *Character, now time.Time, by string) error {
	if c.State == j.to && c.Reason == j.reason {
		return errDecided
	}
	if err := j.check(*c); err != nil {
		return err
	}
	at := fromMicros(micros(now))
	c.State, c.Reason = j.to, j.reason
	switch {
	case j.to == Approved:
		c.approvedAt = &at
	case j.to == "" && c.approvedAt != nil:
		c.State = Approved
	case j.to == "":
		c.State = Pending
	}
	c.DecidedAt, c.DecidedBy = &at, by
	if c.State == Pending {
		c.DecidedAt, c.DecidedBy = nil, ""
	}
	return nil
}

func (j judgement) check(c Character) error {
	for _, state := range j.from {
		if c.State == state {
			return nil
		}
	}
	switch {
	case c.State == Denied || c.State == Withdrawn:
		return taken("state", "of %s is %s; it can be registered anew in the game a day later", c, c.State)
	case c.State == Vetoed:
		return taken("state", "of %s is vetoed; only the game's owner can lift that", c)
	case j.to == "":
		return taken("state", "of %s is %s; there is no veto to lift", c, c.State)
	}
	return taken("state", "of %s is %s; withdraw it instead", c, c.State)
}
