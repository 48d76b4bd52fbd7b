package mirror

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"hearsay/hub/wire"
)

// This file has what programs written in Go read; others read the tables.

// Channels gives the channels by name, hidden ones too.
func (m *Mirror) Channels(ctx context.Context) ([]wire.ChannelRecord, error) {
	return list(ctx, m, `SELECT id, name, description, hidden FROM {}channels WHERE deleted_at IS NULL ORDER BY name, id`, func(row *row) wire.ChannelRecord {
		return wire.ChannelRecord{ID: row.number(), Name: row.text(), Description: row.optional(), Hidden: row.truth()}
	})
}

const gameColumns = `id, game, display_name, display, description, homepage_url, tagline, user_agent, user_agent_url,
	redirect_uris, allow_character_registration, client_id, client_secret, last_seen_at, mssp_last_seen_at,
	(SELECT json_group_array(json_object('id', id, 'type', type, 'url', url, 'host', host, 'port', port))
	 FROM (SELECT * FROM {}connections WHERE game_id = {}games.id ORDER BY place))`

func scanGame(row *row) wire.GameRecord {
	g := wire.GameRecord{
		ID: row.number(), Game: row.text(), DisplayName: row.text(), Display: row.truth(), Description: row.optional(),
		HomepageURL: row.optional(), Tagline: row.optional(), UserAgent: row.optional(), UserAgentURL: row.optional(),
	}
	row.json(&g.RedirectURIs)
	g.AllowCharacterRegistration, g.ClientID, g.ClientSecret = row.truth(), row.text(), row.text()
	g.LastSeenAt, g.MSSPLastSeenAt = row.optional(), row.optional()
	row.json(&g.Connections)
	return g
}

// Games gives the games by short name, those too that are not displayed.
func (m *Mirror) Games(ctx context.Context) ([]wire.GameRecord, error) {
	return list(ctx, m, `SELECT `+gameColumns+` FROM {}games WHERE deleted_at IS NULL ORDER BY game, id`, scanGame)
}

// Game gives the game of a short name. It reports ErrNotFound.
func (m *Mirror) Game(ctx context.Context, game string) (wire.GameRecord, error) {
	all, err := list(ctx, m, `SELECT `+gameColumns+` FROM {}games WHERE game = ?1 AND deleted_at IS NULL ORDER BY id DESC LIMIT 1`, scanGame, game)
	if err == nil && len(all) == 0 {
		err = fmt.Errorf("game %q: %w", game, ErrNotFound)
	}
	if err != nil {
		return wire.GameRecord{}, err
	}
	return all[0], nil
}

// Events gives the games' events by their first day.
func (m *Mirror) Events(ctx context.Context) ([]wire.EventRecord, error) {
	return list(ctx, m, `SELECT id, game_id, title, description, start_date, end_date FROM {}events WHERE deleted_at IS NULL ORDER BY start_date, id`,
		func(row *row) wire.EventRecord {
			return wire.EventRecord{
				ID: row.number(), GameID: row.number(), Title: row.text(), Description: row.optional(), StartDate: row.text(), EndDate: row.text(),
			}
		})
}

// Achievements gives a game's achievements by title.
func (m *Mirror) Achievements(ctx context.Context, gameID int64) ([]wire.AchievementRecord, error) {
	return list(ctx, m, `
		SELECT id, game_id, key, title, description, points, display, partial_progress, total_progress
		FROM {}achievements WHERE game_id = ?1 AND deleted_at IS NULL ORDER BY title, id`, func(row *row) wire.AchievementRecord {
		a := wire.AchievementRecord{ID: row.number(), GameID: row.number()}
		a.Key, a.Title, a.Description, a.Points = row.text(), row.text(), row.optional(), int(row.number())
		a.Display, a.PartialProgress, a.TotalProgress = row.truth(), row.truth(), row.optionalNumber()
		return a
	}, gameID)
}

