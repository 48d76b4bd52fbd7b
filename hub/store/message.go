package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// A MessageID is the place of a message in the chat log of all channels.
type MessageID int64

// A Message is what a player said in a channel.
type Message struct {
	ID      MessageID `json:"id"` // 0: the channel keeps no log
	Channel ChannelID `json:"-"`
	Game    string    `json:"game"` // short name of the game or application
	Name    string    `json:"name"` // of the player
	Text    string    `json:"message"`
	SentAt  time.Time `json:"sent_at"` // when the hub accepted it; whole microseconds
}

// A Hiding says who hid a message from history, and when.
type Hiding struct {
	By string    `json:"by"`
	At time.Time `json:"at"`
}

// batch is how many messages share a transaction at most.
const batch = 256

// A line is a message on its way into the log.
type line struct {
	msg     Message
	deliver func(Message)
	done    chan error // holds one

	take func(*sqlite.Conn) (bool, error) // decides in the transaction whether it is logged; nil: it is
	left bool                             // take decided that it is not
}

// Append logs a message, calls deliver, and returns. One goroutine, the writer, calls
// deliver for all messages, in the order of the log. Every other write waits while deliver
// runs, so it may wait for room in memory, but never for a peer, a disk or a query.
// If the log cannot be written, deliver is not called.
func (s *Store) Append(ctx context.Context, m Message, deliver func(Message)) error {
	return s.enqueue(ctx, &line{msg: m, deliver: deliver})
}

func (s *Store) enqueue(ctx context.Context, l *line) error {
	l.msg.SentAt = time.Now().UTC().Truncate(time.Microsecond)
	l.done = make(chan error, 1)
	select {
	case <-s.quit: // lines has room even when nobody will take from it again
		return errClosed
	default:
	}
	select {
	case s.lines <- l:
	case <-ctx.Done():
		return ctx.Err()
	case <-s.done:
		return errClosed
	}
	select {
	case err := <-l.done:
		return err
	case <-s.done:
		select {
		case err := <-l.done:
			return err
		default:
			return errClosed
		}
	}
}

// append logs first and all that wait behind it in one transaction, then
// delivers them.
func (w *writer) append(first *line) {
	lines := []*line{first}
	for len(lines) < batch && len(w.lines) > 0 {
		lines = append(lines, <-w.lines)
	}
	err := w.transact(false, func(conn *sqlite.Conn) error {
		for _, l := range lines {
			if l.take != nil {
				taken, err := l.take(conn)
				if err != nil {
					return err
				}
				if l.left = !taken; l.left {
					continue
				}
			}
			if err := exec(conn, `
				INSERT INTO messages (channel_id, game, name, message, sent_at)
				SELECT id, ?2, ?3, ?4, ?5 FROM channels WHERE id = ?1 AND keep_days > 0`,
				int64(l.msg.Channel), l.msg.Game, l.msg.Name, l.msg.Text, micros(l.msg.SentAt)); err != nil {
				return err
			}
			l.msg.ID = 0 // stays so if the channel keeps no log
			if conn.Changes() > 0 {
				l.msg.ID = MessageID(conn.LastInsertRowID()) // RETURNING takes a third longer
			}
		}
		return nil
	})
	if err != nil && !errors.Is(err, ErrLost) {
		w.log.Error("messages could not be logged and were refused", "messages", len(lines), "err", err)
	}
	for _, l := range lines {
		if err == nil && !l.left {
			l.deliver(l.msg)
		}
		l.done <- err
	}
}

// HistoryQuery says which part of a channel's log is wanted.
type HistoryQuery struct {
	Channel ChannelID
	After   *MessageID // nil: the newest
	Limit   int
	Without func(game, name string) bool // whose messages are left out; nil: nobody's
}

