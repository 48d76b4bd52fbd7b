package command

import (
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"hearsay/hub/store"
)

func sessionCommand() *cobra.Command {
	return noun("session", "Browsers that are signed in", sessionList(), sessionRevoke())
}

var sessionTable = table[store.Session]{
	none:  "Nobody is signed in.",
	heads: []string{"ID", "USERNAME", "ADDRESS", "LAST SEEN", "EXPIRES", "BROWSER"},
	cells: func(s store.Session) []string {
		return []string{
			strconv.FormatInt(s.ID, 10), s.Username, s.Address,
			s.SeenAt.UTC().Format(time.RFC3339), s.ExpiresAt.UTC().Format(time.RFC3339), short(s.Agent),
		}
	},
}

func sessionList() *cobra.Command {
	return &cobra.Command{
		Use:     "list [USERNAME]",
		Short:   "List who is signed in, the last seen first",
		Example: "  hearsay session list ann",
		Args:    take("[USERNAME]"),
		RunE: run(existing, func(c *call) error {
			username, err := c.anyUser()
			if err != nil {
				return err
			}
			all, err := c.store.Sessions(c.Context(), username)
			if err != nil {
				return err
			}
			return sessionTable.print(c, all)
		}),
	}
}

func sessionRevoke() *cobra.Command {
	return &cobra.Command{
		Use:     "revoke ID",
		Short:   "Sign a browser out",
		Example: "  hearsay session revoke 7",
		Args:    take("ID"),
		RunE: run(existing, func(c *call) error {
			id, err := strconv.ParseInt(c.args[0], 10, 64)
			if err != nil {
				err = store.ErrNotFound
			} else {
				err = c.store.RevokeSession(c.Context(), id, 0)
			}
			if err != nil {
				return c.unknown(err, "session", c.args[0])
			}
			return c.say(map[string]int64{"id": id}, "Signed the browser out.")
		}),
	}
}
