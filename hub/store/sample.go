package store

import (
	"context"
	"time"

	"zombiezen.com/go/sqlite"
)

// A Span is the length of time that a sample is of.
type Span time.Duration

// The spans, from the finest. A sample of one is exactly those of the finer ones in it.
const (
	Minute      = Span(time.Minute)
	FiveMinutes = Span(5 * time.Minute)
	Hour        = Span(time.Hour)
)

// SamplesKept is how long the samples of each span are kept.
var SamplesKept = map[Span]time.Duration{
	Minute:      24 * time.Hour,
	FiveMinutes: 30 * 24 * time.Hour,
	Hour:        2 * 365 * 24 * time.Hour,
}

func (p Span) seconds() int64 { return int64(time.Duration(p) / time.Second) }

// A Reading is how much goes on at one moment.
type Reading struct {
	Games, Players, Sockets int           // online
	Messages                int           // said in channels since the last reading
	Lag                     time.Duration // how far the last of the applications is behind
}

// A Sample is what went on in a span of time.
type Sample struct {
	At                                  time.Time // when it begins
	Games, Players, Sockets             float64   // on average
	GamesMost, PlayersMost, SocketsMost int       // at once
	Messages                            int
	LagMost                             time.Duration
}

// AddReading adds what was read to the samples of its moment, in every span, and forgets
// those that are too old. It wakes nobody, and a power cut may lose it.
func (s *Store) AddReading(ctx context.Context, at time.Time, r Reading) error {
	return s.note(ctx, func(conn *sqlite.Conn) error {
		for span, kept := range SamplesKept {
			if err := exec(conn, `
				INSERT INTO samples VALUES (?1, ?2, 1, ?3, ?4, ?5, ?3, ?4, ?5, ?6, ?7)
				ON CONFLICT (span, at) DO UPDATE SET
					samples = samples + 1,
					games = games + ?3, players = players + ?4, sockets = sockets + ?5,
					games_most = max(games_most, ?3), players_most = max(players_most, ?4), sockets_most = max(sockets_most, ?5),
					messages = messages + ?6, lag_most = max(lag_most, ?7)`,
				span.seconds(), micros(at.Truncate(time.Duration(span))), r.Games, r.Players, r.Sockets, r.Messages, r.Lag.Microseconds(),
			); err != nil {
				return err
			}
			if err := exec(conn, `DELETE FROM samples WHERE span = ?1 AND at < ?2`, span.seconds(), micros(at.Add(-kept))); err != nil {
				return err
			}
		}
		return nil
	})
}

// Samples gives those of a span since a moment, ascending. Where nothing was looked at
// there are none.
func (s *Store) Samples(ctx context.Context, span Span, since time.Time) (all []Sample, err error) {
	err = s.query(ctx, func(conn *sqlite.Conn) error {
		all, err = rows(conn, `
			SELECT at, games * 1.0 / samples, players * 1.0 / samples, sockets * 1.0 / samples,
				games_most, players_most, sockets_most, messages, lag_most
			FROM samples WHERE span = ?1 AND at >= ?2
			ORDER BY at`, func(stmt *sqlite.Stmt) Sample {
			return Sample{
				At: fromMicros(stmt.ColumnInt64(0)), Games: stmt.ColumnFloat(1), Players: stmt.ColumnFloat(2), Sockets: stmt.ColumnFloat(3),
				GamesMost: stmt.ColumnInt(4), PlayersMost: stmt.ColumnInt(5), SocketsMost: stmt.ColumnInt(6),
				Messages: stmt.ColumnInt(7), LagMost: time.Duration(stmt.ColumnInt64(8)) * time.Microsecond,
			}
		}, span.seconds(), micros(since))
		return err
	})
	return all, err
}

// Lag is for how long there has been something in the log after a version: how far
// whoever has read up to there is behind.
func (s *Store) Lag(ctx context.Context, after VersionID, now time.Time) (time.Duration, error) {
	next, err := s.Recent(ctx, after, 1)
	if err != nil || len(next) == 0 {
		return 0, err
	}
	return max(0, now.Sub(next[0].LoggedAt)), nil
}
