package store

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"zombiezen.com/go/sqlite"
)

// A RuleID is the id of a rule; never used twice.
type RuleID int64

// A RuleKind says what the subject of a rule is.
type RuleKind string

// The kinds of rules.
const (
	PlayerRule  RuleKind = "player"  // NAME@GAME, *@GAME (the game), NAME@* (in whatever game)
	WordRule    RuleKind = "word"    // a whole word
	PatternRule RuleKind = "pattern" // a regular expression, RE2
)

// RuleKinds are all kinds of rules.
var RuleKinds = []RuleKind{PlayerRule, WordRule, PatternRule}

// A RuleAction says what happens to a message that a rule matches.
type RuleAction string

// The actions, from the mildest to the strictest.
const (
	Warn    RuleAction = "warn"    // it is delivered, and its player is told
	Replace RuleAction = "replace" // what matches is replaced, and the rest delivered
	Hold    RuleAction = "hold"    // it waits for a person to approve it; a tell, which is never stored, is refused
	Drop    RuleAction = "drop"    // it is swallowed, and its sender told nothing
	Mute    RuleAction = "mute"    // it is refused
)

// RuleActions are all actions, from the mildest to the strictest.
var RuleActions = []RuleAction{Warn, Replace, Hold, Drop, Mute}

// A Rule says what is not to be said, or not by whom.
type Rule struct {
	ID          RuleID     `json:"id"`
	Kind        RuleKind   `json:"kind"`
	Subject     string     `json:"subject"`
	Channel     string     `json:"channel"` // "": every channel, and tells
	Action      RuleAction `json:"action"`
	Replacement string     `json:"replacement"` // of Replace
	Reason      string     `json:"reason"`      // players are told it with a warning
	EndsAt      *time.Time `json:"ends_at"`     // from then on it does nothing; nil: it has no end
	Enabled     bool       `json:"enabled"`
	CreatedBy   string     `json:"created_by"`
	CreatedAt   time.Time  `json:"created_at"`
}

// A RuleEdit changes what is not nil. An empty text clears, and so does a zero end.
type RuleEdit struct {
	Kind                                  *RuleKind
	Subject, Channel, Replacement, Reason *string
	Action                                *RuleAction
	EndsAt                                *time.Time
	Enabled                               *bool
}

const (
	// MostRules is how many rules there may be that have not ended.
	MostRules = 1000
	// MostPatterns is how many of them may be patterns: unlike the others each takes time.
	MostPatterns = 200
	// Replacement stands in for what a rule takes out, unless it says otherwise.
	Replacement = "***"
	// rulesKept is how long rules stay in the file after their end.
	rulesKept = 365 * 24 * time.Hour

	maxSubject = 200
	maxReason  = 200
)

// Ended reports whether the rule's end has passed.
func (r Rule) Ended(now time.Time) bool { return r.EndsAt != nil && !r.EndsAt.After(now) }

// Active reports whether the rule acts.
func (r Rule) Active(now time.Time) bool { return r.Enabled && !r.Ended(now) }

// Check says what is wrong with a rule, and gives it as it is kept.
func (r Rule) Check() (Rule, error) {
	r.Subject, r.Channel = strings.TrimSpace(r.Subject), strings.TrimSpace(r.Channel)
	r.Replacement, r.Reason = strings.TrimSpace(r.Replacement), strings.TrimSpace(r.Reason)
	if r.Action != Replace {
		r.Replacement = ""
	} else if r.Replacement == "" {
		r.Replacement = Replacement
	}
	for _, text := range []struct {
		field, text string
		most        int
	}{{"subject", r.Subject, maxSubject}, {"replacement", r.Replacement, 100}, {"reason", r.Reason, maxReason}} {
		if err := checkLength(text.field, text.text, text.most); err != nil {
			return r, err
		}
		if strings.ContainsAny(text.text, "\r\n") {
			return r, invalid(text.field, "has more than one line; use one")
		}
		if text.field == "subject" {
			continue // of a pattern it may have anything
		}
		if err := CheckLine(text.field, text.text, text.most); err != nil {
			return r, err
		}
	}
	if r.EndsAt != nil {
		end := fromMicros(micros(*r.EndsAt))
		r.EndsAt = &end
	}
	if r.Channel != "" && !ChannelNameOK(r.Channel) {
		return r, invalid("channel", "%q is no channel; name one, or none for all", r.Channel)
	}
	switch r.Action {
	case Warn, Hold, Drop, Mute:
	case Replace:
		if r.Kind == PlayerRule {
			return r, invalid("action", "replace needs a word or a pattern; use mute for a player")
		}
	default:
		return r, invalid("action", "%q will not do; use warn, replace, hold, drop or mute", r.Action)
	}
	_, err := compile(r)
	return r, err
}

const ruleColumns = `id, kind, subject, channel, action, replacement, reason, ends_at, enabled, created_by, created_at`

