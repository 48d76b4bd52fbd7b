package store

import (
	"encoding/json"
	"strings"
	"unicode"

	"zombiezen.com/go/sqlite"

	"hearsay/hub/wire"
)

// CheckLine refuses what a text of one line must not have, because it reaches other games'
// terminals: control characters, characters that turn the direction of a text, piles of marks,
// and more than most characters. Protocol section 10.
func CheckLine(field, text string, most int) error {
	if err := checkLength(field, text, most); err != nil {
		return err
	}
	for _, r := range text {
		switch {
		case unicode.IsControl(r), r == '\u2028', r == '\u2029':
			return invalid(field, "has a control character; use plain text on one line")
		case wire.IsDirectional(r):
			return invalid(field, "has the character U+%04X, which turns the direction of a text; leave it out", r)
		}
	}
	text = strings.TrimSpace(text)
	switch cleaned := wire.CleanField(text); {
	case text != "" && cleaned == "":
		return invalid(field, "has nothing that anybody sees; use letters")
	case cleaned != text:
		return invalid(field, "has a character with more than 6 marks on it; use fewer")
	}
	return nil
}

// columnLine and columnText give a column of a record as it is shown: older programs, and the
// sqlite3 shell, let in what CheckLine refuses.
func columnLine(stmt *sqlite.Stmt, column int) string {
	return wire.CleanField(stmt.ColumnText(column))
}

func columnText(stmt *sqlite.Stmt, column int) string {
	return wire.CleanText(stmt.ColumnText(column))
}

// recordCleaners are the texts of records that people write, by the keys of their JSON.
var recordCleaners = map[string]func(string) string{
	`"display_name"`: wire.CleanField, `"tagline"`: wire.CleanField, `"user_agent"`: wire.CleanField, `"user_agent_url"`: wire.CleanField,
	`"homepage_url"`: wire.CleanField, `"url"`: wire.CleanField, `"host"`: wire.CleanField, `"title"`: wire.CleanField, `"reason"`: wire.CleanField,
	`"description"`: wire.CleanText,
}

// escapesOf are the characters that a clean text may have in JSON after a backslash, whether
// it has one line or more.
var escapesOf = map[bool]string{false: `"\/`, true: `"\/n`}

// cleanRecord cleans the texts of a record as the log has it, in compact JSON. Of a record
// that is clean it only looks at each byte.
func cleanRecord(payload string) string {
	if !doubtful(payload, `"\/`) {
		return payload
	}
	var cleaned []byte
	done := 0 // how much of payload is in cleaned
	key := ""
	for i := 0; i < len(payload); {
		if payload[i] != '"' {
			i++
			continue
		}
		end := literalEnd(payload, i)
		literal := payload[i:end]
		if strings.HasPrefix(payload[end:], ":") {
			key = literal
		} else if clean := recordCleaners[key]; clean != nil && doubtful(literal, escapesOf[key == `"description"`]) {
			var text string
			if json.Unmarshal([]byte(literal), &text) == nil {
				if as := clean(text); as != text {
					cleaned = append(append(cleaned, payload[done:i]...), encodeField(key, as)...)
					done = end
				}
			}
		}
		i = end
	}
	if done == 0 {
		return payload
	}
	return string(append(cleaned, payload[done:]...))
}

// encodeField gives the JSON of a record's field: null for an empty one, unless it is needed.
func encodeField(key, text string) []byte {
	if text == "" && key != `"display_name"` && key != `"title"` {
		return []byte("null")
	}
	return wire.Encode(text)
}

// literalEnd is where the string ends that begins in JSON at a place.
func literalEnd(text string, at int) int {
	for i := at + 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(text)
}

// doubtful is false of JSON whose texts are clean for certain.
func doubtful(text, escapes string) bool {
	for rest := text; ; {
		i := strings.IndexByte(rest, '\\')
		if i < 0 {
			return wire.Clean(text) != text
		}
		if i+1 == len(rest) || strings.IndexByte(escapes, rest[i+1]) < 0 {
			return true
		}
		rest = rest[i+2:]
	}
}
