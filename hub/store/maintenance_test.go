package store_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hearsay/hub/store"
)

func TestCompact(t *testing.T) {
	s, conn := full(t)
	run(t, conn, `
		UPDATE games SET tagline = 'a'; UPDATE games SET tagline = 'b';
		UPDATE channels SET hidden = 1; UPDATE channels SET hidden = 0;
		UPDATE events SET title = 'a'; DELETE FROM events WHERE id = 1;
		DELETE FROM channels WHERE id = 2;
		DELETE FROM games WHERE id = 2;
		UPDATE channels SET hidden = 1`)
	before := versions(t, s, 0)
	compact := func(now time.Time) []string {
		t.Helper()
		if got := logged(t, s, func() { check(t, s.Compact(t.Context(), now)) }); len(got) > 0 {
			t.Errorf("compacting logged %q", brief(got))
		}
		checkOrder(t, versions(t, s, 0))
		checkNewestIsState(t, conn)
		return brief(versions(t, s, 0))
	}
	c := catchUp(t, s, store.Since{}) // what comes later is not its matter
	run(t, conn, `UPDATE channels SET hidden = 0`)
	want := []string{
		"games 1 create", "games 2 create", "achievements 1 create", "rules 1 create", "games 1 update", "events 1 delete", "channels 2 delete",
		"events 2 delete", "achievements 2 delete", "games 2 delete", "channels 1 update", "channels 1 update",
	}
	if got := compact(time.Now()); !slices.Equal(got, want) {
		t.Errorf("beside a catch-up:\n got %q\nwant %q", got, want)
	}
	c.Close()
	want = slices.Delete(want, len(want)-2, len(want)-1)
	if got := compact(time.Now().Add(store.DeletesKept - time.Minute)); !slices.Equal(got, want) {
		t.Errorf("\n got %q\nwant %q", got, want)
	}
	kept := versions(t, s, 0)
	for _, v := range kept {
		if i := slices.IndexFunc(before, func(was store.Version) bool { return was.ID == v.ID }); i >= 0 && before[i].Payload != v.Payload {
			t.Errorf("%+v was %+v", v, before[i])
		}
	}
	want = []string{"games 1 create", "achievements 1 create", "rules 1 create", "games 1 update", "channels 1 update"}
	if got := compact(time.Now().Add(store.DeletesKept + time.Minute)); !slices.Equal(got, want) {
		t.Errorf("\n got %q\nwant %q", got, want)
	}
	// The last version stays, also when it is an old delete: the cursor must not go back.
	run(t, conn, `DELETE FROM channels`)
	last := newest(t, s)
	compact(time.Now().Add(2 * store.DeletesKept))
	if got := versions(t, s, 0); got[len(got)-1].ID != last || newest(t, s) != last {
		t.Errorf("got %q, want the last version %d in it", brief(got), last)
	}
	addGame(t, s, "Gamma")
	if got := compact(time.Now().Add(2 * store.DeletesKept)); slices.Contains(got, "channels 1 delete") {
		t.Errorf("got %q", got)
	}
}

// More than one transaction's worth.
func TestCompact_slices(t *testing.T) {
	s, conn := full(t)
	run(t, conn, `
		INSERT INTO games (short_name, name) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 700) SELECT 'g' || i, i FROM n;
		UPDATE games SET tagline = 'a'; UPDATE games SET tagline = 'b'; UPDATE games SET tagline = 'c';
		DELETE FROM games WHERE id > 400`)
	check(t, s.Compact(t.Context(), time.Now()))
	all := versions(t, s, 0)
	counts := map[string]int{}
	for _, v := range all {
		if v.Kind == store.Games {
			counts[string(v.Action)+v.Payload[strings.LastIndex(v.Payload, `"tagline"`)+10:][:3]]++
		}
	}
	if counts[`createnul`] != 702 || counts[`update"c"`] != 400 || counts[`delete"c"`] != 302 || len(counts) != 3 {
		t.Errorf("got %v", counts)
	}
	check(t, s.Compact(t.Context(), time.Now().Add(2*store.DeletesKept)))
	games := 0
	for _, v := range versions(t, s, 0) {
		if v.Kind == store.Games {
			games++
		}
	}
	if games != 802 { // the last version of the log is a delete, and its record's first stays with it
		t.Errorf("%d versions of games are left, want 802", games)
	}
	checkNewestIsState(t, conn)
}

