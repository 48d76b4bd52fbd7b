package store

import (
	"encoding/json"
	"strconv"
	"strings"

	"zombiezen.com/go/sqlite"

	"hearsay/hub/fold"
)

// A Page says which part of a list is wanted.
type Page struct {
	Search string // part of a text, ignoring case and accents; "": all
	Filter string // one of the list's own; "": all
	Sort   string // one of the list's own; "": its first
	Desc   bool   // the other way round
	Offset int
	Limit  int
}

// searchMost is how many characters are searched for at most.
const searchMost = 200

// check refuses a search that is too long, or no text.
func (p Page) check() error { return checkLength("search", p.Search, searchMost) }

// plain is the search as the SQL function matches wants it.
func (p Page) plain() string { return fold.Plain(p.Search) }

// addMatches gives a connection the function matches(wanted, text, ...). It reports whether what
// is wanted, in its plain form, is in one of the texts, ignoring case and accents of all scripts.
func addMatches(conn *sqlite.Conn) error {
	return conn.CreateFunction("matches", &sqlite.FunctionImpl{
		NArgs: -1, Deterministic: true, AllowIndirect: true,
		Scalar: func(_ sqlite.Context, args []sqlite.Value) (sqlite.Value, error) {
			wanted := args[0].Text()
			for _, text := range args[1:] {
				if strings.Contains(fold.Plain(text.Text()), wanted) {
					return sqlite.IntegerValue(1), nil
				}
			}
			return sqlite.IntegerValue(0), nil
		},
	})
}

// order chooses an ORDER BY from the list's own. The first of by is the default.
func (p Page) order(by ...[2]string) string {
	chosen := by[0][1]
	for _, one := range by {
		if one[0] == p.Sort {
			chosen = one[1]
		}
	}
	if p.Desc {
		return strings.ReplaceAll(chosen, "%", "DESC")
	}
	return strings.ReplaceAll(chosen, "%", "ASC")
}

// page reads a part of a list, and how long it is in all. from is FROM and WHERE.
func page[T any](conn *sqlite.Conn, columns, from, order string, p Page, scan func(*sqlite.Stmt) T, args ...any) (all []T, total int, err error) {
	if err := p.check(); err != nil {
		return nil, 0, err
	}
	if _, err := row(conn, `SELECT count(*) `+from, func(stmt *sqlite.Stmt) { total = stmt.ColumnInt(0) }, args...); err != nil {
		return nil, 0, err
	}
	n := len(args)
	all, err = rows(conn, `SELECT `+columns+` `+from+` ORDER BY `+order+` LIMIT ?`+strconv.Itoa(n+1)+` OFFSET ?`+strconv.Itoa(n+2), scan,
		append(args, p.Limit, p.Offset)...)
	return all, total, err
}

// array is a list as json_each wants it.
func array[T any](all []T) string {
	if all == nil {
		return "[]"
	}
	text, err := json.Marshal(all)
	if err != nil {
		panic(err) // numbers and texts only
	}
	return string(text)
}
