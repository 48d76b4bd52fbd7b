package store_test

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"hearsay/hub/store"
)

// openGame adds a game that lets characters be registered.
func openGame(t testing.TB, s *store.Store, shortName string) store.GameID {
	t.Helper()
	c, err := s.CreateGame(t.Context(), store.Game{ShortName: shortName, Name: shortName + " MUD", Display: true, AllowCharacterRegistration: true}, store.LongSecret)
	check(t, err)
	return store.GameID(c.ID)
}

func invite(t testing.TB, s *store.Store, username string) int64 {
	t.Helper()
	return must(s.InviteUser(t.Context(), store.User{Username: username, Role: store.Moderator})).ID
}

// register registers a character with the user's open key.
func register(t testing.TB, s *store.Store, user int64, game store.GameID, name string, now time.Time) store.Character {
	t.Helper()
	return must(s.Register(t.Context(), game, name, must(s.RegistrationKey(t.Context(), user, now)).Key, now))
}

func wantReason(t testing.TB, what string, err error, reason store.RegistrationReason, is error) {
	t.Helper()
	r, ok := errors.AsType[*store.RegistrationError](err)
	if !ok || r.Reason != reason || !errors.Is(err, is) {
		t.Errorf("%s: got %v, want %q", what, err, reason)
	}
}

func TestRegistrationKey(t *testing.T) {
	s, now := open(t), time.Now()
	ann, bob := invite(t, s, "ann"), invite(t, s, "bob")
	key := must(s.RegistrationKey(t.Context(), ann, now))
	if !regexp.MustCompile(`\A[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){2}\z`).MatchString(key.Key) {
		t.Errorf("got %q", key.Key)
	}
	if got := key.ExpiresAt.Sub(now).Round(time.Second); got != store.RegistrationKeyLasts {
		t.Errorf("it lasts %v", got)
	}
	if again := must(s.RegistrationKey(t.Context(), ann, now.Add(store.RegistrationKeyLasts-time.Second))); again != key {
		t.Errorf("got another, %v", again)
	}
	if other := must(s.RegistrationKey(t.Context(), bob, now)); other.Key == key.Key {
		t.Error("two people have the same")
	}
	late := now.Add(store.RegistrationKeyLasts)
	game := openGame(t, s, "Alpha")
	_, err := s.Register(t.Context(), game, "Ann", key.Key, late)
	wantReason(t, "an old key", err, store.UnknownKey, store.ErrNotFound)
	fresh := must(s.RegistrationKey(t.Context(), ann, late))
	if fresh.Key == key.Key {
		t.Error("the old key is given out again")
	}
	_, err = s.Register(t.Context(), game, "Ann", key.Key, now)
	wantReason(t, "a key that was replaced", err, store.UnknownKey, store.ErrNotFound)

	// However it is typed.
	typed := strings.NewReplacer("1", "l", "0", "o", "-", "  ").Replace(strings.ToLower(fresh.Key))
	if c, err := s.Register(t.Context(), game, "Ann", typed, late); err != nil || c.Username != "ann" || c.String() != "Ann@Alpha" || c.State != store.Pending {
		t.Errorf("%q: got %+v, %v", typed, c, err)
	}
	for _, wrong := range []string{"", "x", fresh.Key + "0", strings.Repeat("é", 12), fresh.Key} {
		_, err := s.Register(t.Context(), game, "Eve", wrong, late)
		wantReason(t, wrong, err, store.UnknownKey, store.ErrNotFound)
	}
	_, err = s.RegistrationKey(t.Context(), 99, now)
	wantErr(t, "nobody's key", err, store.ErrNotFound)
}

