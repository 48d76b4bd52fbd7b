package store

import (
	"slices"
	"strconv"
	"testing"

	"zombiezen.com/go/sqlite"
)

// hooked opens a connection whose hooks note what they hear.
func hooked(t *testing.T, path string) (*sqlite.Conn, *[]string) {
	t.Helper()
	var heard []string
	h := &hooks{
		update:   func(table string) { heard = append(heard, "update "+table) },
		rollback: func() { heard = append(heard, "rollback") },
		commit:   func(int) { heard = append(heard, "commit") },
	}
	number, err := register(h)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := sqlite.OpenConn(uri(path, hookParameter+"="+itoa(number)), sqlite.OpenReadWrite|sqlite.OpenCreate|sqlite.OpenWAL|sqlite.OpenURI)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.hookCommits(number); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
		if _, still := registry.m.Load(number); still {
			t.Error("the hooks outlive their connection")
		}
	})
	return conn, &heard
}

func TestHooks(t *testing.T) {
	conn, heard := hooked(t, t.TempDir()+"/a file#1?.db")
	for _, test := range []struct {
		query string
		want  []string
	}{
		{`CREATE TABLE t (a UNIQUE)`, []string{"commit"}},
		{`INSERT INTO t VALUES (1), (2)`, []string{"update t", "update t", "commit"}},
		{`UPDATE t SET a = 3 WHERE a = 2`, []string{"update t", "commit"}},
		{`DELETE FROM t WHERE a = 3`, []string{"update t", "commit"}},
		{`DELETE FROM t WHERE a = 99`, nil},
		{`BEGIN`, nil},
		{`INSERT INTO t VALUES (4)`, []string{"update t"}},
		{`ROLLBACK`, []string{"rollback"}},
		{`BEGIN`, nil},
		{`INSERT INTO t VALUES (5)`, []string{"update t"}},
		{`COMMIT`, []string{"commit"}},
	} {
		*heard = nil
		if err := exec(conn, test.query); err != nil {
			t.Fatalf("%s: %v", test.query, err)
		}
		if !slices.Equal(*heard, test.want) {
			t.Errorf("%s: heard %q, want %q", test.query, *heard, test.want)
		}
	}
}

// A connection without the parameter, and one of another number, hear nothing.
func TestHooks_otherConnections(t *testing.T) {
	path := t.TempDir() + "/a.db"
	conn, heard := hooked(t, path)
	if err := exec(conn, `CREATE TABLE t (a)`); err != nil {
		t.Fatal(err)
	}
	other, heardOther := hooked(t, path)
	plain, err := sqlite.OpenConn(uri(path, ""))
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	*heard = nil
	for _, c := range []*sqlite.Conn{plain, other} {
		if err := exec(c, `INSERT INTO t VALUES (1)`); err != nil {
			t.Fatal(err)
		}
	}
	if len(*heard) > 0 {
		t.Errorf("heard %q of another connection", *heard)
	}
	if want := []string{"update t", "commit"}; !slices.Equal(*heardOther, want) {
		t.Errorf("heard %q, want %q", *heardOther, want)
	}
}

func BenchmarkUpdateHook(b *testing.B) {
	for _, query := range []string{"", hookParameter} {
		name := "without"
		if query != "" {
			name = "with"
			number, err := register(&hooks{update: func(string) {}, rollback: func() {}, commit: func(int) {}})
			if err != nil {
				b.Fatal(err)
			}
			query += "=" + itoa(number)
		}
		b.Run(name, func(b *testing.B) {
			conn, err := sqlite.OpenConn(uri(b.TempDir()+"/a.db", query))
			if err != nil {
				b.Fatal(err)
			}
			defer conn.Close()
			for _, query := range []string{`PRAGMA synchronous = OFF`, `CREATE TABLE t (a)`, `BEGIN`} {
				if err := exec(conn, query); err != nil {
					b.Fatal(err)
				}
			}
			for b.Loop() {
				if err := exec(conn, `INSERT INTO t VALUES (1)`); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func itoa(n uintptr) string { return strconv.FormatUint(uint64(n), 10) }
