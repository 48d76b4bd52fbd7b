package store_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"zombiezen.com/go/sqlite"

	"hearsay/hub/store"
)

func catchUp(t testing.TB, s *store.Store, since store.Since) *store.CatchUp {
	t.Helper()
	c, err := s.CatchUp(t.Context(), since)
	check(t, err)
	t.Cleanup(c.Close)
	return c
}

// rest reads a catch-up to its end.
func rest(t testing.TB, c *store.CatchUp, limit int) (all []store.Version) {
	t.Helper()
	for {
		page, err := c.Next(t.Context(), limit)
		check(t, err)
		if len(page) == 0 {
			return all
		}
		if len(page) > limit {
			t.Errorf("got %d versions, want at most %d", len(page), limit)
		}
		all = append(all, page...)
	}
}

// What a catch-up sends of a history, compacted or not.
func TestCatchUp(t *testing.T) {
	const (
		game        = `INSERT INTO games (id, short_name, name) VALUES (1, 'Alpha', 'Alpha');`
		edit        = `UPDATE games SET tagline = coalesce(tagline, '') || 'x' WHERE id = 1;`
		remove      = `DELETE FROM games WHERE id = 1;`
		event       = `INSERT INTO events (id, game_id, title, start_date, end_date) VALUES (1, 1, 'x', '2026-01-01', '2026-01-01');`
		editEvent   = `UPDATE events SET title = title || 'x' WHERE id = 1;`
		noEvent     = `DELETE FROM events WHERE id = 1;`
		achievement = `INSERT INTO achievements (id, game_id, title) VALUES (1, 1, 'x');`
		channel     = `INSERT INTO channels (id, name) VALUES (5, 'fresh');`
		hide        = `UPDATE channels SET hidden = 1 - hidden WHERE id = 5;`
		noChannel   = `DELETE FROM channels WHERE id = 5;`
		second      = `INSERT INTO games (id, short_name, name) VALUES (2, 'Beta', 'Beta');`
		editSecond  = `UPDATE games SET tagline = coalesce(tagline, '') || 'x' WHERE id = 2;`
		move        = `UPDATE events SET game_id = 2 WHERE id = 1;`
		since       = "SINCE"
	)
	s := open(t)
	conn := connect(t, s.Path())
	for _, test := range []struct {
		name    string
		history []string // with SINCE where the catch-up begins; without, it is from the beginning
		want    string
	}{
		{"nothing", nil, ""},
		{"newest", []string{channel, hide, hide}, "channels 5 update"},
		{"gone", []string{channel, hide, noChannel}, ""},
		{"made and gone since", []string{since, channel, noChannel}, "channels 5 delete"},
		{"gone since", []string{channel, since, hide, noChannel}, "channels 5 delete"},
		{"gone before", []string{channel, noChannel, since}, ""},
		{"gone before, others since", []string{channel, noChannel, since, game}, "games 1 create"},
		{"game and event", []string{game, event}, "games 1 create, events 1 create"},
		{"game first, for an event", []string{game, event, edit}, "games 1 create, events 1 create, games 1 update"},
		{"game first, for an achievement", []string{game, edit, achievement, edit}, "games 1 create, achievements 1 create, games 1 update"},
		{"game first, for both", []string{game, edit, event, achievement, edit, edit}, "games 1 create, events 1 create, achievements 1 create, games 1 update"},
		{"not for an event after it", []string{game, edit, event}, "games 1 update, events 1 create"},
		{"not for an event whose newest is after it", []string{game, event, edit, editEvent}, "games 1 update, events 1 update"},
		{"for one of two", []string{game, event, achievement, edit, editEvent}, "games 1 create, achievements 1 create, games 1 update, events 1 update"},
		{"not for one that is gone", []string{game, event, edit, noEvent}, "games 1 update"},
		{"not for one that was gone", []string{game, event, noEvent, edit}, "games 1 update"},
		{"not without", []string{game, edit}, "games 1 update"},
		{"all gone", []string{game, event, edit, remove}, ""},
		{"all gone since", []string{since, game, event, edit, remove}, "events 1 delete, games 1 delete"},
		{"game since", []string{channel, since, game, event, edit}, "games 1 create, events 1 create, games 1 update"},
		{"game before", []string{game, since, event, edit}, "events 1 create, games 1 update"},
		{"game's update before", []string{game, edit, since, event, edit}, "events 1 create, games 1 update"},
		{"moved event", []string{game, second, event, move, editSecond, edit}, "games 2 create, events 1 update, games 2 update, games 1 update"},
		{"moved after", []string{game, second, event, editSecond, move, edit}, "games 2 update, events 1 update, games 1 update"},
		{"the id again", []string{channel, noChannel, channel}, "channels 5 create"},
	} {
		t.Run(test.name, func(t *testing.T) {
			run(t, conn, `
				DELETE FROM games; DELETE FROM channels;
				INSERT INTO channels (id, name) VALUES (999, 'base'); DELETE FROM channels WHERE id = 999;
				DELETE FROM versions WHERE id < (SELECT max(id) FROM versions)`)
			base := newest(t, s)
			var at *store.Since
			var through time.Time
			for _, query := range test.history {
				if query == since {
					all := versions(t, s, 0)
					at = &store.Since{After: all[len(all)-1].ID}
					through = all[len(all)-1].LoggedAt
					continue
				}
				run(t, conn, query)
			}
			for _, compact := range []bool{false, true} {
				if compact {
					check(t, s.Compact(t.Context(), time.Now()))
				}
				sinces := []store.Since{{}}
				if at != nil {
					sinces = []store.Since{*at, {Time: through}, {Time: through.Add(999 * time.Nanosecond)}, {Time: through, After: base}}
				}
				for _, since := range sinces {
					for _, limit := range []int{1, 2, 1000} {
						got := strings.Join(brief(rest(t, catchUp(t, s, since), limit)), ", ")
						if got != test.want {
							t.Errorf("compacted %t, since %+v, in pages of %d: got %s, want %s", compact, since, limit, got, test.want)
						}
					}
				}
			}
		})
	}
}

