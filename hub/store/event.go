package store

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"zombiezen.com/go/sqlite"

	"hearsay/hub/wire"
)

// An Event is something that a game announces for some days.
type Event struct {
	ID          int64  `json:"id"`
	Game        string `json:"game"` // short name
	Title       string `json:"title"`
	Description string `json:"description"`
	StartDate   string `json:"start_date"` // YYYY-MM-DD
	EndDate     string `json:"end_date"`   // YYYY-MM-DD, the last day
}

// An EventEdit changes what is not nil. An empty description clears it.
type EventEdit struct {
	Title, Description, StartDate, EndDate *string
}

// check refuses what cannot be, and cleans the description.
func (e *Event) check() error {
	if e.Title == "" {
		return invalid("title", "is missing; say what happens")
	}
	if err := CheckLine("title", e.Title, 255); err != nil {
		return err
	}
	if err := checkDescription(e.Description); err != nil {
		return err
	}
	for _, date := range []struct{ field, text string }{{"start_date", e.StartDate}, {"end_date", e.EndDate}} {
		if _, err := time.Parse(time.DateOnly, date.text); err != nil {
			return invalid(date.field, "%q is no day; write it as 2026-12-24", date.text)
		}
	}
	if e.EndDate < e.StartDate {
		return invalid("end_date", "%s is before the start, %s", e.EndDate, e.StartDate)
	}
	e.Description = wire.CleanText(e.Description)
	return nil
}

const selectEvents = `
	SELECT e.id, g.short_name, e.title, e.description, e.start_date, e.end_date
	FROM events AS e JOIN games AS g ON g.id = e.game_id`

func scanEvent(stmt *sqlite.Stmt) Event {
	return Event{stmt.ColumnInt64(0), stmt.ColumnText(1), columnLine(stmt, 2), columnText(stmt, 3), stmt.ColumnText(4), stmt.ColumnText(5)}
}

// Events lists those of a game, or of all games if shortName is empty, by start.
func (s *Store) Events(ctx context.Context, shortName string) (all []Event, err error) {
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		if shortName != "" {
			if _, err := game(conn, shortName); err != nil {
				return err
			}
		}
		all, err = rows(conn, selectEvents+` WHERE ?1 = '' OR g.short_name = ?1 ORDER BY e.start_date, e.id`, scanEvent, shortName)
		return err
	})
	return all, err
}

// CreateEvent adds an event to a game.
func (s *Store) CreateEvent(ctx context.Context, e Event) (Event, error) {
	if err := e.check(); err != nil {
		return e, err
	}
	err := s.operate(ctx, "event add", e.Game, func(conn *sqlite.Conn) error {
		g, err := game(conn, e.Game)
		if err != nil {
			return err
		}
		e.Game = g.ShortName
		_, err = row(conn, `
			INSERT INTO events (game_id, title, description, start_date, end_date) VALUES (?1, ?2, ?3, ?4, ?5)
			RETURNING id`, func(stmt *sqlite.Stmt) { e.ID = stmt.ColumnInt64(0) },
			int64(g.ID), e.Title, null(e.Description), e.StartDate, e.EndDate)
		return err
	})
	return e, err
}

// UpdateEvent changes an event.
func (s *Store) UpdateEvent(ctx context.Context, id int64, edit EventEdit) error {
	err := s.operate(ctx, "event edit", strconv.FormatInt(id, 10), func(conn *sqlite.Conn) error {
		var e Event
		found, err := row(conn, selectEvents+` WHERE e.id = ?1`, func(stmt *sqlite.Stmt) { e = scanEvent(stmt) }, id)
		if err != nil {
			return err
		}
		if !found {
			return ErrNotFound
		}
		set(&e.Title, edit.Title)
		set(&e.Description, edit.Description)
		set(&e.StartDate, edit.StartDate)
		set(&e.EndDate, edit.EndDate)
		if err := e.check(); err != nil {
			return err
		}
		return exec(conn, `UPDATE events SET title = ?2, description = ?3, start_date = ?4, end_date = ?5 WHERE id = ?1`,
			id, e.Title, null(e.Description), e.StartDate, e.EndDate)
	})
	if err != nil {
		return fmt.Errorf("event %d: %w", id, err)
	}
	return nil
}

// DeleteEvent takes an event away.
func (s *Store) DeleteEvent(ctx context.Context, id int64) error {
	return s.operate(ctx, "event remove", strconv.FormatInt(id, 10), func(conn *sqlite.Conn) error {
		err := exec(conn, `DELETE FROM events WHERE id = ?1`, id)
		if err == nil && conn.Changes() == 0 {
			err = Missing{Noun: "event", Key: fmt.Sprint(id)}
		}
		return err
	})
}
