package command

import (
	"net"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"hearsay/hub/store"
)

func connectionCommand() *cobra.Command {
	return noun("connection", "Ways for people to play a game", connectionAdd(), connectionList(), connectionRemove())
}

// address is where a connection leads.
func address(one store.Connection) string {
	if one.Type == "web" {
		return one.URL
	}
	return net.JoinHostPort(one.Host, strconv.Itoa(one.Port))
}

func connectionAdd() *cobra.Command {
	var one store.Connection
	cmd := &cobra.Command{
		Use:     "add GAME",
		Short:   "Add a way to play a game",
		Example: `  hearsay connection add Alpha --type "secure telnet" --host alpha.example --port 4443`,
		Args:    take("GAME"),
		RunE: run(existing, func(c *call) error {
			g, err := c.game(c.args[0])
			if err != nil {
				return err
			}
			made, err := c.store.AddConnection(c.Context(), g.ShortName, one)
			if err != nil {
				return err
			}
			return c.say(made, "Added the %s connection %s to %s; its ID is %s.", made.Type, address(made), g.ShortName, made.ID)
		}),
	}
	f := cmd.Flags()
	f.StringVar(&one.Type, "type", "", `what it is: web, telnet or "secure telnet"`)
	f.StringVar(&one.URL, "url", "", "of a web connection: its address, http:// or https://")
	f.StringVar(&one.Host, "host", "", "of a telnet connection: host name or address")
	f.IntVar(&one.Port, "port", 0, "of a telnet connection: 1 to 65535")
	require(cmd, "type")
	return cmd
}

func connectionList() *cobra.Command {
	return &cobra.Command{
		Use:     "list GAME",
		Short:   "List the ways to play a game",
		Example: "  hearsay connection list Alpha",
		Args:    take("GAME"),
		RunE: run(existing, func(c *call) error {
			g, err := c.game(c.args[0])
			if err != nil {
				return err
			}
			all, err := c.store.Connections(c.Context(), g.ShortName)
			if err != nil {
				return err
			}
			return table[store.Connection]{
				none:  g.ShortName + " has no connections. Add one with: hearsay connection add " + g.ShortName + " --type telnet --host HOST --port PORT",
				heads: []string{"ID", "TYPE", "ADDRESS"},
				cells: func(one store.Connection) []string { return []string{one.ID, one.Type, address(one)} },
			}.print(c, all)
		}),
	}
}

func connectionRemove() *cobra.Command {
	return &cobra.Command{
		Use:     "remove GAME ID",
		Short:   "Remove a way to play a game",
		Example: "  hearsay connection remove Alpha 4f1c7c52-1f8e-4c52-9d0e-0f4a6f2b8a11",
		Args:    take("GAME", "ID"),
		RunE: run(existing, func(c *call) error {
			g, err := c.game(c.args[0])
			if err != nil {
				return err
			}
			all, err := c.store.Connections(c.Context(), g.ShortName)
			one, err := pick(all, err, func(one store.Connection) bool { return strings.EqualFold(one.ID, c.args[1]) })
			if err != nil {
				return c.unknown(err, "connection", c.args[1], g.ShortName)
			}
			if err := c.store.RemoveConnection(c.Context(), g.ShortName, one.ID); err != nil {
				return err
			}
			return c.say(one, "Removed the %s connection %s from %s.", one.Type, address(one), g.ShortName)
		}),
	}
}
