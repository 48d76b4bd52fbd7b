package hubtest

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"hearsay/hub/store"
)

// What a crowded file has.
const (
	CrowdGames    = 10_000
	CrowdMessages = 1_000_000
	CrowdPeople   = 100_000
	crowdChannels = 200
	crowdPlayers  = 50_000
	crowdWords    = 20_000
	crowdDays     = 30
)

// crowdForm is another number whenever a crowded file is made otherwise.
const crowdForm = 3

// Crowd gives a new file as a large network has it after a month, for benchmarks: games
// G1, G2, … and what their players said, of which a few did most. To make one takes a
// minute, so it is kept in the folder for temporary files, and each call gives a copy.
func Crowd(tb testing.TB) (path string) {
	tb.Helper()
	path = filepath.Join(tb.TempDir(), "hearsay.db")
	st, err := store.Open(tb.Context(), path, store.Options{})
	if err == nil {
		err = st.Close()
	}
	kept := ""
	if err == nil {
		kept, err = crowdName(path)
	}
	if err == nil {
		if _, there := os.Stat(kept); there != nil {
			tb.Logf("making %s", kept)
			if err = crowd(tb.Context(), path); err == nil {
				err = copyFile(path, kept)
			}
		} else {
			err = copyFile(kept, path)
		}
	}
	if err != nil {
		tb.Fatal("make a crowded file: ", err)
	}
	return path
}

// crowdName is where the crowded file of the schema of the file at path is kept.
func crowdName(path string) (name string, err error) {
	err = withConn(path, func(conn *sqlite.Conn) error {
		return sqlitex.Execute(conn, `SELECT group_concat(sql) FROM (SELECT sql FROM sqlite_schema ORDER BY name)`, &sqlitex.ExecOptions{ResultFunc: func(stmt *sqlite.Stmt) error {
			name = fmt.Sprintf("hearsay-crowd-%.8x-%d.db", sha256.Sum256([]byte(stmt.ColumnText(0))), crowdForm)
			return nil
		}})
	})
	return filepath.Join(os.TempDir(), name), err
}

func withConn(path string, do func(*sqlite.Conn) error) error {
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	if err != nil {
		return err
	}
	err = do(conn)
	if cerr := conn.Close(); err == nil {
		err = cerr
	}
	return err
}

// copyFile leaves no half of a copy behind, whoever else makes one.
func copyFile(from, to string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.CreateTemp(filepath.Dir(to), "hearsay-crowd-*.part")
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if cerr := out.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(out.Name(), to)
	}
	if err != nil {
		_ = os.Remove(out.Name()) // the first fault tells more
	}
	return err
}

// crowd fills a new file.
func crowd(ctx context.Context, path string) error {
	if err := withConn(path, crowdRows); err != nil {
		return err
	}
	st, err := store.Open(ctx, path, store.Options{})
	if err != nil {
		return err
	}
	err = st.IndexMessages(ctx)
	if cerr := st.Close(); err == nil {
		err = cerr
	}
	return err
}

func crowdRows(conn *sqlite.Conn) (err error) {
	if err := sqlitex.ExecuteTransient(conn, `PRAGMA synchronous = OFF`, nil); err != nil {
		return err
	}
	defer sqlitex.Save(conn)(&err)
	for _, query := range []string{
		fmt.Sprintf(`
			INSERT INTO games (short_name, name, description, homepage_url, tagline, user_agent, version, last_seen_at, secret_hash)
			WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)
			SELECT 'G' || i, 'Game number ' || i, 'A game of some words, as games have', 'https://g' || i || '.example/',
				'Better than ' || (i - 1), 'ExVenture', '0.' || (i & 31), 1700000000000000 + i * 1000000, randomblob(32) FROM n`, CrowdGames),
		`INSERT INTO connections (game_id, type, host, port) SELECT id, 'telnet', 'g' || id || '.example', 4000 FROM games`,
		fmt.Sprintf(`
			INSERT INTO users (username, password_hash, role, created_at, email, approved_at)
			WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)
			SELECT 'Person' || i, '-', 'person', 1700000000000000 + i * 1000000, 'person' || i || '@mail.example', 1700000000000000 + i * 1000000 FROM n`, CrowdPeople),
		fmt.Sprintf(`
			INSERT INTO characters (user_id, game_id, name, folded, keyed, state, created_at, approved_at, decided_at)
			SELECT id, 1 + id %% %d, 'Hero' || id, 'hero' || id, 1, 'approved', created_at, created_at, created_at FROM users`, CrowdGames),
		`UPDATE games SET owner_id = (SELECT id FROM users WHERE username = 'Person' || games.id)`,
		`INSERT INTO events (game_id, title, description, start_date, end_date)
			SELECT id, 'Fair of game ' || id, 'With pies', date('now', (id % 60) || ' days'), date('now', (id % 60 + 2) || ' days') FROM games WHERE id % 10 = 0`,
		`INSERT INTO game_samples (game_id, span, at, samples, players, players_most)
			WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 190)
			SELECT g.id, 900, (CAST(strftime('%s', 'now') AS INTEGER) / 900 - i) * 900000000, 15, 15 * (i % 24), i % 30 FROM n, games AS g WHERE g.id <= 100`,
	} {
		if err := sqlitex.Execute(conn, query, nil); err != nil {
			return err
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	var channels []int64
	for i := range crowdChannels {
		if err := sqlitex.Execute(conn, `INSERT INTO channels (name, description, keep_days, hidden, readable) VALUES (?1, 'About this and that', 90, ?2, NOT ?2)`,
			&sqlitex.ExecOptions{Args: []any{"room-" + string(rune('a'+i/26)) + string(rune('a'+i%26)), i % 2}}); err != nil {
			return err
		}
		channels = append(channels, conn.LastInsertRowID())
	}
	words := crowdVocabulary(random)
	now := time.Now()
	for i := range CrowdMessages {
		text := make([]string, 2+random.IntN(16))
		for i := range text {
			text[i] = words[few(random, len(words))]
		}
		sent := now.Add(-crowdDays * 24 * time.Hour / CrowdMessages * time.Duration(CrowdMessages-i))
		if err := sqlitex.Execute(conn, `INSERT INTO messages (channel_id, game, name, message, sent_at) VALUES (?1, ?2, ?3, ?4, ?5)`,
			&sqlitex.ExecOptions{Args: []any{
				channels[few(random, len(channels))], fmt.Sprint("G", 1+few(random, CrowdGames)), fmt.Sprint("Player", 1+few(random, crowdPlayers)),
				strings.Join(text, " "), sent.UnixMicro(),
			}}); err != nil {
			return err
		}
	}
	return nil
}

// few chooses of n, mostly the first ones.
func few(random *rand.Rand, n int) int { return int(math.Pow(float64(n), random.Float64())) - 1 }

// crowdVocabulary makes up words, the most frequent ones first, which are short.
func crowdVocabulary(random *rand.Rand) (words []string) {
	const consonants, vowels = "bcdfghjklmnprstvwyz", "aeiou"
	for i := range crowdWords {
		var word strings.Builder
		for range 1 + i%3 + min(1, i/200) {
			word.WriteByte(consonants[random.IntN(len(consonants))])
			word.WriteByte(vowels[random.IntN(len(vowels))])
		}
		words = append(words, word.String())
	}
	return words
}
