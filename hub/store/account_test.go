package store_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"hearsay/hub/store"
)

// say puts a message into the chat log.
func say(t *testing.T, s *store.Store, game, name, text string) {
	t.Helper()
	check(t, s.Append(t.Context(), store.Message{Channel: 1, Game: game, Name: name, Text: text}, func(store.Message) {}))
}

// busy is a file with a person who has left something everywhere.
func busy(t *testing.T) (s *store.Store, bob store.User) {
	t.Helper()
	s = open(t)
	now := time.Now()
	addUser(t, s, "ann", store.Admin)
	token, _, err := s.CreateInvite(t.Context(), now)
	check(t, err)
	ctx := store.WithActor(t.Context(), store.Actor{Name: "Bob", Address: "203.0.113.9"})
	bob = must(s.SignUp(ctx, store.SignUp{Mode: store.SignUpInvite, Username: "Bob", Password: password, Email: "bob@example.org", Invite: token}, now))
	must(s.CreateEmailLink(ctx, "Bob", now))
	must(s.CreatePasswordLink(ctx, "Bob", now))
	must(s.StartSession(t.Context(), bob.ID, "203.0.113.9", "Firefox"))
	owner := "Bob"
	addGame(t, s, "Alpha")
	check(t, s.UpdateGame(t.Context(), "Alpha", store.GameEdit{Owner: &owner}))
	run(t, connect(t, s.Path()), `
		INSERT INTO recovery_codes (user_id, hash) SELECT id, randomblob(32) FROM users WHERE username = 'Bob';
		INSERT INTO held (channel_id, application, sender_id, game, name, message, rule_id, held_at) VALUES (1, 0, 1, 'Starlight', 'Bob', 'held', 1, 1)`)
	say(t, s, "Starlight", "Bob", "one")
	say(t, s, "Alpha", "Bob", "a player of a game")
	say(t, s, "Starlight", "ann", "another")
	say(t, s, "Starlight", "Bob", "two")
	check(t, s.HideMessage(store.WithActor(t.Context(), store.Actor{Name: "ann"}), 4))
	return s, bob
}

func TestCloseAccount(t *testing.T) {
	t.Parallel()
	for _, forget := range []bool{false, true} {
		s, _ := busy(t)
		now := time.Now()
		ctx := store.WithActor(t.Context(), store.Actor{Name: "Bob", Address: "203.0.113.9"})
		wantErr(t, "nobody", s.CloseAccount(ctx, "eve", store.Closing{}, now), store.ErrNotFound)
		check(t, s.CloseAccount(ctx, "bob", store.Closing{Hub: "starlight", ForgetMessages: forget}, now))
		if _, err := s.User(ctx, "bob"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("got %v", err)
		}
		conn := connect(t, s.Path())
		for _, table := range []string{"sessions", "links", "email_links", "recovery_codes"} {
			if got := ask(t, conn, `SELECT count(*) FROM `+table); got[0] != "0" {
				t.Errorf("%s rows are left in %s", got[0], table)
			}
		}
		if got := ask(t, conn, `SELECT count(*) FROM games WHERE owner_id IS NOT NULL`); got[0] != "0" {
			t.Error("somebody who is gone owns a game")
		}
		name := "Bob"
		if forget {
			name = store.Forgotten
		}
		want := []string{"Starlight|" + name + "|one", "Alpha|Bob|a player of a game", "Starlight|ann|another", "Starlight|" + name + "|two"}
		if got := ask(t, conn, `SELECT game, name, message FROM messages ORDER BY id`); !slices.Equal(got, want) {
			t.Errorf("the log has %q, want %q", got, want)
		}
		if got := ask(t, conn, `SELECT name FROM held`); got[0] != name {
			t.Errorf("a held message is %s's, want %s's", got[0], name)
		}
		found, err := s.SearchMessages(ctx, store.Search{Player: "somebody"})
		if check(t, err); len(found.Messages) == 0 == forget {
			t.Errorf("forgotten: %t; a search finds %+v", forget, found.Messages)
		}
		if got := ask(t, conn, `SELECT count(*), count(address) FROM audit WHERE actor = 'Bob'`); got[0] != "4|0" {
			t.Errorf("entries and addresses on record are %s, want 4|0", got[0])
		}

		// Nobody takes the name over at once, but for operators.
		with := store.SignUp{Mode: store.SignUpOpen, Username: "BOB", Password: password}
		_, err = s.SignUp(ctx, with, now.Add(store.ClosedNameKept-time.Second))
		wantField(t, "a closed name", err, store.ErrConflict, "username")
		must(s.SignUp(ctx, with, now.Add(store.ClosedNameKept)))
		check(t, s.DeleteUser(ctx, "bob"))
		addUser(t, s, "bob", store.Person)
		check(t, s.PurgeAccounts(ctx, now.Add(store.ClosedNameKept)))
		if got := ask(t, conn, `SELECT count(*) FROM closed_names`); got[0] != "0" {
			t.Error("the name is kept for ever")
		}
		if problems, err := store.Check(t.Context(), s.Path()); err != nil || len(problems) > 0 {
			t.Errorf("got %q, %v", problems, err)
		}
	}
}

