package store

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"zombiezen.com/go/sqlite"

	"hearsay/hub/fold"
)

const (
	// RegistrationKeyLasts is how long a registration key works.
	RegistrationKeyLasts = 7 * 24 * time.Hour
	// NameRests is how long nobody may register a name after it was denied or withdrawn.
	NameRests = 24 * time.Hour
	// MostCharacters is how many names a person may hold.
	MostCharacters = 100
)

// A RegistrationKey is what somebody tells the hub in a game to register the character.
type RegistrationKey struct {
	Key       string    `json:"key"` // "7K3M-Q9TX-2BWD"
	ExpiresAt time.Time `json:"expires_at"`
}

// keyLetters are those that nobody takes for another.
const keyLetters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

const keyLength = 12

func newRegistrationKey() string {
	var key [keyLength]byte
	rand.Read(key[:])
	for i := range key {
		key[i] = keyLetters[key[i]%32]
	}
	return string(key[:])
}

// groupKey is a key as people read it.
func groupKey(key string) string { return key[:4] + "-" + key[4:8] + "-" + key[8:] }

// plainKey is a key as the file has it, however somebody has typed it: in any case, with
// dashes and blanks anywhere, and with letters that no key has for the digits they look like.
var plainKey = strings.NewReplacer("-", "", " ", "", "I", "1", "L", "1", "O", "0")

// RegistrationKey gives a user's open key, or makes one. It is used up when a character is
// registered with it.
func (s *Store) RegistrationKey(ctx context.Context, userID int64, now time.Time) (k RegistrationKey, err error) {
	err = s.query(ctx, func(conn *sqlite.Conn) error {
		k, err = openKey(conn, userID, now)
		return err
	})
	if !errors.Is(err, ErrNotFound) {
		return k, err
	}
	err = s.write(ctx, func(conn *sqlite.Conn) error {
		if k, err = openKey(conn, userID, now); !errors.Is(err, ErrNotFound) {
			return err
		}
		there, err := row(conn, `SELECT 1 FROM users WHERE id = ?1`, func(*sqlite.Stmt) {}, userID)
		if err != nil || !there {
			return cmp.Or[error](err, Missing{Noun: "user", Key: fmt.Sprint(userID)})
		}
		key := newRegistrationKey()
		k = RegistrationKey{groupKey(key), fromMicros(micros(now.Add(RegistrationKeyLasts)))}
		return exec(conn, `
			INSERT INTO registration_keys (user_id, key, expires_at) VALUES (?1, ?2, ?3)
			ON CONFLICT (user_id) DO UPDATE SET key = excluded.key, expires_at = excluded.expires_at`,
			userID, key, micros(k.ExpiresAt))
	})
	return k, err
}

func openKey(conn *sqlite.Conn, userID int64, now time.Time) (k RegistrationKey, err error) {
	found, err := row(conn, `SELECT key, expires_at FROM registration_keys WHERE user_id = ?1 AND expires_at > ?2`,
		func(stmt *sqlite.Stmt) {
			k = RegistrationKey{groupKey(stmt.ColumnText(0)), fromMicros(stmt.ColumnInt64(1))}
		}, userID, micros(now))
	if err == nil && !found {
		err = Missing{Noun: "registration key"}
	}
	return k, err
}

// A RegistrationReason is why a character is not registered.
type RegistrationReason string

// The reasons, in the order in which they are looked for.
const (
	RegistrationClosed RegistrationReason = "the game does not let characters be registered"
	UnknownKey         RegistrationReason = "there is no such key, or it is used up or too old"
	NameRegistered     RegistrationReason = "the character is registered already"
	NameVetoed         RegistrationReason = "the game's owner has vetoed the character"
	NameResting        RegistrationReason = "the character was denied or withdrawn less than a day ago"
	TooManyCharacters  RegistrationReason = "the person has as many characters as anybody may have"
)

// A RegistrationError says why a character was not registered. It unwraps to ErrConflict
// if the name is taken, to ErrNotFound if the key is none, else to ErrInvalid.
type RegistrationError struct {
	Reason RegistrationReason
	FreeAt time.Time // of NameResting: when it may be registered again
}

func (e *RegistrationError) Error() string { return string(e.Reason) }

func (e *RegistrationError) Unwrap() error {
	switch e.Reason {
	case UnknownKey:
		return ErrNotFound
	case NameRegistered, NameVetoed, NameResting:
		return ErrConflict
	}
	return ErrInvalid
}

