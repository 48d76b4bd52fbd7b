package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"zombiezen.com/go/sqlite"

	"hearsay/hub/wire"
)

// A ChannelID is the id of a channel; never used twice.
type ChannelID int64

// A Channel is a chat room of the network.
type Channel struct {
	ID          ChannelID `json:"id"`
	Name        string    `json:"name"`
	Description string    `json:"description"`
	Hidden      bool      `json:"hidden"`
	Readable    bool      `json:"readable"`  // by anybody, on the public pages
	KeepDays    int       `json:"keep_days"` // how long messages stay in its log; 0: it has none

	PausedUntil *time.Time `json:"paused_until"` // until then it takes no messages; nil: it is not paused
	SlowSeconds int        `json:"slow_seconds"` // between two messages of one player; 0: no matter
}

// Paused reports whether the channel takes no messages.
func (c Channel) Paused(now time.Time) bool {
	return c.PausedUntil != nil && now.Before(*c.PausedUntil)
}

// KeepDays is how long a channel keeps its messages unless set otherwise.
const KeepDays = 30

// A ChannelEdit changes what is not nil. An empty description clears it.
type ChannelEdit struct {
	Description *string
	Hidden      *bool
	Readable    *bool
	KeepDays    *int
	SlowSeconds *int
}

// MostChannels is how many channels there may be: every game can make some.
const MostChannels = 1000

var errTooMany = fmt.Errorf("there are %d channels already; remove some: %w", MostChannels, ErrConflict)

const channelColumns = `id, name, description, hidden, keep_days, paused_until, slow_seconds, readable`

func scanChannel(stmt *sqlite.Stmt) Channel {
	return Channel{
		ID: ChannelID(stmt.ColumnInt64(0)), Name: stmt.ColumnText(1), Description: columnText(stmt, 2),
		Hidden: stmt.ColumnBool(3), KeepDays: stmt.ColumnInt(4), PausedUntil: timeAt(stmt, 5), SlowSeconds: stmt.ColumnInt(6), Readable: stmt.ColumnBool(7),
	}
}

// Channels lists all channels by name.
func (s *Store) Channels(ctx context.Context) (all []Channel, err error) {
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		all, err = rows(conn, `SELECT `+channelColumns+` FROM channels ORDER BY name`, scanChannel)
		return err
	})
	return all, err
}

// ChannelTraffic is a channel with how much is said on it.
type ChannelTraffic struct {
	Channel
	Day int // messages of the last 24 hours that are in its log
}

// ChannelsPage gives a part of the channels, and how many there are in all that match. Its
// filters are "public", "hidden", "paused" and "slow", its orders "name" and "day".
func (s *Store) ChannelsPage(ctx context.Context, p Page) (all []ChannelTraffic, total int, err error) {
	now := time.Now()
	from := `FROM channels, (SELECT ?2 AS now, ?3 AS since) AS at
		WHERE (?1 = '' OR matches(?1, name, description))`
	switch p.Filter {
	case "public":
		from += ` AND NOT hidden`
	case "hidden":
		from += ` AND hidden`
	case "paused":
		from += ` AND paused_until > at.now`
	case "slow":
		from += ` AND slow_seconds > 0`
	}
	order := p.order([][2]string{{"name", `name %`}, {"day", `day %, name`}}...)
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		since, err := sentSince(conn, now.Add(-24*time.Hour))
		if err != nil {
			return err
		}
		all, total, err = page(conn, channelColumns+`, (SELECT count(*) FROM messages AS m WHERE m.channel_id = channels.id AND m.id >= at.since) AS day`,
			from, order, p, func(stmt *sqlite.Stmt) ChannelTraffic {
				return ChannelTraffic{scanChannel(stmt), stmt.ColumnInt(8)}
			}, p.plain(), micros(now), since)
		return err
	})
	return all, total, err
}

// Channel finds one by its exact name.
func (s *Store) Channel(ctx context.Context, name string) (c Channel, err error) {
	err = s.query(ctx, func(conn *sqlite.Conn) error {
		c, err = channel(conn, name)
		return err
	})
	return c, err
}

func channel(conn *sqlite.Conn, name string) (c Channel, err error) {
	found, err := row(conn, `
		SELECT `+channelColumns+`
		FROM channels WHERE name = ?1 COLLATE BINARY`,
		func(stmt *sqlite.Stmt) { c = scanChannel(stmt) }, name)
	if err == nil && !found {
		err = Missing{Noun: "channel", Key: name}
	}
	return c, err
}

// CreateChannel adds a channel, not paused. Protocol section 5 says which names may be.
func (s *Store) CreateChannel(ctx context.Context, c Channel) (Channel, error) {
	c.PausedUntil = nil
	err := c.check()
	if err == nil {
		err = s.operate(ctx, "channel add", c.Name, func(conn *sqlite.Conn) error { return createChannel(conn, &c) })
	}
	if err != nil {
		return Channel{}, fmt.Errorf("add channel %q: %w", c.Name, err)
	}
	return c, nil
}

