package command

import (
	"time"

	"github.com/spf13/cobra"

	"hearsay/hub/store"
)

func grantCommand() *cobra.Command {
	return noun("grant", "What users let games' sites know by signing in there with the hub", grantList(), grantRevoke())
}

var grantTable = table[store.Grant]{
	none:  "Nothing is granted.",
	heads: []string{"USERNAME", "GAME", "SCOPE", "GRANTED", "LAST USED"},
	cells: func(g store.Grant) []string {
		return []string{g.Username, g.Game, g.Scope, g.CreatedAt.UTC().Format(time.RFC3339), moment(g.LastUsedAt)}
	},
}

func grantList() *cobra.Command {
	return &cobra.Command{
		Use:     "list [USERNAME]",
		Short:   "List what was granted, by user and game",
		Example: "  hearsay grant list ann",
		Args:    take("[USERNAME]"),
		RunE: run(existing, func(c *call) error {
			username, err := c.anyUser()
			if err != nil {
				return err
			}
			all, err := c.store.Grants(c.Context(), username)
			if err != nil {
				return err
			}
			return grantTable.print(c, all)
		}),
	}
}

func grantRevoke() *cobra.Command {
	return &cobra.Command{
		Use:     "revoke USERNAME GAME",
		Short:   "Take back what a user has granted a game's site, which knows nothing new from then on",
		Example: "  hearsay grant revoke ann Alpha",
		Args:    take("USERNAME", "GAME"),
		RunE: run(existing, func(c *call) error {
			u, err := c.user(c.args[0])
			if err != nil {
				return err
			}
			g, err := c.game(c.args[1])
			if err != nil {
				return err
			}
			if err := c.store.RevokeGrant(c.Context(), u.Username, g.ShortName); err != nil {
				return c.unknown(err, "grant", g.ShortName, u.Username)
			}
			return c.say(map[string]string{"username": u.Username, "game": g.ShortName}, "The site of %s is told nothing of %s any more.", g.ShortName, u.Username)
		}),
	}
}
