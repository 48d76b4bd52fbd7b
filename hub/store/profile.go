package store

import (
	"context"
	"time"

	"zombiezen.com/go/sqlite"
)

// A Profile is what anybody may see of a user.
type Profile struct {
	Username   string
	Since      time.Time
	Characters []Character // that are approved, of games that anybody may see, by game and name
	Games      []Game      // that the user owns, of those that anybody may see, by short name
}

// publicCharacter is SQL for the characters c of games g that anybody may see.
const publicCharacter = `c.state = 'approved' AND g.display AND NOT g.suspended`

// PublicProfile is the profile of a user, by a name in any case. Who waits for approval or
// is banned has none, like somebody who is not there.
func (s *Store) PublicProfile(ctx context.Context, username string, now time.Time) (p Profile, err error) {
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		u, err := user(conn, username)
		if err != nil {
			return err
		}
		if u.barred(now) != nil {
			return Missing{Noun: "user", Key: username}
		}
		p.Username, p.Since = u.Username, u.CreatedAt
		if p.Characters, err = rows(conn, `
			SELECT `+characterColumns+` `+fromCharacters+`
			WHERE c.user_id = ?1 AND `+publicCharacter+`
			ORDER BY g.short_name, c.folded`, scanCharacter, u.ID); err != nil {
			return err
		}
		p.Games, err = rows(conn, `SELECT `+gameColumns+` FROM games WHERE owner_id = ?1 AND `+publicGame+` ORDER BY short_name`,
			scanGame, u.ID)
		return err
	})
	return p, err
}

// PublicPeople gives the names of users who have a profile with a character on it, at most
// limit. It looks at characters in the order of an index, so that many accounts without any
// cost nothing.
func (s *Store) PublicPeople(ctx context.Context, limit int, now time.Time) (names []string, err error) {
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		names, err = rows(conn, `
			SELECT u.username FROM characters AS c CROSS JOIN users AS u ON u.id = c.user_id CROSS JOIN games AS g ON g.id = c.game_id
			WHERE `+publicCharacter+` AND u.approved_at IS NOT NULL AND NOT (`+isBanned("?2")+`)
			GROUP BY c.user_id ORDER BY c.user_id LIMIT ?1`, func(stmt *sqlite.Stmt) string { return stmt.ColumnText(0) }, limit, micros(now))
		return err
	})
	return names, err
}
