package store_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"hearsay/hub/store"
)

func TestIgnores(t *testing.T) {
	s := open(t)
	addGame(t, s, "Alpha")
	addGame(t, s, "Beta")
	ctx := store.WithActor(t.Context(), store.Actor{Name: "ann"})
	if all := must(s.Ignorers(ctx)); all != nil || all.To("Bob", "Beta").Has(1) {
		t.Errorf("got %+v", all)
	}
	commits := s.Ignored()
	var want []store.Ignore
	if got := logged(t, s, func() {
		want = append(want, must(s.AddIgnore(ctx, "alpha", " Bob@beta ")), must(s.AddIgnore(ctx, "Alpha", "*@Hearsay")), must(s.AddIgnore(ctx, "Alpha", "Ünal@*")))
	}); len(got) > 0 {
		t.Errorf("an ignore list is in the log of versions: %q", brief(got))
	}
	if s.Ignored() == commits {
		t.Error("the hub does not hear of it")
	}
	if one := want[0]; one.Name != "Bob" || one.Game != "beta" || one.CreatedBy != "ann" || one.String() != "Bob@beta" {
		t.Errorf("got %+v", one)
	}
	if got := must(s.Ignores(ctx, "ALPHA")); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	check1 := func(name, game string, want bool) {
		t.Helper()
		d := must(s.Ignorers(ctx)).To(name, game)
		if d.Has(1) != want || d.Has(2) || (d == nil) == want {
			t.Errorf("%s@%s: got %v, want %t", name, game, d, want)
		}
	}
	check1("BOB", "Beta", true)
	check1("Bob", "Gamma", false)
	check1("Bobby", "Beta", false)
	check1("", "Beta", false)
	check1("ann", "hearsay", true)
	check1("", "hearsay", true) // the game as a whole
	check1("üNAL", "Gamma", true)

	for _, test := range []struct {
		game, pattern string
		want          error
	}{
		{"Alpha", "bob@BETA", store.ErrConflict},
		{"Alpha", "üNAL@*", store.ErrConflict},
		{"Alpha", "U\u0308NAL@*", store.ErrConflict},
		{"Alpha", `Bob\@Beta`, store.ErrInvalid},
		{"Alpha", "\u3164@Beta", store.ErrInvalid},
		{"Alpha", "Ann@Nowhere", store.ErrInvalid},
		{"Alpha", "Ann@alpha", store.ErrInvalid},
		{"Alpha", "*@*", store.ErrInvalid},
		{"Alpha", "Ann", store.ErrInvalid},
		{"Alpha", "@Beta", store.ErrInvalid},
		{"Alpha", " ", store.ErrInvalid},
		{"Alpha", "\xff@Beta", store.ErrInvalid},
		{"Alpha", strings.Repeat("x", 65) + "@Beta", store.ErrInvalid},
		{"Nowhere", "Ann@Beta", store.ErrNotFound},
	} {
		_, err := s.AddIgnore(ctx, test.game, test.pattern)
		wantErr(t, test.pattern, err, test.want)
	}
	_, err := s.RemoveIgnore(ctx, "Alpha", "Ann@Beta")
	wantErr(t, "remove", err, store.ErrNotFound)
	_, err = s.RemoveIgnore(ctx, "Nowhere", "Bob@Beta")
	wantErr(t, "remove", err, store.ErrNotFound)

	must(s.AddIgnore(ctx, "Beta", "Bob@*"))
	if d := must(s.Ignorers(ctx)).To("bob", "beta"); !d.Has(1) || !d.Has(2) {
		t.Errorf("got %v", d)
	}
	if got := must(s.RemoveIgnore(ctx, "alpha", "BOB@Beta")); got != want[0] {
		t.Errorf("got %+v, want %+v", got, want[0])
	}
	var audit []string
	for _, e := range must(s.Audit(ctx, store.AuditQuery{Action: "ignore", Limit: 10})) {
		audit = append(audit, fmt.Sprintf("%s %s %s: %s → %s", e.Actor, e.Action, e.Subject, e.Before, e.After))
	}
	if want := `ann ignore remove alpha: {"Bob@beta":true} → null`; len(audit) != 5 || audit[0] != want {
		t.Errorf("got %q, want %q first", audit, want)
	}

	check(t, s.DeleteGame(ctx, "Alpha"))
	if all := must(s.Ignorers(ctx)); all.To("Ann", "Hearsay") != nil || !all.To("Bob", "x").Has(2) {
		t.Errorf("after the game was removed: got %+v", all)
	}
}

// A page is as full without some players' messages as with them.
func TestHistory_without(t *testing.T) {
	s := open(t)
	for i := range 40 {
		m := store.Message{Channel: 1, Game: "Alpha", Name: []string{"Ann", "Bob"}[i%2], Text: fmt.Sprint(i)}
		check(t, s.Append(t.Context(), m, func(store.Message) {}))
	}
	after := func(id store.MessageID) *store.MessageID { return &id }
	for _, test := range []struct {
		q     store.HistoryQuery
		want  string
		total int
	}{
		{store.HistoryQuery{Limit: 3}, "34 36 38", 36},
		{store.HistoryQuery{Limit: 3, After: after(0)}, "0 2 4", 37},
		{store.HistoryQuery{Limit: 3, After: after(35)}, "36 38", 2},
		{store.HistoryQuery{Limit: 3, After: after(39)}, "", 0},
		{store.HistoryQuery{Limit: 100}, "0 2 4 6 8 10 12 14 16 18 20 22 24 26 28 30 32 34 36 38", 20},
	} {
		test.q.Channel, test.q.Without = 1, func(game, name string) bool { return game+name == "AlphaBob" }
		messages, total, err := s.History(t.Context(), test.q)
		check(t, err)
		var texts []string
		for _, m := range messages {
			texts = append(texts, m.Text)
		}
		if !slices.Equal(texts, strings.Fields(test.want)) || total != test.total {
			t.Errorf("%+v: got %q of %d, want %s of %d", test.q, texts, total, test.want, test.total)
		}
	}
}

// A player of the name "*" is one player, in any spelling of a name that is the same.
func TestIgnores_quoted(t *testing.T) {
	s := open(t)
	addGame(t, s, "Alpha")
	addGame(t, s, "Beta")
	ctx := t.Context()
	one := must(s.AddIgnore(ctx, "Alpha", `\*@Beta`))
	if one.String() != `\*@Beta` {
		t.Errorf("got %s", one)
	}
	long := strings.Repeat("*", 64)
	must(s.AddIgnore(ctx, "Alpha", store.PlayerPattern(long, "Beta")))
	must(s.AddIgnore(ctx, "Alpha", "ann@home@Beta"))
	for name, want := range map[string]bool{"*": true, "Bob": false, `\*`: false, long: true, "Ann@Home": true, "ann": false} {
		if got := must(s.Ignorers(ctx)).To(name, "Beta").Has(1); got != want {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
	_, err := s.AddIgnore(ctx, "Alpha", `ann\@home@Beta`)
	wantErr(t, "the same, quoted", err, store.ErrConflict)
	must(s.RemoveIgnore(ctx, "Alpha", `\*@beta`))
	if must(s.Ignorers(ctx)).To("*", "Beta").Has(1) {
		t.Error("it is ignored still")
	}
}
