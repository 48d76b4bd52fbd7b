package store

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"
	"zombiezen.com/go/sqlite"
)

// A second factor is a time-based one-time password (RFC 6238): six digits, new each
// thirty seconds; the one before and the one after count too, each once.
const (
	totpPeriod    = 30
	totpSkew      = 1
	recoveryCodes = 10
)

// NewTOTP makes a secret for a user's authenticator, which is not the user's until
// EnableTOTP.
func NewTOTP(issuer, username string) (*otp.Key, error) {
	return totp.Generate(totp.GenerateOpts{Issuer: issuer, AccountName: username, Period: totpPeriod})
}

// plainCode is a code without spaces, dashes and what nobody sees, and with full-width letters
// and digits as usual ones: authenticators group digits, and phones type them in many ways.
func plainCode(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r), unicode.In(r, unicode.Pd, unicode.Cf), r == '\u2212': // the minus sign
			return -1
		case r >= '！' && r <= '～':
			return r - '！' + '!'
		}
		return r
	}, text)
}

// totpStep is the step whose code this is, or 0.
func totpStep(secret, code string, now time.Time) int64 {
	code = plainCode(code)
	step := now.Unix() / totpPeriod
	for _, s := range []int64{step, step - totpSkew, step + totpSkew} {
		want, err := totp.GenerateCodeCustom(secret, time.Unix(s*totpPeriod, 0),
			totp.ValidateOpts{Period: totpPeriod, Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
		if err == nil && subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 {
			return s
		}
	}
	return 0
}

// EnableTOTP gives a user a second factor, proved by a code, and codes that stand in
// for it, each once. It ends the user's sessions: they were begun with the password alone.
func (s *Store) EnableTOTP(ctx context.Context, username, secret, code string, now time.Time) (recovery []string, err error) {
	step := totpStep(secret, code, now)
	if step == 0 {
		return nil, invalid("code", "does not match; look at the authenticator, and at the clocks of both machines")
	}
	for range recoveryCodes {
		recovery = append(recovery, newRecoveryCode())
	}
	err = s.operate(ctx, "user totp", username, func(conn *sqlite.Conn) error {
		u, err := user(conn, username)
		if err != nil {
			return err
		}
		if err := exec(conn, `DELETE FROM recovery_codes WHERE user_id = ?1`, u.ID); err != nil {
			return err
		}
		for _, code := range recovery {
			if err := exec(conn, `INSERT INTO recovery_codes (user_id, hash) VALUES (?1, ?2)`, u.ID, recoveryHash(code)); err != nil {
				return err
			}
		}
		if err := exec(conn, `DELETE FROM sessions WHERE user_id = ?1`, u.ID); err != nil {
			return err
		}
		return exec(conn, `UPDATE users SET totp_secret = ?2, totp_step = ?3 WHERE id = ?1`, u.ID, secret, step)
	})
	return recovery, err
}

// DisableTOTP takes a user's second factor away.
func (s *Store) DisableTOTP(ctx context.Context, username string) error {
	return s.operate(ctx, "user totp", username, func(conn *sqlite.Conn) error {
		u, err := user(conn, username)
		if err != nil {
			return err
		}
		if err := exec(conn, `DELETE FROM recovery_codes WHERE user_id = ?1`, u.ID); err != nil {
			return err
		}
		return exec(conn, `UPDATE users SET totp_secret = NULL, totp_step = 0 WHERE id = ?1`, u.ID)
	})
}

// CheckSecondFactor takes a code of the user's authenticator, or a recovery code. It
// reports ErrUnauthorized for any other, and for one that was used before.
func (s *Store) CheckSecondFactor(ctx context.Context, id int64, code string, now time.Time) error {
	used := false
	err := s.write(ctx, func(conn *sqlite.Conn) error {
		secret, last := "", int64(0)
		if _, err := row(conn, `SELECT coalesce(totp_secret, ''), totp_step FROM users WHERE id = ?1`,
			func(stmt *sqlite.Stmt) { secret, last = stmt.ColumnText(0), stmt.ColumnInt64(1) }, id); err != nil {
			return err
		}
		if secret == "" {
			return nil
		}
		if step := totpStep(secret, code, now); step > last {
			used = true
			return exec(conn, `UPDATE users SET totp_step = ?2 WHERE id = ?1`, id, step)
		}
		err := exec(conn, `DELETE FROM recovery_codes WHERE user_id = ?1 AND hash = ?2`, id, recoveryHash(code))
		used = conn.Changes() > 0
		return err
	})
	if err != nil {
		return fmt.Errorf("check a second factor: %w", err)
	}
	if !used {
		return ErrUnauthorized
	}
	return nil
}

// RecoveryCodes is how many of a user's recovery codes are left.
func (s *Store) RecoveryCodes(ctx context.Context, id int64) (n int, err error) {
	err = s.query(ctx, func(conn *sqlite.Conn) error {
		_, err := row(conn, `SELECT count(*) FROM recovery_codes WHERE user_id = ?1`, func(stmt *sqlite.Stmt) { n = stmt.ColumnInt(0) }, id)
		return err
	})
	return n, err
}

// newRecoveryCode is 80 random bits in letters and digits that people can copy.
func newRecoveryCode() string {
	var random [10]byte
	rand.Read(random[:])
	text := strings.ToLower(base32.StdEncoding.EncodeToString(random[:]))
	return text[:4] + "-" + text[4:8] + "-" + text[8:12] + "-" + text[12:]
}

func recoveryHash(code string) []byte {
	sum := sha256.Sum256([]byte(strings.ToLower(plainCode(code))))
	return sum[:]
}
