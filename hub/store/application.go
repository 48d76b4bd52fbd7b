package store

import (
	"context"
	"fmt"
	"time"

	"zombiezen.com/go/sqlite"
)

// An Application is a privileged peer that is fed with the network's records.
type Application struct {
	ID              int64      `json:"id"`
	ShortName       string     `json:"short_name"`
	Name            string     `json:"name"`
	SyncForm        string     `json:"sync_form"`   // "records" or "versions"; protocol section 9
	Credentials     bool       `json:"credentials"` // may see the hashes of games' secrets
	Suspended       bool       `json:"suspended"`
	SuspendedReason string     `json:"suspended_reason"`
	SuspendedUntil  *time.Time `json:"suspended_until"` // nil: until somebody ends it
	ClientID        string     `json:"client_id"`
	LastSeenAt      *time.Time `json:"last_seen_at"`
	SecretUsedAt    *time.Time `json:"secret_used_at"`
	OldSecretUsedAt *time.Time `json:"old_secret_used_at"`
	OldSecretEndsAt *time.Time `json:"old_secret_ends_at"`
}

// An ApplicationEdit changes what is not nil.
type ApplicationEdit struct {
	Name, SyncForm         *string
	Credentials, Suspended *bool
}

const applicationColumns = `id, short_name, name, sync_form, credentials, suspended, client_id,
	last_seen_at, secret_used_at, old_secret_used_at, old_secret_ends_at, suspended_reason, suspended_until`

func scanApplication(stmt *sqlite.Stmt) Application {
	return Application{
		ID: stmt.ColumnInt64(0), ShortName: stmt.ColumnText(1), Name: columnLine(stmt, 2), SyncForm: stmt.ColumnText(3),
		Credentials: stmt.ColumnBool(4), Suspended: stmt.ColumnBool(5), ClientID: stmt.ColumnText(6),
		LastSeenAt: timeAt(stmt, 7), SecretUsedAt: timeAt(stmt, 8), OldSecretUsedAt: timeAt(stmt, 9), OldSecretEndsAt: timeAt(stmt, 10),
		SuspendedReason: columnLine(stmt, 11), SuspendedUntil: timeAt(stmt, 12),
	}
}

func (a Application) check() error {
	if err := checkName(a.Name); err != nil {
		return err
	}
	if a.SyncForm != "records" && a.SyncForm != "versions" {
		return invalid("sync_form", "%q will not do; use records or versions", a.SyncForm)
	}
	return nil
}

// Applications lists all applications by short name.
func (s *Store) Applications(ctx context.Context) (all []Application, err error) {
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		all, err = rows(conn, `SELECT `+applicationColumns+` FROM applications ORDER BY short_name`, scanApplication)
		return err
	})
	return all, err
}

// ApplicationsPage gives a part of the applications, and how many there are in all that
// match. Its filter is "suspended", its orders "name" (the short one), "title" and "seen".
func (s *Store) ApplicationsPage(ctx context.Context, p Page) (all []Application, total int, err error) {
	from := `FROM applications
		WHERE (?1 = '' OR matches(?1, short_name, name, client_id))`
	if p.Filter == "suspended" {
		from += ` AND suspended`
	}
	order := p.order([][2]string{{"name", `short_name %`}, {"title", `name %, id %`}, {"seen", `last_seen_at %, id %`}}...)
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		all, total, err = page(conn, applicationColumns, from, order, p, scanApplication, p.plain())
		return err
	})
	return all, total, err
}

// Application finds one by its short name, ignoring case.
func (s *Store) Application(ctx context.Context, shortName string) (a Application, err error) {
	err = s.query(ctx, func(conn *sqlite.Conn) error {
		a, err = application(conn, shortName)
		return err
	})
	s.fresh(touched{"applications", a.ID}, &a.LastSeenAt, &a.SecretUsedAt, &a.OldSecretUsedAt)
	return a, err
}

func application(conn *sqlite.Conn, shortName string) (a Application, err error) {
	found, err := row(conn, `SELECT `+applicationColumns+` FROM applications WHERE short_name = ?1`,
		func(stmt *sqlite.Stmt) { a = scanApplication(stmt) }, shortName)
	if err == nil && !found {
		err = Missing{Noun: "application", Key: shortName}
	}
	return a, err
}