func scanRule(stmt *sqlite.Stmt) Rule {
	return Rule{
		ID: RuleID(stmt.ColumnInt64(0)), Kind: RuleKind(stmt.ColumnText(1)), Subject: stmt.ColumnText(2), Channel: stmt.ColumnText(3),
		Action: RuleAction(stmt.ColumnText(4)), Replacement: stmt.ColumnText(5), Reason: columnLine(stmt, 6),
		EndsAt: timeAt(stmt, 7), Enabled: stmt.ColumnBool(8), CreatedBy: stmt.ColumnText(9), CreatedAt: fromMicros(stmt.ColumnInt64(10)),
	}
}

// Rules lists all rules, the newest first.
func (s *Store) Rules(ctx context.Context) (all []Rule, err error) {
	err = s.query(ctx, func(conn *sqlite.Conn) error {
		all, err = rows(conn, `SELECT `+ruleColumns+` FROM rules ORDER BY id DESC`, scanRule)
		return err
	})
	return all, err
}

// RulesPage gives a part of the rules, and how many there are in all that match. Without a
// filter they are those that have not ended; the filters are "ended" and "all", the orders
// "id", "subject", "action" and "ends".
func (s *Store) RulesPage(ctx context.Context, p Page, now time.Time) (all []Rule, total int, err error) {
	from := `FROM rules WHERE (?1 = '' OR matches(?1, subject, coalesce(reason, ''), coalesce(created_by, '')))`
	switch p.Filter {
	case "ended":
		from += ` AND ends_at <= ?2`
	case "all":
		from += ` AND ?2`
	default:
		from += ` AND (ends_at IS NULL OR ends_at > ?2)`
	}
	order := p.order([][2]string{
		{"id", `-id %`}, {"subject", `subject COLLATE NOCASE %, id %`}, {"action", `action %, id %`}, {"ends", `ends_at IS NULL %, ends_at %, id %`},
	}...)
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		all, total, err = page(conn, ruleColumns, from, order, p, scanRule, p.plain(), micros(now))
		return err
	})
	return all, total, err
}

// ActiveRules lists those that act at an instant, the oldest first. The sqlite3 shell may
// have added more than MostRules; of those one is given.
func (s *Store) ActiveRules(ctx context.Context, now time.Time) (all []Rule, err error) {
	err = s.query(ctx, func(conn *sqlite.Conn) error {
		all, err = rows(conn, `
			SELECT `+ruleColumns+`
			FROM rules WHERE enabled AND (ends_at IS NULL OR ends_at > ?1)
			ORDER BY id LIMIT ?2`, scanRule, micros(now), MostRules+1)
		return err
	})
	return all, err
}

// Rule finds one.
func (s *Store) Rule(ctx context.Context, id RuleID) (r Rule, err error) {
	err = s.query(ctx, func(conn *sqlite.Conn) error {
		r, err = rule(conn, id)
		return err
	})
	return r, err
}

func rule(conn *sqlite.Conn, id RuleID) (r Rule, err error) {
	found, err := row(conn, `SELECT `+ruleColumns+` FROM rules WHERE id = ?1`,
		func(stmt *sqlite.Stmt) { r = scanRule(stmt) }, int64(id))
	if err == nil && !found {
		err = Missing{Noun: "rule", Key: fmt.Sprint(id)}
	}
	return r, err
}

// CreateRule adds a rule, which acts at once, in the name of the actor.
func (s *Store) CreateRule(ctx context.Context, r Rule) (Rule, error) {
	r, err := r.Check()
	if err != nil {
		return r, err
	}
	now := time.Now()
	if r.Ended(now) {
		return r, errPassed(r)
	}
	r.CreatedBy, r.CreatedAt = cut(by(ctx), 100), fromMicros(micros(now))
	var subject string
	err = s.operateOn(ctx, "rule add", &subject, func(conn *sqlite.Conn) error {
		if err := checkRuleFits(conn, r, now); err != nil {
			return err
		}
		_, err := row(conn, `
			INSERT INTO rules (kind, subject, channel, action, replacement, reason, ends_at, enabled, created_by, created_at)
			VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
			RETURNING id`, func(stmt *sqlite.Stmt) { r.ID = RuleID(stmt.ColumnInt64(0)) },
			string(r.Kind), r.Subject, null(r.Channel), string(r.Action), null(r.Replacement), null(r.Reason), nullTime(r.EndsAt), r.Enabled,
			null(r.CreatedBy), micros(r.CreatedAt))
		subject = r.ID.String()
		return err
	})
	return r, err
}

func errPassed(r Rule) error {
	return invalid("ends_at", "%s has passed; give a later end, or none", r.EndsAt.Format(time.RFC3339))
}

