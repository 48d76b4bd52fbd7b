package command_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"hearsay/hub/store"
)

// TestScript plays testdata/script. Beside testscript's own, the scripts have these
// commands:
//
//	refuses PROGRAM ARG…   it must exit with 2, print nothing but an error, and change no row of hearsay.db
//	fails PROGRAM ARG…     the same with 1; it may print
//	sql FILE STATEMENT     runs it, and prints the rows
//	damage FILE TEXT       changes a bit where the text last stands, behind SQLite's back
//	same FILE FILE         compares bytes
//	lock FILE              holds a server's lock until the script ends
//	answers STATUS TEXT    starts a web server that does; its address is in $URL, and HOST:PORT in $ADDRESS
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("GORACE", "atexit_sleep_ms=0") // else each program would wait a second at its end
			env.Setenv("CR", "one\r\ntwo")
			env.Setenv("LF", "one\ntwo")
			for _, n := range []int{101, 201, 256, 2001} {
				env.Setenv(fmt.Sprintf("X%d", n), strings.Repeat("x", n))
			}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"refuses": func(ts *testscript.TestScript, _ bool, args []string) {
				fails(ts, args, 2)
				if out := ts.ReadFile("stdout"); out != "" {
					ts.Fatalf("a refusal printed %q", out)
				}
			},
			"fails":   func(ts *testscript.TestScript, _ bool, args []string) { fails(ts, args, 1) },
			"sql":     sql,
			"damage":  damage,
			"same":    same,
			"lock":    lock,
			"answers": answers,
		},
	})
}

func fails(ts *testscript.TestScript, args []string, code int) {
	before := content(ts)
	err := ts.Exec(args[0], args[1:]...)
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != code {
		ts.Fatalf("%q: got %v, want exit code %d", args, err, code)
	}
	if after := content(ts); before != after {
		ts.Fatalf("%q: changed the file from %s to %s", args, before, after)
	}
	if text := "\n" + ts.ReadFile("stderr"); strings.Count(text, "\nhearsay: ") != 1 || strings.Contains(text, "Usage:") {
		ts.Fatalf("%q: got the error %q", args, text)
	}
}

// content is every row of hearsay.db, or what keeps it from being read.
func content(ts *testscript.TestScript) string {
	conn, err := sqlite.OpenConn(ts.MkAbs("hearsay.db"), sqlite.OpenReadWrite)
	if err != nil {
		return err.Error()
	}
	defer conn.Close()
	var all strings.Builder
	err = eachRow(conn, `SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name`, func(name string) {
		if err := eachRow(conn, `SELECT * FROM `+name, func(row string) { fmt.Fprintln(&all, name, row) }); err != nil {
			fmt.Fprintln(&all, name, err)
		}
	})
	return fmt.Sprint(all.String(), err)
}

func eachRow(conn *sqlite.Conn, query string, do func(row string)) error {
	return sqlitex.ExecuteTransient(conn, query, &sqlitex.ExecOptions{ResultFunc: func(stmt *sqlite.Stmt) error {
		cells := make([]string, stmt.ColumnCount())
		for i := range cells {
			cells[i] = stmt.ColumnText(i)
		}
		do(strings.Join(cells, "|"))
		return nil
	}})
}

func withConn(ts *testscript.TestScript, file string, do func(*sqlite.Conn) error) {
	conn, err := sqlite.OpenConn(ts.MkAbs(file), sqlite.OpenReadWrite|sqlite.OpenCreate)
	ts.Check(err)
	err = do(conn)
	ts.Check(errors.Join(err, conn.Close()))
}

func sql(ts *testscript.TestScript, _ bool, args []string) {
	out := ts.Stdout()
	withConn(ts, args[0], func(conn *sqlite.Conn) error {
		return eachRow(conn, args[1], func(row string) { fmt.Fprintln(out, row) })
	})
}

func damage(ts *testscript.TestScript, _ bool, args []string) {
	// The last connection that may write brings all that is in the WAL into the file.
	withConn(ts, args[0], func(conn *sqlite.Conn) error { return eachRow(conn, `PRAGMA user_version`, func(string) {}) })
	name := ts.MkAbs(args[0])
	all, err := os.ReadFile(name)
	ts.Check(err)
	i := bytes.LastIndex(all, []byte(args[1]))
	if i < 0 {
		ts.Fatalf("%s: has no %q", args[0], args[1])
	}
	all[i] ^= 1
	ts.Check(os.WriteFile(name, all, 0o600))
}

func same(ts *testscript.TestScript, _ bool, args []string) {
	if ts.ReadFile(args[0]) != ts.ReadFile(args[1]) {
		ts.Fatalf("%s and %s differ", args[0], args[1])
	}
}

func lock(ts *testscript.TestScript, _ bool, args []string) {
	unlock, err := store.Lock(ts.MkAbs(args[0]))
	ts.Check(err)
	ts.Defer(func() { _ = unlock() }) // it ends with the process anyway
}

func answers(ts *testscript.TestScript, _ bool, args []string) {
	status, err := strconv.Atoi(args[0])
	ts.Check(err)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, args[1]+"\n") // the client tells
	}))
	ts.Defer(server.Close)
	ts.Setenv("URL", server.URL)
	ts.Setenv("ADDRESS", server.Listener.Addr().String())
}