func TestCatchUp_bounds(t *testing.T) {
	s, _ := full(t)
	all := versions(t, s, 0)
	end := all[len(all)-1]
	_, err := s.CatchUp(t.Context(), store.Since{After: end.ID + 1})
	wantErr(t, "beyond the log", err, store.ErrNotFound)
	for name, since := range map[string]store.Since{
		"after the last": {After: end.ID}, "since the last": {Time: end.LoggedAt}, "since a time to come": {Time: time.Now().Add(time.Hour)},
	} {
		c := catchUp(t, s, since)
		if got := rest(t, c, 10); len(got) > 0 || c.Through != end.ID {
			t.Errorf("%s: got %q through %d", name, brief(got), c.Through)
		}
	}
	if got := rest(t, catchUp(t, s, store.Since{Time: end.LoggedAt.Add(-time.Nanosecond)}), 10); len(got) != 1 || got[0].ID != end.ID {
		t.Errorf("just before the last: got %q", brief(got))
	}
	if got := rest(t, catchUp(t, s, store.Since{Time: time.Unix(-1e9, 0)}), 10); len(got) < 6 {
		t.Errorf("since before 1970: got %q", brief(got))
	}
	// What is committed later is not part of it.
	c := catchUp(t, s, store.Since{})
	check(t, s.UpdateGame(t.Context(), "Beta", store.GameEdit{Tagline: pointer("x")}))
	addGame(t, s, "Gamma")
	for _, v := range rest(t, c, 3) {
		if v.ID > end.ID {
			t.Errorf("got %+v, beyond %d", v, end.ID)
		}
	}
	l, err := c.Level(t.Context(), "")
	if err != nil || l.Counts[store.Games] != 2 {
		t.Errorf("got %+v, %v", l, err)
	}
	c.Close()
	c.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.CatchUp(ctx, store.Since{}); err == nil {
		t.Error("begins although the context has ended")
	}
}

func TestCatchUp_NextRecords(t *testing.T) {
	s, conn := full(t)
	run(t, conn, `
		UPDATE games SET tagline = 'x' WHERE id = 1;
		DELETE FROM channels WHERE id = 1;
		INSERT INTO channels (id, name) VALUES (1000, 'late'), (10, 'early');
		UPDATE channels SET hidden = 0 WHERE id = 2`)
	for _, limit := range []int{1, 2, 100} {
		c := catchUp(t, s, store.Since{})
		for _, step := range []struct {
			kind store.Kind
			want string
		}{
			{store.Channels, "channels 2 create, channels 10 create, channels 1000 create"},
			{store.Games, "games 1 update, games 2 create"},
			{store.Events, "events 1 create, events 2 create"},
			{store.Achievements, "achievements 1 create, achievements 2 create"},
		} {
			var all []store.Version
			for {
				page, err := c.NextRecords(t.Context(), step.kind, limit)
				check(t, err)
				if len(page) == 0 {
					break
				}
				all = append(all, page...)
			}
			if got := strings.Join(brief(all), ", "); got != step.want {
				t.Errorf("in pages of %d: got %s, want %s", limit, got, step.want)
			}
		}
	}
}

