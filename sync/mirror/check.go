package mirror

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strings"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"hearsay/hub/wire"
)

// checkFunction is the SQL function of the writer's connection that sums a row up.
const checkFunction = "hearsay_check"

// checkSum gives the first 63 bits of a SHA-256 over its arguments, their types and lengths.
var checkSum = sqlite.FunctionImpl{
	NArgs: -1, Deterministic: true,
	Scalar: func(_ sqlite.Context, args []sqlite.Value) (sqlite.Value, error) {
		var text []byte
		for _, arg := range args {
			value := arg.Text()
			text = append(text, byte(arg.Type()))
			text = binary.AppendUvarint(text, uint64(len(value)))
			text = append(text, value...)
		}
		sum := sha256.Sum256(text)
		return sqlite.IntegerValue(int64(binary.BigEndian.Uint64(sum[:]) >> 1)), nil
	},
}

// check is the expression that sums a row of the table up, and a game's connections with it.
func (t table) check(prefix string) string {
	args := []string{"id", "version", "updated_at"}
	for _, c := range t.columns {
		args = append(args, c.name)
	}
	if t.kind == wire.KindGames {
		args = append(args, strings.ReplaceAll(`(
			SELECT json_group_array(json_array(place, id, type, url, host, port))
			FROM (SELECT * FROM {}connections WHERE game_id = {}games.id ORDER BY place))`, "{}", prefix))
	}
	return checkFunction + `(` + strings.Join(args, `, `) + `)`
}

// mostNamed is how many altered records of a kind are told by id.
const mostNamed = 5

// altered says which records are not what the mirror has written, such as "channels 1;
// games 7, 8"; "": all are.
func (w *writer) altered() (string, error) {
	var kinds []string
	for _, t := range tables {
		var ids []string
		n := 0
		err := sqlitex.Execute(w.conn, w.sql.of[t.kind].altered, &sqlitex.ExecOptions{ResultFunc: func(stmt *sqlite.Stmt) error {
			if n++; n <= mostNamed {
				ids = append(ids, stmt.ColumnText(0))
			}
			return nil
		}})
		if err != nil {
			return "", fmt.Errorf("check the %s: %w", t.kind, err)
		}
		if n > mostNamed {
			ids = append(ids, fmt.Sprintf("and %d more", n-mostNamed))
		}
		if n > 0 {
			kinds = append(kinds, t.kind+" "+strings.Join(ids, ", "))
		}
	}
	return strings.Join(kinds, "; "), nil
}
