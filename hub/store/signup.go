package store

import (
	"context"
	"slices"
	"strings"
	"time"

	"zombiezen.com/go/sqlite"

	"hearsay/hub/fold"
)

// A SignUpMode says who may make an account.
type SignUpMode string

// The modes of signing up.
const (
	SignUpClosed   SignUpMode = "closed"   // nobody; operators add users
	SignUpInvite   SignUpMode = "invite"   // who has an invite
	SignUpApproval SignUpMode = "approval" // everybody, but a login waits for an operator's approval
	SignUpOpen     SignUpMode = "open"     // everybody
)

// CheckSignUpMode refuses what is no mode.
func CheckSignUpMode(mode SignUpMode) error {
	switch mode {
	case SignUpClosed, SignUpInvite, SignUpApproval, SignUpOpen:
		return nil
	}
	return invalid("sign_up", "%q will not do; use closed, invite, approval or open", string(mode))
}

// A SignUp is what somebody makes an account with.
type SignUp struct {
	Mode     SignUpMode // that is in force
	Username string
	Password string
	Email    string // may be empty
	Invite   string // token; without mode invite it may be empty, and spares the approval if it is not
}

// SignUp makes the account of a person. An invite is used up with it. Who waits for
// approval then is [User.Waiting]. It does not count how often somebody tries.
func (s *Store) SignUp(ctx context.Context, n SignUp, now time.Time) (u User, err error) {
	if err := CheckSignUpMode(n.Mode); err != nil {
		return u, err
	}
	if n.Mode == SignUpClosed {
		return u, invalid("sign_up", "is closed; ask the operators for an account")
	}
	u = User{Username: n.Username, Role: Person, Email: n.Email}
	if err := u.check(); err != nil {
		return u, err
	}
	if err := checkPassword(n.Password); err != nil {
		return u, err
	}
	if err := s.read(ctx, func(conn *sqlite.Conn) error { return n.check(conn, now) }); err != nil {
		return u, err // before a hash is made for anybody who asks
	}
	hash := hashPassword(n.Password)
	err = s.operate(ctx, "user sign-up", n.Username, func(conn *sqlite.Conn) error {
		if err := n.check(conn, now); err != nil {
			return err
		}
		at := now.UTC().Truncate(time.Microsecond)
		if n.Mode != SignUpApproval || n.Invite != "" {
			u.ApprovedAt = &at
		}
		if err := insertUser(conn, &u, hash, at); err != nil || n.Invite == "" {
			return err
		}
		return useInvite(conn, n.Invite, u.ID, now)
	})
	return u, err
}

// reservedUsernames are names that people take for the operators' or the hub's. Nobody signs up
// with one, or with one that differs by letter case and dashes. Operators may give them.
var reservedUsernames = []string{"admin", "administrator", "moderator", "root", "support", "staff", "system"}

func withoutDashes(name string) string { return strings.ReplaceAll(name, "-", "") }

// check refuses a name that is not free, and an invite that does not work.
func (n SignUp) check(conn *sqlite.Conn, now time.Time) error {
	if n.Mode == SignUpInvite || n.Invite != "" {
		if err := checkInvite(conn, n.Invite, now); err != nil {
			return err
		}
	}
	for _, name := range []string{n.Username, withoutDashes(n.Username)} {
		blocked, err := nameBlocked(conn, name) // the hub's name is on the list
		if err != nil {
			return err
		}
		if blocked || slices.Contains(reservedUsernames, fold.Key(name)) {
			return invalid("username", "%q may not be used; choose another", n.Username)
		}
	}
	has, err := row(conn, `
		SELECT 1 FROM users WHERE username = ?1
		UNION ALL SELECT 1 FROM closed_names WHERE hash = ?2 AND free_at > ?3`,
		func(*sqlite.Stmt) {}, n.Username, closedHash(n.Username), micros(now))
	if err == nil && has {
		err = taken("username", "%q is taken; choose another", n.Username)
	}
	return err
}
