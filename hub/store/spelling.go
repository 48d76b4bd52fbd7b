package store

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
	"zombiezen.com/go/sqlite"
)

// Between the signs of some scripts stand no spaces where words end. FTS5 would take all of
// them for one word, so texts with such signs are spelled: of each two neighbours a word is
// made, and of the last one of a run. A search for signs finds them in any place, by their
// pairs one after the other. One sign alone is found as the beginning of a word. Other letters
// next to the signs, such as Latin ones, become words of their own.

const (
	lookSlice  = 500 // messages that one transaction looks at: it takes 1 ms if there is none to spell
	spellSlice = 50  // of which it spells so many at most: it takes 5 ms
)

// signScripts are those that write without spaces, and Hangul, where words have endings.
var signScripts = []*unicode.RangeTable{
	unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Bopomofo, unicode.Hangul, unicode.Yi,
	unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar, unicode.Tibetan, unicode.Javanese, unicode.Balinese,
	unicode.New_Tai_Lue, unicode.Tai_Le, unicode.Tai_Tham, unicode.Tai_Viet,
}

const leastSign = 0x0e01 // no sign is before it

func isSign(r rune) bool {
	return r >= leastSign && (r == 'ー' || unicode.In(r, signScripts...) && (wordRune(r) || unicode.IsMark(r)))
}

// hasSign reports whether a text has a sign, in whichever form.
func hasSign(text string) bool { return strings.ContainsFunc(text, isSign) }

// spell makes a text of which FTS5 sees the words.
func spell(text string) string {
	words, _ := spelling(text, false)
	return words
}

// spelling spells a text, or what somebody looks for: then the last run of signs may go on in
// the text, and open says that the last word is only the beginning of one.
func spelling(text string, wanted bool) (words string, open bool) {
	var b strings.Builder
	all := []rune(norm.NFKC.String(text))
	for i, r := range all {
		if !isSign(r) {
			b.WriteRune(r)
			continue
		}
		if i > 0 && !isSign(all[i-1]) {
			b.WriteByte(' ')
		}
		switch {
		case i+1 < len(all) && isSign(all[i+1]):
			b.WriteRune(r)
			b.WriteRune(all[i+1])
			b.WriteByte(' ')
		case wanted && i+1 == len(all) && i > 0 && isSign(all[i-1]):
			// the pair before has it
		default:
			b.WriteRune(r)
			b.WriteByte(' ')
			open = wanted && i+1 == len(all)
		}
	}
	return strings.TrimSpace(b.String()), open
}

// spelledTerm is term for the index of what is spelled. begins: the text is the beginning of a
// word; of signs every place is one.
func spelledTerm(column, text string, begins bool) string {
	words, open := spelling(text, true)
	if last := []rune(text); begins && len(last) > 0 && isSign(last[len(last)-1]) {
		begins = false
	}
	one := term(column, words)
	if open || begins {
		one += "*"
	}
	return one
}

// unspelled says how many of the newest messages were not looked at.
func unspelled(conn *sqlite.Conn) (n int, err error) {
	_, err = row(conn, `
		SELECT coalesce((SELECT max(id) FROM messages), 0) - (SELECT message_id FROM search_through)`,
		func(stmt *sqlite.Stmt) { n = max(0, stmt.ColumnInt(0)) })
	return n, err
}

// misspelled reports whether messages were changed since they were spelled.
func misspelled(conn *sqlite.Conn) (bool, error) {
	return row(conn, `SELECT 1 FROM search_again LIMIT 1`, func(*sqlite.Stmt) {})
}

// spellMessages looks at a slice of those that were changed, then of those that it has never
// looked at, and reports whether there may be more.
func spellMessages(conn *sqlite.Conn) (more bool, err error) {
	again, err := rows(conn, `
		SELECT a.message_id, m.channel_id, m.game, m.name, m.message
		FROM search_again AS a LEFT JOIN messages AS m
			ON m.id = a.message_id AND m.id <= (SELECT message_id FROM search_through)
		ORDER BY a.message_id LIMIT ?1`, scanUnspelled, spellSlice)
	if err != nil {
		return false, err
	}
	for _, m := range again {
		if err := exec(conn, `DELETE FROM search_again WHERE message_id = ?1`, m.id); err != nil {
			return false, err
		}
		if _, err := m.spell(conn); err != nil {
			return false, err
		}
	}
	if len(again) == spellSlice {
		return true, nil
	}
	fresh, err := rows(conn, `
		SELECT id, channel_id, game, name, message FROM messages
		WHERE id > (SELECT message_id FROM search_through)
		ORDER BY id LIMIT ?1`, scanUnspelled, lookSlice)
	if err != nil || len(fresh) == 0 {
		return false, err
	}
	spelled, last := 0, 0
	for last = range fresh {
		had, err := fresh[last].spell(conn)
		if err != nil {
			return false, err
		}
		if had {
			spelled++
		}
		if spelled == spellSlice {
			break
		}
	}
	return spelled == spellSlice || len(fresh) == lookSlice, exec(conn, `UPDATE search_through SET message_id = ?1`, fresh[last].id)
}

// spell adds what is spelled of a message, if it has a sign.
func (m unspelledMessage) spell(conn *sqlite.Conn) (had bool, err error) {
	if !hasSign(m.message) && !hasSign(m.name) {
		return false, nil
	}
	return true, exec(conn, `
		INSERT INTO search_spelling (id, channel_id, game, name, message) VALUES (?1, ?2, ?3, ?4, ?5)`,
		m.id, m.channel, m.game, spell(m.name), spell(m.message))
}

// An unspelledMessage is what is spelled of one.
type unspelledMessage struct {
	id, channel         int64
	game, name, message string
}

func scanUnspelled(stmt *sqlite.Stmt) unspelledMessage {
	return unspelledMessage{stmt.ColumnInt64(0), stmt.ColumnInt64(1), stmt.ColumnText(2), stmt.ColumnText(3), stmt.ColumnText(4)}
}
