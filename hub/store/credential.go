package store

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/base64"
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/google/uuid"
	"golang.org/x/crypto/argon2"
	"zombiezen.com/go/sqlite"
)

// A Credential is what a game or application authenticates with. The secret is
// shown when it is made, and never again: the file holds its SHA-256, which is
// enough because it is random.
type Credential struct {
	ID       int64  `json:"id"`
	ClientID string `json:"client_id"`
	Secret   string `json:"client_secret"`
}

// SecretForm is the form of a new secret.
type SecretForm bool

const (
	LongSecret SecretForm = false // 256 bits in 52 lower-case letters and digits: one known client lower-cases all that it sends
	UUIDSecret SecretForm = true  // 122 bits in 36 characters: one known client takes no other length
)

// OldSecretKept is how long a rotated secret stays valid unless said otherwise.
const OldSecretKept = 7 * 24 * time.Hour

func newSecret(form SecretForm) (secret string, hash []byte) {
	if form == UUIDSecret {
		secret = uuid.NewString()
	} else {
		var random [32]byte
		rand.Read(random[:])
		secret = strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(random[:]))
	}
	sum := sha256.Sum256([]byte(secret))
	return secret, sum[:]
}

// A Peer is a game or an application that has authenticated.
type Peer struct {
	Application bool
	ID          int64
	ShortName   string
	SyncForm    string // of an application: "records" or "versions"
	Credentials bool   // of an application: may see the hashes of secrets
	UserAgent   string // of a game, as last stored; of an application's socket, as it says
	Version     string // of the protocol that the client knows; of a game, as last stored
}

// A Refusal is why credentials were refused; it unwraps to ErrUnauthorized or ErrBarred.
// It is for operators: a client is not told whose client id it was.
type Refusal struct {
	Reason error
	Peer   Peer      // whose client id it is; ID is 0 if it is nobody's
	Ended  time.Time // until when the secret was good; zero: it never was, as far as the file knows
}

func (r *Refusal) Error() string { return r.Reason.Error() }
func (r *Refusal) Unwrap() error { return r.Reason }

// Authenticate finds whose credentials these are, games first. It reports a [Refusal]
// with ErrUnauthorized when they are nobody's, and with ErrBarred when their owner is
// suspended. The comparison takes the same time however wrong the secret is.
func (s *Store) Authenticate(ctx context.Context, clientID, secret string, now time.Time) (Peer, error) {
	p, old, err := s.authenticate(ctx, clientID, secret, now)
	switch {
	case err != nil:
		return Peer{}, err
	case old:
		s.touch(p, touch{seen: now, old: now})
	default:
		s.touch(p, touch{seen: now, secret: now})
	}
	return p, nil
}

// authenticate also says whether it was by the old secret, and notes nothing.
func (s *Store) authenticate(ctx context.Context, clientID, secret string, now time.Time) (p Peer, old bool, err error) {
	var suspended bool
	var hash, oldHash [sha256.Size]byte
	var ended int64
	err = s.query(ctx, func(conn *sqlite.Conn) error {
		found, err := row(conn, `
			SELECT id, short_name, 0, '', 0, user_agent, version, suspended AND coalesce(suspended_until, ?2) >= ?2,
				secret_hash, old_secret_hash, coalesce(old_secret_ends_at, 0)
			FROM games WHERE client_id = ?1
			UNION ALL
			SELECT id, short_name, 1, sync_form, credentials, '', '', suspended AND coalesce(suspended_until, ?2) >= ?2,
				secret_hash, old_secret_hash, coalesce(old_secret_ends_at, 0)
			FROM applications WHERE client_id = ?1 AND NOT EXISTS (SELECT 1 FROM games WHERE client_id = ?1)`,
			func(stmt *sqlite.Stmt) {
				p = Peer{
					ID: stmt.ColumnInt64(0), ShortName: stmt.ColumnText(1), Application: stmt.ColumnBool(2),
					SyncForm: stmt.ColumnText(3), Credentials: stmt.ColumnBool(4),
					UserAgent: stmt.ColumnText(5), Version: stmt.ColumnText(6),
				}
				suspended = stmt.ColumnBool(7)
				stmt.ColumnBytes(8, hash[:])
				stmt.ColumnBytes(9, oldHash[:])
				ended = stmt.ColumnInt64(10)
			}, clientID, micros(now))
		if err == nil && !found {
			p.ID = -1 // go on: an unknown id takes as long as a known one
		}
		return err
	})
	if err != nil {
		return Peer{}, false, fmt.Errorf("authenticate: %w", err)
	}
	// No text has the hash of zeros, which stands for a secret that is not there.
	sum := sha256.Sum256([]byte(secret))
	current := subtle.ConstantTimeCompare(sum[:], hash[:]) == 1
	old = subtle.ConstantTimeCompare(sum[:], oldHash[:]) == 1
	over := old && micros(now) >= ended
	switch {
	case p.ID < 0:
		return Peer{}, false, &Refusal{Reason: ErrUnauthorized}
	case over && !current:
		return Peer{}, false, &Refusal{Reason: ErrUnauthorized, Peer: p, Ended: fromMicros(ended)}
	case !current && !old:
		return Peer{}, false, &Refusal{Reason: ErrUnauthorized, Peer: p}
	case suspended:
		return Peer{}, false, &Refusal{Reason: ErrBarred, Peer: p}
	}
	return p, !current, nil
}