func TestRegister(t *testing.T) {
	s, now := open(t), time.Now()
	ctx := t.Context()
	ann, bob := invite(t, s, "ann"), invite(t, s, "bob")
	alpha, beta := openGame(t, s, "Alpha"), openGame(t, s, "Beta")
	closed := store.GameID(addGame(t, s, "Closed").ID)
	key := func(user int64) string { return must(s.RegistrationKey(ctx, user, now)).Key }
	kept := key(bob)

	_, err := s.Register(ctx, closed, "Zoë", kept, now)
	wantReason(t, "a game that allows none", err, store.RegistrationClosed, store.ErrInvalid)
	_, err = s.Register(ctx, 99, "Zoë", kept, now)
	wantErr(t, "no game", err, store.ErrNotFound)
	_, err = s.Register(ctx, alpha, "", kept, now)
	wantField(t, "no name", err, store.ErrInvalid, "name")
	_, err = s.Register(ctx, alpha, strings.Repeat("é", 65), kept, now)
	wantField(t, "a long name", err, store.ErrInvalid, "name")

	zoe := register(t, s, ann, alpha, "ZOË", now)
	register(t, s, ann, beta, "Zoë", now) // another game's
	_, err = s.Register(ctx, alpha, "zoë", kept, now)
	wantReason(t, "while it is pending", err, store.NameRegistered, store.ErrConflict)
	must(s.ApproveCharacter(ctx, zoe.ID, ann))
	_, err = s.Register(ctx, alpha, "zoë", kept, now)
	wantReason(t, "while it is approved", err, store.NameRegistered, store.ErrConflict)
	must(s.VetoCharacter(ctx, zoe.ID, alpha, "no"))
	_, err = s.Register(ctx, alpha, "zoë", kept, now.Add(48*time.Hour))
	wantReason(t, "while it is vetoed", err, store.NameVetoed, store.ErrConflict)
	must(s.LiftVeto(ctx, zoe.ID, alpha))
	gone := must(s.WithdrawCharacter(ctx, zoe.ID, ann))
	_, err = s.Register(ctx, alpha, "zoë", kept, now)
	wantReason(t, "while it rests", err, store.NameResting, store.ErrConflict)
	if r, _ := errors.AsType[*store.RegistrationError](err); !r.FreeAt.Equal(gone.DecidedAt.Add(store.NameRests)) {
		t.Errorf("it is free at %v, withdrawn at %v", r.FreeAt, gone.DecidedAt)
	}
	if key(bob) != kept {
		t.Fatal("a registration that failed has used up the key")
	}
	next, err := s.Register(ctx, alpha, "zoë", kept, gone.DecidedAt.Add(store.NameRests))
	if err != nil || next.Username != "bob" || next.Name != "zoë" || next.ID == zoe.ID {
		t.Errorf("a day later: got %+v, %v", next, err)
	}
	must(s.DenyCharacter(ctx, next.ID, bob))
	_, err = s.Register(ctx, alpha, "Zoë", key(ann), time.Now())
	wantReason(t, "denied", err, store.NameResting, store.ErrConflict)

	// Two of ann's names count: the one that rests, and that of Beta.
	for i := range store.MostCharacters - 2 {
		register(t, s, ann, alpha, fmt.Sprint("Nr", i), now)
	}
	_, err = s.Register(ctx, beta, "More", key(ann), now)
	wantReason(t, "too many", err, store.TooManyCharacters, store.ErrInvalid)
	later := now.Add(store.NameRests + time.Hour)
	if _, err = s.Register(ctx, beta, "More", must(s.RegistrationKey(ctx, ann, later)).Key, later); err != nil {
		t.Errorf("when one has rested: %v", err)
	}
}

