package hubtest

import (
	"strings"
	"testing"
)

const aRef = `"ref":"5fa7d629-5cd8-43f4-b973-8657ee0b584a"`

func records(kind, list string) string {
	return `{"event":"sync/` + kind + `",` + aRef + `,"payload":{"` + kind + `":[` + list + `]}}`
}

func versions(kind string, list ...string) string {
	return `{"event":"sync/` + kind + `",` + aRef + `,"payload":[` + strings.Join(list, ",") + `]}`
}

func version(action, second, payload string) string {
	return `{"action":"` + action + `","logged_at":"2019-01-20T12:30:` + second + `.000000Z","payload":` + payload + `}`
}

func TestMirror(t *testing.T) {
	create, other := version("create", "01", `{"id":1}`), version("create", "02", `{"id":2}`)
	for _, test := range []struct {
		name   string
		frames []string
		want   string // in the error
		kind   string
		list   string
	}{
		{"records", []string{records("channels", `{"id":10},{"id":2},{"id":1}`), records("channels", `{"id":2,"name":"x"}`)}, "", "channels", `[{"id":1},{"id":2,"name":"x"},{"id":10}]`},
		{"deleted", []string{records("games", `{"id":1}`), `{"event":"sync/games",` + aRef + `,"payload":{"games":[{"id":1}],"deleted":[1]}}`}, "", "games", `[]`},
		{"versions", []string{versions("games", create, other), versions("games", version("update", "03", `{"id":1,"game":"x"}`), version("delete", "04", `{"id":2}`))}, "", "games", `[{"game":"x","id":1}]`},
		{"an event after its game", []string{versions("games", create), versions("events", version("create", "02", `{"id":5,"game_id":1}`))}, "", "events", `[{"game_id":1,"id":5}]`},
		{"no ref", []string{`{"event":"sync/channels","payload":{"channels":[{"id":1}]}}`}, "UUID", "", ""},
		{"an unknown kind", []string{records("players", `{"id":1}`)}, "kind", "", ""},
		{"no records", []string{records("channels", "")}, "got 0", "", ""},
		{"no versions", []string{versions("channels")}, "got 0", "", ""},
		{"eleven records", []string{records("channels", strings.Repeat(`{"id":1},`, 10)+`{"id":1}`)}, "got 11", "", ""},
		{"records, then versions", []string{records("games", `{"id":1}`), versions("games", create)}, "got versions", "", ""},
		{"versions, then records", []string{versions("games", create), records("games", `{"id":1}`)}, "got records", "", ""},
		{"the same instant twice", []string{versions("games", create), versions("games", create)}, "logged_at", "", ""},
		{"an older instant", []string{versions("games", other, create)}, "logged_at", "", ""},
		{"no microseconds", []string{strings.ReplaceAll(versions("games", create), ".000000", "")}, "logged_at", "", ""},
		{"an event before its game", []string{versions("events", version("create", "01", `{"id":1,"game_id":1}`))}, "want game 1 before", "", ""},
		{"no id", []string{records("games", `{}`)}, "integer id", "", ""},
		{"a text as id", []string{records("games", `{"id":"1"}`)}, "integer id", "", ""},
		{"a text as deleted id", []string{`{"event":"sync/games",` + aRef + `,"payload":{"games":[],"deleted":["1"]}}`}, "integer id", "", ""},
		{"a delete without id", []string{versions("games", version("delete", "01", `{}`))}, "integer id", "", ""},
		{"an unknown action", []string{versions("games", version("put", "01", `{"id":1}`))}, "action", "", ""},
	} {
		m := newMirror()
		err := applyAll(t, m, test.frames)
		switch {
		case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
			t.Errorf("%s: got %v, want %q", test.name, err, test.want)
		case test.want == "" && err != nil:
			t.Errorf("%s: got %v, want no error", test.name, err)
		case test.want == "" && string(encode(m.list(test.kind))) != test.list:
			t.Errorf("%s: got %s, want %s", test.name, encode(m.list(test.kind)), test.list)
		}
	}
}

func applyAll(t testing.TB, m *mirror, frames []string) error {
	t.Helper()
	for _, text := range frames {
		if err := m.apply(frame{object: decode(t, text).(map[string]any), raw: []byte(text)}); err != nil {
			return err
		}
	}
	return nil
}

func TestMirror_beginRequest(t *testing.T) {
	m := newMirror()
	frames := []string{versions("games", version("create", "01", `{"id":1}`))}
	if err := applyAll(t, m, frames); err != nil {
		t.Fatal(err)
	}
	m.beginRequest()
	if err := applyAll(t, m, frames); err != nil {
		t.Errorf("the same version in a new request: got %v, want no error", err)
	}
}

func TestMirror_checkOnce(t *testing.T) {
	game := func(second string) string { return versions("games", version("update", second, `{"id":1}`)) }
	achievement := versions("achievements", version("create", "02", `{"id":1,"game_id":1}`))
	for _, test := range []struct {
		name   string
		frames []string
		once   bool
	}{
		{"every record once", []string{game("01"), achievement}, true},
		{"a game twice", []string{game("01"), game("03")}, false},
		{"a game before and after what needs it", []string{game("01"), achievement, game("03")}, true},
		{"a game three times", []string{game("01"), achievement, game("03"), game("04")}, false},
		{"an achievement twice", []string{game("01"), achievement, versions("achievements", version("update", "03", `{"id":1,"game_id":1}`))}, false},
	} {
		m := newMirror()
		if err := applyAll(t, m, test.frames); err != nil {
			t.Fatalf("%s: %v", test.name, err)
		}
		if err := m.checkOnce(); (err == nil) != test.once {
			t.Errorf("%s: got %v, want it accepted: %t", test.name, err, test.once)
		}
	}
}

func TestMirror_equalRows(t *testing.T) {
	m := newMirror()
	if err := m.equalRows("channels", nil); err != nil {
		t.Errorf("nothing: got %v, want no error", err)
	}
	if err := applyAll(t, m, []string{records("channels", `{"id":1,"name":"a","hidden":true,"description":null}`)}); err != nil {
		t.Fatal(err)
	}
	row := record{"name": "a", "hidden": number(1), "description": nil}
	for _, test := range []struct {
		name  string
		rows  []record
		equal bool
	}{
		{"the same", []record{row}, true},
		{"one more", []record{row, row}, false},
		{"none", nil, false},
		{"another value", []record{{"name": "a", "hidden": number(0)}}, false},
		{"a key that the record lacks", []record{{"name": "a", "topic": nil}}, false},
	} {
		if err := m.equalRows("channels", test.rows); (err == nil) != test.equal {
			t.Errorf("%s: got %v, want it accepted: %t", test.name, err, test.equal)
		}
	}
}
