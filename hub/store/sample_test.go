package store_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"hearsay/hub/hubtest"
	"hearsay/hub/store"
)

// TestSamples: those of a longer span are exactly those of a shorter one, also when the
// file was closed in between, and where nothing was read there is nothing.
func TestSamples(t *testing.T) {
	path := hubtest.NewFile(t)
	s := open(t, path)
	start := time.Date(2026, 3, 1, 12, 0, 30, 0, time.UTC)
	add := func(minute, games, messages int) {
		t.Helper()
		check(t, s.AddReading(t.Context(), start.Add(time.Duration(minute)*time.Minute), store.Reading{
			Games: games, Players: 10 * games, Sockets: games + 1, Messages: messages, Lag: time.Duration(games) * time.Millisecond,
		}))
	}
	add(0, 2, 5)
	add(1, 4, 0)
	check(t, s.Close())
	s = open(t, path)
	add(1, 6, 1) // started again within the minute
	add(4, 0, 3)
	add(61, 7, 9) // after an hour's gap

	for _, test := range []struct {
		span store.Span
		want []string
	}{
		{store.Minute, []string{
			"12:00 2.00 20.00 3.00 2 20 3 5 2ms", "12:01 5.00 50.00 6.00 6 60 7 1 6ms", "12:04 0.00 0.00 1.00 0 0 1 3 0s", "13:01 7.00 70.00 8.00 7 70 8 9 7ms",
		}},
		{store.FiveMinutes, []string{"12:00 3.00 30.00 4.00 6 60 7 9 6ms", "13:00 7.00 70.00 8.00 7 70 8 9 7ms"}},
		{store.Hour, []string{"12:00 3.00 30.00 4.00 6 60 7 9 6ms", "13:00 7.00 70.00 8.00 7 70 8 9 7ms"}},
	} {
		var got []string
		for _, m := range must(s.Samples(t.Context(), test.span, time.Time{})) {
			got = append(got, fmt.Sprintf("%s %.2f %.2f %.2f %d %d %d %d %v", m.At.Format("15:04"), m.Games, m.Players, m.Sockets,
				m.GamesMost, m.PlayersMost, m.SocketsMost, m.Messages, m.LagMost))
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%v:\n got %q\nwant %q", time.Duration(test.span), got, test.want)
		}
	}
	if got := must(s.Samples(t.Context(), store.Minute, start.Add(time.Hour))); len(got) != 1 {
		t.Errorf("since an hour later: got %d samples, want 1", len(got))
	}
}

// TestSamples_bounded: each span is kept for its time, to the row.
func TestSamples_bounded(t *testing.T) {
	s := open(t)
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for hour := range 24 * 40 {
		check(t, s.AddReading(t.Context(), start.Add(time.Duration(hour)*time.Hour), store.Reading{Games: 1}))
	}
	for span, want := range map[store.Span]int{store.Minute: 25, store.FiveMinutes: 24*30 + 1, store.Hour: 24 * 40} {
		if got := must(s.Samples(t.Context(), span, time.Time{})); len(got) != want {
			t.Errorf("%v: %d are kept, want %d", time.Duration(span), len(got), want)
		}
	}
	check(t, s.AddReading(t.Context(), start.Add(3*365*24*time.Hour), store.Reading{Games: 1}))
	if got := must(s.Samples(t.Context(), store.Hour, time.Time{})); len(got) != 1 {
		t.Errorf("after three years: %d are kept, want 1", len(got))
	}
}

// TestSamples_quiet: who waits for changes is not woken.
func TestSamples_quiet(t *testing.T) {
	s := open(t)
	wake, stop := s.Watch()
	defer stop()
	admissions := s.Admissions()
	check(t, s.AddReading(t.Context(), time.Now(), store.Reading{Games: 1}))
	check(t, s.AddReading(t.Context(), time.Now().Add(365*24*time.Hour), store.Reading{Games: 1})) // also takes some away
	select {
	case <-wake:
		t.Error("a watcher was woken")
	default:
	}
	if s.Admissions() != admissions {
		t.Error("the admissions count")
	}
	addGame(t, s, "Alpha")
	<-wake
}

func TestLag(t *testing.T) {
	s := open(t)
	addGame(t, s, "Alpha")
	all := versions(t, s, 0)
	last := all[len(all)-1]
	for _, test := range []struct {
		after store.VersionID
		now   time.Time
		want  time.Duration
	}{
		{last.ID, last.LoggedAt.Add(time.Hour), 0},
		{last.ID - 1, last.LoggedAt.Add(time.Hour), time.Hour},
		{last.ID - 1, last.LoggedAt.Add(-time.Second), 0},
		{last.ID + 5, last.LoggedAt.Add(time.Hour), 0},
	} {
		if got := must(s.Lag(t.Context(), test.after, test.now)); got != test.want {
			t.Errorf("after %d: got %v, want %v", test.after, got, test.want)
		}
	}
}

// TestGameSamples: a game has as many as its spans are kept for, in every span the same,
// and none when it is gone.
func TestGameSamples(t *testing.T) {
	s := open(t)
	alpha, beta := addGame(t, s, "Alpha"), addGame(t, s, "Beta")
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	wake, stop := s.Watch()
	defer stop()
	for hour := range 24 * 40 {
		check(t, s.AddGameReadings(t.Context(), start.Add(time.Duration(hour)*time.Hour), []store.GameReading{
			{Game: store.GameID(alpha.ID), Looks: 15, Players: 30, Most: hour}, {Game: 999, Looks: 1, Players: 1, Most: 1},
		}))
	}
	select {
	case <-wake:
		t.Error("a watcher was woken")
	default:
	}
	for span, want := range map[store.Span]int{store.Quarter: 49, store.TwoHours: 12 * 31, store.Day: 40} {
		all := must(s.GameSamples(t.Context(), store.GameID(alpha.ID), span, time.Time{}))
		if last := all[len(all)-1]; len(all) != want || last.Players != 2 || last.Most != 24*40-1 {
			t.Errorf("%v: %d are kept, want %d; the last is %+v", time.Duration(span), len(all), want, last)
		}
	}
	if all := must(s.GameSamples(t.Context(), store.GameID(beta.ID), store.Day, time.Time{})); len(all) != 0 {
		t.Errorf("another game: %+v", all)
	}
	check(t, s.DeleteGame(t.Context(), "Alpha"))
	if all := must(s.GameSamples(t.Context(), store.GameID(alpha.ID), store.Day, time.Time{})); len(all) != 0 {
		t.Errorf("a game that is gone: %d", len(all))
	}
}

// What ten thousand games have had in a quarter of an hour is written in slices.
func BenchmarkAddGameReadings(b *testing.B) {
	s := open(b)
	conn := must(sqlite.OpenConn(s.Path(), sqlite.OpenReadWrite))
	check(b, sqlitex.ExecuteScript(conn, `
		INSERT INTO games (short_name, name, client_id)
		WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000) SELECT 'G' || i, 'G' || i, 'id-' || i FROM n`, nil))
	check(b, conn.Close())
	var all []store.GameReading
	for id := range 10_000 {
		all = append(all, store.GameReading{Game: store.GameID(id + 1), Looks: 15, Players: 30, Most: 3})
	}
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for b.Loop() {
		check(b, s.AddGameReadings(b.Context(), at, all))
		at = at.Add(15 * time.Minute)
	}
}