// digest is that of the protocol, of version ids by record id.
func digest(newest map[int64]store.VersionID) string {
	var lines strings.Builder
	for _, id := range slices.Sorted(maps.Keys(newest)) {
		fmt.Fprintf(&lines, "%d:%d\n", id, newest[id])
	}
	return fmt.Sprintf("%x", sha256.Sum256([]byte(lines.String())))
}

// tableLevel is the level that the tables have.
func tableLevel(t testing.TB, conn *sqlite.Conn) store.Level {
	t.Helper()
	l := store.Level{Counts: map[store.Kind]int{}, Digest: map[store.Kind]string{}}
	for _, kind := range store.Kinds {
		ids := map[int64]store.VersionID{}
		for _, line := range ask(t, conn, `SELECT r.id, (SELECT id FROM versions WHERE kind = ?1 AND record_id = r.id ORDER BY logged_at DESC LIMIT 1) FROM `+string(kind)+` AS r`, string(kind)) {
			var record int64
			var version store.VersionID
			if _, err := fmt.Sscanf(line, "%d|%d", &record, &version); err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			ids[record] = version
		}
		l.Counts[kind], l.Digest[kind] = len(ids), digest(ids)
	}
	return l
}

func TestCatchUp_Level(t *testing.T) {
	s, conn := full(t)
	level := func() store.Level {
		t.Helper()
		c := catchUp(t, s, store.Since{})
		defer c.Close()
		return must(c.Level(t.Context(), ""))
	}
	same := func(what string) {
		t.Helper()
		got, want := level(), tableLevel(t, conn)
		if !maps.Equal(got.Counts, want.Counts) || !maps.Equal(got.Digest, want.Digest) {
			t.Errorf("%s: got %+v, want %+v", what, got, want)
		}
	}
	same("at first")
	run(t, conn, `INSERT INTO channels (id, name) VALUES (100, 'late'), (20, 'early'); UPDATE games SET tagline = 'x'; DELETE FROM channels WHERE id = 1; DELETE FROM events WHERE id = 2`)
	same("after changes")
	check(t, s.Compact(t.Context(), time.Now().Add(365*24*time.Hour)))
	same("compacted")
	run(t, conn, `DELETE FROM games; DELETE FROM channels`)
	same("empty")
	const none = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	if got := level(); got.Digest[store.Games] != none || len(got.Counts) != 5 || got.Counts[store.Games] != 0 {
		t.Errorf("got %+v of nothing", got)
	}
	c := catchUp(t, s, store.Since{})
	defer c.Close()
	named := fmt.Sprintf("%x", sha256.Sum256([]byte("log:"+s.LogID()+"\n")))
	if got := must(c.Level(t.Context(), s.LogID())); got.Log != s.LogID() || got.Digest[store.Games] != named {
		t.Errorf("got %+v of nothing, want the digest %s of games", got, named)
	}
}

// A catch-up that is open loses nothing to a compaction.
func TestCatchUp_compact(t *testing.T) {
	s, conn := full(t)
	since := store.Since{After: newest(t, s)}
	run(t, conn, `
		INSERT INTO channels (id, name) VALUES (10, 'ten'), (11, 'eleven'), (12, 'twelve');
		UPDATE channels SET hidden = 0 WHERE id > 9;
		DELETE FROM channels WHERE id IN (10, 11);
		INSERT INTO games (id, short_name, name) VALUES (10, 'Ten', 'Ten');
		INSERT INTO events (game_id, title, start_date, end_date) VALUES (10, 'x', '2026-01-01', '2026-01-01');
		UPDATE games SET tagline = 'x' WHERE id = 10`)
	want := brief(rest(t, catchUp(t, s, since), 100))
	for _, late := range []time.Duration{0, store.DeletesKept + time.Hour} {
		c := catchUp(t, s, since)
		got, err := c.Next(t.Context(), 1)
		check(t, err)
		// Each of these records gets newer versions than the catch-up is to tell.
		run(t, conn, `
			UPDATE channels SET hidden = 1 - hidden;
			UPDATE games SET tagline = tagline || 'y';
			UPDATE events SET title = title || 'y'`)
		check(t, s.Compact(t.Context(), time.Now().Add(late)))
		got = append(got, rest(t, c, 2)...)
		if !slices.Equal(brief(got), want) {
			t.Errorf("compacted %v later: got %q, want %q", late, brief(got), want)
		}
		c.Close()
		if late == 0 {
			run(t, conn, `DELETE FROM versions WHERE id > (SELECT max(id) FROM versions WHERE kind = 'games' AND record_id = 10 AND action = 'create') + 2`)
		}
	}
}

