package command

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"hearsay/hub/store"
)

// A suspension is the same for games and applications.
type suspension func(*store.Store, context.Context, string, store.Suspension) error

func (suspend suspension) command(noun string) *cobra.Command {
	var u store.Suspension
	var until string
	var lasts time.Duration
	cmd := &cobra.Command{
		Use:     "suspend SHORT",
		Short:   "Close the " + noun + "'s sockets and refuse new ones",
		Example: "  hearsay " + noun + " suspend Alpha --reason \"floods gossip\" --for 24h",
		Args:    take("SHORT"),
		RunE: run(existing, func(c *call) error {
			var err error
			if u.Until, err = ending(until, lasts); err != nil {
				return err
			}
			if err := suspend(c.store, c.Context(), c.args[0], u); err != nil {
				return c.unknown(err, noun, c.args[0])
			}
			record := struct {
				ShortName string     `json:"short_name"`
				Reason    string     `json:"suspended_reason"`
				Until     *time.Time `json:"suspended_until"`
			}{c.args[0], u.Reason, u.Until}
			if u.Until == nil {
				return c.say(record, "Suspended the %s %s until somebody ends it.", noun, c.args[0])
			}
			return c.say(record, "Suspended the %s %s until %s.", noun, c.args[0], moment(u.Until))
		}),
	}
	cmd.Flags().StringVar(&u.Reason, "reason", "", "why, at most 200 characters; for operators")
	cmd.Flags().StringVar(&until, "until", "", "when it ends, as 2026-12-24T18:00:00Z; without, somebody must end it")
	cmd.Flags().DurationVar(&lasts, "for", 0, "how long it lasts, instead of --until")
	cmd.MarkFlagsMutuallyExclusive("until", "for")
	return cmd
}

// ending is when something is over, by the flags --until or --for; nil: neither is given.
func ending(until string, lasts time.Duration) (*time.Time, error) {
	switch {
	case until != "":
		t, err := time.Parse(time.RFC3339, until)
		if err != nil {
			return nil, &store.FieldError{Field: "until", Reason: fmt.Sprintf("%q is no moment; write it as 2026-12-24T18:00:00Z", until)}
		}
		return &t, nil
	case lasts != 0:
		t := time.Now().UTC().Truncate(time.Second).Add(lasts)
		return &t, nil
	}
	return nil, nil
}

// A switching is a command that takes no more than whose it is.
type switching struct {
	use, short string
	do         func(*store.Store, context.Context, string) error
	done       string // with the noun and the name
}

func (s switching) command(noun string) *cobra.Command {
	return &cobra.Command{
		Use:     s.use + " SHORT",
		Short:   fmt.Sprintf(s.short, noun),
		Example: "  hearsay " + noun + " " + s.use + " Alpha",
		Args:    take("SHORT"),
		RunE: run(existing, func(c *call) error {
			if err := s.do(c.store, c.Context(), c.args[0]); err != nil {
				return c.unknown(err, noun, c.args[0])
			}
			return c.say(map[string]string{"short_name": c.args[0]}, s.done, noun, c.args[0])
		}),
	}
}

func resuming(do func(*store.Store, context.Context, string) error) switching {
	return switching{"resume", "Let a suspended %s connect again", do, "The %s %s may connect again."}
}

func endingSecret(do func(*store.Store, context.Context, string) error) switching {
	return switching{"end-secret", "Refuse the %s's old secret from now on", do, "The old secret of the %s %s is refused from now on."}
}

// suspended says in one cell whether, why and until when.
func suspended(is bool, reason string, until *time.Time) string {
	text := yesNo(is)
	if is && until != nil {
		text += ", until " + moment(until)
	}
	if is && reason != "" {
		text += ": " + reason
	}
	return text
}
