package command

import (
	"context"

	"github.com/spf13/cobra"

	"hearsay/hub/store"
)

// A decision is what an operator says about a game that waits for approval.
type decision func(*store.Store, context.Context, string) error

func gameApprove() *cobra.Command {
	return decision((*store.Store).ApproveGame).command("approve", "Let a game connect that waits for approval", "Approved the game %s.")
}

func gameDeny() *cobra.Command {
	return decision((*store.Store).DenyGame).command("deny", "Remove a game that waits for approval", "Denied the game %s: it is gone.")
}

func (decide decision) command(verb, short, done string) *cobra.Command {
	return &cobra.Command{
		Use:     verb + " SHORT",
		Short:   short,
		Example: "  hearsay game " + verb + " Alpha",
		Args:    take("SHORT"),
		RunE: run(existing, func(c *call) error {
			g, err := c.game(c.args[0])
			if err != nil {
				return err
			}
			if err := decide(c.store, c.Context(), g.ShortName); err != nil {
				return err
			}
			return c.say(g, done, g.ShortName)
		}),
	}
}
