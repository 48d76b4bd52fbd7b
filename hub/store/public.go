package store

import (
	"context"
	"math"
	"time"

	"zombiezen.com/go/sqlite"
)

// What anybody may see: games that are displayed and not suspended, and channels that are
// listed and readable.
const (
	publicGame    = `games.display AND NOT games.suspended`
	publicChannel = `NOT hidden AND readable`
)

// PublicGamesPage gives a part of the games that anybody may see, and how many there are in
// all that match a search in names and taglines. Its filters are "online" and "offline", its
// orders those of GamesPage.
func (s *Store) PublicGamesPage(ctx context.Context, p GamePage) (all []Game, total int, err error) {
	where := publicGame + ` AND (?2 = '' OR matches(?2, short_name, name, tagline))`
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		all, total, err = pageOfGames(conn, where, p)
		return err
	})
	return all, total, err
}

// PublicGame finds a game that anybody may see by its short name, ignoring case.
func (s *Store) PublicGame(ctx context.Context, shortName string) (g Game, err error) {
	g, err = s.Game(ctx, shortName)
	if err == nil && (!g.Display || g.Suspended) {
		return Game{}, Missing{Noun: "game", Key: shortName}
	}
	return g, err
}

// PublicNames gives the short names of games that anybody may see, at most limit.
func (s *Store) PublicNames(ctx context.Context, limit int) (names []string, err error) {
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		names, err = rows(conn, `SELECT short_name FROM games WHERE `+publicGame+` ORDER BY id LIMIT ?1`,
			func(stmt *sqlite.Stmt) string { return stmt.ColumnText(0) }, limit)
		return err
	})
	return names, err
}

// HidingPlayers gives the games whose players are hidden.
func (s *Store) HidingPlayers(ctx context.Context) (all []GameID, err error) {
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		all, err = hidingPlayers(conn)
		return err
	})
	return all, err
}

func hidingPlayers(conn *sqlite.Conn) ([]GameID, error) {
	return rows(conn, `SELECT id FROM games WHERE hide_players`, scanGameID)
}

// PublicChannels lists the channels that anybody may read, by name.
func (s *Store) PublicChannels(ctx context.Context) (all []Channel, err error) {
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		all, err = rows(conn, `SELECT `+channelColumns+` FROM channels WHERE `+publicChannel+` ORDER BY name`, scanChannel)
		return err
	})
	return all, err
}

// PublicChannel finds one by its exact name.
func (s *Store) PublicChannel(ctx context.Context, name string) (c Channel, err error) {
	c, err = s.Channel(ctx, name)
	if err == nil && (c.Hidden || !c.Readable) {
		return Channel{}, Missing{Noun: "channel", Key: name}
	}
	return c, err
}

// A SaidOn is a message of the log, with its channel.
type SaidOn struct {
	Message
	ChannelName string
}

// LatestSaid gives the newest messages of all channels that anybody may read, the newest
// first, without hidden ones.
func (s *Store) LatestSaid(ctx context.Context, limit int) (all []SaidOn, err error) {
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		all, err = rows(conn, `
			SELECT m.id, m.channel_id, m.game, m.name, m.message, m.sent_at, c.name
			FROM (SELECT id, name FROM channels WHERE `+publicChannel+`) AS c
			JOIN messages AS m ON m.id IN (
				SELECT id FROM messages WHERE channel_id = c.id AND hidden_at IS NULL ORDER BY id DESC LIMIT ?1)
			ORDER BY m.id DESC LIMIT ?1`, func(stmt *sqlite.Stmt) SaidOn {
			return SaidOn{scanMessage(stmt), stmt.ColumnText(6)}
		}, limit)
		return err
	})
	return all, err
}

// Said gives the messages of a channel before one of them, or the newest if before is 0: the
// newest first and without hidden ones; and whether there are older ones.
func (s *Store) Said(ctx context.Context, channel ChannelID, before MessageID, limit int) (all []Message, more bool, err error) {
	if before == 0 {
		before = math.MaxInt64
	}
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		all, err = rows(conn, `
			SELECT id, channel_id, game, name, message, sent_at
			FROM messages WHERE channel_id = ?1 AND id < ?2 AND hidden_at IS NULL
			ORDER BY id DESC LIMIT ?3`, scanMessage, int64(channel), int64(before), limit+1)
		return err
	})
	if len(all) > limit {
		all, more = all[:limit], true
	}
	return all, more, err
}

func scanMessage(stmt *sqlite.Stmt) Message {
	return Message{
		ID: MessageID(stmt.ColumnInt64(0)), Channel: ChannelID(stmt.ColumnInt64(1)),
		Game: stmt.ColumnText(2), Name: stmt.ColumnText(3), Text: stmt.ColumnText(4), SentAt: fromMicros(stmt.ColumnInt64(5)),
	}
}

// A GameEvent is an event with the name that people read of its game.
type GameEvent struct {
	Event
	GameName  string
	ChangedAt time.Time
}

// PublicEvents gives events of games that anybody may see, which are not over on a day, the
// next ones first.
func (s *Store) PublicEvents(ctx context.Context, day time.Time, limit int) (all []GameEvent, err error) {
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		all, err = rows(conn, `
			SELECT e.id, games.short_name, e.title, e.description, e.start_date, e.end_date, games.name,
				(SELECT logged_at FROM versions WHERE kind = 'events' AND record_id = e.id ORDER BY id DESC LIMIT 1)
			FROM events AS e JOIN games ON games.id = e.game_id
			WHERE `+publicGame+` AND e.end_date >= ?1
			ORDER BY e.start_date, e.end_date, e.id LIMIT ?2`,
			func(stmt *sqlite.Stmt) GameEvent {
				return GameEvent{scanEvent(stmt), columnLine(stmt, 6), fromMicros(stmt.ColumnInt64(7))}
			},
			day.UTC().Format(time.DateOnly), limit)
		return err
	})
	return all, err
}
