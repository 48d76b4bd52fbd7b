package store_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"hearsay/hub/store"
)

// A profile has what everybody may see, and only people have one who may sign in.
func TestPublicProfile(t *testing.T) {
	s, now := open(t), time.Now()
	ctx := t.Context()
	ann, bob, eve := invite(t, s, "ann"), invite(t, s, "Bob"), invite(t, s, "eve")
	alpha, beta, gamma := openGame(t, s, "Alpha"), openGame(t, s, "Beta"), openGame(t, s, "Gamma")
	for _, game := range []string{"Alpha", "Beta", "Gamma"} {
		check(t, s.UpdateGame(ctx, game, store.GameEdit{Owner: new("ann")}))
	}
	approved := func(user int64, game store.GameID, name string) store.Character {
		t.Helper()
		return must(s.ApproveCharacter(ctx, register(t, s, user, game, name, now).ID, user))
	}
	approved(ann, beta, "Bee")
	approved(ann, alpha, "Zed")
	approved(ann, gamma, "Gus")
	lost := approved(ann, alpha, "Lost")
	register(t, s, ann, alpha, "Amy", now)
	approved(bob, gamma, "Greta")
	register(t, s, eve, alpha, "Evil", now)
	must(s.SignUp(ctx, store.SignUp{Mode: store.SignUpApproval, Username: "waits", Password: "correct horse"}, now))

	people := func(want ...string) {
		t.Helper()
		if got := must(s.PublicPeople(ctx, 9, now)); !slices.Equal(got, want) {
			t.Errorf("the people are %q, want %q", got, want)
		}
	}
	profile := func(username, want string) store.Profile {
		t.Helper()
		p := must(s.PublicProfile(ctx, username, now))
		got := []string{p.Username + ":"}
		for _, c := range p.Characters {
			got = append(got, c.String())
		}
		got = append(got, "/")
		for _, g := range p.Games {
			got = append(got, g.ShortName)
		}
		if text := strings.Join(got, " "); text != want {
			t.Errorf("%s: got %q, want %q", username, text, want)
		}
		return p
	}
	people("ann", "Bob")
	if p := profile("ANN", "ann: Lost@Alpha Zed@Alpha Bee@Beta Gus@Gamma / Alpha Beta Gamma"); now.Sub(p.Since) > time.Minute {
		t.Errorf("since %v", p.Since)
	}
	profile("bob", "Bob: Greta@Gamma /")
	profile("eve", "eve: /")

	must(s.VetoCharacter(ctx, lost.ID, alpha, "an impostor"))
	check(t, s.UpdateGame(ctx, "Beta", store.GameEdit{Display: new(false)}))
	check(t, s.SuspendGame(ctx, "Gamma", store.Suspension{Reason: "floods"}))
	profile("ann", "ann: Zed@Alpha / Alpha")
	people("ann")

	check(t, s.BanUser(ctx, "eve", store.Ban{Reason: "rude", Until: new(now.Add(time.Hour))}))
	check(t, s.BanUser(ctx, "Bob", store.Ban{Reason: "rude", Until: new(now.Add(time.Minute))}))
	check(t, s.BanUser(ctx, "ann", store.Ban{Reason: "rude"}))
	for _, username := range []string{"ann", "Bob", "eve", "waits", "nobody"} {
		_, err := s.PublicProfile(ctx, username, now)
		wantErr(t, username, err, store.ErrNotFound)
	}
	people()
	if p := must(s.PublicProfile(ctx, "bob", now.Add(2*time.Minute))); p.Username != "Bob" {
		t.Errorf("after the ban: %+v", p)
	}
	if all := must(s.PublicPeople(ctx, 0, now)); len(all) != 0 {
		t.Errorf("of none: %q", all)
	}
}
