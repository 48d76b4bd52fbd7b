package command

import (
	"errors"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"hearsay/hub/store"
)

func userInvite() *cobra.Command {
	return &cobra.Command{
		Use:     "invite",
		Short:   "Print a link with which somebody signs up, once, within 14 days",
		Example: "  hearsay user invite",
		Args:    take(),
		RunE: run(creating, func(c *call) error {
			token, i, err := c.store.CreateInvite(c.Context(), time.Now())
			if err != nil {
				return err
			}
			record := struct {
				store.Invite
				Path string `json:"path"`
			}{i, "/sign-up/" + token}
			return c.say(record, "Hand this over, after the address of the hub's pages; it works until %s:\n\n  %s\n", moment(&i.ExpiresAt), record.Path)
		}),
	}
}

var inviteTable = table[store.Invite]{
	none:  "There are no invites. Make one with: hearsay user invite",
	heads: []string{"ID", "MADE BY", "CREATED", "EXPIRES", "USED"},
	cells: func(i store.Invite) []string {
		used := "no"
		switch {
		case i.UsedAt != nil && i.UsedBy != "":
			used = "by " + i.UsedBy
		case i.UsedAt != nil:
			used = "by somebody who is gone"
		case !i.ExpiresAt.After(time.Now()):
			used = "no, and it is over"
		}
		return []string{strconv.FormatInt(i.ID, 10), i.MadeBy, moment(&i.CreatedAt), moment(&i.ExpiresAt), used}
	},
}

func userInvites() *cobra.Command {
	return &cobra.Command{
		Use:     "invites",
		Short:   "List invites, the newest first",
		Example: "  hearsay user invites",
		Args:    take(),
		RunE: run(existing, func(c *call) error {
			all, err := c.store.Invites(c.Context())
			if err != nil {
				return err
			}
			return inviteTable.print(c, all)
		}),
	}
}

func userUninvite() *cobra.Command {
	return &cobra.Command{
		Use:     "uninvite ID",
		Short:   "Take an invite back that nobody has used",
		Example: "  hearsay user uninvite 7",
		Args:    take("ID"),
		RunE: run(existing, func(c *call) error {
			id, err := strconv.ParseInt(c.args[0], 10, 64)
			if err != nil {
				err = store.ErrNotFound
			} else {
				err = c.store.RevokeInvite(c.Context(), id)
			}
			if errors.Is(err, store.ErrNotFound) {
				return &advice{store.Missing{Noun: "invite", Key: c.args[0]}, c.Root().Name() + " user invites"}
			}
			if err != nil {
				return err
			}
			return c.say(map[string]int64{"id": id}, "Took the invite back.")
		}),
	}
}