// What operators did stays on record with the address.
func TestCloseAccount_operator(t *testing.T) {
	s := open(t)
	addUser(t, s, "ann", store.Admin)
	addUser(t, s, "bob", store.Moderator)
	ctx := store.WithActor(t.Context(), store.Actor{Name: "bob", Address: "203.0.113.9"})
	check(t, s.Note(ctx, "console open", "Alpha"))
	check(t, s.CloseAccount(ctx, "bob", store.Closing{}, time.Now()))
	if got := ask(t, connect(t, s.Path()), `SELECT action, address FROM audit ORDER BY id`); !slices.Equal(got, []string{"console open|203.0.113.9", "user close|203.0.113.9"}) {
		t.Errorf("on record is %q", got)
	}
}

func TestExportAccount(t *testing.T) {
	s, bob := busy(t)
	_, err := s.ExportAccount(t.Context(), "eve", "Starlight", time.Now())
	wantErr(t, "nobody", err, store.ErrNotFound)
	beta := openGame(t, s, "Beta")
	c := register(t, s, bob.ID, beta, "Robert", time.Now())
	check(t, s.UpdateGame(t.Context(), "Beta", store.GameEdit{Owner: new("ann")}))
	must(s.VetoCharacter(store.WithActor(t.Context(), store.Actor{Name: "ann"}), c.ID, beta, "not him"))
	check(t, s.AddRedirectURI(t.Context(), "Beta", "https://beta.example/back"))
	must(s.CreateCode(t.Context(), store.Approval{User: bob.ID, Game: beta, RedirectURI: "https://beta.example/back", Scope: store.ScopeProfile}, time.Now()))
	a, err := s.ExportAccount(t.Context(), "bob", "Starlight", time.Now())
	check(t, err)
	if len(a.Characters) != 1 || a.Characters[0].String() != "Robert@Beta" || a.Characters[0].Reason != "not him" || len(a.Grants) != 1 || a.Grants[0].Game != "Beta" {
		t.Errorf("got the characters %+v, the grants %+v", a.Characters, a.Grants)
	}
	if a.User.ID != bob.ID || a.User.Email != "bob@example.org" || a.RecoveryCodes != 1 || !slices.Equal(a.Games, []string{"Alpha"}) {
		t.Errorf("got %+v", a)
	}
	if len(a.Sessions) != 1 || a.Sessions[0].Address != "203.0.113.9" || a.Sessions[0].Agent != "Firefox" {
		t.Errorf("got the sessions %+v", a.Sessions)
	}
	if len(a.Messages) != 2 || a.Messages[0].Text != "one" || a.Messages[1].Text != "two" || a.Messages[1].Hidden == nil || a.Messages[0].ChannelName != "gossip" {
		t.Errorf("got the messages %+v", a.Messages)
	}
	if len(a.Audit) != 3 || a.Audit[0].Action != "user sign-up" || a.Audit[0].Address != "203.0.113.9" {
		t.Errorf("on record is %+v", a.Audit)
	}
	text := string(must(json.Marshal(a)))
	for _, never := range []string{"argon2id", "hash", `"ann"`} {
		if strings.Contains(text, never) {
			t.Errorf("the export has %q: %s", never, text)
		}
	}
	empty := must(json.Marshal(must(s.ExportAccount(t.Context(), "ann", "Nobody", time.Now()))))
	if !strings.Contains(string(empty), `"sessions":[],"games":["Beta"],"characters":[],"grants":[],"messages":[],"audit":[{`) {
		t.Errorf("got %s", empty)
	}
}
