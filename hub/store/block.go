package store

import (
	"context"
	"fmt"

	"zombiezen.com/go/sqlite"
)

// A Block is a word that is no name: of a channel (kind "channel"), or of a game, an
// application or somebody who signs up (kind "name").
type Block struct {
	Kind string `json:"kind"`
	Word string `json:"word"`
}

func (b Block) check() error {
	if b.Kind != "channel" && b.Kind != "name" {
		return invalid("kind", "%q will not do; use channel or name", b.Kind)
	}
	if b.Word == "" {
		return invalid("word", "is missing; give the word to block")
	}
	return CheckLine("word", b.Word, 100)
}

// Blocks lists the block list.
func (s *Store) Blocks(ctx context.Context) (all []Block, err error) {
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		all, err = rows(conn, `SELECT kind, word FROM blocks ORDER BY kind, word`,
			func(stmt *sqlite.Stmt) Block { return Block{stmt.ColumnText(0), stmt.ColumnText(1)} })
		return err
	})
	return all, err
}

// BlocksPage gives a part of the block list, and how many there are in all that match.
// Its filters are the kinds, its order is "word".
func (s *Store) BlocksPage(ctx context.Context, p Page) (all []Block, total int, err error) {
	from := `FROM blocks WHERE (?1 = '' OR matches(?1, word)) AND (?2 = '' OR kind = ?2)`
	order := p.order([2]string{"word", `word %, kind`})
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		all, total, err = page(conn, `kind, word`, from, order, p,
			func(stmt *sqlite.Stmt) Block { return Block{stmt.ColumnText(0), stmt.ColumnText(1)} }, p.plain(), p.Filter)
		return err
	})
	return all, total, err
}

// AddBlock adds to the list; what has the name already keeps it.
func (s *Store) AddBlock(ctx context.Context, b Block) error {
	if err := b.check(); err != nil {
		return err
	}
	return s.operate(ctx, "block add", b.Word, func(conn *sqlite.Conn) error {
		return exec(conn, `INSERT INTO blocks (kind, word) VALUES (?1, ?2) ON CONFLICT DO NOTHING`, b.Kind, b.Word)
	})
}

// RemoveBlock takes a word off the list.
func (s *Store) RemoveBlock(ctx context.Context, b Block) error {
	return s.operate(ctx, "block remove", b.Word, func(conn *sqlite.Conn) error {
		err := exec(conn, `DELETE FROM blocks WHERE kind = ?1 AND word = ?2`, b.Kind, b.Word)
		if err == nil && conn.Changes() == 0 {
			err = Missing{Noun: "block", Key: b.Word}
		}
		return err
	})
}

// Reserve keeps the hub's own short name to the hub. It reports ErrConflict when a
// game or application has it.
func (s *Store) Reserve(ctx context.Context, hubName string) error {
	if err := s.CheckHubName(ctx, hubName); err != nil {
		return err
	}
	return s.AddBlock(ctx, Block{"name", hubName})
}

// CheckHubName says why the hub itself cannot have a short name, as Reserve does.
func (s *Store) CheckHubName(ctx context.Context, name string) error {
	if err := CheckShortName(name); err != nil {
		return err
	}
	err := s.query(ctx, func(conn *sqlite.Conn) error { return checkTaken(conn, name) })
	if err != nil {
		return fmt.Errorf("the hub's name: %w", err)
	}
	return nil
}
