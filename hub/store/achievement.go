package store

import (
	"context"
	"strings"

	"github.com/google/uuid"
	"zombiezen.com/go/sqlite"

	"hearsay/hub/wire"
)

// An Achievement is something that players of a game can achieve. Protocol section 8.
type Achievement struct {
	Key             string  `json:"key"` // UUID, made by CreateAchievement
	Title           string  `json:"title"`
	Description     *string `json:"description"`
	Points          int     `json:"points"`
	Display         bool    `json:"display"` // to players who have not achieved it
	PartialProgress bool    `json:"partial_progress"`
	TotalProgress   *int64  `json:"total_progress"`
}

// Check says what is wrong with what people have written.
func (a Achievement) Check() error {
	if strings.TrimSpace(a.Title) == "" {
		return invalid("title", "is missing; say what is achieved")
	}
	if err := CheckLine("title", a.Title, 255); err != nil {
		return err
	}
	if a.Description != nil {
		if err := checkLength("description", *a.Description, 1000); err != nil {
			return err
		}
	}
	switch {
	case a.Points < 0 || a.Points > MostPoints:
		return invalid("points", "%d will not do; use 0 to %d", a.Points, MostPoints)
	case a.PartialProgress && (a.TotalProgress == nil || *a.TotalProgress < 1):
		return invalid("total_progress", "is missing; say how many steps there are, 1 or more")
	}
	return nil
}

const (
	// MostPoints is what one achievement may give at most.
	MostPoints = 100
	// MostPointsOfGame is the sum over a game's achievements.
	MostPointsOfGame = 500
	// MostAchievements is how many a game may have.
	MostAchievements = 1000
)

// ErrPoints says that a game's achievements would give more than MostPointsOfGame.
var ErrPoints = invalid("points", "would give the game more than %d points in all; use fewer", MostPointsOfGame)

const achievementColumns = `key, title, description, points, display, partial_progress, total_progress`

func scanAchievement(stmt *sqlite.Stmt) Achievement {
	a := Achievement{
		Key: stmt.ColumnText(0), Title: columnLine(stmt, 1), Points: stmt.ColumnInt(3),
		Display: stmt.ColumnBool(4), PartialProgress: stmt.ColumnBool(5),
	}
	if !stmt.ColumnIsNull(2) {
		text := columnText(stmt, 2)
		a.Description = &text
	}
	if !stmt.ColumnIsNull(6) {
		n := stmt.ColumnInt64(6)
		a.TotalProgress = &n
	}
	return a
}

// Achievements lists those of a game by title.
func (s *Store) Achievements(ctx context.Context, id GameID) (all []Achievement, err error) {
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		all, err = rows(conn, `
			SELECT `+achievementColumns+` FROM achievements WHERE game_id = ?1
			ORDER BY title, id`, scanAchievement, int64(id))
		return err
	})
	return all, err
}

// Achievement finds one of a game's by its key.
func (s *Store) Achievement(ctx context.Context, id GameID, key string) (a Achievement, err error) {
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		a, err = achievement(conn, id, key)
		return err
	})
	return a, err
}

func achievement(conn *sqlite.Conn, id GameID, key string) (a Achievement, err error) {
	found, err := row(conn, `
		SELECT `+achievementColumns+` FROM achievements WHERE game_id = ?1 AND key = ?2`,
		func(stmt *sqlite.Stmt) { a = scanAchievement(stmt) }, int64(id), key)
	if err == nil && !found {
		err = Missing{Noun: "achievement", Key: key}
	}
	return a, err
}

// CreateAchievement adds one to a game. It reports ErrPoints, and ErrConflict when
// the game has too many. The caller has checked the attributes.
func (s *Store) CreateAchievement(ctx context.Context, id GameID, a Achievement) (Achievement, error) {
	a.Key = uuid.NewString()
	a.clean()
	err := s.operate(ctx, "achievement add", a.Key, func(conn *sqlite.Conn) error {
		count, err := checkPoints(conn, id, a)
		if err != nil {
			return err
		}
		if count >= MostAchievements {
			return taken("title", "the game has %d achievements, the most that it may have; remove one first", count)
		}
		return exec(conn, `
			INSERT INTO achievements (game_id, `+achievementColumns+`) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)`,
			append([]any{int64(id)}, a.columns()...)...)
	})
	return a, err
}

// UpdateAchievement has change alter the game's achievement that has the key, in the
// transaction that keeps it, so that two who change different attributes keep both. It gives
// what is kept then, and reports ErrNotFound, ErrPoints and what change does.
func (s *Store) UpdateAchievement(ctx context.Context, id GameID, key string, change func(*Achievement) error) (a Achievement, err error) {
	err = s.operate(ctx, "achievement edit", key, func(conn *sqlite.Conn) error {
		if a, err = achievement(conn, id, key); err != nil {
			return err
		}
		if err := change(&a); err != nil {
			return err
		}
		a.Key = key
		a.clean()
		if _, err := checkPoints(conn, id, a); err != nil {
			return err
		}
		return exec(conn, `
			UPDATE achievements SET title = ?3, description = ?4, points = ?5, display = ?6, partial_progress = ?7, total_progress = ?8
			WHERE game_id = ?1 AND key = ?2`,
			append([]any{int64(id)}, a.columns()...)...)
	})
	return a, err
}

func (a *Achievement) clean() {
	if a.Description != nil {
		text := wire.CleanText(*a.Description)
		a.Description = &text
	}
}

func (a Achievement) columns() []any {
	var description, total any
	if a.Description != nil {
		description = *a.Description
	}
	if a.TotalProgress != nil {
		total = *a.TotalProgress
	}
	return []any{a.Key, a.Title, description, a.Points, a.Display, a.PartialProgress, total}
}

func checkPoints(conn *sqlite.Conn, id GameID, a Achievement) (count int, err error) {
	sum := 0
	if _, err := row(conn, `
		SELECT count(*), coalesce(sum(points), 0) FROM achievements WHERE game_id = ?1 AND key <> ?2`,
		func(stmt *sqlite.Stmt) { count, sum = stmt.ColumnInt(0), stmt.ColumnInt(1) }, int64(id), a.Key); err != nil {
		return 0, err
	}
	if a.Points > 0 && sum+a.Points > MostPointsOfGame {
		return count, ErrPoints
	}
	return count, nil
}

// DeleteAchievement takes one away. It reports ErrNotFound.
func (s *Store) DeleteAchievement(ctx context.Context, id GameID, key string) error {
	return s.operate(ctx, "achievement remove", key, func(conn *sqlite.Conn) error {
		err := exec(conn, `DELETE FROM achievements WHERE game_id = ?1 AND key = ?2`, int64(id), key)
		if err == nil && conn.Changes() == 0 {
			err = Missing{Noun: "achievement", Key: key}
		}
		return err
	})
}
