package store_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"hearsay/hub/store"
)

func TestSignUp(t *testing.T) {
	t.Parallel()
	s := open(t)
	now := time.Now()
	addUser(t, s, "Ann", store.Admin)
	addGame(t, s, "Alpha")
	check(t, s.AddBlock(t.Context(), store.Block{Kind: "name", Word: "Admin"}))
	invite := func() string {
		t.Helper()
		token, _, err := s.CreateInvite(t.Context(), now)
		check(t, err)
		return token
	}
	revoked, i, err := s.CreateInvite(t.Context(), now)
	check(t, err)
	check(t, s.RevokeInvite(t.Context(), i.ID))
	good := invite()
	for _, test := range []struct {
		name  string
		with  store.SignUp
		at    time.Time
		kind  error
		field string
	}{
		{"closed", store.SignUp{Mode: store.SignUpClosed, Username: "bob", Password: password}, now, store.ErrInvalid, "sign_up"},
		{"closed, with an invite", store.SignUp{Mode: store.SignUpClosed, Username: "bob", Password: password, Invite: good}, now, store.ErrInvalid, "sign_up"},
		{"no mode", store.SignUp{Username: "bob", Password: password}, now, store.ErrInvalid, "sign_up"},
		{"a short name", store.SignUp{Mode: store.SignUpOpen, Username: "bo", Password: password}, now, store.ErrInvalid, "username"},
		{"other letters", store.SignUp{Mode: store.SignUpOpen, Username: "böb", Password: password}, now, store.ErrInvalid, "username"},
		{"a taken name", store.SignUp{Mode: store.SignUpOpen, Username: "aNN", Password: password}, now, store.ErrConflict, "username"},
		{"a blocked name", store.SignUp{Mode: store.SignUpOpen, Username: "aDMIN", Password: password}, now, store.ErrInvalid, "username"},
		{"the system's name", store.SignUp{Mode: store.SignUpOpen, Username: "System", Password: password}, now, store.ErrInvalid, "username"},
		{"a short password", store.SignUp{Mode: store.SignUpOpen, Username: "bob", Password: "short"}, now, store.ErrInvalid, "password"},
		{"no e-mail address", store.SignUp{Mode: store.SignUpOpen, Username: "bob", Password: password, Email: "bob"}, now, store.ErrInvalid, "email"},
		{"no invite", store.SignUp{Mode: store.SignUpInvite, Username: "bob", Password: password}, now, store.ErrInvalid, "invite"},
		{"a wrong invite", store.SignUp{Mode: store.SignUpInvite, Username: "bob", Password: password, Invite: "x"}, now, store.ErrInvalid, "invite"},
		{"a wrong invite where none is needed", store.SignUp{Mode: store.SignUpOpen, Username: "bob", Password: password, Invite: "x"}, now, store.ErrInvalid, "invite"},
		{"a revoked invite", store.SignUp{Mode: store.SignUpInvite, Username: "bob", Password: password, Invite: revoked}, now, store.ErrInvalid, "invite"},
		{"a late invite", store.SignUp{Mode: store.SignUpInvite, Username: "bob", Password: password, Invite: good}, now.Add(store.InviteLasts), store.ErrInvalid, "invite"},
		{"a taken name with an invite", store.SignUp{Mode: store.SignUpInvite, Username: "ann", Password: password, Invite: good}, now, store.ErrConflict, "username"},
	} {
		_, err := s.SignUp(t.Context(), test.with, test.at)
		wantField(t, test.name, err, test.kind, test.field)
	}
	if got := ask(t, connect(t, s.Path()), `SELECT count(*) FROM users`); got[0] != "1" {
		t.Errorf("there are %s users", got[0])
	}

	for n, test := range []struct {
		mode    store.SignUpMode
		invite  string
		waiting bool
	}{
		{store.SignUpOpen, "", false}, {store.SignUpInvite, good, false}, {store.SignUpApproval, "", true}, {store.SignUpApproval, invite(), false},
	} {
		name := fmt.Sprint("Bob-", n)
		made, err := s.SignUp(t.Context(), store.SignUp{Mode: test.mode, Username: name, Password: password, Email: "bob@example.org", Invite: test.invite}, now)
		check(t, err)
		u := must(s.User(t.Context(), name))
		if u.ID != made.ID || u.Role != store.Person || u.Waiting() != test.waiting || made.Waiting() != test.waiting || u.Email != "bob@example.org" || u.EmailVerifiedAt != nil {
			t.Errorf("%s: made %+v, got %+v", test.mode, made, u)
		}
		_, err = s.CheckPassword(t.Context(), name, password)
		if test.waiting {
			wantBarred(t, err, "waits for approval")
			_, err = s.StartSession(t.Context(), u.ID, "", "")
			wantBarred(t, err, "waits for approval")
		} else {
			check(t, err)
		}
		if test.invite != "" {
			wantField(t, "used", s.CheckInvite(t.Context(), test.invite, now), store.ErrInvalid, "invite")
		}
	}
	if _, err := s.SignUp(t.Context(), store.SignUp{Mode: store.SignUpOpen, Username: "Alpha", Password: password}, now); err != nil {
		t.Errorf("a game's name is for people, too: %v", err)
	}
}

