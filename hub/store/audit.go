package store

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"zombiezen.com/go/sqlite"
)

// An Actor is in whose name the store changes things.
type Actor struct {
	Name    string // "ann"; "cli:NAME" is the system's user of that name
	Address string // of the browser, if it is one
}

type actorKey struct{}

// WithActor names the operator in whose name the store changes things: each such
// change is put on record in the table audit. Without one, the program acts.
func WithActor(ctx context.Context, a Actor) context.Context {
	return context.WithValue(ctx, actorKey{}, a)
}

// by is the name of the actor, or nothing.
func by(ctx context.Context) string {
	actor, _ := ctx.Value(actorKey{}).(Actor)
	return actor.Name
}

// states say, by the first word of an action, how to read what its subject is like
// as a JSON object. Never the hash of a secret, nor what is personal: it stays for ever.
var states = map[string]string{
	"game":       gameState,
	"connection": gameState,
	"redirect":   gameState,
	"channel": `
		SELECT json_object('description', description, 'hidden', hidden, 'readable', readable, 'keep_days', keep_days, 'slow_seconds', slow_seconds,
			'paused_until', ` + isoTime("paused_until") + `)
		FROM channels WHERE name = ?1 COLLATE BINARY`,
	"application": `
		SELECT json_object('name', name, 'sync_form', sync_form, 'credentials', credentials, 'suspended', suspended,
			'suspended_reason', suspended_reason, 'suspended_until', ` + isoTime("suspended_until") + `,
			'old_secret_ends_at', ` + isoTime("old_secret_ends_at") + `)
		FROM applications WHERE short_name = ?1`,
	"user": `
		SELECT json_object('username', username, 'role', role, 'two_factor', totp_secret IS NOT NULL, 'password_set_at', ` + isoTime("password_at") + `,
			'email', email IS NOT NULL, 'email_verified', email_verified_at IS NOT NULL, 'approved', approved_at IS NOT NULL,
			'banned', banned_at IS NOT NULL, 'banned_reason', banned_reason, 'banned_until', ` + isoTime("banned_until") + `)
		FROM users WHERE username = ?1`,
	"event": `
		SELECT json_object('game', short_name, 'title', title, 'description', e.description, 'start_date', start_date, 'end_date', end_date)
		FROM events AS e JOIN games AS g ON g.id = e.game_id WHERE e.id = ?1`,
	"achievement": `
		SELECT json_object('game', short_name, 'title', title, 'description', a.description, 'points', points, 'display', json(iif(a.display, 'true', 'false')),
			'partial_progress', json(iif(partial_progress, 'true', 'false')), 'total_progress', total_progress)
		FROM achievements AS a JOIN games AS g ON g.id = a.game_id WHERE key = ?1`,
	"rule": `
		SELECT json_object('kind', kind, 'subject', subject, 'channel', channel, 'action', action, 'replacement', replacement,
			'reason', reason, 'ends_at', ` + isoTime("ends_at") + `, 'enabled', enabled)
		FROM rules WHERE id = ?1`,
	"review": `
		SELECT json_object('channel', (SELECT name FROM channels WHERE id = channel_id), 'game', game, 'name', name, 'message', message,
			'rule', rule_id, 'decision', decision)
		FROM held WHERE id = ?1`,
	"message": `
		SELECT json_object('channel', (SELECT name FROM channels WHERE id = channel_id), 'game', game, 'name', name, 'message', message,
			'hidden', hidden_at IS NOT NULL)
		FROM messages WHERE id = ?1`,
	// What comes after the last @ is the game. Of characters of one name the newest counts: the
	// others are over.
	"character": `
		SELECT json_object('username', (SELECT username FROM users WHERE users.id = user_id), 'state', state, 'reason', reason)
		FROM characters
		WHERE game_id = (SELECT games.id FROM games WHERE short_name = substr(?1, length(rtrim(?1, replace(?1, '@', ''))) + 1))
			AND name = substr(?1, 1, length(rtrim(?1, replace(?1, '@', ''))) - 1)
		ORDER BY id DESC LIMIT 1`,
	"grant": `
		SELECT json_object('scope', scope, 'created_at', ` + isoTime("g.created_at") + `)
		FROM grants AS g JOIN users AS u ON u.id = g.user_id JOIN games AS m ON m.id = g.game_id
		WHERE u.username || ' at ' || m.short_name = ?1`,
	"ignore": `
		SELECT json_group_object(name || '@' || game, json('true'))
		FROM ignores WHERE game_id = (SELECT id FROM games WHERE short_name = ?1)`,
	"setting": `
		SELECT json_object('value', iif(key IN ('` + strings.Join(secretSettings, `', '`) + `'), '(not shown)', value))
		FROM settings WHERE key = ?1`,
}