func TestCharacters_judged(t *testing.T) {
	s, now := open(t), time.Now()
	ann, bob := invite(t, s, "ann"), invite(t, s, "bob")
	alpha, beta := openGame(t, s, "Alpha"), openGame(t, s, "Beta")
	ctx := store.WithActor(t.Context(), store.Actor{Name: "root"})
	type act struct {
		name string
		do   func(store.CharacterID) (store.Character, error)
	}
	approve := act{"approve", func(id store.CharacterID) (store.Character, error) { return s.ApproveCharacter(ctx, id, ann) }}
	deny := act{"deny", func(id store.CharacterID) (store.Character, error) { return s.DenyCharacter(ctx, id, ann) }}
	withdraw := act{"withdraw", func(id store.CharacterID) (store.Character, error) { return s.WithdrawCharacter(ctx, id, ann) }}
	veto := act{"veto", func(id store.CharacterID) (store.Character, error) { return s.VetoCharacter(ctx, id, alpha, " no ") }}
	lift := act{"lift-veto", func(id store.CharacterID) (store.Character, error) { return s.LiftVeto(ctx, id, alpha) }}
	for i, test := range []struct {
		before []act
		last   act
		want   store.CharacterState // "": refused
	}{
		{nil, approve, store.Approved},
		{nil, deny, store.Denied},
		{nil, withdraw, store.Withdrawn},
		{nil, veto, store.Vetoed},
		{nil, lift, ""},
		{[]act{approve}, approve, store.Approved},
		{[]act{approve}, deny, ""},
		{[]act{approve}, withdraw, store.Withdrawn},
		{[]act{approve}, veto, store.Vetoed},
		{[]act{approve}, lift, ""},
		{[]act{deny}, approve, ""},
		{[]act{deny}, deny, store.Denied},
		{[]act{deny}, withdraw, ""},
		{[]act{deny}, veto, ""},
		{[]act{deny}, lift, ""},
		{[]act{withdraw}, approve, ""},
		{[]act{withdraw}, veto, ""},
		{[]act{veto}, approve, ""},
		{[]act{veto}, deny, ""},
		{[]act{veto}, withdraw, ""},
		{[]act{veto}, veto, store.Vetoed},
		{[]act{veto}, lift, store.Pending},
		{[]act{approve, veto}, lift, store.Approved},
		{[]act{approve, veto, lift, veto}, lift, store.Approved},
	} {
		c := register(t, s, ann, alpha, fmt.Sprint("Nr", i), now)
		what := ""
		for _, a := range test.before {
			what += a.name + " "
			c = must(a.do(c.ID))
		}
		what += test.last.name
		got, err := test.last.do(c.ID)
		if test.want == "" {
			wantField(t, what, err, store.ErrConflict, "state")
			test.want = c.State
			got = must(s.Character(ctx, c.ID))
		} else if err != nil {
			t.Errorf("%s: %v", what, err)
		}
		pending := test.want == store.Pending
		if got.State != test.want || (got.Reason == "no") != (test.want == store.Vetoed) || (got.DecidedAt == nil) != pending || (got.DecidedBy == "root") == pending {
			t.Errorf("%s: got %+v", what, got)
		}
	}

	c := register(t, s, ann, alpha, "Eve", now)
	for name, do := range map[string]func() (store.Character, error){
		"another's":           func() (store.Character, error) { return s.ApproveCharacter(ctx, c.ID, bob) },
		"another game's":      func() (store.Character, error) { return s.VetoCharacter(ctx, c.ID, beta, "no") },
		"another game's veto": func() (store.Character, error) { return s.LiftVeto(ctx, c.ID, beta) },
		"none":                func() (store.Character, error) { return s.ApproveCharacter(ctx, 9999, 0) },
	} {
		_, err := do()
		wantErr(t, name, err, store.ErrNotFound)
	}
	for name, reason := range map[string]string{"no reason": " ", "a long one": strings.Repeat("x", 201), "two lines": "a\nb"} {
		_, err := s.VetoCharacter(ctx, c.ID, alpha, reason)
		wantField(t, name, err, store.ErrInvalid, "reason")
	}
	must(s.ApproveCharacter(ctx, c.ID, 0))
	must(s.ApproveCharacter(ctx, c.ID, 0)) // is on record once
	must(s.VetoCharacter(ctx, c.ID, 0, "one"))
	if c := must(s.VetoCharacter(ctx, c.ID, 0, "two")); c.Reason != "two" {
		t.Errorf("a second veto: got %+v", c)
	}
	var got []string
	for _, e := range must(s.Audit(ctx, store.AuditQuery{Subject: "Eve@Alpha", Limit: 9})) {
		got = append(got, fmt.Sprintf("%s: %s %s → %s", e.Actor, e.Action, e.Before, e.After))
	}
	slices.Reverse(got)
	want := []string{
		`Eve@Alpha: character register null → {"reason":null,"state":"pending","username":"ann"}`,
		`root: character approve {"state":"pending"} → {"state":"approved"}`,
		`root: character veto {"reason":null,"state":"approved"} → {"reason":"one","state":"vetoed"}`,
		`root: character veto {"reason":"one"} → {"reason":"two"}`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("on record is\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestCharacters_lists(t *testing.T) {
	s, now := open(t), time.Now()
	ctx := t.Context()
	ann, bob := invite(t, s, "ann"), invite(t, s, "bob")
	alpha, beta := openGame(t, s, "Alpha"), openGame(t, s, "Beta")
	a1 := register(t, s, ann, alpha, "Zed", now)
	register(t, s, ann, alpha, "Amy", now)
	b1 := register(t, s, ann, beta, "Bee@home", now)
	c1 := register(t, s, bob, alpha, "Cat", now)
	for _, c := range []store.Character{a1, b1, c1} {
		must(s.ApproveCharacter(ctx, c.ID, 0))
	}
	names := func(all []store.Character) (names []string) {
		for _, c := range all {
			names = append(names, c.String())
		}
		return names
	}
	want := func(what string, got []store.Character, want ...string) {
		t.Helper()
		if !slices.Equal(names(got), want) {
			t.Errorf("%s: got %q, want %q", what, names(got), want)
		}
	}
	want("ann's", must(s.CharactersOf(ctx, ann)), "Amy@Alpha", "Zed@Alpha", "Bee@home@Beta")
	no := false
	check(t, s.UpdateGame(ctx, "Beta", store.GameEdit{Display: &no, AllowCharacterRegistration: &no}))
	want("ann's, one game hidden", must(s.CharactersOf(ctx, ann)), "Amy@Alpha", "Zed@Alpha", "Bee@home@Beta")

	for _, test := range []struct {
		game  store.GameID
		page  store.Page
		total int
		want  []string
	}{
		{alpha, store.Page{Limit: 2}, 3, []string{"Zed@Alpha", "Amy@Alpha"}},
		{alpha, store.Page{Limit: 2, Offset: 2}, 3, []string{"Cat@Alpha"}},
		{alpha, store.Page{Limit: 9, Sort: "name"}, 3, []string{"Amy@Alpha", "Cat@Alpha", "Zed@Alpha"}},
		{alpha, store.Page{Limit: 9, Filter: "pending"}, 1, []string{"Amy@Alpha"}},
		{alpha, store.Page{Limit: 9, Search: "BOB"}, 1, []string{"Cat@Alpha"}},
		{alpha, store.Page{Limit: 9, Search: "z"}, 1, []string{"Zed@Alpha"}},
		{0, store.Page{Limit: 9, Sort: "game", Desc: true}, 4, []string{"Bee@home@Beta", "Amy@Alpha", "Cat@Alpha", "Zed@Alpha"}},
		{beta, store.Page{Limit: 9, Filter: "vetoed"}, 0, nil},
	} {
		all, total, err := s.CharactersOfGame(ctx, test.game, test.page)
		check(t, err)
		if total != test.total || !slices.Equal(names(all), test.want) {
			t.Errorf("%d, %+v: got %q of %d", test.game, test.page, names(all), total)
		}
	}
	for name, want := range map[string]store.CharacterStatus{
		"ZED": {Name: "Zed", Registered: true, Approved: true, Username: "ann"}, "amy": {Name: "Amy", Registered: true}, "Eve": {Name: "Eve"},
	} {
		if got := must(s.CharacterStatus(ctx, alpha, name)); got != want {
			t.Errorf("%s: got %+v, want %+v", name, got, want)
		}
	}

	// The audit finds the game behind the last @.
	acting := store.WithActor(ctx, store.Actor{Name: "root"})
	must(s.WithdrawCharacter(acting, b1.ID, 0))
	if all := must(s.Audit(ctx, store.AuditQuery{Actor: "root", Limit: 1})); string(all[0].After) != `{"state":"withdrawn"}` {
		t.Errorf("on record is %+v", all)
	}
}

// Whoever writes, what becomes of characters is told of; and nothing is left of what goes.
func TestCharacterChanges(t *testing.T) {
	s, now := open(t), time.Now()
	ctx := t.Context()
	ann := invite(t, s, "ann")
	alpha, beta := openGame(t, s, "Alpha"), openGame(t, s, "Beta")
	var at store.CharacterChangeID
	changes := func() (all []string) {
		t.Helper()
		for _, c := range must(s.CharacterChanges(ctx, at, 100)) {
			all = append(all, fmt.Sprintf("%s %s→%s %s%s", c.Name, c.Was, c.Is, c.Reason, c.Username))
			at = c.ID
		}
		if newest := must(s.NewestCharacterChange(ctx)); newest != at {
			t.Errorf("the newest is %d, the last %d", newest, at)
		}
		return all
	}
	counted := s.Registrations()
	want := func(what string, want ...string) {
		t.Helper()
		if got := changes(); !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", what, got, want)
		}
		if n := s.Registrations(); (n != counted) != (len(want) > 0) {
			t.Errorf("%s: %d commits were counted", what, n-counted)
		}
		counted = s.Registrations()
	}
	must(s.RegistrationKey(ctx, ann, now))
	want("a key")
	one := register(t, s, ann, alpha, "One", now)
	want("registered", "One →pending ")
	must(s.ApproveCharacter(ctx, one.ID, 0))
	must(s.ApproveCharacter(ctx, one.ID, 0))
	want("approved", "One pending→approved ann")
	must(s.VetoCharacter(ctx, one.ID, 0, "no"))
	must(s.VetoCharacter(ctx, one.ID, 0, "never"))
	want("vetoed", "One approved→vetoed no", "One vetoed→vetoed never")
	must(s.LiftVeto(ctx, one.ID, 0))
	must(s.WithdrawCharacter(ctx, one.ID, 0))
	want("lifted, withdrawn", "One vetoed→approved ann", "One approved→withdrawn ")

	two, three := register(t, s, ann, alpha, "Two", now), register(t, s, ann, beta, "Three", now)
	must(s.ApproveCharacter(ctx, three.ID, 0))
	want("more", "Two →pending ", "Three →pending ", "Three pending→approved ann")
	check(t, s.PurgeCharacters(ctx, time.Now().Add(29*24*time.Hour))) // only the key goes
	if all := must(s.CharactersOf(ctx, ann)); len(all) != 3 {
		t.Errorf("within a month: %+v", all)
	}
	check(t, s.PurgeCharacters(ctx, time.Now().Add(31*24*time.Hour)))
	want("purged")
	if all := must(s.CharactersOf(ctx, ann)); len(all) != 2 || all[1].ID != three.ID {
		t.Errorf("after a month: %+v", all)
	}

	conn := connect(t, s.Path())
	run(t, conn, `PRAGMA foreign_keys = OFF; DELETE FROM games WHERE short_name = 'Alpha'`)
	if got := changes(); !slices.Equal(got, []string{"Two pending→ "}) {
		t.Errorf("without its game %d: got %q", two.ID, got)
	}
	run(t, conn, `DELETE FROM users`)
	if got := changes(); !slices.Equal(got, []string{"Three approved→ "}) {
		t.Errorf("without its user: got %q", got)
	}
	run(t, conn, `
		INSERT INTO character_changes (game_id, user_id, name)
		WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) SELECT 1, 1, 'x' FROM n`)
	check(t, s.PurgeCharacters(ctx, now))
	if got := ask(t, conn, `SELECT count(*) FROM character_changes`); got[0] != "10000" {
		t.Errorf("%s changes are kept", got)
	}
}

// Names that look the same are one character.
func TestRegister_sameName(t *testing.T) {
	s, now := open(t), time.Now()
	ann, bob := invite(t, s, "ann"), invite(t, s, "bob")
	alpha := openGame(t, s, "Alpha")
	register(t, s, ann, alpha, "Νικος", now)
	for _, name := range []string{"ΝΙΚΟΣ", "Νι\u200bκος", "νικοσ"} {
		_, err := s.Register(t.Context(), alpha, name, must(s.RegistrationKey(t.Context(), bob, now)).Key, now)
		wantReason(t, name, err, store.NameRegistered, store.ErrConflict)
		if got := must(s.CharacterStatus(t.Context(), alpha, name)); !got.Registered || got.Name != "Νικος" {
			t.Errorf("%q: got %+v", name, got)
		}
	}
}

// The keys of what an older program or the shell wrote are computed when the file is opened.
// Of two that are the same then, the older is found, and both stay.
func TestCharacters_withoutKeys(t *testing.T) {
	s, now := open(t), time.Now()
	ann, bob := invite(t, s, "ann"), invite(t, s, "bob")
	alpha := openGame(t, s, "Alpha")
	register(t, s, ann, alpha, "Νικος", now)
	register(t, s, bob, alpha, "Zoe", now)
	run(t, connect(t, s.Path()), `UPDATE characters SET keyed = 0, folded = iif(name = 'Zoe', 'νικοσ', 'νικος'), name = iif(name = 'Zoe', 'ΝΙΚΟΣ', name)`)
	check(t, s.Close())
	s = open(t, s.Path())
	if got := must(s.CharactersOf(t.Context(), ann)); len(got) != 1 || got[0].Name != "Νικος" {
		t.Errorf("got %+v", got)
	}
	one := must(s.CharactersOf(t.Context(), bob))
	if len(one) != 1 || one[0].Name != "ΝΙΚΟΣ" {
		t.Fatalf("got %+v", one)
	}
	// Once the other is gone, its key is computed too.
	must(s.WithdrawCharacter(t.Context(), one[0].ID, bob))
	check(t, s.Close())
	s = open(t, s.Path())
	if got := must(s.CharacterStatus(t.Context(), alpha, "ΝΙΚΟΣ")); !got.Registered || got.Name != "Νικος" {
		t.Errorf("got %+v", got)
	}
}
