package command

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"hearsay/hub/store"
)

// offer finds the offer of a game to a user, or to whomever it is if username is empty.
func (c *call) offer(shortName, username string) (store.Transfer, error) {
	t, err := c.store.Transfer(c.Context(), shortName, time.Now())
	if err == nil && username != "" && t.To != username {
		err = store.ErrNotFound
	}
	if errors.Is(err, store.ErrNotFound) {
		missing := store.Missing{Noun: "offer of", Key: shortName}
		if username != "" {
			missing = store.Missing{Noun: missing.Named() + " to", Key: username}
		}
		err = &advice{missing, c.Root().Name() + " game offers"}
	}
	return t, err
}

func gameOffer() *cobra.Command {
	return &cobra.Command{
		Use:     "offer SHORT USERNAME",
		Short:   "Offer a game to a new owner, who has to accept it within 7 days",
		Long:    "Offer a game to a new owner, who has to accept it within 7 days; until then the owner stays.\nIt takes the place of an offer before.",
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
			t, err := c.offer(g.ShortName, "")
			if err != nil {
				return err
			}
			return c.say(t, "Offered the game %s to %s, who may accept it until %s.", t.Game, t.To, moment(&t.EndsAt))
		}),
	}
}

var offerTable = table[store.Transfer]{
	none:  "No games are offered, or none to that user. Offer one with: hearsay game offer SHORT USERNAME",
	heads: []string{"GAME", "TO", "BY", "ENDS"},
	cells: func(t store.Transfer) []string { return []string{t.Game, t.To, short(t.By), moment(&t.EndsAt)} },
}

func gameOffers() *cobra.Command {
	return &cobra.Command{
		Use:     "offers [USERNAME]",
		Short:   "List the games that are offered to a user, or to anybody, and not accepted yet",
		Example: "  hearsay game offers ann",
		Args:    take("[USERNAME]"),
		RunE: run(existing, func(c *call) error {
			username, err := c.anyUser()
			if err != nil {
				return err
			}
			all, err := c.store.Transfers(c.Context(), username, time.Now())
			if err != nil {
				return err
			}
			return offerTable.print(c, all)
		}),
	}
}

func gameWithdraw() *cobra.Command {
	return &cobra.Command{
		Use:     "withdraw SHORT",
		Short:   "Take back the offer of a game",
		Example: "  hearsay game withdraw Alpha",
		Args:    take("SHORT"),
		RunE: run(existing, func(c *call) error {
			g, err := c.game(c.args[0])
			if err != nil {
				return err
			}
			t, err := c.offer(g.ShortName, "")
			if err != nil {
				return err
			}
			if err := c.store.WithdrawGame(c.Context(), t.Game, time.Now()); err != nil {
				return err
			}
			return c.say(t, "Took the offer of the game %s to %s back.", t.Game, t.To)
		}),
	}
}

// A reply is what a user says to an offer.
type reply func(s *store.Store, ctx context.Context, shortName, username string, now time.Time) error

func gameAccept() *cobra.Command {
	return reply((*store.Store).AcceptGame).command("accept", "Accept a game for the user to whom it is offered, who owns it at once",
		"%[2]s owns the game %[1]s now. If somebody else may still know its secret, make a new one with: hearsay game rotate %[1]s")
}

func gameDecline() *cobra.Command {
	return reply((*store.Store).DeclineGame).command("decline", "Decline a game for the user to whom it is offered",
		"Declined the game %s for %s.")
}

// command takes the username beside the game: whoever was offered it a moment ago may not be
// who is now.
func (reply reply) command(verb, short, done string) *cobra.Command {
	return &cobra.Command{
		Use:     verb + " SHORT USERNAME",
		Short:   short,
		Example: "  hearsay game " + verb + " Alpha ann",
		Args:    take("SHORT", "USERNAME"),
		RunE: run(existing, func(c *call) error {
			g, err := c.game(c.args[0])
			if err != nil {
				return err
			}
			u, err := c.user(c.args[1])
			if err != nil {
				return err
			}
			t, err := c.offer(g.ShortName, u.Username)
			if err != nil {
				return err
			}
			if err := reply(c.store, c.Context(), t.Game, t.To, time.Now()); err != nil {
				return err
			}
			return c.say(t, done, t.Game, t.To)
		}),
	}
}