// A mirror is what an application holds.
type mirror struct {
	cursor   store.VersionID
	at       time.Time
	payloads map[store.Kind]map[int64]string
	newest   map[store.Kind]map[int64]store.VersionID
}

func newMirror() *mirror {
	m := &mirror{payloads: map[store.Kind]map[int64]string{}, newest: map[store.Kind]map[int64]store.VersionID{}}
	for _, kind := range store.Kinds {
		m.payloads[kind], m.newest[kind] = map[int64]string{}, map[int64]store.VersionID{}
	}
	return m
}

// apply takes in what a stream brings, and says what is wrong with it.
func (m *mirror) apply(all []store.Version, last *store.Version) error {
	for _, v := range all {
		if v.ID <= last.ID || !v.LoggedAt.After(last.LoggedAt) {
			return fmt.Errorf("%+v comes after %+v", v, *last)
		}
		*last = v
		if v.Action == store.Delete {
			delete(m.payloads[v.Kind], v.Record)
			delete(m.newest[v.Kind], v.Record)
			continue
		}
		if v.Kind == store.Events || v.Kind == store.Achievements {
			var id, game int64
			if _, err := fmt.Sscanf(v.Payload, `{"id":%d,"game_id":%d,`, &id, &game); err != nil {
				return fmt.Errorf("%s: %w", v.Payload, err)
			}
			if m.payloads[store.Games][game] == "" {
				return fmt.Errorf("%+v comes before its game", v)
			}
		}
		m.payloads[v.Kind][v.Record], m.newest[v.Kind][v.Record] = v.Payload, v.ID
	}
	return nil
}

// follow is one connection of an application: it catches up from where it was,
// in pages of any size, then goes on live until it is level.
func (m *mirror) follow(ctx context.Context, s *store.Store, random *rand.Rand) error {
	since := store.Since{After: m.cursor}
	if random.IntN(3) == 0 {
		since = store.Since{Time: m.at}
	}
	c, err := s.CatchUp(ctx, since)
	if err != nil {
		return err
	}
	defer c.Close()
	var last store.Version
	for {
		all, err := c.Next(ctx, 1+random.IntN(20))
		if err != nil {
			return err
		}
		if len(all) == 0 {
			break
		}
		if err := m.apply(all, &last); err != nil {
			return fmt.Errorf("catching up since %+v through %d: %w", since, c.Through, err)
		}
	}
	l, err := c.Level(ctx, "")
	if err != nil {
		return err
	}
	for _, kind := range store.Kinds {
		if got := digest(m.newest[kind]); l.Counts[kind] != len(m.newest[kind]) || l.Digest[kind] != got {
			return fmt.Errorf("caught up since %+v through %d: the level of %s is %d %s, the mirror has %d %s",
				since, c.Through, kind, l.Counts[kind], l.Digest[kind], len(m.newest[kind]), got)
		}
	}
	c.Close()
	last.ID, m.cursor = c.Through, c.Through
	for range random.IntN(20) {
		all, err := s.Versions(ctx, m.cursor, 1+random.IntN(10))
		if err != nil {
			return err
		}
		if err := m.apply(all, &last); err != nil {
			return fmt.Errorf("live: %w", err)
		}
		m.cursor = last.ID
	}
	if !last.LoggedAt.IsZero() {
		m.at = last.LoggedAt
	}
	return nil
}

