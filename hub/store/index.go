package store

import (
	"context"
	"time"

	"zombiezen.com/go/sqlite"
)

// The table search is an index of the words of messages. To keep it in the transaction
// that logs a message would treble what a message costs. So the newest are without it for
// a while: their words are added in slices, every minute and before somebody searches. So are
// those of search_spelled, for scripts without spaces; see spelling.go.

const (
	indexEvery  = time.Minute
	indexSlice  = 250  // messages whose words one transaction adds or takes away: it takes 2 ms
	indexLatest = 2000 // messages whose words are added before a search at most
	mergePages  = 16   // about so much is written by a step of merging: it takes 3 ms
)

// indexed is the newest message whose words are known, at least.
const indexed = `coalesce((SELECT max(id) FROM search_docsize), 0)`

// unindexed says how many messages there may be whose words are not known.
func unindexed(conn *sqlite.Conn) (n int, err error) {
	_, err = row(conn, `SELECT coalesce((SELECT max(id) FROM messages), 0) - `+indexed,
		func(stmt *sqlite.Stmt) { n = max(0, stmt.ColumnInt(0)) })
	return n, err
}

// unsearched says how many of the newest messages are not known to one of the two indexes.
func unsearched(conn *sqlite.Conn) (n int, err error) {
	if n, err = unindexed(conn); err != nil {
		return 0, err
	}
	spelled, err := unspelled(conn)
	return max(n, spelled), err
}

// keepIndexed adds words when it is time, until ctx ends.
func (s *Store) keepIndexed(ctx context.Context) {
	ticker := time.NewTicker(indexEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if err := s.IndexMessages(ctx); err != nil && ctx.Err() == nil {
			s.log.Error("what was said cannot be added to the search", "err", err)
		}
	}
}

// IndexMessages adds the words of messages to the search until all are known. It leaves
// the writer to others for half of the time.
func (s *Store) IndexMessages(ctx context.Context) error {
	for {
		began := time.Now()
		more, err := s.indexSlice(ctx)
		if err != nil || !more {
			return err
		}
		select {
		case <-time.After(time.Since(began)):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// indexLatest does so before a search, which finds what is known anyway.
func (s *Store) indexLatest(ctx context.Context) {
	for range indexLatest / indexSlice {
		more, err := s.indexSlice(ctx)
		if err != nil {
			if ctx.Err() == nil {
				s.log.Warn("the newest messages cannot be searched", "err", err)
			}
			return
		}
		if !more {
			return
		}
	}
}

// indexSlice adds the words of the oldest messages that are without, and reports whether there
// may be more.
func (s *Store) indexSlice(ctx context.Context) (more bool, err error) {
	n, again := 0, false
	err = s.query(ctx, func(conn *sqlite.Conn) error {
		if n, err = unsearched(conn); err == nil {
			again, err = misspelled(conn)
		}
		return err
	})
	if err != nil || n == 0 && !again {
		return false, err
	}
	err = s.note(ctx, func(conn *sqlite.Conn) error {
		spelled, err := spellMessages(conn)
		if err != nil {
			return err
		}
		err = exec(conn, `
			INSERT INTO search (rowid, channel_id, game, name, message)
			SELECT id, channel_id, game, name, message
			FROM messages WHERE id > `+indexed+`
			ORDER BY id LIMIT ?1`, indexSlice)
		more = conn.Changes() == indexSlice || spelled
		return err
	})
	if err == nil {
		err = s.mergeSearch(ctx)
	}
	return more, s.mendSearch(ctx, err)
}

// mergeSearch joins the parts that slices leave, which would slow searches, in steps.
func (s *Store) mergeSearch(ctx context.Context) error {
	for _, index := range []string{"search", "search_spelled"} {
		if err := s.mergeIndex(ctx, index); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) mergeIndex(ctx context.Context, index string) error {
	for more := true; more; {
		if err := s.note(ctx, func(conn *sqlite.Conn) error {
			before, err := totalChanges(conn)
			if err != nil {
				return err
			}
			if err := exec(conn, `INSERT INTO `+index+` (`+index+`, rank) VALUES ('merge', ?1)`, mergePages); err != nil {
				return err
			}
			after, err := totalChanges(conn)
			more = after-before > 1 // the statement itself counts as one
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}

func totalChanges(conn *sqlite.Conn) (n int64, err error) {
	_, err = row(conn, `SELECT total_changes()`, func(stmt *sqlite.Stmt) { n = stmt.ColumnInt64(0) })
	return n, err
}

// mendSearch empties the index if err says that it is damaged: then it grows anew. No other
// program but one that meddles with its tables, or replaces rows of messages behind the
// triggers' back, can damage it.
func (s *Store) mendSearch(ctx context.Context, err error) error {
	if code := sqlite.ErrCode(err); code != sqlite.ResultCorruptVTab && code != sqlite.ResultConstraintPrimaryKey {
		return err
	}
	s.log.Error("the index of the chat log is damaged and will be made anew", "err", err)
	return s.write(ctx, func(conn *sqlite.Conn) error {
		if err := exec(conn, `INSERT INTO search_spelled (search_spelled) VALUES ('rebuild')`); err != nil {
			return err
		}
		return exec(conn, `INSERT INTO search (search) VALUES ('delete-all')`)
	})
}
