package command

import (
	"time"

	"github.com/spf13/cobra"

	"hearsay/hub/store"
)

func removalCommand() *cobra.Command {
	return noun("removal", "What was removed on a page, and can still be taken back", removalList(), removalUndo())
}

// A removalRecord is a removal as JSON.
type removalRecord struct {
	Kind  string    `json:"kind"`
	Name  string    `json:"name"`
	DueAt time.Time `json:"due_at"`
}

var removalTable = table[removalRecord]{
	none:  "Nothing is about to be removed. A page waits " + store.UndoFor.String() + " with it; the commands do not wait.",
	heads: []string{"KIND", "NAME", "DUE"},
	cells: func(r removalRecord) []string {
		return []string{r.Kind, r.Name, r.DueAt.UTC().Format(time.RFC3339)}
	},
}

func removalList() *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List what is about to be removed",
		Example: "  hearsay removal list",
		Args:    take(),
		RunE: run(existing, func(c *call) error {
			all, err := c.store.Removals(c.Context())
			if err != nil {
				return err
			}
			records := []removalRecord{}
			for _, r := range all {
				records = append(records, removalRecord{r.Kind, r.Name, r.DueAt})
			}
			return removalTable.print(c, records)
		}),
	}
}

func removalUndo() *cobra.Command {
	return &cobra.Command{
		Use:     "undo KIND NAME",
		Short:   "Take the removal of a game, channel or application back",
		Example: "  hearsay removal undo game MyGame",
		Args:    take("KIND", "NAME"),
		RunE: run(existing, func(c *call) error {
			r := removalRecord{Kind: c.args[0], Name: c.args[1]}
			if err := c.store.UndoRemoval(c.Context(), r.Kind, r.Name); err != nil {
				return c.unknown(err, "removal", r.Kind+" "+r.Name)
			}
			return c.say(map[string]string{"kind": r.Kind, "name": r.Name}, "The %s %s stays.", r.Kind, r.Name)
		}),
	}
}
