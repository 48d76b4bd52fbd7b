package store

import (
	"context"
	"errors"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// A Trial says what a rule would have done.
type Trial struct {
	Matched  int         `json:"matched"`  // messages
	Messages int         `json:"messages"` // that it was held against
	Since    time.Time   `json:"since"`    // later than asked for if there were too many messages
	Examples []TrialItem `json:"examples"` // the newest that match

	last time.Time // of the oldest message that was looked at
}

// A TrialItem is a message that a rule would have matched.
type TrialItem struct {
	ID      MessageID `json:"id"`
	Channel string    `json:"channel"` // "": it is gone
	Game    string    `json:"game"`
	Name    string    `json:"name"`
	Text    string    `json:"message"`
	Left    string    `json:"left"` // what would have been delivered; "": nothing at once
	SentAt  time.Time `json:"sent_at"`
}

const (
	// TrialDays is how many days of messages a rule is tried on.
	TrialDays = 7
	// MostTried bounds how many messages that may be.
	MostTried = 50_000
	// longestLeft bounds what replacements may leave of an example, in characters.
	longestLeft = 2000
	// examples is how many of a trial's matches are told.
	examples = 10
)

// Try holds a rule, saved or not, against the chat log of the last TrialDays days,
// hidden messages too. Its end and whether it is enabled do not count; tells are in no log.
func (s *Store) Try(ctx context.Context, r Rule, now time.Time) (t Trial, err error) {
	r, err = r.Check()
	if err != nil {
		return t, err
	}
	r.EndsAt = nil
	m, errs := NewMatcher([]Rule{r})
	if m == nil {
		return t, errors.Join(errs...)
	}
	t = Trial{Since: fromMicros(micros(now.Add(-TrialDays * 24 * time.Hour))), Examples: []TrialItem{}}
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		channels := map[int64]string{}
		if _, err := rows(conn, `SELECT id, name FROM channels`, func(stmt *sqlite.Stmt) (none struct{}) {
			channels[stmt.ColumnInt64(0)] = stmt.ColumnText(1)
			return
		}); err != nil {
			return err
		}
		// Ids ascend with the time, so this goes back as far as it must.
		err := sqlitex.Execute(conn, `
			SELECT id, channel_id, game, name, message, sent_at
			FROM messages ORDER BY id DESC`, &sqlitex.ExecOptions{ResultFunc: func(stmt *sqlite.Stmt) error {
			one := TrialItem{
				ID: MessageID(stmt.ColumnInt64(0)), Channel: channels[stmt.ColumnInt64(1)], Game: stmt.ColumnText(2), Name: stmt.ColumnText(3),
				Text: stmt.ColumnText(4), SentAt: fromMicros(stmt.ColumnInt64(5)),
			}
			if one.SentAt.Before(t.Since) || t.Messages == MostTried {
				return errEnough
			}
			t.add(m, one, now)
			return nil
		}})
		if errors.Is(err, errEnough) {
			err = nil
		}
		return err
	})
	if t.Messages == MostTried {
		t.Since = t.last
	}
	return t, err
}

// errEnough ends a query before its last row.
var errEnough = errors.New("enough")

func (t *Trial) add(m *Matcher, one TrialItem, now time.Time) {
	t.Messages++
	t.last = one.SentAt
	v := m.Judge(Said{one.Channel, one.Game, one.Name, one.Text}, now, longestLeft)
	if v.Action == "" {
		return
	}
	t.Matched++
	if v.Action == Warn || v.Action == Replace {
		one.Left = v.Text
	}
	if len(t.Examples) < examples {
		t.Examples = append(t.Examples, one)
	}
}
