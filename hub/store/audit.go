package store

import (
	"context"
	"time"

	"zombiezen.com/go/sqlite"
)

type actorKey struct{}

// WithActor names the operator in whose name the store changes things: each such
// change is put on record in the table audit. Without one, the program acts.
func WithActor(ctx context.Context, actor string) context.Context {
	return context.WithValue(ctx, actorKey{}, actor)
}

// operate is write for what operators do: the audit row is in the same transaction.
func (s *Store) operate(ctx context.Context, action, subject string, do func(*sqlite.Conn) error) error {
	return s.write(ctx, func(conn *sqlite.Conn) error {
		if err := do(conn); err != nil {
			return err
		}
		actor, ok := ctx.Value(actorKey{}).(string)
		if !ok {
			return nil
		}
		return exec(conn, `INSERT INTO audit (at, actor, action, subject) VALUES (?1, ?2, ?3, ?4)`,
			micros(time.Now()), actor, action, subject)
	})
}
