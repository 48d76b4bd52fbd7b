package command

import (
	"strings"

	"github.com/spf13/cobra"

	"hearsay/admin/setting"
)

func settingCommand() *cobra.Command {
	return noun("setting", "Settings of serve that the file keeps", settingList(), settingSet(), settingUnset())
}

// settings are those that a server on the file would have without flags and environment.
func (c *call) settings() (*setting.Settings, error) {
	given := *setting.Default()
	given.DB = c.store.Path()
	return setting.Open(c.Context(), c.store, given, nil, nil)
}

// known says of a setting that is not there where there is a list.
func (c *call) known(err error) error { return c.unknown(err, "setting", c.args[0]) }

func settingList() *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List all settings, as a server without flags would have them",
		Example: "  hearsay setting list",
		Args:    take(),
		RunE: run(existing, func(c *call) error {
			settings, err := c.settings()
			if err != nil {
				return err
			}
			return table[setting.Setting]{
				heads: []string{"SETTING", "VALUE", "FROM", "A CHANGE HOLDS", "MEANING"},
				cells: func(s setting.Setting) []string {
					from, holds := string(s.Source), "at once"
					if s.Problem != "" {
						from += "; the file's will not do: " + s.Problem
					}
					switch {
					case s.Fixed != "":
						holds = "by flag or environment alone"
					case s.AtStart:
						holds = "from the next start"
					}
					return []string{s.Name, s.Value, from, holds, s.Usage}
				},
			}.print(c, settings.All())
		}),
	}
}

// holds says when a change does.
func holds(s setting.Setting) string {
	when := "at once"
	if s.AtStart {
		when = "from the next start of the server"
	}
	return "It holds " + when + ", unless the server has --" + s.Name + " or HEARSAY_" + strings.ToUpper(strings.ReplaceAll(s.Name, "-", "_")) + "."
}

func settingSet() *cobra.Command {
	return &cobra.Command{
		Use:     "set SETTING VALUE",
		Short:   "Set a setting in the file; a flag or variable of the server comes before it",
		Example: "  hearsay setting set limit-sends 20,4\n  hearsay setting set title \"The Starlight Network\"",
		Args:    take("SETTING", "VALUE"),
		RunE: run(creating, func(c *call) error {
			settings, err := c.settings()
			if err != nil {
				return err
			}
			s, err := settings.Set(c.Context(), c.args[0], c.args[1])
			if err != nil {
				return c.known(err)
			}
			return c.say(s, "Set %s to %s. %s", s.Name, *s.InFile, holds(s))
		}),
	}
}

func settingUnset() *cobra.Command {
	return &cobra.Command{
		Use:     "unset SETTING",
		Short:   "Take a setting out of the file, so that its default counts again",
		Example: "  hearsay setting unset limit-sends",
		Args:    take("SETTING"),
		RunE: run(existing, func(c *call) error {
			settings, err := c.settings()
			if err != nil {
				return err
			}
			s, err := settings.Unset(c.Context(), c.args[0])
			if err != nil {
				return c.known(err)
			}
			return c.say(s, "Took %s out of the file; its default is %s. %s", s.Name, s.Default, holds(s))
		}),
	}
}