// Three writers change what they like, the log is compacted all the time, readers
// come and go: each ends with exactly what the tables hold.
func TestCatchUp_random(t *testing.T) {
	t.Parallel()
	operations := 150
	if testing.Short() {
		operations = 50
	}
	s := open(t)
	ctx := t.Context()
	var writers, others sync.WaitGroup
	done := make(chan struct{})
	for seed := range uint64(3) {
		writers.Go(func() {
			random := rand.New(rand.NewPCG(seed, 1))
			for range operations {
				err := randomChange(ctx, s, random)
				if err != nil && !errors.Is(err, store.ErrConflict) && !errors.Is(err, store.ErrNotFound) && !errors.Is(err, store.ErrInvalid) {
					t.Error(err)
					return
				}
			}
		})
	}
	running := func() bool {
		select {
		case <-done:
			return false
		default:
			return true
		}
	}
	others.Go(func() {
		wake, stop := s.Watch()
		defer stop()
		for running() {
			select {
			case <-wake:
			case <-done:
			}
			if err := s.Compact(ctx, time.Now()); err != nil {
				t.Error(err)
				return
			}
		}
	})
	mirrors := make([]*mirror, 4)
	for i := range mirrors {
		others.Go(func() {
			random := rand.New(rand.NewPCG(uint64(i), 2))
			wake, stop := s.Watch()
			defer stop()
			m := newMirror()
			for running() {
				if random.IntN(10) == 0 {
					m = newMirror()
				}
				if err := m.follow(ctx, s, random); err != nil {
					t.Errorf("reader %d: %v", i, err)
					return
				}
				select {
				case <-wake:
				case <-done:
				}
			}
			mirrors[i] = m
		})
	}
	writers.Wait()
	close(done)
	others.Wait()
	if t.Failed() {
		return
	}
	conn := connect(t, s.Path())
	want := newMirror()
	for _, kind := range store.Kinds {
		for _, line := range ask(t, conn, `SELECT id, payload FROM records WHERE kind = ?1`, string(kind)) {
			id, payload, _ := strings.Cut(line, "|")
			want.payloads[kind][must(parse(id))] = payload
		}
	}
	for i, m := range append(mirrors, newMirror()) { // one that comes only now
		check(t, m.follow(ctx, s, rand.New(rand.NewPCG(uint64(i), 3))))
		for _, kind := range store.Kinds {
			if !maps.Equal(m.payloads[kind], want.payloads[kind]) {
				t.Errorf("reader %d has %d %s, the tables %d:\n got %v\nwant %v", i, len(m.payloads[kind]), kind, len(want.payloads[kind]), m.payloads[kind], want.payloads[kind])
			}
		}
	}
	if len(want.payloads[store.Games]) == 0 || len(want.payloads[store.Events])+len(want.payloads[store.Achievements]) == 0 {
		t.Error("nothing is left to compare")
	}
}

// randomChange does one thing to records that few names make likely to exist.
func randomChange(ctx context.Context, s *store.Store, random *rand.Rand) error {
	name := string(rune('a' + random.IntN(8)))
	text := fmt.Sprint(random.IntN(1000))
	switch random.IntN(15) {
	case 0:
		_, err := s.CreateChannel(ctx, store.Channel{Name: "chan" + name})
		return err
	case 1:
		return s.UpdateChannel(ctx, "chan"+name, store.ChannelEdit{Description: &text})
	case 2:
		return s.DeleteChannel(ctx, "chan"+name)
	case 3, 4, 5:
		_, err := s.CreateGame(ctx, store.Game{ShortName: name, Name: name}, store.LongSecret)
		return err
	case 6, 7:
		return s.UpdateGame(ctx, name, store.GameEdit{Tagline: &text})
	case 8:
		if random.IntN(3) > 0 {
			return nil
		}
		return s.DeleteGame(ctx, name)
	case 9:
		_, err := s.AddConnection(ctx, name, store.Connection{Type: "telnet", Host: "x" + text, Port: 1})
		return err
	case 10, 11:
		_, err := s.CreateEvent(ctx, store.Event{Game: name, Title: text, StartDate: "2026-01-01", EndDate: "2026-01-01"})
		return err
	case 12:
		events, err := s.Events(ctx, "")
		if err != nil || len(events) == 0 {
			return err
		}
		e := events[random.IntN(len(events))]
		if random.IntN(2) == 0 {
			return s.DeleteEvent(ctx, e.ID)
		}
		return s.UpdateEvent(ctx, e.ID, store.EventEdit{Title: &text})
	case 13:
		if _, err := s.CreateRule(ctx, store.Rule{Kind: store.WordRule, Subject: text, Action: store.Mute, Enabled: true}); err != nil {
			return err
		}
		rules, err := s.Rules(ctx)
		if err != nil || len(rules) == 0 {
			return err
		}
		if id := rules[random.IntN(len(rules))].ID; random.IntN(2) == 0 {
			return s.EndRule(ctx, id)
		} else {
			_, err := s.UpdateRule(ctx, id, store.RuleEdit{Reason: &text})
			return err
		}
	default:
		g, err := s.Game(ctx, name)
		if err != nil {
			return err
		}
		all, err := s.Achievements(ctx, g.ID)
		if err != nil {
			return err
		}
		if len(all) == 0 || random.IntN(2) == 0 {
			_, err = s.CreateAchievement(ctx, g.ID, store.Achievement{Title: text})
			if sqlite.ErrCode(err) == sqlite.ResultConstraintForeignKey {
				err = store.ErrNotFound // the game has gone meanwhile
			}
			return err
		}
		a := all[random.IntN(len(all))]
		if random.IntN(2) == 0 {
			return s.DeleteAchievement(ctx, g.ID, a.Key)
		}
		_, err = s.UpdateAchievement(ctx, g.ID, a.Key, func(a *store.Achievement) error {
			a.Title = text
			return nil
		})
		return err
	}
}