var gameState = `
	SELECT json_object('name', name, 'display', display, 'hide_players', hide_players, 'description', description, 'homepage_url', homepage_url, 'tagline', tagline,
		'user_agent_url', user_agent_url, 'allow_character_registration', allow_character_registration,
		'owner', (SELECT username FROM users WHERE id = owner_id),
		'offered_to', (SELECT username FROM transfers JOIN users ON users.id = to_id WHERE game_id = games.id), 'suspended', suspended,
		'suspended_reason', suspended_reason, 'suspended_until', ` + isoTime("suspended_until") + `, 'waits', waits,
		'old_secret_ends_at', ` + isoTime("old_secret_ends_at") + `,
		'connections', (SELECT json_group_array(type || ' ' || coalesce(url, host || ':' || port)) FROM connections WHERE game_id = games.id),
		'redirect_uris', (SELECT json_group_array(uri) FROM redirect_uris WHERE game_id = games.id))
	FROM games WHERE short_name = ?1`

// isoTime is SQL that makes of a column of microseconds what people can read.
func isoTime(column string) string {
	return `strftime('%Y-%m-%dT%H:%M:%SZ', ` + column + ` / 1000000, 'unixepoch')`
}

// operate is write for what operators do: the audit row, with the keys of the subject
// that differ, is in the same transaction. The first word of action is that of states.
func (s *Store) operate(ctx context.Context, action, subject string, do func(*sqlite.Conn) error) error {
	return s.operateOn(ctx, action, &subject, do)
}

// operateOn is operate for a subject that only do names, because it makes it.
func (s *Store) operateOn(ctx context.Context, action string, subject *string, do func(*sqlite.Conn) error) error {
	return s.write(ctx, func(conn *sqlite.Conn) error { return operate(ctx, conn, action, subject, do) })
}

// operate is operateOn within a transaction.
func operate(ctx context.Context, conn *sqlite.Conn, action string, subject *string, do func(*sqlite.Conn) error) error {
	actor, ok := ctx.Value(actorKey{}).(Actor)
	if !ok {
		return do(conn)
	}
	noun, _, _ := strings.Cut(action, " ")
	before, err := state(conn, noun, *subject)
	if err != nil {
		return err
	}
	if err := do(conn); err != nil {
		return err
	}
	after, err := state(conn, noun, *subject)
	if err != nil {
		return err
	}
	was, is := differing(before, after)
	return exec(conn, insertAudit, micros(time.Now()), actor.Name, action, *subject, null(actor.Address), null(was), null(is))
}

// Note puts on record what an operator does beside the file.
func (s *Store) Note(ctx context.Context, action, subject string) error {
	return s.operate(ctx, action, subject, func(*sqlite.Conn) error { return nil })
}

const insertAudit = `
	INSERT INTO audit (at, actor, action, subject, address, before_state, after_state) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)`

// state is what the subject of an action is like, or nil.
func state(conn *sqlite.Conn, noun, subject string) (object map[string]json.RawMessage, err error) {
	query, ok := states[noun]
	if !ok {
		return nil, nil
	}
	text := ""
	found, err := row(conn, query, func(stmt *sqlite.Stmt) { text = stmt.ColumnText(0) }, subject)
	if err != nil || !found {
		return nil, err
	}
	return object, json.Unmarshal([]byte(text), &object)
}

// differing gives the keys of two objects that are not the same, as JSON.
func differing(before, after map[string]json.RawMessage) (was, is string) {
	if before != nil && after != nil {
		for key, value := range after {
			if bytes.Equal(before[key], value) {
				delete(before, key)
				delete(after, key)
			}
		}
	}
	return object(before), object(after)
}

func object(of map[string]json.RawMessage) string {
	if len(of) == 0 {
		return ""
	}
	text, err := json.Marshal(of)
	if err != nil {
		panic(err) // it was decoded by us
	}
	return string(text)
}

// An AuditEntry is something that an operator did.
type AuditEntry struct {
	ID      int64           `json:"id"`
	At      time.Time       `json:"at"`
	Actor   string          `json:"actor"`
	Address string          `json:"address"` // of the browser; "": it was a command
	Action  string          `json:"action"`
	Subject string          `json:"subject"`
	Before  json.RawMessage `json:"before"` // the keys that differ, as an object; null: it was not there, or nothing differs
	After   json.RawMessage `json:"after"`  // null: it is gone, or nothing differs
}

