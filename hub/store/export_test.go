package store_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"hearsay/hub/store"
)

func TestExportMessages(t *testing.T) {
	s, start := talk(t)
	run(t, connect(t, s.Path()), `UPDATE messages SET name = '=1+1', message = '@SUM(A1),"x"' || char(10) || 'y' WHERE id = 1`)
	run(t, connect(t, s.Path()), `UPDATE messages SET hidden_by = 'ann', hidden_at = ?1 WHERE id = 2`, start.Add(8*24*time.Hour).UnixMicro())
	var b bytes.Buffer
	check(t, s.ExportMessages(t.Context(), &b, store.CSV, store.Search{Game: "Alpha"}))
	want := `id,sent_at,channel,game,name,message,hidden_at
1,2026-01-01T00:00:00.000000Z,gossip,Alpha,'=1+1,"'@SUM(A1),""x""
y",
2,2026-01-02T00:00:00.000000Z,gossip,Alpha,Ann Marie,"hello, Café!",2026-01-09T00:00:00.000000Z
8,2026-01-08T00:00:00.000000Z,gossip,Alpha,Annabel,'-1 +2 =3 @4,
`
	if got := b.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	b.Reset()
	check(t, s.ExportMessages(t.Context(), &b, store.JSON, store.Search{Words: "hello", Channel: "gossip"}))
	want = `[
{"id":2,"game":"Alpha","name":"Ann Marie","message":"hello, Café!","sent_at":"2026-01-02T00:00:00Z","channel":"gossip","hidden":{"by":"ann","at":"2026-01-09T00:00:00Z"}}
]
`
	if got := b.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for format, want := range map[store.Format]string{store.CSV: "id,sent_at,channel,game,name,message,hidden_at\n", store.JSON: "[]\n"} {
		b.Reset()
		check(t, s.ExportMessages(t.Context(), &b, format, store.Search{Words: "nothing"}))
		if b.String() != want {
			t.Errorf("%s of nothing: got %q, want %q", format, b.String(), want)
		}
		b.Reset()
		wantField(t, "export", s.ExportMessages(t.Context(), &b, format, store.Search{Words: "!"}), store.ErrInvalid, "words")
		if b.Len() > 0 {
			t.Errorf("%s: got %q although the search is invalid", format, b.String())
		}
		wantErr(t, "a broken pipe", s.ExportMessages(t.Context(), broken{}, format, store.Search{}), errBroken)
	}
	wantField(t, "export", s.ExportMessages(t.Context(), &b, "xml", store.Search{}), store.ErrInvalid, "format")
}

var errBroken = errors.New("broken")

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errBroken }

// No cell begins as a formula does.
func TestExportMessages_formulas(t *testing.T) {
	s := open(t)
	must(s.CreateChannel(t.Context(), store.Channel{Name: "-abc", KeepDays: 30}))
	guarded := []string{"=1", "+1", "-abc", "@SUM", "\t=1", "\rx", "\nx", " =1", "\u00a0=1", "\uff1d1", "\uff0b1", "\uff0d1", "\uff20SUM"}
	plain := []string{"a=1", "1+1", "'x", "\u00e9", ""}
	for _, text := range append(guarded, plain...) {
		run(t, connect(t, s.Path()), `
			INSERT INTO messages (channel_id, game, name, message, sent_at) SELECT id, 'Alpha', ?1, ?1, 1797984000123000 FROM channels WHERE name = '-abc'`, text)
	}
	var b bytes.Buffer
	check(t, s.ExportMessages(t.Context(), &b, store.CSV, store.Search{}))
	lines, err := csv.NewReader(&b).ReadAll()
	check(t, err)
	for i, line := range lines[1:] {
		want := append(guarded, plain...)[i]
		if i < len(guarded) {
			want = "'" + want
		}
		if line[1] != "2026-12-23T00:00:00.123000Z" || line[2] != "'-abc" || line[4] != want || line[5] != want {
			t.Errorf("got %q, want %q", line, want)
		}
	}
}

// More than a part, and more than a search would add to the index by itself.
func TestExportMessages_many(t *testing.T) {
	s := open(t)
	run(t, connect(t, s.Path()), `
		INSERT INTO messages (channel_id, game, name, message, sent_at)
		WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4500)
		SELECT 1, 'Alpha', 'Ann', 'hello ' || i, i FROM n`)
	var b bytes.Buffer
	check(t, s.ExportMessages(t.Context(), &b, store.JSON, store.Search{Words: "hello"}))
	var all []map[string]any
	check(t, json.Unmarshal(b.Bytes(), &all))
	b.Reset()
	check(t, s.ExportMessages(t.Context(), &b, store.CSV, store.Search{}))
	lines, err := csv.NewReader(strings.NewReader(b.String())).ReadAll()
	check(t, err)
	if len(all) != 4500 || len(lines) != 4501 {
		t.Fatalf("got %d and %d messages", len(all), len(lines)-1)
	}
	for i := range all {
		if want := fmt.Sprint("hello ", i+1); all[i]["message"] != want || lines[i+1][5] != want {
			t.Fatalf("got %v and %q, want %q", all[i]["message"], lines[i+1][5], want)
		}
	}
}