// Rules gives the rules of moderation, the oldest first; those too that have ended.
func (m *Mirror) Rules(ctx context.Context) ([]wire.RuleRecord, error) {
	return list(ctx, m, `
		SELECT id, kind, subject, channel, action, replacement, reason, ends_at, enabled, created_by, created_at
		FROM {}rules WHERE deleted_at IS NULL ORDER BY id`, func(row *row) wire.RuleRecord {
		return wire.RuleRecord{
			ID: row.number(), Kind: row.text(), Subject: row.text(), Channel: row.optional(), Action: row.text(), Replacement: row.optional(),
			Reason: row.optional(), EndsAt: row.optional(), Enabled: row.truth(), CreatedBy: row.optional(), CreatedAt: row.text(),
		}
	})
}

// A Status is how far the copy is, and what it holds. Digest is as the hub makes it, so
// that equal digests prove equal copies of one hub.
type Status struct {
	Hub       string            `json:"hub"`    // the address
	Form      string            `json:"form"`   // "cursor", "since", "records"; empty before the first record
	Log       string            `json:"log"`    // the UUID of the hub's log; empty: it has none
	Cursor    int64             `json:"cursor"` // 0 without the extension
	Since     time.Time         `json:"since,omitzero"`
	Repairing bool              `json:"repairing"`
	LevelAt   time.Time         `json:"level_at,omitzero"` // zero: it never was
	Counts    map[string]int    `json:"counts"`
	Digest    map[string]string `json:"digest"`
}

// Status reads it in one transaction.
func (m *Mirror) Status(ctx context.Context) (s Status, err error) {
	conn, err := m.pool.Take(ctx)
	if err != nil {
		return s, err
	}
	defer m.pool.Put(conn)
	defer sqlitex.Transaction(conn)(&err)
	p, err := m.place(conn)
	if err != nil {
		return s, err
	}
	sum, err := m.sum(conn, p.log)
	if err != nil {
		return s, err
	}
	s = Status{Hub: p.hub, Form: p.form, Log: p.log, Cursor: p.cursor, Since: p.since, Repairing: p.repairing, Counts: sum.Counts, Digest: sum.Digest}
	err = sqlitex.Execute(conn, m.sql.with(`SELECT coalesce(level_at, '') FROM {}sync`), &sqlitex.ExecOptions{ResultFunc: func(stmt *sqlite.Stmt) error {
		s.LevelAt, _ = time.Parse(time.RFC3339Nano, stmt.ColumnText(0)) // zero if there is none
		return nil
	}})
	return s, err
}

// list gives the rows of a query.
func list[T any](ctx context.Context, m *Mirror, query string, scan func(*row) T, args ...any) ([]T, error) {
	conn, err := m.pool.Take(ctx)
	if err != nil {
		return nil, err
	}
	defer m.pool.Put(conn)
	all := []T{}
	err = sqlitex.Execute(conn, m.sql.with(query), &sqlitex.ExecOptions{Args: args, ResultFunc: func(stmt *sqlite.Stmt) error {
		r := &row{stmt: stmt}
		all = append(all, scan(r))
		return r.err
	}})
	return all, err
}

// A row gives its columns one after the other.
type row struct {
	stmt *sqlite.Stmt
	at   int
	err  error
}

func (r *row) next() int {
	r.at++
	return r.at - 1
}

func (r *row) text() string  { return r.stmt.ColumnText(r.next()) }
func (r *row) number() int64 { return r.stmt.ColumnInt64(r.next()) }
func (r *row) truth() bool   { return r.stmt.ColumnBool(r.next()) }

func (r *row) optional() *string {
	if i := r.next(); !r.stmt.ColumnIsNull(i) {
		return new(r.stmt.ColumnText(i))
	}
	return nil
}

func (r *row) optionalNumber() *int64 {
	if i := r.next(); !r.stmt.ColumnIsNull(i) {
		return new(r.stmt.ColumnInt64(i))
	}
	return nil
}

func (r *row) json(into any) {
	if err := json.Unmarshal([]byte(r.text()), into); err != nil && r.err == nil {
		r.err = err
	}
}