// Register makes a game's character one of the user's whose key it is, who has still to
// approve it. The name is the game's spelling, at most 64 characters. It reports a
// RegistrationError; only success uses the key up. On record it is done by NAME@GAME.
func (s *Store) Register(ctx context.Context, id GameID, name, key string, now time.Time) (c Character, err error) {
	if n := utf8.RuneCountInString(name); n == 0 || n > 64 {
		return c, invalid("name", "has %d characters; use 1 to 64", n)
	}
	if err := checkText("name", name); err != nil {
		return c, err
	}
	game := ""
	err = s.query(ctx, func(conn *sqlite.Conn) error {
		found, err := row(conn, `SELECT short_name FROM games WHERE id = ?1`, func(stmt *sqlite.Stmt) { game = stmt.ColumnText(0) }, int64(id))
		if err == nil && !found {
			err = Missing{Noun: "game", Key: fmt.Sprint(id)}
		}
		return err
	})
	if err != nil {
		return c, err
	}
	who := name + "@" + game
	ctx = WithActor(ctx, Actor{Name: who})
	err = s.operate(ctx, "character register", who, func(conn *sqlite.Conn) error {
		made, err := registerCharacter(conn, id, name, plainKey.Replace(strings.ToUpper(key)), now)
		if err != nil {
			return err
		}
		c, err = character(conn, made)
		return err
	})
	return c, err
}

func registerCharacter(conn *sqlite.Conn, id GameID, name, key string, now time.Time) (made CharacterID, err error) {
	open, err := row(conn, `SELECT 1 FROM games WHERE id = ?1 AND allow_character_registration`, func(*sqlite.Stmt) {}, int64(id))
	if err != nil || !open {
		return 0, cmp.Or(err, error(&RegistrationError{Reason: RegistrationClosed}))
	}
	var user int64
	known, err := row(conn, `SELECT user_id FROM registration_keys WHERE key = ?1 AND expires_at > ?2`,
		func(stmt *sqlite.Stmt) { user = stmt.ColumnInt64(0) }, key, micros(now))
	if err != nil || !known {
		return 0, cmp.Or(err, error(&RegistrationError{Reason: UnknownKey}))
	}
	if err := checkRegistered(conn, id, name, now); err != nil {
		return 0, err
	}
	n := 0
	if _, err := row(conn, `SELECT count(*) FROM characters WHERE user_id = ?1 AND (state IN (`+heldStates+`) OR decided_at > ?2)`,
		func(stmt *sqlite.Stmt) { n = stmt.ColumnInt(0) }, user, micros(now.Add(-NameRests))); err != nil {
		return 0, err
	}
	if n >= MostCharacters {
		return 0, &RegistrationError{Reason: TooManyCharacters}
	}
	if err := exec(conn, `DELETE FROM registration_keys WHERE user_id = ?1`, user); err != nil {
		return 0, err
	}
	_, err = row(conn, `
		INSERT INTO characters (user_id, game_id, name, folded, keyed, created_at) VALUES (?1, ?2, ?3, ?4, 1, ?5)
		RETURNING id`, func(stmt *sqlite.Stmt) { made = CharacterID(stmt.ColumnInt64(0)) },
		user, int64(id), name, fold.Key(name), micros(now))
	return made, err
}

// checkRegistered refuses a name that somebody holds, or that rests.
func checkRegistered(conn *sqlite.Conn, id GameID, name string, now time.Time) error {
	var state CharacterState
	var decided time.Time
	taken, err := row(conn, `
		SELECT state, coalesce(decided_at, 0) FROM characters
		WHERE game_id = ?1 AND folded = ?2 AND (state IN (`+heldStates+`) OR decided_at > ?3)
		ORDER BY id DESC LIMIT 1`,
		func(stmt *sqlite.Stmt) {
			state, decided = CharacterState(stmt.ColumnText(0)), fromMicros(stmt.ColumnInt64(1))
		}, int64(id), fold.Key(name), micros(now.Add(-NameRests)))
	switch {
	case err != nil || !taken:
		return err
	case state == Vetoed:
		return &RegistrationError{Reason: NameVetoed}
	case state.Held():
		return &RegistrationError{Reason: NameRegistered}
	}
	return &RegistrationError{Reason: NameResting, FreeAt: decided.Add(NameRests)}
}
