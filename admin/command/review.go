package command

import (
	"strconv"

	"github.com/spf13/cobra"

	"hearsay/hub/store"
)

func reviewCommand() *cobra.Command {
	return noun("review", "Messages that a rule holds until somebody has looked", reviewList(), reviewDecide(store.Approve), reviewDecide(store.Reject))
}

var heldTable = table[store.Held]{
	none:  "No message waits for review.",
	heads: []string{"ID", "HELD", "CHANNEL", "PLAYER", "RULE", "MESSAGE"},
	cells: func(h store.Held) []string {
		return []string{strconv.FormatInt(int64(h.ID), 10), moment(&h.HeldAt), h.ChannelName, h.Name + "@" + h.Game, h.Rule.String(), short(h.Text)}
	},
}

var decidedTable = table[store.Held]{
	none:  "Nothing was decided lately.",
	heads: []string{"ID", "DECIDED", "BY", "DECISION", "CHANNEL", "PLAYER", "MESSAGE"},
	cells: func(h store.Held) []string {
		return []string{strconv.FormatInt(int64(h.ID), 10), moment(h.DecidedAt), short(h.DecidedBy), string(h.Decision), h.ChannelName, h.Name + "@" + h.Game, short(h.Text)}
	},
}

func reviewList() *cobra.Command {
	var decided bool
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List what waits, the oldest first",
		Example: "  hearsay review list",
		Args:    take(),
		RunE: run(existing, func(c *call) error {
			p, t := store.Page{Limit: store.MostHeld}, heldTable
			if decided {
				p.Filter, t = "decided", decidedTable
			}
			all, _, err := c.store.HeldPage(c.Context(), p)
			if err != nil {
				return err
			}
			return t.print(c, all)
		}),
	}
	cmd.Flags().BoolVar(&decided, "decided", false, "what was decided instead, the newest first")
	return cmd
}

func reviewDecide(d store.Decision) *cobra.Command {
	about, done := "Deliver messages that wait, at once", "Approved"
	if d == store.Reject {
		about, done = "Have messages that wait never delivered", "Rejected"
	}
	return &cobra.Command{
		Use:     string(d) + " ID...",
		Short:   about,
		Example: "  hearsay review " + string(d) + " 4 5",
		Args:    take("ID", "..."),
		RunE: run(existing, func(c *call) error {
			decided := []store.Held{}
			for _, arg := range c.args {
				id, err := strconv.ParseInt(arg, 10, 64)
				if err != nil {
					return c.unknown(store.ErrNotFound, "review", arg)
				}
				h, err := c.store.Decide(c.Context(), store.HeldID(id), d)
				if err != nil {
					return c.unknown(err, "review", arg)
				}
				decided = append(decided, h)
			}
			if len(decided) == 1 {
				return c.say(decided, "%s the message %d of %s@%s.", done, decided[0].ID, decided[0].Name, decided[0].Game)
			}
			return c.say(decided, "%s %d messages.", done, len(decided))
		}),
	}
}
