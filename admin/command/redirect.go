package command

import (
	"github.com/spf13/cobra"
)

func redirectCommand() *cobra.Command {
	return noun("redirect", "Addresses that a sign-in with a game may return to", redirectAdd(), redirectList(), redirectRemove())
}

// A redirect is a redirect URI of a game.
type redirect struct {
	Game string `json:"game"` // short name
	URI  string `json:"uri"`
}

func redirectAdd() *cobra.Command {
	return &cobra.Command{
		Use:     "add GAME URI",
		Short:   "Add a redirect URI to a game",
		Example: "  hearsay redirect add Alpha https://alpha.example/callback",
		Args:    take("GAME", "URI"),
		RunE: run(existing, func(c *call) error {
			g, err := c.game(c.args[0])
			if err != nil {
				return err
			}
			r := redirect{g.ShortName, c.args[1]}
			if err := c.store.AddRedirectURI(c.Context(), r.Game, r.URI); err != nil {
				return err
			}
			return c.say(r, "Added the redirect URI %s to %s.", r.URI, r.Game)
		}),
	}
}

func redirectList() *cobra.Command {
	return &cobra.Command{
		Use:     "list GAME",
		Short:   "List the redirect URIs of a game",
		Example: "  hearsay redirect list Alpha",
		Args:    take("GAME"),
		RunE: run(existing, func(c *call) error {
			g, err := c.game(c.args[0])
			if err != nil {
				return err
			}
			uris, err := c.store.RedirectURIs(c.Context(), g.ShortName)
			if err != nil {
				return err
			}
			var all []redirect
			for _, uri := range uris {
				all = append(all, redirect{g.ShortName, uri})
			}
			return table[redirect]{
				none:  g.ShortName + " has no redirect URIs. Add one with: hearsay redirect add " + g.ShortName + " URI",
				heads: []string{"URI"},
				cells: func(r redirect) []string { return []string{r.URI} },
			}.print(c, all)
		}),
	}
}

func redirectRemove() *cobra.Command {
	return &cobra.Command{
		Use:     "remove GAME URI",
		Short:   "Remove a redirect URI from a game",
		Example: "  hearsay redirect remove Alpha https://alpha.example/callback",
		Args:    take("GAME", "URI"),
		RunE: run(existing, func(c *call) error {
			g, err := c.game(c.args[0])
			if err != nil {
				return err
			}
			r := redirect{g.ShortName, c.args[1]}
			if err := c.store.RemoveRedirectURI(c.Context(), r.Game, r.URI); err != nil {
				return c.unknown(err, "redirect", r.URI, r.Game)
			}
			return c.say(r, "Removed the redirect URI %s from %s.", r.URI, r.Game)
		}),
	}
}
