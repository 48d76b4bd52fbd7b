package command

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"hearsay/hub/store"
)

func restartCommand() *cobra.Command {
	return noun("restart", "Planned stops of a running server", restartAnnounce(), restartNow(), restartList())
}

// restart asks the server that runs on the file, and says whom it told.
func (c *call) restart(again bool, sentence string) error {
	downtime, err := c.Flags().GetInt("downtime")
	if err != nil {
		return err
	}
	if !c.Flags().Changed("downtime") {
		settings, err := c.settings()
		if err != nil {
			return err
		}
		downtime = settings.Config().Downtime
	}
	err = store.CheckDowntime(downtime)
	if err == nil {
		err = c.served()
	}
	var r store.Restart
	if err == nil {
		r, err = c.store.AskRestart(c.Context(), downtime, again)
	}
	if err == nil {
		r, err = c.store.AwaitRestart(c.Context(), r.ID)
	}
	if errors.Is(err, store.ErrUnserved) {
		return fmt.Errorf("%w; start one with: %s serve", err, c.Root().Name())
	}
	if err != nil {
		return err
	}
	told := "Nobody is connected"
	if len(r.Told) > 0 {
		told = "Told " + strings.Join(r.Told, ", ")
	}
	return c.say(r, "%s. "+sentence, told)
}

// served reports ErrUnserved if no server has the file's lock.
func (c *call) served() error {
	switch unlock, err := store.Lock(c.store.Path()); {
	case err == nil:
		return errors.Join(store.ErrUnserved, unlock())
	case !errors.Is(err, store.ErrLocked):
		return err
	}
	return nil
}

func withDowntime(cmd *cobra.Command) *cobra.Command {
	cmd.Flags().Int("downtime", 0, "`seconds` that are announced; without it as the setting downtime says")
	return cmd
}

func restartAnnounce() *cobra.Command {
	return withDowntime(&cobra.Command{
		Use:     "announce",
		Short:   "Tell all connected games that the server will be gone for a moment, and do nothing else",
		Example: "  hearsay restart announce --downtime 30",
		Args:    take(),
		RunE:    run(existing, func(c *call) error { return c.restart(false, "Now stop the server, and start it again.") }),
	})
}

func restartNow() *cobra.Command {
	return withDowntime(&cobra.Command{
		Use:     "now",
		Short:   "Have the server tell all games, stop in order and start again, in the same process",
		Example: "  hearsay restart now",
		Args:    take(),
		RunE:    run(existing, func(c *call) error { return c.restart(true, "The server starts again.") }),
	})
}

func restartList() *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List the restarts of the last 90 days",
		Example: "  hearsay restart list",
		Args:    take(),
		RunE: run(existing, func(c *call) error {
			all, err := c.store.Restarts(c.Context(), 1000)
			if err != nil {
				return err
			}
			return table[store.Restart]{
				none:  "There were no restarts. Announce one with: hearsay restart announce",
				heads: []string{"ASKED AT", "DOWNTIME", "STARTS AGAIN", "TOLD AT", "TOLD"},
				cells: func(r store.Restart) []string {
					return []string{moment(&r.AskedAt), fmt.Sprint(r.Downtime), yesNo(r.Again), moment(r.ToldAt), short(strings.Join(r.Told, ", "))}
				},
			}.print(c, all)
		}),
	}
}
