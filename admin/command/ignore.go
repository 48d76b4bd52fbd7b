package command

import (
	"github.com/spf13/cobra"

	"hearsay/hub/store"
)

func ignoreCommand() *cobra.Command {
	return noun("ignore", "Whom a game does not want to hear", ignoreAdd(), ignoreList(), ignoreRemove())
}

const ignorePattern = "PATTERN is NAME@GAME, *@GAME for a whole game, or NAME@* for whatever game, in upper or lower case.\n" +
	"GAME may also be an application, or the hub, where people talk from the browser. A star or an at sign that is\n" +
	"part of a name has a backslash before it: '\\*@Beta' is the player *."

func ignoreAdd() *cobra.Command {
	return &cobra.Command{
		Use:   "add GAME PATTERN",
		Short: "Have a game hear somebody no more",
		Long: "Have a game hear somebody no more, at once: no messages in channels or in their history, no tells, and no\n" +
			"notices of who comes and goes. The sender is not told.\n\n" + ignorePattern,
		Example: "  hearsay ignore add Alpha Bob@Beta\n  hearsay ignore add Alpha '*@Gamma'",
		Args:    take("GAME", "PATTERN"),
		RunE: run(existing, func(c *call) error {
			g, err := c.game(c.args[0])
			if err != nil {
				return err
			}
			i, err := c.store.AddIgnore(c.Context(), g.ShortName, c.args[1])
			if err != nil {
				return err
			}
			return c.say(i, "%s ignores %s.", g.ShortName, oneLine(i.String()))
		}),
	}
}

func ignoreList() *cobra.Command {
	return &cobra.Command{
		Use:     "list GAME",
		Short:   "List whom a game ignores",
		Example: "  hearsay ignore list Alpha",
		Args:    take("GAME"),
		RunE: run(existing, func(c *call) error {
			g, err := c.game(c.args[0])
			if err != nil {
				return err
			}
			all, err := c.store.Ignores(c.Context(), g.ShortName)
			if err != nil {
				return err
			}
			return table[store.Ignore]{
				none:  g.ShortName + " ignores nobody. Have it with: hearsay ignore add " + g.ShortName + " NAME@GAME",
				heads: []string{"PATTERN", "BY", "SINCE"},
				cells: func(i store.Ignore) []string { return []string{i.String(), short(i.CreatedBy), moment(&i.CreatedAt)} },
			}.print(c, all)
		}),
	}
}

func ignoreRemove() *cobra.Command {
	return &cobra.Command{
		Use:     "remove GAME PATTERN",
		Short:   "Have a game hear somebody again",
		Long:    "Have a game hear somebody again, whom it ignores.\n\n" + ignorePattern,
		Example: "  hearsay ignore remove Alpha Bob@Beta",
		Args:    take("GAME", "PATTERN"),
		RunE: run(existing, func(c *call) error {
			g, err := c.game(c.args[0])
			if err != nil {
				return err
			}
			i, err := c.store.RemoveIgnore(c.Context(), g.ShortName, c.args[1])
			if err != nil {
				return c.unknown(err, "ignore", c.args[1], g.ShortName)
			}
			return c.say(i, "%s ignores %s no more.", g.ShortName, oneLine(i.String()))
		}),
	}
}