// An old delete of an id that another program used again is not the end of it.
func TestCompact_idAgain(t *testing.T) {
	s, conn := full(t)
	run(t, conn, `
		INSERT INTO channels (id, name) WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 599)
			SELECT 100 + i, 'x' || char(97 + i / 26) || char(97 + i % 26) FROM n;
		INSERT INTO channels (id, name) VALUES (5000, 'once');
		UPDATE channels SET hidden = 0; UPDATE channels SET hidden = 1;
		DELETE FROM channels WHERE id = 5000;
		INSERT INTO channels (id, name) VALUES (5000, 'again');
		UPDATE channels SET hidden = 0 WHERE id = 2`)
	check(t, s.Compact(t.Context(), time.Now().Add(2*store.DeletesKept)))
	checkNewestIsState(t, conn)
}

func TestPurgeMessages(t *testing.T) {
	s := open(t)
	conn := connect(t, s.Path())
	run(t, conn, `
		INSERT INTO channels (id, name, keep_days) VALUES (10, 'none', 0), (11, 'ever', 36500), (12, 'gone', 30), (13, 'week', 7)`)
	now := time.Now()
	for channel := 10; channel <= 13; channel++ {
		run(t, conn, `
			INSERT INTO messages (channel_id, game, name, message, sent_at)
			WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 1499)
			SELECT ?1, 'g', 'n', i, ?2 + i * 864000000 FROM n`, // 100 a day, for 15 days
			channel, now.Add(-15*24*time.Hour).UnixMicro()+1)
	}
	run(t, conn, `DELETE FROM channels WHERE id = 12`)
	check(t, s.PurgeMessages(t.Context(), now))
	want := []string{"11|1500|0", "13|700|800"}
	if got := ask(t, conn, `SELECT channel_id, count(*), min(CAST(message AS INTEGER)) FROM messages GROUP BY 1`); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	check(t, s.PurgeMessages(t.Context(), now.Add(99*365*24*time.Hour)))
	if got := ask(t, conn, `SELECT DISTINCT channel_id FROM messages`); !slices.Equal(got, []string{"11"}) {
		t.Errorf("99 years later: got %q", got)
	}
	if got := versions(t, s, 0); len(got) != 7 {
		t.Errorf("purging is in the log: %q", brief(got))
	}
}

