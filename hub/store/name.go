package store

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"zombiezen.com/go/sqlite"

	"hearsay/hub/fold"
)

// The lengths here are also CHECK constraints of the schema, so that the shell
// cannot get around them. Together they keep one record under 16 KiB.

var (
	shortNameForm   = regexp.MustCompile(`\A[A-Za-z0-9]{1,15}\z`)
	channelNameForm = regexp.MustCompile(`\A[A-Za-z_-]{3,15}\z`)
)

// CheckShortName says what is wrong with the form of a game's, an application's or
// the hub's short name.
func CheckShortName(name string) error {
	if !shortNameForm.MatchString(name) {
		return invalid("short_name", "%q will not do; use 1 to 15 letters and digits", name)
	}
	return nil
}

// ChannelNameOK reports whether a channel may have a name of that form. Protocol
// section 5.
func ChannelNameOK(name string) bool { return channelNameForm.MatchString(name) }

func checkLength(field, text string, most int) error {
	if n := utf8.RuneCountInString(text); n > most {
		return invalid(field, "has %d characters; use at most %d", n, most)
	}
	return checkText(field, text)
}

func checkText(field, text string) error {
	if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
		return invalid(field, "is not valid UTF-8 text")
	}
	return nil
}

func checkName(name string) error {
	if strings.TrimSpace(name) == "" {
		return invalid("name", "is missing; give the name that people read")
	}
	return CheckLine("name", name, 100)
}

func checkDescription(text string) error {
	if strings.ContainsRune(text, '\r') {
		return invalid("description", "has a carriage return; end lines with a newline alone")
	}
	return checkLength("description", text, 2000)
}

// checkFree refuses a short name that is blocked or taken.
func checkFree(conn *sqlite.Conn, shortName string) error {
	if err := checkBlocked(conn, "short_name", shortName); err != nil {
		return err
	}
	return checkTaken(conn, shortName)
}

// shortNameKnown reports whether a game or an application has the short name.
func shortNameKnown(conn *sqlite.Conn, shortName string) (bool, error) {
	return row(conn, `
		SELECT 1 FROM games WHERE short_name = ?1
		UNION ALL SELECT 1 FROM applications WHERE short_name = ?1`, func(*sqlite.Stmt) {}, shortName)
}

func checkTaken(conn *sqlite.Conn, shortName string) error {
	found, err := shortNameKnown(conn, shortName)
	if err == nil && found {
		err = taken("short_name", "%q is taken by a game or application; choose another", shortName)
	}
	return err
}

func nameBlocked(conn *sqlite.Conn, word string) (bool, error) {
	words, err := rows(conn, `SELECT word FROM blocks WHERE kind = 'name'`, func(stmt *sqlite.Stmt) string { return stmt.ColumnText(0) })
	key := fold.Key(word)
	return slices.ContainsFunc(words, func(other string) bool { return fold.Key(other) == key }), err
}

func checkBlocked(conn *sqlite.Conn, field, word string) error {
	blocked, err := nameBlocked(conn, word)
	if err == nil && blocked {
		err = invalid(field, "%q is on the block list; choose another, or take it off with: block remove", word)
	}
	return err
}

// checkNameFree refuses a name that is blocked, or that is the same as another row of the
// table has: SQLite's NOCASE knows only the letters of ASCII.
func checkNameFree(conn *sqlite.Conn, table, name string, but int64) error {
	if err := checkBlocked(conn, "name", name); err != nil {
		return err
	}
	names, err := rows(conn, `SELECT name FROM `+table+` WHERE id <> ?1`,
		func(stmt *sqlite.Stmt) string { return stmt.ColumnText(0) }, but)
	if err != nil {
		return err
	}
	for _, other := range names {
		if fold.Key(other) == fold.Key(name) {
			return taken("name", "%q is taken; choose another", other)
		}
	}
	return nil
}