// A Change is a key that differs. Its values are JSON; one is nil if the subject was not
// there, or is gone.
type Change struct {
	Key           string
	Before, After json.RawMessage
}

// Changes are the keys that differ, in the order of the alphabet. Of what was added or
// removed they are those that have a value.
func (e AuditEntry) Changes() (all []Change) {
	var before, after map[string]json.RawMessage
	_ = json.Unmarshal(e.Before, &before) // null, or what operate has written
	_ = json.Unmarshal(e.After, &after)
	keys := map[string]struct{}{}
	for _, of := range []map[string]json.RawMessage{before, after} {
		for key, value := range of {
			if before != nil && after != nil || string(value) != "null" && string(value) != "[]" {
				keys[key] = struct{}{}
			}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		all = append(all, Change{key, before[key], after[key]})
	}
	return all
}

// An AuditQuery says which entries are wanted; what is empty does not matter.
type AuditQuery struct {
	Actor   string    // exactly
	Action  string    // exactly, or its first word: "game"
	Subject string    // exactly
	Text    string    // part of any of it, ignoring the case of ASCII letters
	Since   time.Time // not before
	Until   time.Time // before
	Below   int64     // only those with a smaller id: the next page
	Limit   int
}

// Audit lists entries, the newest first. If there may be more, the last one's id is the
// Below of the next page.
func (s *Store) Audit(ctx context.Context, q AuditQuery) (all []AuditEntry, err error) {
	since, until := int64(0), int64(math.MaxInt64)
	if !q.Since.IsZero() {
		since = micros(q.Since)
	}
	if !q.Until.IsZero() {
		until = micros(q.Until)
	}
	where, args := `at >= ?1 AND at < ?2`, []any{since, until, q.Limit}
	add := func(condition string, value any) {
		args = append(args, value)
		where += strings.ReplaceAll(` AND (`+condition+`)`, "?", "?"+strconv.Itoa(len(args)))
	}
	if q.Below > 0 {
		add(`id < ?`, q.Below)
	}
	if q.Actor != "" {
		add(`actor = ?`, q.Actor)
	}
	if q.Action != "" {
		add(`action = ? OR substr(action, 1, length(?) + 1) = ? || ' '`, q.Action)
	}
	if q.Subject != "" {
		add(`subject = ? COLLATE NOCASE`, q.Subject)
	}
	if q.Text != "" {
		if err := (Page{Search: q.Text}).check(); err != nil {
			return nil, err
		}
		add(`matches(?, actor || ' ' || action || ' ' || subject || ' ' || coalesce(address, '') || ' ' || coalesce(before_state, '') || ' ' || coalesce(after_state, ''))`,
			Page{Search: q.Text}.plain())
	}
	err = s.query(ctx, func(conn *sqlite.Conn) error {
		all, err = rows(conn, selectAudit+` WHERE `+where+` ORDER BY id DESC LIMIT ?3`, scanAudit, args...)
		return err
	})
	return all, err
}

const selectAudit = `
	SELECT id, at, actor, coalesce(address, ''), action, subject, coalesce(before_state, 'null'), coalesce(after_state, 'null')
	FROM audit`

func scanAudit(stmt *sqlite.Stmt) AuditEntry {
	return AuditEntry{
		ID: stmt.ColumnInt64(0), At: fromMicros(stmt.ColumnInt64(1)), Actor: stmt.ColumnText(2), Address: stmt.ColumnText(3),
		Action: stmt.ColumnText(4), Subject: stmt.ColumnText(5),
		Before: json.RawMessage(stmt.ColumnText(6)), After: json.RawMessage(stmt.ColumnText(7)),
	}
}

// AuditKinds are the actors and the actions that there are, for a choice.
func (s *Store) AuditKinds(ctx context.Context) (actors, actions []string, err error) {
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		if actors, err = different(conn, "actor"); err == nil {
			actions, err = different(conn, "action")
		}
		return err
	})
	return actors, actions, err
}

// different are the values of an indexed column of audit, in their order. DISTINCT would
// read the whole index; this takes one step of it for each value.
func different(conn *sqlite.Conn, column string) ([]string, error) {
	return rows(conn, strings.ReplaceAll(`
		WITH RECURSIVE each (x) AS (
			SELECT min(COLUMN) FROM audit
			UNION ALL SELECT (SELECT min(COLUMN) FROM audit WHERE COLUMN > x) FROM each WHERE x IS NOT NULL)
		SELECT x FROM each WHERE x IS NOT NULL`, "COLUMN", column), func(stmt *sqlite.Stmt) string { return stmt.ColumnText(0) })
}