func createChannel(conn *sqlite.Conn, c *Channel) error {
	if err := checkChannelName(conn, c.Name); err != nil {
		return err
	}
	_, err := row(conn, `
		INSERT INTO channels (name, description, hidden, keep_days, slow_seconds, readable) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
		RETURNING id`,
		func(stmt *sqlite.Stmt) { c.ID = ChannelID(stmt.ColumnInt64(0)) },
		c.Name, null(c.Description), c.Hidden, c.KeepDays, c.SlowSeconds, c.Readable)
	return err
}

func checkChannelName(conn *sqlite.Conn, name string) error {
	if !ChannelNameOK(name) {
		return invalid("name", "%q will not do; use 3 to 15 letters, dashes and underscores", name)
	}
	blocked, err := row(conn, `SELECT 1 FROM blocks WHERE kind = 'channel' AND word = ?1`, func(*sqlite.Stmt) {}, name)
	if err != nil {
		return err
	}
	if blocked {
		return invalid("name", "%q is on the block list; choose another, or take it off with: block remove", name)
	}
	other, count := "", 0
	if _, err := row(conn, `SELECT name FROM channels WHERE name = ?1`,
		func(stmt *sqlite.Stmt) { other = stmt.ColumnText(0) }, name); err != nil {
		return err
	}
	if other != "" {
		return taken("name", "there is a channel %q; choose another name", other)
	}
	if _, err := row(conn, `SELECT count(*) FROM channels`, func(stmt *sqlite.Stmt) { count = stmt.ColumnInt(0) }); err != nil {
		return err
	}
	if count >= MostChannels {
		return errTooMany
	}
	return nil
}

// check refuses what cannot be, and cleans the description.
func (c *Channel) check() error {
	if err := checkDescription(c.Description); err != nil {
		return err
	}
	if c.KeepDays < 0 || c.KeepDays > 36500 {
		return invalid("keep_days", "%d will not do; use 0 for no log, or up to 36500 days", c.KeepDays)
	}
	if c.SlowSeconds < 0 || c.SlowSeconds > 3600 {
		return invalid("slow_seconds", "%d will not do; use 0 for no slow mode, or up to 3600 seconds", c.SlowSeconds)
	}
	c.Description = wire.CleanText(c.Description)
	return nil
}

// EnsureChannel finds a channel, or makes it as a hidden one. It reports
// ErrInvalid for a name that cannot be, and ErrConflict for one that differs from
// another only by case, or when there are too many channels.
func (s *Store) EnsureChannel(ctx context.Context, name string) (c Channel, err error) {
	find := func(conn *sqlite.Conn) error {
		c, err = channel(conn, name)
		return err
	}
	if err := s.read(ctx, find); !errors.Is(err, ErrNotFound) {
		return c, err
	}
	err = s.write(ctx, func(conn *sqlite.Conn) error {
		if err := find(conn); !errors.Is(err, ErrNotFound) {
			return err // somebody was quicker
		}
		c = Channel{Name: name, Hidden: true, KeepDays: KeepDays}
		return createChannel(conn, &c)
	})
	return c, err
}

// BlockedChannel reports whether the block list has the name.
func (s *Store) BlockedChannel(ctx context.Context, name string) (blocked bool, err error) {
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		blocked, err = row(conn, `SELECT 1 FROM blocks WHERE kind = 'channel' AND word = ?1`, func(*sqlite.Stmt) {}, name)
		return err
	})
	return blocked, err
}

// UpdateChannel changes a channel; its name stays.
func (s *Store) UpdateChannel(ctx context.Context, name string, e ChannelEdit) error {
	err := s.operate(ctx, "channel edit", name, func(conn *sqlite.Conn) error {
		c, err := channel(conn, name)
		if err != nil {
			return err
		}
		set(&c.Description, e.Description)
		set(&c.Hidden, e.Hidden)
		set(&c.Readable, e.Readable)
		set(&c.KeepDays, e.KeepDays)
		set(&c.SlowSeconds, e.SlowSeconds)
		if err := c.check(); err != nil {
			return err
		}
		return exec(conn, `UPDATE channels SET description = ?2, hidden = ?3, keep_days = ?4, slow_seconds = ?5, readable = ?6 WHERE id = ?1`,
			int64(c.ID), null(c.Description), c.Hidden, c.KeepDays, c.SlowSeconds, c.Readable)
	})
	if err != nil {
		return fmt.Errorf("edit channel %q: %w", name, err)
	}
	return nil
}

// DeleteChannel takes a channel away; its messages go with the next maintenance.
func (s *Store) DeleteChannel(ctx context.Context, name string) error {
	return s.operate(ctx, "channel remove", name, func(conn *sqlite.Conn) error {
		err := exec(conn, `DELETE FROM channels WHERE name = ?1 COLLATE BINARY`, name)
		if err == nil && conn.Changes() == 0 {
			err = Missing{Noun: "channel", Key: name}
		}
		return err
	})
}
