package command

import (
	"strconv"

	"github.com/spf13/cobra"

	"hearsay/hub/store"
)

func eventCommand() *cobra.Command {
	return noun("event", "Events that games announce", eventAdd(), eventList(), eventEdit(), eventRemove())
}

// event finds the one that the first argument means.
func (c *call) event() (store.Event, error) {
	all, err := c.store.Events(c.Context(), "")
	e, err := pick(all, err, func(e store.Event) bool { return strconv.FormatInt(e.ID, 10) == c.args[0] })
	return e, c.unknown(err, "event", c.args[0])
}

// eventFlags are those that add and edit share.
func eventFlags(cmd *cobra.Command, e *store.Event) {
	f := cmd.Flags()
	f.StringVar(&e.Title, "title", "", "what happens, at most 255 characters")
	f.StringVar(&e.StartDate, "start-date", "", "the first day, YYYY-MM-DD")
	f.StringVar(&e.EndDate, "end-date", "", "the last day, YYYY-MM-DD")
	f.StringVar(&e.Description, "description", "", "more about it, at most 2000 characters")
}

func eventAdd() *cobra.Command {
	var e store.Event
	cmd := &cobra.Command{
		Use:     "add GAME",
		Short:   "Add an event to a game",
		Example: `  hearsay event add Alpha --title "Winter feast" --start-date 2026-12-24 --end-date 2026-12-26`,
		Args:    take("GAME"),
		RunE: run(existing, func(c *call) error {
			g, err := c.game(c.args[0])
			if err != nil {
				return err
			}
			e.Game = g.ShortName
			made, err := c.store.CreateEvent(c.Context(), e)
			if err != nil {
				return err
			}
			return c.say(made, "Added the event %d to %s.", made.ID, made.Game)
		}),
	}
	eventFlags(cmd, &e)
	require(cmd, "title", "start-date", "end-date")
	return cmd
}

var eventTable = table[store.Event]{
	none:  `There are no events. Add one with: hearsay event add GAME --title "Winter feast" --start-date 2026-12-24 --end-date 2026-12-26`,
	heads: []string{"ID", "GAME", "START", "END", "TITLE"},
	cells: func(e store.Event) []string {
		return []string{strconv.FormatInt(e.ID, 10), e.Game, e.StartDate, e.EndDate, short(e.Title)}
	},
}

func eventList() *cobra.Command {
	return &cobra.Command{
		Use:     "list [GAME]",
		Short:   "List the events of a game, or of all games",
		Example: "  hearsay event list Alpha",
		Args:    take("[GAME]"),
		RunE: run(existing, func(c *call) error {
			shortName := ""
			if len(c.args) > 0 {
				g, err := c.game(c.args[0])
				if err != nil {
					return err
				}
				shortName = g.ShortName
			}
			all, err := c.store.Events(c.Context(), shortName)
			if err != nil {
				return err
			}
			return eventTable.print(c, all)
		}),
	}
}

func eventEdit() *cobra.Command {
	var e store.Event
	cmd := &cobra.Command{
		Use:     "edit ID",
		Short:   "Change what the flags say; an empty description clears",
		Example: "  hearsay event edit 1 --end-date 2026-12-27",
		Args:    take("ID"),
		RunE: run(existing, func(c *call) error {
			edit := store.EventEdit{
				Title:       given(c, "title", &e.Title),
				Description: given(c, "description", &e.Description),
				StartDate:   given(c, "start-date", &e.StartDate),
				EndDate:     given(c, "end-date", &e.EndDate),
			}
			if edit == (store.EventEdit{}) {
				return noEdit(c)
			}
			was, err := c.event()
			if err != nil {
				return err
			}
			if err := c.store.UpdateEvent(c.Context(), was.ID, edit); err != nil {
				return err
			}
			after, err := c.event()
			if err != nil {
				return err
			}
			return c.say(after, "Changed the event %d of %s.", after.ID, after.Game)
		}),
	}
	eventFlags(cmd, &e)
	return cmd
}

func eventRemove() *cobra.Command {
	return &cobra.Command{
		Use:     "remove ID",
		Short:   "Remove an event",
		Example: "  hearsay event remove 1",
		Args:    take("ID"),
		RunE: run(existing, func(c *call) error {
			e, err := c.event()
			if err != nil {
				return err
			}
			if err := c.store.DeleteEvent(c.Context(), e.ID); err != nil {
				return err
			}
			return c.say(e, "Removed the event %d of %s.", e.ID, e.Game)
		}),
	}
}