func TestTouches(t *testing.T) {
	s := open(t)
	conn := connect(t, s.Path())
	alpha, site := addGame(t, s, "Alpha"), addApplication(t, s, "Site")
	ctx := t.Context()
	at := time.Now().Truncate(time.Microsecond)
	game, err := s.Authenticate(ctx, alpha.ClientID, alpha.Secret, at)
	check(t, err)
	application, err := s.Authenticate(ctx, site.ClientID, site.Secret, at)
	check(t, err)
	s.Touch(game, at.Add(time.Second))
	s.Touch(game, at.Add(-time.Hour)) // later calls do not turn it back
	seen := func() (store.Game, store.Application) {
		return must(s.Game(ctx, "Alpha")), must(s.Applications(ctx))[0]
	}
	if got := ask(t, conn, `SELECT count(last_seen_at), count(secret_used_at) FROM games`); got[0] != "0|0" {
		t.Errorf("written before it is flushed: %q", got)
	}
	if g := must(s.Game(ctx, "Alpha")); !g.LastSeenAt.Equal(at.Add(time.Second)) || !g.SecretUsedAt.Equal(at) {
		t.Errorf("before it is flushed: got %+v", g)
	}
	if a := must(s.Application(ctx, "Site")); !a.LastSeenAt.Equal(at) || !a.SecretUsedAt.Equal(at) {
		t.Errorf("before it is flushed: got %+v", a)
	}
	if got := logged(t, s, func() { check(t, s.FlushTouches(ctx)) }); len(got) > 0 {
		t.Errorf("logged %q", brief(got))
	}
	g, a := seen()
	if !g.LastSeenAt.Equal(at.Add(time.Second)) || !g.SecretUsedAt.Equal(at) || !a.LastSeenAt.Equal(at) || !a.SecretUsedAt.Equal(at) || g.OldSecretUsedAt != nil {
		t.Errorf("got %+v and %+v", g, a)
	}
	must(s.RotateGame(ctx, "Alpha", store.Rotation{OldEnds: at.Add(time.Hour)}))
	_, err = s.Authenticate(ctx, alpha.ClientID, alpha.Secret, at.Add(time.Minute))
	check(t, err)
	s.Touch(application, at.Add(time.Minute))
	check(t, s.DeleteApplication(ctx, "Site"))
	check(t, s.Close()) // flushes
	got := ask(t, conn, `SELECT last_seen_at - ?1, secret_used_at, old_secret_used_at - ?1 FROM games`, at.UnixMicro())
	if want := []string{"60000000|NULL|60000000"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// What could not be written is written the next time, unless something newer is known by then.
func TestTouches_unwritten(t *testing.T) {
	s := open(t)
	conn := connect(t, s.Path())
	addGame(t, s, "Alpha")
	addGame(t, s, "Beta")
	run(t, conn, `CREATE TRIGGER full BEFORE UPDATE ON games WHEN NEW.id = 2 BEGIN SELECT RAISE(ABORT, 'full'); END`)
	at := time.UnixMicro(1e15)
	s.Touch(store.Peer{ID: 1}, at)
	s.Touch(store.Peer{ID: 2}, at)
	if err := s.FlushTouches(t.Context()); err == nil {
		t.Fatal("it could be written")
	}
	s.Touch(store.Peer{ID: 2}, at.Add(time.Second))
	run(t, conn, `DROP TRIGGER full`)
	check(t, s.FlushTouches(t.Context()))
	got := ask(t, conn, `SELECT last_seen_at - ?1 FROM games ORDER BY id`, at.UnixMicro())
	if want := []string{"0", "1000000"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// maintain runs Maintain until stop is called.
func maintain(t testing.TB, s *store.Store) (stop func()) {
	done := make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		defer close(done)
		s.Maintain(ctx)
	}()
	return func() {
		cancel()
		<-done
	}
}

// Maintain does all of it in time, and ends.
func TestMaintain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t)
		conn := connect(t, s.Path())
		run(t, conn, `
			INSERT INTO games (id, short_name, name) VALUES (1, 'Alpha', 'Alpha');
			UPDATE channels SET hidden = 1; UPDATE channels SET hidden = 0;
			INSERT INTO events (game_id, title, start_date, end_date) VALUES (99, 'x', '2026-01-01', '2026-01-01');
			INSERT INTO messages (channel_id, game, name, message, sent_at) VALUES (99, 'g', 'n', 'm', 1)`)
		s.Touch(store.Peer{ID: 1}, time.Now())
		stop := maintain(t, s)
		time.Sleep(61 * time.Second)
		synctest.Wait()
		if got := ask(t, conn, `SELECT count(*) FROM games WHERE last_seen_at IS NOT NULL`); got[0] != "1" {
			t.Error("the touches are not written after a minute")
		}
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		want := []string{"channels 1 update", "channels 2 update", "events 1 delete", "games 1 create"}
		got := brief(versions(t, s, 0))
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
		if got := ask(t, conn, `SELECT count(*) FROM messages`); got[0] != "0" {
			t.Error("the messages are not purged")
		}
		stop()
		check(t, s.Close())
	})
}

// TestFaults: what fails is known until it works again.
func TestFaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t)
		conn := connect(t, s.Path())
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			s.Maintain(ctx)
			close(done)
		}()
		run(t, conn, `ALTER TABLE messages RENAME TO elsewhere`)
		began := time.Now()
		time.Sleep(35 * time.Minute) // three times
		synctest.Wait()
		all := s.Faults()
		if len(all) != 1 || all[0].Task != "purge" || !strings.Contains(all[0].Reason, "messages") || all[0].Since.Sub(began) != 10*time.Minute {
			t.Errorf("got %+v", all)
		}
		run(t, conn, `ALTER TABLE elsewhere RENAME TO messages`)
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if all := s.Faults(); len(all) != 0 {
			t.Errorf("when it works: got %+v", all)
		}
		stop()
		<-done
	})
}
