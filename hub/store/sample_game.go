package store

import (
	"context"
	"slices"
	"time"

	"zombiezen.com/go/sqlite"
)

// The spans of games' samples, from the finest.
const (
	Quarter  = Span(15 * time.Minute)
	TwoHours = Span(2 * time.Hour)
	Day      = Span(24 * time.Hour)
)

// GameSamplesKept is how long a game's samples of each span are kept, while it is online
// now and then: a game has at most a thousand.
var GameSamplesKept = map[Span]time.Duration{
	Quarter:  2 * 24 * time.Hour,
	TwoHours: 31 * 24 * time.Hour,
	Day:      400 * 24 * time.Hour,
}

// A GamePeriod is a time over which one looks at a game, and the span of the samples for that.
type GamePeriod struct {
	Name   string
	Length time.Duration
	Span   Span
}

// GamePeriods are all, from the shortest.
var GamePeriods = []GamePeriod{
	{"24 hours", 24 * time.Hour, Quarter},
	{"30 days", 30 * 24 * time.Hour, TwoHours},
	{"365 days", 365 * 24 * time.Hour, Day},
}

// A GameReading is how many players a game had when it was looked, some times.
type GameReading struct {
	Game    GameID
	Looks   int
	Players int // sum over the looks
	Most    int
}

// A GameSample is how many players a game had in a span of time.
type GameSample struct {
	At      time.Time `json:"at"`      // when it begins
	Players float64   `json:"players"` // on average, while it was online
	Most    int       `json:"most"`    // at once
}

// gameSlice is how many games are written in one transaction: a few milliseconds.
const gameSlice = 250

// AddGameReadings adds what was read to the games' samples of a moment, in every span, and
// forgets those that are too old. It wakes nobody, and a power cut may lose it. Games that
// are gone are passed over.
func (s *Store) AddGameReadings(ctx context.Context, at time.Time, all []GameReading) error {
	for some := range slices.Chunk(all, gameSlice) {
		if err := s.note(ctx, func(conn *sqlite.Conn) error {
			for _, r := range some {
				if err := addGameReading(conn, at, r); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			return err
		}
	}
	return nil
}

func addGameReading(conn *sqlite.Conn, at time.Time, r GameReading) error {
	for span, kept := range GameSamplesKept {
		if err := exec(conn, `
			INSERT INTO game_samples (game_id, span, at, samples, players, players_most)
			SELECT id, ?2, ?3, ?4, ?5, ?6 FROM games WHERE id = ?1
			ON CONFLICT (game_id, span, at) DO UPDATE SET
				samples = samples + ?4, players = players + ?5, players_most = max(players_most, ?6)`,
			int64(r.Game), span.seconds(), micros(at.Truncate(time.Duration(span))), r.Looks, r.Players, r.Most,
		); err != nil {
			return err
		}
		if err := exec(conn, `DELETE FROM game_samples WHERE game_id = ?1 AND span = ?2 AND at < ?3`,
			int64(r.Game), span.seconds(), micros(at.Add(-kept))); err != nil {
			return err
		}
	}
	return nil
}

// GameSamples gives those of a game and a span since a moment, ascending. Where the game
// was not online there are none.
func (s *Store) GameSamples(ctx context.Context, game GameID, span Span, since time.Time) (all []GameSample, err error) {
	err = s.query(ctx, func(conn *sqlite.Conn) error {
		all, err = rows(conn, `
			SELECT at, players * 1.0 / samples, players_most
			FROM game_samples WHERE game_id = ?1 AND span = ?2 AND at >= ?3
			ORDER BY at`, func(stmt *sqlite.Stmt) GameSample {
			return GameSample{At: fromMicros(stmt.ColumnInt64(0)), Players: stmt.ColumnFloat(1), Most: stmt.ColumnInt(2)}
		}, int64(game), span.seconds(), micros(since))
		return err
	})
	return all, err
}
