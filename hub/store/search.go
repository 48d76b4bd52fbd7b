package store

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"zombiezen.com/go/sqlite"
)

// A Search says which messages of the chat log are wanted, hidden ones too: those for which
// all that is set is true.
type Search struct {
	Words   string // words, "phrases" and beginnings*, all of them in the message, ignoring case and accents
	Game    string // short name of the game or application, ignoring case
	Player  string // words of the player's name, in their order
	Channel string // exact name
	From    time.Time
	Until   time.Time // exclusive

	Before MessageID // only older ones; 0: no matter
	After  MessageID // only newer ones
	Oldest bool      // begin with the oldest
	Limit  int       // 0: SearchLimit
}

// SearchLimit is how many messages a search gives unless said otherwise.
const SearchLimit = 50

// Findings are a part of what a search finds, the newest first unless it wants it otherwise.
type Findings struct {
	Messages []Found
	More     bool
	Unread   int // newest messages that have not been searched, because their words are not known yet
}

// The bounds of a search for words.
const (
	mostTerms   = 20
	longestText = 200
	leastStart  = 2 // letters of a beginning: nearly all messages have one that begins with a certain letter
)

// slack is how far the clock may have been turned back without a search by time missing
// messages: the log is in the order of its ids.
const slack = time.Hour

// SearchMessages looks into the chat log. It reports ErrInvalid for what cannot be
// searched for, and for a channel that is not there.
func (s *Store) SearchMessages(ctx context.Context, q Search) (f Findings, err error) {
	match, spelled, err := q.match()
	if err != nil {
		return f, err
	}
	if q.Limit <= 0 {
		q.Limit = SearchLimit
	}
	if match != "" {
		s.indexLatest(ctx)
	}
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		if f.Messages, err = q.find(conn, "search", match); err != nil || match == "" {
			return err
		}
		others, err := q.find(conn, "search_spelled", spelled)
		if err != nil {
			return err
		}
		f.Messages = q.join(f.Messages, others)
		f.Unread, err = unsearched(conn)
		return err
	})
	if err != nil {
		return Findings{}, err
	}
	if f.More = len(f.Messages) > q.Limit; f.More {
		f.Messages = f.Messages[:q.Limit]
	}
	return f, nil
}

// eachPart is how many messages EachMessage reads at once.
const eachPart = 1000

// EachMessage calls do for all that a search finds after q.After, the oldest first. It
// reads in parts: what is said or purged meanwhile may be among it or not. If words are
// searched for it waits until all are known.
func (s *Store) EachMessage(ctx context.Context, q Search, do func(Found) error) error {
	q.Oldest, q.Limit = true, eachPart
	if match, _, err := q.match(); err != nil {
		return err
	} else if match != "" {
		if err := s.IndexMessages(ctx); err != nil {
			return err
		}
	}
	for {
		part, err := s.SearchMessages(ctx, q)
		if err != nil {
			return err
		}
		for _, one := range part.Messages {
			if err := do(one); err != nil {
				return err
			}
			q.After = one.ID
		}
		if !part.More {
			return nil
		}
	}
}

// find gives one more than is wanted of what an index has. match is what match gives for it.
func (q Search) find(conn *sqlite.Conn, index, match string) ([]Found, error) {
	query, args, err := q.compile(conn, index, match)
	if err != nil {
		return nil, err
	}
	return rows(conn, query, scanFound, args...)
}

// join joins what two indexes have found, in their order; some messages are in both.
func (q Search) join(a, b []Found) []Found {
	if len(b) == 0 {
		return a
	}
	all := slices.Concat(a, b)
	slices.SortFunc(all, func(a, b Found) int {
		if q.Oldest {
			a, b = b, a
		}
		return cmp.Compare(b.ID, a.ID)
	})
	all = slices.CompactFunc(all, func(a, b Found) bool { return a.ID == b.ID })
	return all[:min(len(all), q.Limit+1)]
}

// compile makes the query of a search in an index.
func (q Search) compile(conn *sqlite.Conn, index, match string) (query string, args []any, err error) {
	var where []string
	id := "m.id"
	add := func(condition string, value any) {
		args = append(args, value)
		where = append(where, condition+" ?"+strconv.Itoa(len(args)))
	}
	from := `messages AS m`
	if match != "" {
		from = index + ` CROSS JOIN messages AS m ON m.id = ` + index + `.rowid`
		id = index + ".rowid"
	}
	if q.Channel != "" {
		c, err := channel(conn, q.Channel)
		if err != nil {
			return "", nil, unknownChannel(err, q.Channel)
		}
		if match != "" {
			match += " AND " + term("channel_id", strconv.FormatInt(int64(c.ID), 10))
		} else {
			add("m.channel_id =", int64(c.ID))
		}
	}
	if match != "" {
		add(index+" MATCH", match)
	}
	if q.Player != "" && !hasToken(q.Player) {
		add("m.name COLLATE NOCASE =", q.Player)
	}
	least, most, err := q.bounds(conn)
	if err != nil {
		return "", nil, err
	}
	add(id+" >=", least)
	add(id+" <=", most)
	if !q.From.IsZero() {
		add("m.sent_at >=", micros(q.From))
	}
	if !q.Until.IsZero() {
		add("m.sent_at <", micros(q.Until))
	}
	order := " DESC"
	if q.Oldest {
		order = ""
	}
	args = append(args, q.Limit+1)
	return `
		SELECT ` + foundColumns + `
		FROM ` + from + ` LEFT JOIN channels AS c ON c.id = m.channel_id
		WHERE ` + strings.Join(where, " AND ") + `
		ORDER BY ` + id + order + ` LIMIT ?` + strconv.Itoa(len(args)), args, nil
}

