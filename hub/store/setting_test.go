package store_test

import (
	"context"
	"maps"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hearsay/hub/hubtest"
	"hearsay/hub/store"
)

func TestSettings(t *testing.T) {
	s := open(t)
	conn := connect(t, s.Path())
	ctx := store.WithActor(t.Context(), store.Actor{Name: "ann"})
	if got := must(s.Settings(ctx)); len(got) != 0 {
		t.Errorf("a new file has the settings %v", got)
	}
	wake, stop := s.Watch()
	defer stop()
	asked := s.Asked()
	check(t, s.SetSetting(ctx, "title", "Starlight"))
	<-wake
	if s.Asked() != asked+1 {
		t.Error("nobody is told of a setting")
	}
	check(t, s.SetSetting(ctx, "max-text", "100"))
	check(t, s.SetSetting(ctx, "title", "Moonlight"))
	if got, want := must(s.Settings(ctx)), map[string]string{"title": "Moonlight", "max-text": "100"}; !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	check(t, s.UnsetSetting(ctx, "title"))
	wantErr(t, "unset twice", s.UnsetSetting(ctx, "title"), store.ErrNotFound)
	wantErr(t, "a long value", s.SetSetting(ctx, "title", strings.Repeat("x", 1001)), store.ErrInvalid)
	if got, want := must(s.Settings(ctx)), map[string]string{"max-text": "100"}; !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	want := "setting set|title,setting set|max-text,setting set|title,setting unset|title"
	if got := strings.Join(ask(t, conn, `SELECT action, subject FROM audit ORDER BY id`), ","); got != want {
		t.Errorf("on record is %s, want %s", got, want)
	}

	// Another change is none of settings, another process's may be one.
	asked = s.Asked()
	addGame(t, s, "Alpha")
	if s.Asked() != asked {
		t.Error("a game is taken for a setting")
	}
	run(t, conn, `INSERT INTO settings VALUES ('name', 'Other')`)
	for deadline := time.Now().Add(10 * time.Second); s.Asked() == asked; {
		if time.Now().After(deadline) {
			t.Fatal("nobody is told of another process's setting")
		}
		<-wake
	}
}

func TestRestarts(t *testing.T) {
	s := open(t)
	ctx := store.WithActor(t.Context(), store.Actor{Name: "ann"})
	asked := s.Asked()
	first := must(s.AskRestart(ctx, 30, false))
	if s.Asked() != asked+1 {
		t.Error("nobody is told of a restart")
	}
	second := must(s.AskRestart(ctx, 60, true))
	if got := must(s.UntoldRestarts(ctx)); len(got) != 2 || got[0].ID != first.ID || got[0].Downtime != 30 || got[0].Again || !got[1].Again {
		t.Errorf("got %+v", got)
	}
	check(t, s.ToldRestart(ctx, first.ID, []string{"Alpha", "Site"}))
	wantErr(t, "told twice", s.ToldRestart(ctx, first.ID, nil), store.ErrNotFound)
	wantErr(t, "withdrawn after it was told", s.WithdrawRestart(ctx, first.ID), store.ErrNotFound)
	check(t, s.WithdrawRestart(ctx, second.ID))
	wantErr(t, "told after it was withdrawn", s.ToldRestart(ctx, second.ID, nil), store.ErrNotFound)
	_, err := s.Restart(ctx, second.ID)
	wantErr(t, "a withdrawn one", err, store.ErrNotFound)
	if r := must(s.Restart(ctx, first.ID)); r.ToldAt == nil || strings.Join(r.Told, ",") != "Alpha,Site" {
		t.Errorf("got %+v", r)
	}
	third := must(s.AskRestart(ctx, 1, false))
	go func() {
		if err := s.ToldRestart(context.WithoutCancel(ctx), third.ID, nil); err != nil {
			t.Error(err)
		}
	}()
	if r := must(s.AwaitRestart(ctx, third.ID)); r.ToldAt == nil {
		t.Errorf("got %+v", r)
	}
	if all := must(s.Restarts(ctx, 10)); len(all) != 2 || all[0].ID != third.ID || all[0].Told == nil || len(all[0].Told) != 0 {
		t.Errorf("got %+v", all)
	}
	for _, seconds := range []int{-1, 0, 86401} {
		_, err := s.AskRestart(ctx, seconds, false)
		wantErr(t, "a downtime that cannot be meant", err, store.ErrInvalid)
	}

	// What was asked for when no server ran is not announced later.
	conn := connect(t, s.Path())
	run(t, conn, `INSERT INTO restarts (asked_at, downtime) VALUES (?1, 15)`, time.Now().Add(-time.Minute).UnixMicro())
	if got := must(s.UntoldRestarts(ctx)); len(got) != 0 {
		t.Errorf("got %+v", got)
	}
	run(t, conn, `UPDATE restarts SET asked_at = asked_at - 91 * 86400 * 1000000`)
	must(s.AskRestart(ctx, 15, false))
	if all := must(s.Restarts(ctx, 10)); len(all) != 1 {
		t.Errorf("old ones are kept: %+v", all)
	}
}

func TestAwaitRestart_noServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := store.Open(t.Context(), hubtest.NewFile(t), store.Options{})
		check(t, err)
		defer s.Close()
		r := must(s.AskRestart(t.Context(), 30, true))
		_, err = s.AwaitRestart(t.Context(), r.ID)
		wantErr(t, "without a server", err, store.ErrUnserved)
		_, err = s.Restart(t.Context(), r.ID)
		wantErr(t, "afterwards", err, store.ErrNotFound)
	})
}
