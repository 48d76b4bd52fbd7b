package hubtest

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A mirror is what the sync frames of one socket add up to. It checks of every
// such frame what the protocol promises of all.
type mirror struct {
	records map[string]map[string]record // by kind and id
	form    string                       // of the socket, once a frame has shown it
	logged  string                       // the newest logged_at of this request

	sights  map[sight]int // how often a record came, since the drain began
	parents map[string]bool
}

type (
	record = map[string]any
	sight  struct{ kind, id string }
)

func newMirror() *mirror {
	m := &mirror{records: map[string]map[string]record{}}
	for _, kind := range []string{"channels", "games", "events", "achievements", "rules"} {
		m.records[kind] = map[string]record{}
	}
	m.beginDrain()
	return m
}

// beginRequest forgets the order, not the records: a new request may send
// older versions again.
func (m *mirror) beginRequest() { m.logged = "" }

func (m *mirror) beginDrain() { m.sights, m.parents = map[sight]int{}, map[string]bool{} }

// checkOnce reports a record that came twice since the drain began. A game may:
// its oldest version comes beside its newest where an event or an achievement needs it.
func (m *mirror) checkOnce() error {
	for s, n := range m.sights {
		if n > 2 || n == 2 && !(s.kind == "games" && m.parents[s.id]) {
			return fmt.Errorf("want every record once, got %d times %s %s", n, s.kind, s.id)
		}
	}
	return nil
}

func (m *mirror) apply(f frame) error {
	kind := strings.TrimPrefix(f.event(), syncPrefix)
	if m.records[kind] == nil {
		return fmt.Errorf("want a kind of record, got %q", kind)
	}
	if ref, _ := f.object["ref"].(string); !uuid4.MatchString(ref) {
		return fmt.Errorf("want a UUID v4 as ref of a sync frame, got %s", show(f.object["ref"]))
	}
	form := "records"
	versions, isList := f.object["payload"].([]any)
	if isList {
		form = "versions"
	}
	if m.form != "" && m.form != form {
		return fmt.Errorf("want the form %s on this socket, got %s", m.form, form)
	}
	m.form = form
	if isList {
		return m.applyVersions(kind, versions)
	}
	return m.applyRecords(kind, f.object["payload"])
}

func (m *mirror) applyRecords(kind string, payload any) error {
	object, _ := payload.(map[string]any)
	list, ok := object[kind].([]any)
	deleted, _ := object["deleted"].([]any)
	if n := len(list) + len(deleted); !ok || n < 1 || n > 10 {
		return fmt.Errorf("want 1 to 10 %s in a frame, got %d and %d deleted", kind, len(list), len(deleted))
	}
	for _, one := range list {
		if err := m.put(kind, one); err != nil {
			return err
		}
	}
	for _, id := range deleted {
		if !isInteger(id) {
			return fmt.Errorf("want an integer id in deleted, got %s", show(id))
		}
		delete(m.records[kind], fmt.Sprint(id))
	}
	return nil
}

func (m *mirror) applyVersions(kind string, list []any) error {
	if len(list) < 1 || len(list) > 10 {
		return fmt.Errorf("want 1 to 10 versions in a frame, got %d", len(list))
	}
	for _, one := range list {
		version, _ := one.(map[string]any)
		at, _ := version["logged_at"].(string)
		if !isMicros(at) || at <= m.logged {
			return fmt.Errorf("want a logged_at after %q, got %q", m.logged, at)
		}
		m.logged = at
		if err := m.applyVersion(kind, version["action"], version["payload"]); err != nil {
			return err
		}
	}
	return nil
}

func (m *mirror) applyVersion(kind string, action, payload any) error {
	switch action {
	case "create", "update":
		return m.put(kind, payload)
	case "delete":
		object, _ := payload.(map[string]any)
		id := object["id"]
		if !isInteger(id) {
			return fmt.Errorf("want an integer id in a delete, got %s", show(id))
		}
		delete(m.records[kind], fmt.Sprint(id))
		m.sights[sight{kind, fmt.Sprint(id)}]++
		return nil
	}
	return fmt.Errorf("want an action, got %s", show(action))
}

func (m *mirror) put(kind string, payload any) error {
	r, _ := payload.(map[string]any)
	if !isInteger(r["id"]) {
		return fmt.Errorf("want an integer id in a record, got %s", show(r["id"]))
	}
	id := fmt.Sprint(r["id"])
	if kind == "events" || kind == "achievements" {
		game := fmt.Sprint(r["game_id"])
		if m.records["games"][game] == nil {
			return fmt.Errorf("want game %s before its %s, got %s %s first", game, kind, kind, id)
		}
		m.parents[game] = true
	}
	m.records[kind][id] = r
	m.sights[sight{kind, id}]++
	return nil
}

// list gives the records of a kind in the order of their ids.
func (m *mirror) list(kind string) []any {
	list := []any{}
	for _, r := range slices.SortedFunc(maps.Values(m.records[kind]), func(a, b record) int {
		return cmp.Compare(fmt.Sprintf("%20s", a["id"]), fmt.Sprintf("%20s", b["id"]))
	}) {
		list = append(list, r)
	}
	return list
}

// equalRows reports whether the records of a kind are the rows that the
// database gave; the rows say which keys count.
func (m *mirror) equalRows(kind string, rows []record) error {
	have, want := []string{}, []string{}
	for _, row := range rows {
		want = append(want, string(encode(row)))
	}
	for _, r := range m.records[kind] {
		row := record{}
		if len(rows) > 0 {
			for key := range rows[0] {
				if v, ok := r[key]; ok {
					row[key] = asColumn(v)
				}
			}
		}
		have = append(have, string(encode(row)))
	}
	slices.Sort(have)
	slices.Sort(want)
	if slices.Equal(have, want) {
		return nil
	}
	err := fmt.Errorf("%s: want the %d rows of the database, got %d records", kind, len(want), len(have))
	for _, row := range want {
		if !slices.Contains(have, row) {
			return errors.Join(err, fmt.Errorf("%s is missing", row))
		}
	}
	return err
}

// asColumn writes a boolean as the database does.
func asColumn(v any) any {
	switch v {
	case true:
		return number(1)
	case false:
		return number(0)
	}
	return v
}
