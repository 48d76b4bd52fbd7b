package command

import (
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"hearsay/hub/store"
)

func gameCommand() *cobra.Command {
	return noun("game", "Games that may connect",
		gameAdd(), gameList(), gameShow(), gamePlayers(), gameEdit(), rotation((*store.Store).RotateGame).command("game"),
		endingSecret((*store.Store).EndGameSecret).command("game"), suspension((*store.Store).SuspendGame).command("game"),
		resuming((*store.Store).ResumeGame).command("game"), gameRemove(), gameApprove(), gameDeny(),
		gameOffer(), gameOffers(), gameWithdraw(), gameAccept(), gameDecline())
}

func (c *call) game(shortName string) (store.Game, error) {
	g, err := c.store.Game(c.Context(), shortName)
	return g, c.unknown(err, "game", shortName)
}

// gameFlags are those that add and edit share.
func gameFlags(cmd *cobra.Command, g *store.Game) {
	f := cmd.Flags()
	f.StringVar(&g.Name, "name", "", "the name that people read, at most 100 characters")
	f.BoolVar(&g.Display, "display", true, "show the game in lists")
	f.StringVar(&g.Description, "description", "", "what people read about it, at most 2000 characters")
	f.StringVar(&g.HomepageURL, "homepage-url", "", "its web page, http:// or https://")
	f.StringVar(&g.Tagline, "tagline", "", "one line about it, at most 200 characters")
	f.StringVar(&g.UserAgentURL, "user-agent-url", "", "the web page of its software, http:// or https://")
	f.StringVar(&g.Owner, "owner", "", "the user who answers for it")
	f.BoolVar(&g.HidePlayers, "hide-players", false, "hide the game's players from other games and on the public pages")
	f.BoolVar(&g.AllowCharacterRegistration, "allow-character-registration", true, "let players register their characters with the hub")
}

func gameAdd() *cobra.Command {
	var g store.Game
	cmd := &cobra.Command{
		Use:     "add",
		Short:   "Add a game and print its credentials",
		Example: `  hearsay game add --short-name Alpha --name "Alpha MUD" --homepage-url https://alpha.example`,
		Args:    take(),
		RunE: run(creating, func(c *call) error {
			form, err := c.secretForm()
			if err != nil {
				return err
			}
			credential, err := c.store.CreateGame(c.Context(), g, form)
			if err != nil {
				return err
			}
			return c.added("game", g.ShortName, credential)
		}),
	}
	cmd.Flags().StringVar(&g.ShortName, "short-name", "", "its name on the network, 1 to 15 letters and digits; it never changes")
	gameFlags(cmd, &g)
	secretFlag(cmd)
	require(cmd, "short-name", "name")
	return cmd
}

var gameTable = table[store.Game]{
	none:  `There are no games. Add one with: hearsay game add --short-name Alpha --name "Alpha MUD"`,
	heads: []string{"SHORT NAME", "NAME", "DISPLAY", "SUSPENDED", "LAST SEEN"},
	cells: func(g store.Game) []string {
		return []string{g.ShortName, g.Name, yesNo(g.Display), yesNo(g.Suspended), moment(g.LastSeenAt)}
	},
}

func gameList() *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List all games",
		Example: "  hearsay game list --json",
		Args:    take(),
		RunE: run(existing, func(c *call) error {
			all, err := c.store.Games(c.Context())
			if err != nil {
				return err
			}
			return gameTable.print(c, all)
		}),
	}
}

// A gameDetail is all that there is to show of a game.
type gameDetail struct {
	store.Game
	Connections  []store.Connection `json:"connections"`
	RedirectURIs []string           `json:"redirect_uris"`
}

func gameShow() *cobra.Command {
	return &cobra.Command{
		Use:     "show SHORT",
		Short:   "Show one game with its connections and redirect URIs",
		Example: "  hearsay game show Alpha",
		Args:    take("SHORT"),
		RunE: run(existing, func(c *call) error {
			d := gameDetail{Connections: []store.Connection{}, RedirectURIs: []string{}} // [] in JSON
			var err error
			if d.Game, err = c.game(c.args[0]); err != nil {
				return err
			}
			connections, err := c.store.Connections(c.Context(), d.ShortName)
			if err != nil {
				return err
			}
			uris, err := c.store.RedirectURIs(c.Context(), d.ShortName)
			if err != nil {
				return err
			}
			d.Connections = append(d.Connections, connections...)
			d.RedirectURIs = append(d.RedirectURIs, uris...)
			if done, err := c.json(d); done || err != nil {
				return err
			}
			return c.align(d.lines())
		}),
	}
}

var playersTable = table[store.GameSample]{
	none:  "The game was not online in that time; a quarter of an hour is on record when it is over.",
	heads: []string{"FROM", "PLAYERS", "MOST"},
	cells: func(s store.GameSample) []string {
		return []string{s.At.UTC().Format(time.RFC3339), strconv.FormatFloat(s.Players, 'f', 1, 64), strconv.Itoa(s.Most)}
	},
}

