package store_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"hearsay/hub/store"
)

func BenchmarkUpdateGame(b *testing.B) {
	s := open(b)
	addGame(b, s, "Alpha")
	for i := 0; b.Loop(); i++ {
		check(b, s.UpdateGame(b.Context(), "Alpha", store.GameEdit{Tagline: pointer(fmt.Sprint(i))}))
	}
}

func BenchmarkAppend(b *testing.B) {
	for _, senders := range []int{1, 64} {
		b.Run(fmt.Sprint(senders), func(b *testing.B) {
			s := open(b)
			m := store.Message{Channel: 1, Game: "Alpha", Name: "Ann", Text: "Hello everybody, who is up for a quest tonight?"}
			left := make(chan struct{}, senders)
			var failed atomic.Pointer[error]
			for range senders {
				left <- struct{}{}
			}
			for b.Loop() { // one message each, at most so many at a time
				<-left
				go func() {
					if err := s.Append(b.Context(), m, func(store.Message) {}); err != nil {
						failed.Store(&err)
					}
					left <- struct{}{}
				}()
			}
			for range senders {
				<-left
			}
			if err := failed.Load(); err != nil {
				b.Error(*err)
			}
		})
	}
}

// many is a store with 10,000 games, half of them edited.
func many(b *testing.B) *store.Store {
	s := open(b)
	run(b, connect(b, s.Path()), `
		INSERT INTO games (short_name, name, description, homepage_url)
		WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
		SELECT 'g' || i, 'Game ' || i, 'A game of some words, as games have', 'https://game.example/' || i FROM n;
		UPDATE games SET tagline = 'x' WHERE id % 2`)
	return s
}

func BenchmarkCatchUp(b *testing.B) {
	s := many(b)
	count := func(b *testing.B, next func(*store.CatchUp) ([]store.Version, error)) {
		for b.Loop() {
			c, err := s.CatchUp(b.Context(), store.Since{})
			check(b, err)
			n := 0
			for {
				page, err := next(c)
				check(b, err)
				if len(page) == 0 {
					break
				}
				n += len(page)
			}
			c.Close()
			if n < 10_000 {
				b.Fatalf("got %d versions", n)
			}
		}
	}
	b.Run("versions", func(b *testing.B) {
		count(b, func(c *store.CatchUp) ([]store.Version, error) { return c.Next(b.Context(), 100) })
	})
	b.Run("records", func(b *testing.B) {
		count(b, func(c *store.CatchUp) ([]store.Version, error) {
			return c.NextRecords(b.Context(), store.Games, 100)
		})
	})
}

func BenchmarkLevel(b *testing.B) {
	s := many(b)
	for b.Loop() {
		c, err := s.CatchUp(b.Context(), store.Since{})
		check(b, err)
		l, err := c.Level(b.Context(), s.LogID())
		check(b, err)
		c.Close()
		if l.Counts[store.Games] != 10_000 {
			b.Fatalf("got %+v", l.Counts)
		}
	}
}

// BenchmarkIndexMessages is what a message costs the search, a thousand at a time.
func BenchmarkIndexMessages(b *testing.B) {
	s := open(b)
	conn := connect(b, s.Path())
	for b.Loop() {
		b.StopTimer()
		run(b, conn, `
			INSERT INTO messages (channel_id, game, name, message, sent_at)
			WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
			SELECT 1, 'Alpha' || i % 100, 'Ann' || i, 'who is up for a quest tonight, ' || hex(randomblob(2)) || ' or ' || hex(randomblob(2)) || '?', i FROM n`)
		b.StartTimer()
		for done := false; !done; { // without the pauses of IndexMessages
			f, err := s.SearchMessages(b.Context(), store.Search{Words: "nothing"})
			check(b, err)
			done = f.Unread == 0
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*1000), "ns/message")
}