// checkRuleFits refuses a rule that is to act and of which there is one already, or that is
// about a channel or game that is not there; and one too many.
func checkRuleFits(conn *sqlite.Conn, r Rule, now time.Time) error {
	if r.Ended(now) {
		return nil
	}
	if r.Enabled {
		if err := checkRuleMeans(conn, r, now); err != nil {
			return err
		}
	}
	count, patterns := 0, 0
	_, err := row(conn, `SELECT count(*), count(*) FILTER (WHERE kind = 'pattern') FROM rules WHERE id <> ?1 AND (ends_at IS NULL OR ends_at > ?2)`,
		func(stmt *sqlite.Stmt) { count, patterns = stmt.ColumnInt(0), stmt.ColumnInt(1) }, int64(r.ID), micros(now))
	switch {
	case err != nil:
	case count >= MostRules:
		err = invalid("subject", "is one too many; there may be %d rules, so end some", MostRules)
	case patterns >= MostPatterns && r.Kind == PatternRule:
		err = invalid("subject", "is one too many; there may be %d patterns, so end some, or use words", MostPatterns)
	}
	return err
}

func checkRuleMeans(conn *sqlite.Conn, r Rule, now time.Time) error {
	if r.Channel != "" {
		switch _, err := channel(conn, r.Channel); {
		case errors.Is(err, ErrNotFound):
			return invalid("channel", "there is no channel %q; name one, or none for all", r.Channel)
		case err != nil:
			return err
		}
	}
	if r.Kind == PlayerRule {
		if game := r.Subject[strings.LastIndexByte(r.Subject, '@')+1:]; game != "*" {
			if err := checkGameKnown(conn, "subject", game); err != nil {
				return err
			}
		}
	}
	others, err := rows(conn, `
		SELECT `+ruleColumns+` FROM rules
		WHERE id <> ?1 AND kind = ?2 AND channel IS ?3 AND action = ?4 AND enabled AND (ends_at IS NULL OR ends_at > ?5)`, scanRule,
		int64(r.ID), string(r.Kind), null(r.Channel), string(r.Action), micros(now))
	if err != nil {
		return err
	}
	for _, other := range others {
		if r.sameSubject(other) {
			return taken("subject", "the rule %d does this already; edit that one", other.ID)
		}
	}
	return nil
}

// sameSubject reports whether two rules of one kind mean the same player, word or pattern.
func (r Rule) sameSubject(other Rule) bool {
	a, err := compile(r)
	b, err2 := compile(other)
	if err != nil || err2 != nil || r.Kind == PatternRule {
		return r.Subject == other.Subject
	}
	return a.who == b.who && a.word == b.word
}

// UpdateRule changes a rule, and gives it as it is then.
func (s *Store) UpdateRule(ctx context.Context, id RuleID, e RuleEdit) (r Rule, err error) {
	now := time.Now()
	err = s.operate(ctx, "rule edit", id.String(), func(conn *sqlite.Conn) error {
		if r, err = rule(conn, id); err != nil {
			return err
		}
		set(&r.Kind, e.Kind)
		set(&r.Subject, e.Subject)
		set(&r.Channel, e.Channel)
		set(&r.Action, e.Action)
		set(&r.Replacement, e.Replacement)
		set(&r.Reason, e.Reason)
		set(&r.Enabled, e.Enabled)
		if e.EndsAt != nil {
			r.EndsAt = e.EndsAt
			if e.EndsAt.IsZero() {
				r.EndsAt = nil
			}
		}
		if r, err = r.Check(); err != nil {
			return err
		}
		if e.EndsAt != nil && r.Ended(now) {
			return errPassed(r)
		}
		if err := checkRuleFits(conn, r, now); err != nil {
			return err
		}
		return exec(conn, `
			UPDATE rules SET kind = ?2, subject = ?3, channel = ?4, action = ?5, replacement = ?6, reason = ?7, ends_at = ?8, enabled = ?9
			WHERE id = ?1`,
			int64(id), string(r.Kind), r.Subject, null(r.Channel), string(r.Action), null(r.Replacement), null(r.Reason), nullTime(r.EndsAt), r.Enabled)
	})
	return r, err
}

// EndRule ends a rule now; it stays as a memory of it. One that has ended stays as it is.
func (s *Store) EndRule(ctx context.Context, id RuleID) error {
	return s.operate(ctx, "rule end", id.String(), func(conn *sqlite.Conn) error {
		r, err := rule(conn, id)
		if now := time.Now(); err == nil && !r.Ended(now) {
			err = exec(conn, `UPDATE rules SET ends_at = ?2 WHERE id = ?1`, int64(id), micros(now))
		}
		return err
	})
}

// PurgeRules forgets rules that ended long ago, and held messages, decided on or not,
// that their channel would have forgotten.
func (s *Store) PurgeRules(ctx context.Context, now time.Time) error {
	return s.write(ctx, func(conn *sqlite.Conn) error {
		if err := exec(conn, `DELETE FROM rules WHERE ends_at < ?1`, micros(now.Add(-rulesKept))); err != nil {
			return err
		}
		return purgeHeld(conn, now)
	})
}

// String is the id in digits.
func (id RuleID) String() string { return strconv.FormatInt(int64(id), 10) }
