package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"zombiezen.com/go/sqlite"
)

// A HeldID is the id of a message in the review queue.
type HeldID int64

// A Held message waits for a person to approve or reject it.
type Held struct {
	ID          HeldID     `json:"id"`
	Channel     ChannelID  `json:"-"`
	ChannelName string     `json:"channel"`
	Application bool       `json:"-"` // whether the sender is one
	Sender      int64      `json:"-"` // id of the game or application
	Game        string     `json:"game"`
	Name        string     `json:"name"`
	Text        string     `json:"message"`
	Rule        RuleID     `json:"rule"`
	HeldAt      time.Time  `json:"held_at"`
	Decision    Decision   `json:"decision"` // "": it waits
	DecidedBy   string     `json:"decided_by"`
	DecidedAt   *time.Time `json:"decided_at"`
}

// A Decision is what a person decides about a held message.
type Decision string

// The decisions.
const (
	Approve Decision = "approve" // it is delivered
	Reject  Decision = "reject"  // it never is
)

// MostHeld is how many messages may wait: until some are decided on, no more are held.
const MostHeld = 1000

// shortestHeld is how long a message waits at least, however short its channel's log is.
const shortestHeld = 24 * time.Hour

// Hold puts a message into the review queue. It reports ErrConflict when that is full.
func (s *Store) Hold(ctx context.Context, h Held) error {
	return s.write(ctx, func(conn *sqlite.Conn) error {
		n, err := waiting(conn)
		if err != nil {
			return err
		}
		if n >= MostHeld {
			return fmt.Errorf("%d messages wait for review already: %w", n, ErrConflict)
		}
		return exec(conn, `
			INSERT INTO held (channel_id, application, sender_id, game, name, message, rule_id, held_at)
			VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)`,
			int64(h.Channel), h.Application, h.Sender, h.Game, h.Name, h.Text, int64(h.Rule), micros(time.Now()))
	})
}

// Waiting says how many messages wait for review. It costs little.
func (s *Store) Waiting(ctx context.Context) (n int, err error) {
	err = s.query(ctx, func(conn *sqlite.Conn) error {
		n, err = waiting(conn)
		return err
	})
	return n, err
}

func waiting(conn *sqlite.Conn) (n int, err error) {
	_, err = row(conn, `SELECT count(*) FROM held WHERE decision IS NULL`, func(stmt *sqlite.Stmt) { n = stmt.ColumnInt(0) })
	return n, err
}

const heldColumns = `h.id, h.channel_id, c.name, h.application, h.sender_id, h.game, h.name, h.message, h.rule_id, h.held_at,
	h.decision, h.decided_by, h.decided_at`

const selectHeld = `
	SELECT ` + heldColumns + `
	FROM held AS h JOIN channels AS c ON c.id = h.channel_id`

func scanHeld(stmt *sqlite.Stmt) Held {
	return Held{
		ID: HeldID(stmt.ColumnInt64(0)), Channel: ChannelID(stmt.ColumnInt64(1)), ChannelName: stmt.ColumnText(2),
		Application: stmt.ColumnBool(3), Sender: stmt.ColumnInt64(4), Game: stmt.ColumnText(5), Name: stmt.ColumnText(6), Text: stmt.ColumnText(7),
		Rule: RuleID(stmt.ColumnInt64(8)), HeldAt: fromMicros(stmt.ColumnInt64(9)),
		Decision: Decision(stmt.ColumnText(10)), DecidedBy: stmt.ColumnText(11), DecidedAt: timeAt(stmt, 12),
	}
}

// HeldPage gives a part of the messages that wait, and how many there are in all that match.
// Under the filter "decided" they are those on which was decided, the last decision first.
func (s *Store) HeldPage(ctx context.Context, p Page) (all []Held, total int, err error) {
	from := `FROM held AS h JOIN channels AS c ON c.id = h.channel_id
		WHERE (?1 = '' OR matches(?1, h.message, h.name || '@' || h.game, c.name))
			AND h.decision IS `
	if p.Filter == "decided" {
		from += `NOT NULL`
		p.Sort = "decided"
	} else {
		from += `NULL`
	}
	order := p.order([2]string{"held", `h.id %`}, [2]string{"decided", `-h.decided_at %, -h.id %`})
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		all, total, err = page(conn, heldColumns, from, order, p, scanHeld, p.plain())
		return err
	})
	return all, total, err
}

// Decide approves or rejects a held message in the name of the actor. A server on the
// file delivers an approved one at once, else the next does when it starts. It reports
// ErrConflict when it was decided already.
func (s *Store) Decide(ctx context.Context, id HeldID, d Decision) (h Held, err error) {
	if d != Approve && d != Reject {
		return h, invalid("decision", "%q will not do; use approve or reject", string(d))
	}
	err = s.operate(ctx, "review "+string(d), strconv.FormatInt(int64(id), 10), func(conn *sqlite.Conn) error {
		found, err := row(conn, selectHeld+` WHERE h.id = ?1`, func(stmt *sqlite.Stmt) { h = scanHeld(stmt) }, int64(id))
		switch {
		case err != nil:
			return err
		case !found:
			return ErrNotFound
		case h.Decision == d: // twice is once
			return errDecided
		case h.Decision != "":
			return taken("decision", "is made already: %s chose to %s the message", cmp.Or(h.DecidedBy, "somebody"), h.Decision)
		}
		now := fromMicros(micros(time.Now()))
		h.Decision, h.DecidedBy, h.DecidedAt = d, by(ctx), &now
		return exec(conn, `UPDATE held SET decision = ?2, decided_by = ?3, decided_at = ?4 WHERE id = ?1`,
			int64(id), string(d), null(h.DecidedBy), micros(now))
	})
	if err != nil && !errors.Is(err, errDecided) {
		return h, fmt.Errorf("held message %d: %w", id, err)
	}
	return h, nil
}

// errDecided takes back a decision, with its audit row, that was made before.
var errDecided = errors.New("it is decided")

// Reviews counts the commits that may have decided on held messages, each before it wakes
// the watchers.
func (s *Store) Reviews() uint64 { return s.reviews.Load() }

// Approved lists the messages that were approved and are not delivered, the oldest first.
func (s *Store) Approved(ctx context.Context) (all []Held, err error) {
	err = s.query(ctx, func(conn *sqlite.Conn) error {
		all, err = rows(conn, selectHeld+` WHERE h.decision = 'approve' AND NOT h.delivered ORDER BY h.id`, scanHeld)
		return err
	})
	return all, err
}

// Release is Append for a message that was approved. One that was delivered already it
// passes over.
func (s *Store) Release(ctx context.Context, h Held, deliver func(Message)) error {
	l := &line{msg: Message{Channel: h.Channel, Game: h.Game, Name: h.Name, Text: h.Text}, deliver: deliver}
	l.take = func(conn *sqlite.Conn) (bool, error) {
		err := exec(conn, `UPDATE held SET delivered = 1 WHERE id = ?1 AND decision = 'approve' AND NOT delivered`, int64(h.ID))
		return conn.Changes() > 0, err
	}
	return s.enqueue(ctx, l)
}

func purgeHeld(conn *sqlite.Conn, now time.Time) error {
	return exec(conn, `
		DELETE FROM held WHERE NOT EXISTS (
			SELECT 1 FROM channels AS c
			WHERE c.id = channel_id AND held_at > ?1 - max(c.keep_days * 86400000000, ?2))`,
		micros(now), shortestHeld.Microseconds())
}