// CreateApplication adds an application.
func (s *Store) CreateApplication(ctx context.Context, a Application, form SecretForm) (c Credential, err error) {
	if err := CheckShortName(a.ShortName); err != nil {
		return c, err
	}
	if err := a.check(); err != nil {
		return c, err
	}
	secret, hash := newSecret(form)
	c.Secret = secret
	err = s.operate(ctx, "application add", a.ShortName, func(conn *sqlite.Conn) error {
		if err := checkFree(conn, a.ShortName); err != nil {
			return err
		}
		if err := checkNameFree(conn, `applications`, a.Name, 0); err != nil {
			return err
		}
		_, err := row(conn, `
			INSERT INTO applications (short_name, name, sync_form, credentials, suspended, secret_hash, created_at)
			VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
			RETURNING id, client_id`,
			func(stmt *sqlite.Stmt) { c.ID, c.ClientID = stmt.ColumnInt64(0), stmt.ColumnText(1) },
			a.ShortName, a.Name, a.SyncForm, a.Credentials, a.Suspended, hash, micros(time.Now()))
		return err
	})
	if err != nil {
		return Credential{}, fmt.Errorf("add application %q: %w", a.ShortName, err)
	}
	return c, nil
}

// UpdateApplication changes an application. Its short name never changes; a new
// sync form holds from the next socket on.
func (s *Store) UpdateApplication(ctx context.Context, shortName string, e ApplicationEdit) error {
	err := s.operate(ctx, "application edit", shortName, func(conn *sqlite.Conn) error {
		a, err := application(conn, shortName)
		if err != nil {
			return err
		}
		was := a.Name
		set(&a.Name, e.Name)
		set(&a.SyncForm, e.SyncForm)
		set(&a.Credentials, e.Credentials)
		set(&a.Suspended, e.Suspended)
		if err := a.check(); err != nil {
			return err
		}
		if a.Name != was {
			if err := checkNameFree(conn, `applications`, a.Name, a.ID); err != nil {
				return err
			}
		}
		return exec(conn, `
			UPDATE applications SET name = ?2, sync_form = ?3, credentials = ?4, suspended = ?5,
				suspended_reason = iif(?5, suspended_reason, NULL), suspended_until = iif(?5, suspended_until, NULL)
			WHERE id = ?1`,
			a.ID, a.Name, a.SyncForm, a.Credentials, a.Suspended)
	})
	if err != nil {
		return fmt.Errorf("edit application %q: %w", shortName, err)
	}
	return nil
}

// SuspendApplication closes an application's sockets and refuses new ones.
func (s *Store) SuspendApplication(ctx context.Context, shortName string, u Suspension) error {
	return s.operate(ctx, "application suspend", shortName, func(conn *sqlite.Conn) error {
		return suspend(conn, `applications`, shortName, u)
	})
}

// ResumeApplication ends an application's suspension.
func (s *Store) ResumeApplication(ctx context.Context, shortName string) error {
	no := false
	return s.UpdateApplication(ctx, shortName, ApplicationEdit{Suspended: &no})
}

// EndApplicationSecret refuses an application's old secret from now on.
func (s *Store) EndApplicationSecret(ctx context.Context, shortName string) error {
	return s.operate(ctx, "application end-secret", shortName, func(conn *sqlite.Conn) error {
		return endSecret(conn, `applications`, shortName)
	})
}

// RotateApplication gives an application a new secret; its sockets stay.
func (s *Store) RotateApplication(ctx context.Context, shortName string, r Rotation) (c Credential, err error) {
	if err := s.FlushTouches(ctx); err != nil { // they are of the secret that becomes the old one
		return c, err
	}
	err = s.operate(ctx, "application rotate", shortName, func(conn *sqlite.Conn) error {
		c, err = rotate(conn, `applications`, shortName, r.Form, r.OldEnds)
		return err
	})
	return c, err
}

// DeleteApplication takes an application away.
func (s *Store) DeleteApplication(ctx context.Context, shortName string) error {
	return s.operate(ctx, "application remove", shortName, func(conn *sqlite.Conn) error {
		err := exec(conn, `DELETE FROM applications WHERE short_name = ?1`, shortName)
		if err == nil && conn.Changes() == 0 {
			err = Missing{Noun: "application", Key: shortName}
		}
		return err
	})
}
