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
	var end ending
	cmd := &cobra.Command{
		Use:     "suspend SHORT",
		Short:   "Close the " + noun + "'s sockets and refuse new ones",
		Example: "  hearsay " + noun + " suspend Alpha --reason \"floods gossip\" --for 24h",
		Args:    take("SHORT"),
		RunE: run(existing, func(c *call) error {
			var err error
			if u.Until, err = end.at(c); err != nil {
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
	end.flags(cmd, "end")
	return cmd
}

// An ending is what --until or --for say.
type ending struct {
	until string
	lasts time.Duration
}

// flags gives a command both; done says what somebody must do without them.
func (e *ending) flags(cmd *cobra.Command, done string) {
	cmd.Flags().StringVar(&e.until, "until", "", "when it ends: "+instantForms+"; without, somebody must "+done+" it")
	spanFlag(cmd.Flags(), &e.lasts, "for", 0, "how long it lasts, as 12h or 7d, instead of --until")
	cmd.MarkFlagsMutuallyExclusive("until", "for")
}

// at is when it is over; nil: neither is given.
func (e *ending) at(c *call) (*time.Time, error) {
	now := time.Now().UTC().Truncate(time.Second)
	switch {
	case e.until != "":
		t, err := instant("until", e.until, ends, now)
		return &t, err
	case c.Flags().Changed("for"):
		t := now.Add(e.lasts)
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
