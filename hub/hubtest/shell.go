package hubtest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"

	"zombiezen.com/go/sqlite"
)

// A shell runs SQL on a database file that a hub may have open. It gives the
// rows of all statements; their values are texts, json.Number and nil.
type shell interface {
	query(ctx context.Context, path, sql string) ([]record, error)
}

// newShell prefers another process, as an administrator would use.
func newShell() shell {
	if program, err := exec.LookPath("sqlite3"); err == nil {
		return sqliteProgram(program)
	}
	return sqliteConn{}
}

type sqliteProgram string

func (s sqliteProgram) query(ctx context.Context, path, sql string) ([]record, error) {
	cmd := exec.CommandContext(ctx, string(s), "-batch", "-bail", "-json", "-cmd", ".timeout 10000", path)
	cmd.Stdin = strings.NewReader(sql)
	out, err := output(cmd)
	if err != nil {
		return nil, err
	}
	var rows []record
	dec := json.NewDecoder(bytes.NewReader(out))
	dec.UseNumber()
	for {
		var some []record // of one statement
		if err := dec.Decode(&some); err == io.EOF {
			return rows, nil
		} else if err != nil {
			return nil, fmt.Errorf("read the rows of %s: %w", sql, err)
		}
		rows = append(rows, some...)
	}
}

// sqliteConn is for machines without the program.
type sqliteConn struct{}

func (sqliteConn) query(ctx context.Context, path, sql string) (rows []record, err error) {
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	conn.SetBusyTimeout(10 * time.Second)
	conn.SetInterrupt(ctx.Done())
	for rest := sql; strings.TrimSpace(rest) != ""; {
		stmt, trailing, err := conn.PrepareTransient(rest)
		if err != nil {
			return nil, fmt.Errorf("run %s: %w", sql, err)
		}
		rest = rest[len(rest)-trailing:]
		some, err := allRows(stmt)
		if err != nil {
			return nil, fmt.Errorf("run %s: %w", sql, err)
		}
		rows = append(rows, some...)
	}
	return rows, nil
}

func allRows(stmt *sqlite.Stmt) (rows []record, err error) {
	defer func() { err = errors.Join(err, stmt.Finalize()) }()
	for {
		more, err := stmt.Step()
		if err != nil || !more {
			return rows, err
		}
		row := record{}
		for i := range stmt.ColumnCount() {
			switch stmt.ColumnType(i) {
			case sqlite.TypeNull:
				row[stmt.ColumnName(i)] = nil
			case sqlite.TypeInteger, sqlite.TypeFloat:
				row[stmt.ColumnName(i)] = json.Number(stmt.ColumnText(i))
			default:
				row[stmt.ColumnName(i)] = stmt.ColumnText(i)
			}
		}
		rows = append(rows, row)
	}
}

// output runs a command to its end, at most 15 s, and gives what it printed.
func output(cmd *exec.Cmd) ([]byte, error) {
	var out, problems bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problems
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%s: %w: %s", strings.Join(cmd.Args, " "), err, excerpt(problems.Bytes()))
	}
	return out.Bytes(), nil
}