// History gives messages in ascending order, and how many the log keeps in all
// (after q.After, if set), both without hidden ones. With q.Without the count is exact only
// if it is all that is given; else it may count some that are left out. Protocol section 11.
func (s *Store) History(ctx context.Context, q HistoryQuery) (messages []Message, total int, err error) {
	after, order := int64(-1), `DESC`
	if q.After != nil {
		after, order = int64(*q.After), `ASC`
	}
	limit := q.Limit
	if q.Without != nil {
		limit = -1 // none: nobody knows how many are left out
	}
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		if _, err := row(conn, `SELECT count(*) FROM messages WHERE channel_id = ?1 AND id > ?2 AND hidden_at IS NULL`,
			func(stmt *sqlite.Stmt) { total = stmt.ColumnInt(0) }, int64(q.Channel), after); err != nil {
			return err
		}
		err := sqlitex.Execute(conn, `
			SELECT id, game, name, message, sent_at
			FROM messages WHERE channel_id = ?1 AND id > ?2 AND hidden_at IS NULL
			ORDER BY id `+order+` LIMIT ?3`,
			&sqlitex.ExecOptions{Args: []any{int64(q.Channel), after, limit}, ResultFunc: func(stmt *sqlite.Stmt) error {
				m := Message{
					ID: MessageID(stmt.ColumnInt64(0)), Channel: q.Channel,
					Game: stmt.ColumnText(1), Name: stmt.ColumnText(2), Text: stmt.ColumnText(3),
					SentAt: fromMicros(stmt.ColumnInt64(4)),
				}
				switch {
				case q.Without != nil && q.Without(m.Game, m.Name):
					total--
				case len(messages) == q.Limit:
					return errEnough
				default:
					messages = append(messages, m)
				}
				return nil
			}})
		if errors.Is(err, errEnough) {
			err = nil
		}
		return err
	})
	if q.After == nil {
		slices.Reverse(messages)
	}
	return messages, total, err
}

// A Found is a message of the log as operators find it.
type Found struct {
	Message
	ChannelName string  `json:"channel"` // "": the channel was removed
	Hidden      *Hiding `json:"hidden"`  // nil: it is in history
}

const foundColumns = `m.id, m.channel_id, m.game, m.name, m.message, m.sent_at, c.name, m.hidden_at, m.hidden_by`

func scanFound(stmt *sqlite.Stmt) Found {
	f := Found{Message: scanMessage(stmt), ChannelName: stmt.ColumnText(6)}
	if at := timeAt(stmt, 7); at != nil {
		f.Hidden = &Hiding{stmt.ColumnText(8), *at}
	}
	return f
}

// Message finds a message of the log, hidden or not.
func (s *Store) Message(ctx context.Context, id MessageID) (f Found, err error) {
	err = s.query(ctx, func(conn *sqlite.Conn) error {
		found, err := row(conn, `
			SELECT `+foundColumns+`
			FROM messages AS m LEFT JOIN channels AS c ON c.id = m.channel_id
			WHERE m.id = ?1`, func(stmt *sqlite.Stmt) { f = scanFound(stmt) }, int64(id))
		if err == nil && !found {
			err = Missing{Noun: "message", Key: fmt.Sprint(id)}
		}
		return err
	})
	return f, err
}

// HideMessage takes a message out of history, until UnhideMessage. Who has received it
// already keeps it.
func (s *Store) HideMessage(ctx context.Context, id MessageID) error {
	return s.hide(ctx, "message hide", id, `
		UPDATE messages SET hidden_at = coalesce(hidden_at, ?2), hidden_by = CASE WHEN hidden_at IS NULL THEN ?3 ELSE hidden_by END
		WHERE id = ?1`, micros(time.Now()), null(by(ctx)))
}

// UnhideMessage gives a hidden message back to history.
func (s *Store) UnhideMessage(ctx context.Context, id MessageID) error {
	return s.hide(ctx, "message unhide", id, `UPDATE messages SET hidden_at = NULL, hidden_by = NULL WHERE id = ?1`)
}

func (s *Store) hide(ctx context.Context, action string, id MessageID, query string, args ...any) error {
	return s.operate(ctx, action, strconv.FormatInt(int64(id), 10), func(conn *sqlite.Conn) error {
		err := exec(conn, query, append([]any{int64(id)}, args...)...)
		if err == nil && conn.Changes() == 0 {
			err = Missing{Noun: "message", Key: fmt.Sprint(id)}
		}
		return err
	})
}
