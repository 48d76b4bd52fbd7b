package hubtest

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

func TestShell_bothGiveTheSame(t *testing.T) {
	program, err := exec.LookPath("sqlite3")
	if err != nil {
		if os.Getenv("HEARSAY_TEST_TOOLS") != "" {
			t.Fatal("the sqlite3 program is not in PATH, and HEARSAY_TEST_TOOLS is set")
		}
		t.Skip("the sqlite3 program is not in PATH; set HEARSAY_TEST_TOOLS to make this a failure")
	}
	type outcome struct {
		rows   string
		failed bool
	}
	scripts := []string{
		"CREATE TABLE t (i INTEGER, r REAL, s TEXT)",
		"INSERT INTO t VALUES (1, 1.5, 'it''s; <b>é'), (-2, 2.0, NULL), (3, NULL, '');\n",
		"SELECT i, r, s, i > 0 AS positive FROM t ORDER BY i",
		"SELECT i FROM t WHERE i = 100",
		"SELECT 1 AS a; SELECT 2 AS b",
		"BEGIN; DELETE FROM t; ROLLBACK; SELECT count(*) AS n FROM t",
		"BEGIN; DELETE FROM t",
		"DELETE FROM t WHERE i = 3; INSERT INTO missing VALUES (1); DELETE FROM t",
		"SELECT i FROM t ORDER BY i",
		"SELEC 1",
	}
	play := func(s shell, path string) (all []outcome) {
		for _, script := range scripts {
			rows, err := s.query(t.Context(), path, script)
			all = append(all, outcome{string(encode(rows)), err != nil})
		}
		return all
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "conn.db")
	writeFile(t, path, "")
	got, want := play(sqliteConn{}, path), play(sqliteProgram(program), filepath.Join(dir, "program.db"))
	if !slices.Equal(got, want) {
		for i := range scripts {
			if got[i] != want[i] {
				t.Errorf("%s:\nthe connection gives %v\nthe program gives    %v", scripts[i], got[i], want[i])
			}
		}
	}
	if last := want[len(want)-2].rows; last != `[{"i":-2},{"i":1}]` {
		t.Errorf("after all scripts: got %s, want the rows -2 and 1", last)
	}
}
