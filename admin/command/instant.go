package command

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"hearsay/hub/store"
)

// A reading says what a time means that somebody gives.
type reading int

const (
	since reading = iota // a length of time is that long ago, and a day its beginning
	until                // a length of time is that long ago, and a day its end
	ends                 // a length of time is that long from now, and a day its end
)

// instantForms is how help texts say what instant reads.
const instantForms = "12h, 7d, 2026-12-24 or 2026-12-24T18:00:00Z"

// instant reads a time as all commands take it: a length of time, a day, or a moment; without
// a zone it is UTC. An empty text is the zero time. field is the flag, for the error.
func instant(field, text string, how reading, now time.Time) (at time.Time, err error) {
	if text == "" {
		return at, nil
	}
	var length span
	if length.Set(text) == nil && length > 0 {
		if how != ends {
			length = -length
		}
		return now.Add(time.Duration(length)), nil
	}
	if at, err := time.Parse(time.DateOnly, text); err == nil {
		if how != since {
			at = at.AddDate(0, 0, 1)
		}
		return at, nil
	}
	moment := strings.ToUpper(strings.Replace(text, " ", "T", 1))
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05", "2006-01-02T15:04"} {
		if at, err := time.Parse(layout, moment); err == nil {
			return at, nil
		}
	}
	return at, &store.FieldError{Field: field, Reason: fmt.Sprintf("%q is no time; write %s", text, instantForms)}
}

// A span is a flag's length of time: as time.ParseDuration reads it, or in days, "7d".
type span time.Duration

var _ pflag.Value = (*span)(nil)

func (s *span) Set(text string) error {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		const most = 36500 // a hundred years
		n, err := strconv.Atoi(days)
		if err != nil || n < -most || n > most {
			return fmt.Errorf("write it as 12h or 7d, of at most %d days", most)
		}
		*s = span(n) * span(24*time.Hour)
		return nil
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return fmt.Errorf("write it as 30m, 12h or 7d")
	}
	*s = span(d)
	return nil
}

func (s *span) String() string { return time.Duration(*s).String() }

// Type is what help texts and errors call it.
func (s *span) Type() string { return "duration" }

// spanFlag gives a command a flag for a length of time.
func spanFlag(f *pflag.FlagSet, d *time.Duration, name string, standard time.Duration, usage string) {
	*d = standard
	f.Var((*span)(d), name, usage)
}