// rotate gives a row of games or applications a new secret. The old one is
// refused from ends on.
func rotate(conn *sqlite.Conn, table, shortName string, form SecretForm, ends time.Time) (c Credential, err error) {
	secret, hash := newSecret(form)
	found, err := row(conn, `
		UPDATE `+table+` SET
			old_secret_hash = secret_hash, old_secret_used_at = secret_used_at, old_secret_ends_at = ?3,
			secret_hash = ?2, secret_used_at = NULL
		WHERE short_name = ?1
		RETURNING id, client_id`,
		func(stmt *sqlite.Stmt) { c.ID, c.ClientID = stmt.ColumnInt64(0), stmt.ColumnText(1) },
		shortName, hash, micros(ends))
	if err == nil && !found {
		err = Missing{Noun: table[:len(table)-1], Key: shortName}
	}
	c.Secret = secret
	return c, err
}

// endSecret refuses the old secret of a row of games or applications from now on.
func endSecret(conn *sqlite.Conn, table, shortName string) error {
	err := exec(conn, `
		UPDATE `+table+` SET old_secret_hash = NULL, old_secret_used_at = NULL, old_secret_ends_at = NULL
		WHERE short_name = ?1`, shortName)
	if err == nil && conn.Changes() == 0 {
		err = Missing{Noun: table[:len(table)-1], Key: shortName}
	}
	return err
}

// Rotation says how a secret is replaced.
type Rotation struct {
	Form    SecretForm
	OldEnds time.Time // from then on the old secret is refused
}

// An OldSecret is the secret of a game or application from before a rotation, which was
// the last that it used.
type OldSecret struct {
	Noun      string // "game" or "application"
	ShortName string
	EndsAt    time.Time // from then on it is refused
}

// OldSecrets lists those that are valid for now, the first to end first.
func (s *Store) OldSecrets(ctx context.Context, now time.Time) (all []OldSecret, err error) {
	const inUse = `old_secret_ends_at > ?1 AND NOT suspended AND old_secret_used_at > coalesce(secret_used_at, 0)`
	err = s.query(ctx, func(conn *sqlite.Conn) error {
		all, err = rows(conn, `
			SELECT 'game', short_name, old_secret_ends_at FROM games WHERE `+inUse+`
			UNION ALL
			SELECT 'application', short_name, old_secret_ends_at FROM applications WHERE `+inUse+`
			ORDER BY 3, 2`, func(stmt *sqlite.Stmt) OldSecret {
			return OldSecret{stmt.ColumnText(0), stmt.ColumnText(1), fromMicros(stmt.ColumnInt64(2))}
		}, micros(now))
		return err
	})
	return all, err
}

// Passwords are hashed with argon2id, one at a time per core: each takes 19 MiB.
const (
	argonTime, argonMemory, argonThreads = 2, 19 << 10, 1
	argonSalt, argonKey                  = 16, 32
)

var hashing = make(chan struct{}, runtime.GOMAXPROCS(0))

func hashPassword(password string) string {
	var salt [argonSalt]byte
	rand.Read(salt[:])
	key := argonKeyOf(password, salt[:], argonTime, argonMemory, argonThreads, argonKey)
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonTime, argonThreads, b64(salt[:]), b64(key))
}

func argonKeyOf(password string, salt []byte, time, memory uint32, threads uint8, length int) []byte {
	hashing <- struct{}{}
	defer func() { <-hashing }()
	return argon2.IDKey([]byte(password), salt, time, memory, threads, uint32(length))
}

// nobodysHash is no password's, but comparing takes as long.
var nobodysHash = fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%022d$%043d", argon2.Version, argonMemory, argonTime, argonThreads, 0, 0)

// passwordIs reports whether a hash is that of the password. Hashes of other settings
// than ours are understood too, within reason.
func passwordIs(password, hash string) bool {
	var version int
	var memory, time uint32
	var threads uint8
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[1] != "argon2id" {
		return false
	}
	if _, err := fmt.Sscanf(parts[2], "v=%d", &version); err != nil || version != argon2.Version {
		return false
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &memory, &time, &threads); err != nil ||
		memory > 1<<20 || time < 1 || time > 100 || threads < 1 {
		return false
	}
	salt, err := base64.RawStdEncoding.DecodeString(parts[4])
	if err != nil {
		return false
	}
	want, err := base64.RawStdEncoding.DecodeString(parts[5])
	if err != nil || len(want) < argonKey {
		return false
	}
	return subtle.ConstantTimeCompare(argonKeyOf(password, salt, time, memory, threads, len(want)), want) == 1
}

// newToken makes what a browser or a link carries. The file holds only its hash.
func newToken() (token string, hash []byte) {
	var random [32]byte
	rand.Read(random[:])
	token = base64.RawURLEncoding.EncodeToString(random[:])
	return token, tokenHash(token)
}

func tokenHash(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}