// Of many who use an invite at once, one gets in.
func TestSignUp_atOnce(t *testing.T) {
	s := open(t)
	now := time.Now()
	token, _, err := s.CreateInvite(t.Context(), now)
	check(t, err)
	var wg sync.WaitGroup
	errs := make([]error, 4)
	for n := range errs {
		wg.Go(func() {
			_, errs[n] = s.SignUp(t.Context(), store.SignUp{Mode: store.SignUpInvite, Username: fmt.Sprint("bob", n), Password: password, Invite: token}, now)
		})
	}
	wg.Wait()
	in := 0
	for _, err := range errs {
		if err == nil {
			in++
		} else {
			wantField(t, "the others", err, store.ErrInvalid, "invite")
		}
	}
	if got := ask(t, connect(t, s.Path()), `SELECT count(*) FROM users`); in != 1 || got[0] != "1" {
		t.Errorf("%d got in, %s users are there", in, got[0])
	}
}

func TestInvites(t *testing.T) {
	s := open(t)
	now := time.Now()
	ctx := store.WithActor(t.Context(), store.Actor{Name: "ann"})
	first, i, err := s.CreateInvite(ctx, now)
	check(t, err)
	_, j, err := s.CreateInvite(ctx, now)
	check(t, err)
	check(t, s.CheckInvite(ctx, first, now))
	bob := must(s.SignUp(ctx, store.SignUp{Mode: store.SignUpInvite, Username: "bob", Password: password, Invite: first}, now))
	all := must(s.Invites(ctx))
	if len(all) != 2 || all[0] != j || all[1].ID != i.ID || all[1].UsedBy != "bob" || all[1].UsedAt == nil || all[1].MadeBy != "ann" || !all[1].ExpiresAt.Equal(i.CreatedAt.Add(store.InviteLasts)) {
		t.Errorf("got %+v", all)
	}
	wantErr(t, "used", s.RevokeInvite(ctx, i.ID), store.ErrNotFound)
	check(t, s.RevokeInvite(ctx, j.ID))
	wantErr(t, "revoked", s.RevokeInvite(ctx, j.ID), store.ErrNotFound)
	check(t, s.DeleteUser(ctx, bob.Username))
	if all = must(s.Invites(ctx)); len(all) != 1 || all[0].UsedBy != "" || all[0].UsedAt == nil {
		t.Errorf("got %+v", all)
	}
	check(t, s.PurgeAccounts(ctx, now.Add(store.InviteLasts)))
	if all = must(s.Invites(ctx)); len(all) != 1 {
		t.Errorf("got %+v", all)
	}
	check(t, s.PurgeAccounts(ctx, now.Add(200*24*time.Hour)))
	if all = must(s.Invites(ctx)); len(all) != 0 {
		t.Errorf("got %+v", all)
	}
	want := "invite add 1, invite add 2, user sign-up bob, invite revoke 2, user remove bob"
	if got := strings.Join(ask(t, connect(t, s.Path()), `SELECT action || ' ' || subject FROM audit ORDER BY id`), ", "); got != want {
		t.Errorf("on record is %s, want %s", got, want)
	}
	if got := ask(t, connect(t, s.Path()), `SELECT count(*) FROM audit WHERE after_state LIKE '%'||?1||'%'`, first); got[0] != "0" {
		t.Error("the audit log has a token")
	}
}

func TestApproveUser(t *testing.T) {
	s := open(t)
	ctx := store.WithActor(t.Context(), store.Actor{Name: "ann"})
	for _, name := range []string{"bob", "cid"} {
		must(s.SignUp(t.Context(), store.SignUp{Mode: store.SignUpApproval, Username: name, Password: password}, time.Now()))
	}
	if n := must(s.WaitingUsers(ctx)); n != 2 {
		t.Errorf("%d wait", n)
	}
	wantErr(t, "nobody", s.ApproveUser(ctx, "eve"), store.ErrNotFound)
	wantErr(t, "nobody", s.DenyUser(ctx, "eve"), store.ErrNotFound)
	check(t, s.ApproveUser(ctx, "BOB"))
	must(s.CheckPassword(ctx, "bob", password))
	wantField(t, "twice", s.ApproveUser(ctx, "bob"), store.ErrConflict, "username")
	wantField(t, "too late", s.DenyUser(ctx, "bob"), store.ErrConflict, "username")
	check(t, s.DenyUser(ctx, "cid"))
	if _, err := s.User(ctx, "cid"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("got %v", err)
	}
	if n := must(s.WaitingUsers(ctx)); n != 0 {
		t.Errorf("%d wait", n)
	}
	must(s.SignUp(t.Context(), store.SignUp{Mode: store.SignUpOpen, Username: "cid", Password: password}, time.Now()))
}

// Nobody signs up with a name that people take for an operator's or the hub's own. Operators may
// give such a name, and a user who has one keeps it.
func TestSignUp_reservedNames(t *testing.T) {
	s, now := open(t), time.Now()
	check(t, s.Reserve(t.Context(), "Starlight"))
	for _, name := range []string{"admin", "Administrator", "MODERATOR", "root", "support", "staff", "system", "Starlight", "sys-tem", "-admin-", "STAR-light"} {
		_, err := s.SignUp(t.Context(), store.SignUp{Mode: store.SignUpOpen, Username: name, Password: "long enough words"}, now)
		wantErr(t, name, err, store.ErrInvalid)
		if err != nil && !strings.Contains(err.Error(), "may not be used; choose another") {
			t.Errorf("%s: got %v", name, err)
		}
	}
	for _, name := range []string{"administer", "systematic", "Roots"} {
		must(s.SignUp(t.Context(), store.SignUp{Mode: store.SignUpOpen, Username: name, Password: "long enough words"}, now))
	}
	must(s.CreateUser(t.Context(), store.User{Username: "admin", Role: store.Admin}, "long enough words"))
	must(s.CheckPassword(t.Context(), "admin", "long enough words"))
}
