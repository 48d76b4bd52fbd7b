package store_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"hearsay/hub/store"
)

// The audit is kept for ever, so no secret may come in, even one that somebody wrote into the
// file.
func TestStore_Audit_secretSetting(t *testing.T) {
	s := open(t)
	ann := store.WithActor(t.Context(), store.Actor{Name: "ann"})
	for _, key := range []string{"smtp-url", "metrics-token"} {
		check(t, s.SetSetting(ann, key, "smtp://u:horse@mail.example"))
		check(t, s.UnsetSetting(ann, key))
	}
	for _, one := range must(s.Audit(t.Context(), store.AuditQuery{Limit: 100})) {
		if text := string(one.Before) + string(one.After); strings.Contains(text, "horse") || !strings.Contains(text, "(not shown)") {
			t.Errorf("got %s", text)
		}
	}
}

func TestStore_Audit(t *testing.T) {
	s := open(t)
	ann := store.WithActor(t.Context(), store.Actor{Name: "ann", Address: "192.0.2.7"})
	cli := store.WithActor(t.Context(), store.Actor{Name: "cli:olga"})
	began := time.Now()
	must(s.CreateGame(ann, store.Game{ShortName: "Alpha", Name: "Alpha MUD", Display: true}, store.LongSecret))
	check(t, s.UpdateGame(cli, "Alpha", store.GameEdit{Tagline: pointer("100% Dragons")}))
	check(t, s.SetSetting(ann, "title", "Starlight"))
	check(t, s.SetSetting(cli, "title", "Moonlight"))
	check(t, s.SetSetting(cli, "title", "Moonlight"))
	check(t, s.UnsetSetting(ann, "title"))
	check(t, s.Note(ann, "backup download", "hearsay-1.db"))
	addGame(t, s, "Beta") // nobody did

	list := func(q store.AuditQuery) (texts []string) {
		t.Helper()
		if q.Limit == 0 {
			q.Limit = 100
		}
		for _, one := range must(s.Audit(t.Context(), q)) {
			texts = append(texts, fmt.Sprintf("%d %s %s %s", one.ID, one.Actor, one.Action, one.Subject))
		}
		return texts
	}
	all := []string{
		"7 ann backup download hearsay-1.db", "6 ann setting unset title", "5 cli:olga setting set title", "4 cli:olga setting set title",
		"3 ann setting set title", "2 cli:olga game edit Alpha", "1 ann game add Alpha",
	}
	for _, test := range []struct {
		query store.AuditQuery
		want  []string
	}{
		{store.AuditQuery{}, all},
		{store.AuditQuery{Limit: 2}, all[:2]},
		{store.AuditQuery{Limit: 2, Below: 6}, all[2:4]},
		{store.AuditQuery{Below: 1}, nil},
		{store.AuditQuery{Actor: "ann"}, []string{all[0], all[1], all[4], all[6]}},
		{store.AuditQuery{Action: "setting"}, all[1:5]},
		{store.AuditQuery{Action: "setting set"}, all[2:5]},
		{store.AuditQuery{Action: "sett"}, nil},
		{store.AuditQuery{Subject: "ALPHA"}, all[5:]},
		{store.AuditQuery{Text: "192.0.2.7", Action: "setting"}, []string{all[1], all[4]}},
		{store.AuditQuery{Text: "100% d"}, all[5:6]},
		{store.AuditQuery{Text: "1%d"}, nil},
		{store.AuditQuery{Since: began.Add(-time.Hour), Until: time.Now().Add(time.Hour)}, all},
		{store.AuditQuery{Since: time.Now().Add(time.Hour)}, nil},
		{store.AuditQuery{Until: began.Add(-time.Hour)}, nil},
	} {
		if got := list(test.query); strings.Join(got, ",") != strings.Join(test.want, ",") {
			t.Errorf("%+v: got %q, want %q", test.query, got, test.want)
		}
	}
	for text, want := range map[string]int{"moonlight": 2, "starlight": 2} { // what did not differ is not on record
		if got := list(store.AuditQuery{Text: text}); len(got) != want {
			t.Errorf("%s: got %q", text, got)
		}
	}
	entries := must(s.Audit(t.Context(), store.AuditQuery{Limit: 100}))
	for i, want := range []string{`null null`, `{"value":"Moonlight"} null`, `null null`, `{"value":"Starlight"} {"value":"Moonlight"}`, `null {"value":"Starlight"}`} {
		if got := string(entries[i].Before) + " " + string(entries[i].After); got != want {
			t.Errorf("%s: got %s, want %s", entries[i].Action, got, want)
		}
	}
	if first := entries[6]; first.Address != "192.0.2.7" || first.At.Before(began.Add(-time.Second)) || !strings.Contains(string(first.After), `"name":"Alpha MUD"`) {
		t.Errorf("got %+v", first)
	}
	for i, want := range map[int]string{1: `value "Moonlight" `, 3: `value "Starlight" "Moonlight"`, 5: `tagline null "100% Dragons"`} {
		got := ""
		for _, c := range entries[i].Changes() {
			got += c.Key + " " + string(c.Before) + " " + string(c.After)
		}
		if got != want {
			t.Errorf("%s: got %s, want %s", entries[i].Action, got, want)
		}
	}
	if got := entries[6].Changes(); len(got) < 3 || got[0].Before != nil || string(got[0].After) == "null" {
		t.Errorf("got %+v", got)
	}
	actors, actions, err := s.AuditKinds(t.Context())
	if err != nil || !slices.Equal(actors, []string{"ann", "cli:olga"}) || !slices.Equal(actions, []string{"backup download", "game add", "game edit", "setting set", "setting unset"}) {
		t.Errorf("got %q, %q, %v", actors, actions, err)
	}
}