// unknownChannel makes of a channel that is not there an invalid filter.
func unknownChannel(err error, name string) error {
	if errors.Is(err, ErrNotFound) {
		return invalid("channel", "there is no channel %q; its name counts with its letter case", name)
	}
	return err
}

// bounds are the ids between which a search looks.
func (q Search) bounds(conn *sqlite.Conn) (least, most int64, err error) {
	least, most = int64(q.After)+1, 1<<62
	if q.Before > 0 {
		most = int64(q.Before) - 1
	}
	if !q.From.IsZero() {
		from, err := sentSince(conn, q.From.Add(-slack))
		if err != nil {
			return 0, 0, err
		}
		least = max(least, from)
	}
	if !q.Until.IsZero() {
		until, err := sentSince(conn, q.Until.Add(slack))
		if err != nil {
			return 0, 0, err
		}
		most = min(most, until-1)
	}
	return least, most, nil
}

// sentSince finds the id from which on messages were sent at t or later. Times have no
// index: they ascend with the ids.
func sentSince(conn *sqlite.Conn, t time.Time) (int64, error) {
	var low, high int64 // what is searched for is in low..high
	if _, err := row(conn, `
		SELECT coalesce((SELECT min(id) FROM messages), 0), coalesce((SELECT max(id) FROM messages), 0) + 1`, func(stmt *sqlite.Stmt) {
		low, high = stmt.ColumnInt64(0), stmt.ColumnInt64(1)
	}); err != nil {
		return 0, err
	}
	for low < high {
		middle := low + (high-low)/2
		var id, sent int64
		if _, err := row(conn, `SELECT id, sent_at FROM messages WHERE id >= ?1 ORDER BY id LIMIT 1`, func(stmt *sqlite.Stmt) {
			id, sent = stmt.ColumnInt64(0), stmt.ColumnInt64(1)
		}, middle); err != nil {
			return 0, err
		}
		if sent >= micros(t) {
			high = middle
		} else {
			low = id + 1
		}
	}
	return low, nil
}

// match is the expression by which FTS5 looks for what only it can find, or nothing, and the
// same for what is spelled.
func (q Search) match() (plain, spelled string, err error) {
	for _, one := range [][2]string{{"words", q.Words}, {"game", q.Game}, {"player", q.Player}, {"channel", q.Channel}} {
		if err := checkLength(one[0], one[1], longestText); err != nil {
			return "", "", err
		}
	}
	all, others, err := terms(q.Words)
	if err != nil {
		return "", "", err
	}
	if q.Game != "" {
		if err := CheckShortName(q.Game); err != nil {
			return "", "", invalid("game", "%q is no short name; those have 1 to 15 letters and digits", q.Game)
		}
		all, others = append(all, term("game", q.Game)), append(others, term("game", q.Game))
	}
	if hasToken(q.Player) {
		all, others = append(all, term("name", q.Player)), append(others, spelledTerm("name", q.Player, false))
	}
	return strings.Join(all, " AND "), strings.Join(others, " AND "), nil
}

// terms are the parts of what somebody typed, each as FTS5 wants it, and as it wants it of what
// is spelled.
func terms(words string) (all, spelled []string, err error) {
	rest := strings.TrimSpace(words)
	for rest != "" {
		var text string
		if rest[0] == '"' {
			text, rest, _ = strings.Cut(rest[1:], `"`)
		} else {
			end := strings.IndexFunc(rest, func(r rune) bool { return r == '"' || r == '*' || unicode.IsSpace(r) })
			if end < 0 {
				end = len(rest)
			}
			text, rest = rest[:end], rest[end:]
		}
		one, begins := term("message", text), strings.HasPrefix(rest, "*")
		if begins {
			if last := lettersAtEnd(text); len(last) < leastStart && hasToken(text) && !(len(last) == 1 && isSign(last[0])) {
				return nil, nil, invalid("words", "%q is too short for a beginning; give at least %d letters before the *", text, leastStart)
			}
			one += "*"
			rest = strings.TrimLeft(rest, "*")
		}
		rest = strings.TrimSpace(rest)
		if hasToken(text) { // the rest is punctuation, which is no part of words
			all, spelled = append(all, one), append(spelled, spelledTerm("message", text, begins))
		}
	}
	switch {
	case len(all) > mostTerms:
		return nil, nil, invalid("words", "there are %d; use at most %d", len(all), mostTerms)
	case len(all) == 0 && strings.TrimSpace(words) != "":
		return nil, nil, invalid("words", "give at least one letter or digit; nothing else can be searched for")
	}
	return all, spelled, nil
}

// term is a text of one or more words in a column. Between quotes nothing has a meaning
// to FTS5 but a quote.
func term(column, text string) string {
	return column + ` : "` + strings.ReplaceAll(text, `"`, `""`) + `"`
}

// hasToken reports whether a text has anything that FTS5 takes for part of a word.
func hasToken(text string) bool { return strings.ContainsFunc(text, wordRune) }

func wordRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }

// lettersAtEnd is the last word of a text, if nothing comes after it.
func lettersAtEnd(text string) []rune {
	all := []rune(text)
	for i := len(all); i > 0; i-- {
		if !wordRune(all[i-1]) {
			return all[i:]
		}
	}
	return all
}