func gamePlayers() *cobra.Command {
	var days int
	cmd := &cobra.Command{
		Use:   "players SHORT",
		Short: "Show how many players a game had, on average and at most, while it was online",
		Long: `Show how many players a game had, on average and at most, while it was online: for each quarter
of an hour of the last day, for two hours each of the last 30 days, or for each day of the
last 365.`,
		Example: "  hearsay game players Alpha --days 30",
		Args:    take("SHORT"),
		RunE: run(existing, func(c *call) error {
			g, err := c.game(c.args[0])
			if err != nil {
				return err
			}
			for _, one := range store.GamePeriods {
				if one.Length == time.Duration(days)*24*time.Hour {
					all, err := c.store.GameSamples(c.Context(), g.ID, one.Span, time.Now().Add(-one.Length))
					if err != nil {
						return err
					}
					return playersTable.print(c, append([]store.GameSample{}, all...)) // [] in JSON
				}
			}
			return &store.FieldError{Field: "days", Reason: strconv.Itoa(days) + " will not do; use 1, 30 or 365"}
		}),
	}
	cmd.Flags().IntVar(&days, "days", 1, "how far back: 1, 30 or 365")
	return cmd
}

func (d gameDetail) lines() [][]string {
	lines := [][]string{
		{"id", strconv.FormatInt(int64(d.ID), 10)},
		{"short name", d.ShortName},
		{"name", d.Name},
		{"display", yesNo(d.Display)},
		{"hides players", yesNo(d.HidePlayers)},
		{"suspended", suspended(d.Suspended, d.SuspendedReason, d.SuspendedUntil)},
		{"tagline", d.Tagline},
		{"description", d.Description},
		{"homepage", d.HomepageURL},
		{"software", d.UserAgent},
		{"protocol version", d.Version},
		{"software's page", d.UserAgentURL},
		{"registers characters", yesNo(d.AllowCharacterRegistration)},
		{"owner", d.Owner},
		{"last seen", moment(d.LastSeenAt)},
		{"client id", d.ClientID},
		{"secret last used", moment(d.SecretUsedAt)},
	}
	if d.OldSecretEndsAt != nil {
		lines = append(lines,
			[]string{"old secret last used", moment(d.OldSecretUsedAt)},
			[]string{"old secret ends", moment(d.OldSecretEndsAt)})
	}
	for _, one := range d.Connections {
		lines = append(lines, []string{"connection", one.Type + " " + address(one)})
	}
	for _, uri := range d.RedirectURIs {
		lines = append(lines, []string{"redirect URI", uri})
	}
	return lines
}

func gameEdit() *cobra.Command {
	var g store.Game
	cmd := &cobra.Command{
		Use:     "edit SHORT",
		Short:   "Change what the flags say; an empty text clears",
		Example: `  hearsay game edit Alpha --tagline "Better than ever" --homepage-url ""`,
		Args:    take("SHORT"),
		RunE: run(existing, func(c *call) error {
			e := store.GameEdit{
				Name:                       given(c, "name", &g.Name),
				Description:                given(c, "description", &g.Description),
				HomepageURL:                given(c, "homepage-url", &g.HomepageURL),
				Tagline:                    given(c, "tagline", &g.Tagline),
				UserAgentURL:               given(c, "user-agent-url", &g.UserAgentURL),
				Owner:                      given(c, "owner", &g.Owner),
				Display:                    given(c, "display", &g.Display),
				HidePlayers:                given(c, "hide-players", &g.HidePlayers),
				AllowCharacterRegistration: given(c, "allow-character-registration", &g.AllowCharacterRegistration),
				Suspended:                  given(c, "suspended", &g.Suspended),
			}
			if e == (store.GameEdit{}) {
				return noEdit(c)
			}
			if err := c.store.UpdateGame(c.Context(), c.args[0], e); err != nil {
				return c.unknown(err, "game", c.args[0])
			}
			after, err := c.game(c.args[0])
			if err != nil {
				return err
			}
			return c.say(after, "Changed the game %s.", after.ShortName)
		}),
	}
	gameFlags(cmd, &g)
	cmd.Flags().BoolVar(&g.Suspended, "suspended", false, "close the game's sockets and refuse new ones")
	return cmd
}

func gameRemove() *cobra.Command {
	return &cobra.Command{
		Use:     "remove SHORT",
		Short:   "Remove a game with its connections, events and achievements",
		Example: "  hearsay game remove Alpha",
		Args:    take("SHORT"),
		RunE: run(existing, func(c *call) error {
			g, err := c.game(c.args[0])
			if err != nil {
				return err
			}
			if err := c.store.DeleteGame(c.Context(), g.ShortName); err != nil {
				return err
			}
			return c.say(g, "Removed the game %s.", g.ShortName)
		}),
	}
}
