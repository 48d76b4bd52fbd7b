package store

import (
	"errors"
	"fmt"
)

// What can be wrong with a request to the store. Errors wrap one of these, or
// none when the fault is the machine's.
var (
	ErrNotFound     = errors.New("not found")
	ErrConflict     = errors.New("already taken")
	ErrInvalid      = errors.New("invalid")
	ErrUnauthorized = errors.New("not authorized")
	ErrBarred       = errors.New("suspended")
	ErrLocked       = errors.New("in use by another server")
	ErrBusy         = errors.New("another program keeps the database locked")
	ErrLost         = errors.New("the database file is lost, and nothing is saved any more")
	ErrUnserved     = errors.New("no server runs on the file")
)

// A FieldError says which field is wrong, and how to mend it. It unwraps to
// ErrInvalid, or to ErrConflict when the value is taken.
type FieldError struct {
	Field  string // as in the record: "short_name"
	Reason string // "has 16 characters; use 1 to 15 letters and digits"

	taken bool
}

func (e *FieldError) Error() string { return e.Field + ": " + e.Reason }

func (e *FieldError) Unwrap() error {
	if e.taken {
		return ErrConflict
	}
	return ErrInvalid
}

func invalid(field, reason string, args ...any) error {
	return &FieldError{Field: field, Reason: fmt.Sprintf(reason, args...)}
}

func taken(field, reason string, args ...any) error {
	return &FieldError{Field: field, Reason: fmt.Sprintf(reason, args...), taken: true}
}

// A Missing says what is not there. It unwraps to ErrNotFound.
type Missing struct {
	Noun string // "game"
	Key  string // its name or id, as it was asked for; "": nobody is told, because it is a secret
}

func (m Missing) Error() string { return m.Named() + ": " + ErrNotFound.Error() }

func (m Missing) Unwrap() error { return ErrNotFound }

// Named is noun and key: `game "Alpha"`.
func (m Missing) Named() string {
	if m.Key == "" {
		return m.Noun
	}
	return fmt.Sprintf("%s %q", m.Noun, m.Key)
}
