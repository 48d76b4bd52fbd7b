package command

import (
	"context"
	"time"

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

func gameOffer() *cobra.Command {
	return &cobra.Command{
		Use:     "offer SHORT USERNAME",
		Short:   "Offer a game to a new owner, who has to accept it on their pages",
		Example: "  hearsay game offer Alpha ann",
		Args:    take("SHORT", "USERNAME"),
		RunE: run(existing, func(c *call) error {
			g, err := c.game(c.args[0])
			if err != nil {
				return err
			}
			if err := c.store.OfferGame(c.Context(), g.ShortName, c.args[1], time.Now()); err != nil {
				return err
			}
			t, err := c.store.Transfer(c.Context(), g.ShortName, time.Now())
			if err != nil {
				return err
			}
			return c.say(t, "Offered the game %s to %s, who may accept it until %s.", t.Game, t.To, moment(&t.EndsAt))
		}),
	}
}
