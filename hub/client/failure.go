package client

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"hearsay/hub/wire"
)

// Errors that no hub sent.
var (
	// ErrOptions says that a client cannot begin like that.
	ErrOptions = errors.New("bad options")
	// ErrNotConnected says that there is no socket at the moment, so nothing was sent.
	ErrNotConnected = errors.New("not connected to the hub")
	// ErrLost says that the socket ended before the answer came: nobody knows whether the
	// request was done.
	ErrLost = errors.New("the connection was lost before the answer came")
	// ErrClosed says that the client's context has ended.
	ErrClosed = errors.New("the client has ended")
)

// A Reason is what a hub says no with. Each is the text on the wire, or the beginning of
// it where the hub names something behind it.
type Reason string

// The reasons of the protocol, for errors.Is.
const (
	ErrCredentials     Reason = wire.ErrorCredentials
	ErrMissingSupports Reason = wire.ErrorMissingSupports
	ErrMustSupport     Reason = wire.ErrorMustSupport
	ErrUnknownSupports Reason = wire.ErrorUnknownSupports

	ErrUnknown         Reason = wire.ErrorUnknown         // the hub does not know the event
	ErrUnauthenticated Reason = wire.ErrorUnauthenticated // the socket has just begun
	ErrMalformed       Reason = wire.ErrorMalformed       // also what a hub with a problem of its own says
	ErrRateLimited     Reason = wire.ErrorRateLimit
	ErrMissingSupport  Reason = "missing support for" // a flag that Options.Supports does not name

	ErrSubscribe      Reason = "Could not subscribe to"
	ErrNotSubscribed  Reason = "not subscribed to"
	ErrUnknownChannel Reason = "unknown channel"
	ErrNameEmpty      Reason = wire.ErrorNameEmpty
	ErrNameTooLong    Reason = wire.ErrorNameTooLong
	ErrMessageEmpty   Reason = wire.ErrorMessageEmpty
	ErrMessageTooLong Reason = wire.ErrorMessageTooLong
	ErrPaused         Reason = wire.ErrorPaused
	ErrSlow           Reason = "slow mode"
	ErrMuted          Reason = wire.ErrorMuted
	ErrRefused        Reason = wire.ErrorRefused

	ErrUnknownGame     Reason = wire.ErrorUnknownGame
	ErrInvalidPayload  Reason = wire.ErrorInvalidPayload
	ErrOffline         Reason = wire.ErrorGameOffline
	ErrNotSupported    Reason = wire.ErrorNotSupported
	ErrSenderOffline   Reason = wire.ErrorSenderOffline
	ErrReceiverOffline Reason = wire.ErrorReceiverOffline

	ErrTooManyAchievements Reason = wire.ErrorTooManyAchievements
	ErrUnknownCursor       Reason = wire.ErrorUnknownCursor
)

func (r Reason) Error() string { return string(r) }

// A Failure is a hub's answer that says no. errors.Is compares it with a Reason.
type Failure struct {
	Event  string              // of the request
	Reason string              // as the hub wrote it; empty if Fields says it all
	Fields map[string][]string // what is wrong with each attribute of an achievement
}

func (f *Failure) Error() string {
	text := f.Reason
	for i, field := range slices.Sorted(maps.Keys(f.Fields)) {
		if i > 0 || text != "" {
			text += "; "
		}
		text += field + " " + strings.Join(f.Fields[field], ", ")
	}
	return fmt.Sprintf("the hub refused %s: %s", f.Event, text)
}

// Is reports whether target is the Reason of the failure.
func (f *Failure) Is(target error) bool {
	r, ok := target.(Reason)
	if !ok || r == "" {
		return false
	}
	rest, ok := strings.CutPrefix(f.Reason, string(r))
	return ok && (rest == "" || strings.IndexByte(" :", rest[0]) >= 0)
}

// failure reads an answer that says no.
func failure(f wire.Frame) *Failure {
	return &Failure{Event: f.Event, Reason: f.Error, Fields: wire.DecodeErrors(f.Payload)}
}
