package store_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"hearsay/hub/store"
)

func TestSetEmail(t *testing.T) {
	s := open(t)
	addUser(t, s, "ann", store.Person)
	for _, email := range []string{
		"ann", "@example.org", "ann@", "a@b@c", "a b@example.org", "ann@exa mple.org", "Ann <ann@example.org>", "ann@example.org\nBcc: x", "ann@.org",
		"ann@example.org.", "ann@\xff", strings.Repeat("a", 65) + "@example.org", "a@" + strings.Repeat("b", 253), "ann,bob@example.org",
		"ann..b@example.org", ".ann@example.org", "ann.@example.org", "ann@example..org", "ann@-example.org", "ann@192.0.2.7", "ann@" + strings.Repeat("b", 64) + ".example",
	} {
		wantField(t, email, s.SetEmail(t.Context(), "ann", email), store.ErrInvalid, "email")
	}
	wantErr(t, "nobody", s.SetEmail(t.Context(), "eve", "eve@example.org"), store.ErrNotFound)
	for _, email := range []string{"ann@example.org", "a.n+n@mail.example.org", "änn@bücher.example", "ann@localhost", strings.Repeat("a", 64) + "@" + strings.Repeat(strings.Repeat("b", 61)+".", 3) + "cc", ""} {
		check(t, s.SetEmail(t.Context(), "ann", email))
		if u := must(s.User(t.Context(), "ann")); u.Email != email || u.EmailVerifiedAt != nil {
			t.Errorf("%s: got %+v", email, u)
		}
	}
}

func TestVerifyEmail(t *testing.T) {
	s := open(t)
	now := time.Now()
	addUser(t, s, "ann", store.Person)
	addUser(t, s, "bob", store.Person)
	_, err := s.CreateEmailLink(t.Context(), "ann", now)
	wantField(t, "no address", err, store.ErrInvalid, "email")
	wantField(t, "no address", s.ConfirmEmail(t.Context(), "ann", "", now), store.ErrInvalid, "email")
	check(t, s.SetEmail(t.Context(), "ann", "ann@example.org"))
	link := func(username string) string {
		t.Helper()
		return must(s.CreateEmailLink(t.Context(), username, now))
	}
	old := link("ann")
	token := link("ann")
	_, err = s.UserByEmail(t.Context(), "ann@example.org")
	wantErr(t, "not verified", err, store.ErrNotFound)
	for name, test := range map[string]struct {
		token string
		at    time.Time
	}{"an earlier link": {old, now}, "no link": {"", now}, "too late": {token, now.Add(store.EmailLinkLasts)}} {
		if _, err := s.VerifyEmail(t.Context(), test.token, test.at); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	u, err := s.VerifyEmail(t.Context(), token, now)
	if err != nil || u.Username != "ann" || u.EmailVerifiedAt == nil {
		t.Errorf("got %+v, %v", u, err)
	}
	_, err = s.VerifyEmail(t.Context(), token, now)
	wantErr(t, "twice", err, store.ErrNotFound)
	if u := must(s.UserByEmail(t.Context(), "ANN@example.org")); u.Username != "ann" {
		t.Errorf("got %+v", u)
	}

	// Two may have an address, but only one has proved it.
	check(t, s.SetEmail(t.Context(), "bob", "Ann@Example.org"))
	token = link("bob")
	_, err = s.VerifyEmail(t.Context(), token, now)
	wantField(t, "another's", err, store.ErrConflict, "email")
	wantField(t, "another's", s.ConfirmEmail(t.Context(), "bob", "ANN@example.org", now), store.ErrConflict, "email")
	if u := must(s.User(t.Context(), "bob")); u.Email != "Ann@Example.org" {
		t.Errorf("a refusal left %s", u.Email)
	}

	// The same address again changes nothing, another one is not verified.
	check(t, s.SetEmail(t.Context(), "ann", "ann@example.org"))
	must(s.UserByEmail(t.Context(), "ann@example.org"))
	token = link("ann")
	check(t, s.SetEmail(t.Context(), "ann", "ann@example.com"))
	_, err = s.UserByEmail(t.Context(), "ann@example.com")
	wantErr(t, "another", err, store.ErrNotFound)
	_, err = s.VerifyEmail(t.Context(), token, now)
	wantErr(t, "the link of the last", err, store.ErrNotFound)
	check(t, s.ConfirmEmail(t.Context(), "bob", "bob@example.org", now))
	must(s.UserByEmail(t.Context(), "bob@example.org"))
	check(t, s.SetEmail(t.Context(), "bob", ""))
	if u := must(s.User(t.Context(), "bob")); u.Email != "" || u.EmailVerifiedAt != nil {
		t.Errorf("got %+v", u)
	}
}

// Addresses are personal: what stays on record for ever says only that there is one.
func TestSetEmail_audit(t *testing.T) {
	s := open(t)
	addUser(t, s, "ann", store.Person)
	ctx := store.WithActor(t.Context(), store.Actor{Name: "ann"})
	check(t, s.SetEmail(ctx, "ann", "ann@example.org"))
	must(s.VerifyEmail(ctx, must(s.CreateEmailLink(ctx, "ann", time.Now())), time.Now()))
	want := `user email|{"email":0}|{"email":1} user email-link|NULL|NULL user email-verify|{"email_verified":0}|{"email_verified":1}`
	if got := strings.Join(ask(t, connect(t, s.Path()), `SELECT action, before_state, after_state FROM audit ORDER BY id`), " "); got != want {
		t.Errorf("on record is %s, want %s", got, want)
	}
}
