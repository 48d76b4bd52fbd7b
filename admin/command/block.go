package command

import (
	"strings"

	"github.com/spf13/cobra"

	"hearsay/hub/store"
)

func blockCommand() *cobra.Command {
	return noun("block", "Words that nothing may be named", blockAdd(), blockList(), blockRemove())
}

func kindFlag(cmd *cobra.Command, b *store.Block) {
	cmd.Flags().StringVar(&b.Kind, "kind", "", "what must not have the name: channel, or name for games and applications")
	require(cmd, "kind")
}

func blockAdd() *cobra.Command {
	var b store.Block
	cmd := &cobra.Command{
		Use:     "add WORD",
		Short:   "Block a word; what has the name already keeps it",
		Example: "  hearsay block add admin --kind name",
		Args:    take("WORD"),
		RunE: run(creating, func(c *call) error {
			b.Word = c.args[0]
			if err := c.store.AddBlock(c.Context(), b); err != nil {
				return err
			}
			return c.say(b, "Blocked the %s %s.", b.Kind, b.Word)
		}),
	}
	kindFlag(cmd, &b)
	return cmd
}

var blockTable = table[store.Block]{
	none:  "There are no blocks. Add one with: hearsay block add WORD --kind channel",
	heads: []string{"KIND", "WORD"},
	cells: func(b store.Block) []string { return []string{b.Kind, b.Word} },
}

func blockList() *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List all blocked words",
		Example: "  hearsay block list",
		Args:    take(),
		RunE: run(existing, func(c *call) error {
			all, err := c.store.Blocks(c.Context())
			if err != nil {
				return err
			}
			return blockTable.print(c, all)
		}),
	}
}

func blockRemove() *cobra.Command {
	var b store.Block
	cmd := &cobra.Command{
		Use:     "remove WORD",
		Short:   "Take a word off the list",
		Example: "  hearsay block remove admin --kind name",
		Args:    take("WORD"),
		RunE: run(existing, func(c *call) error {
			all, err := c.store.Blocks(c.Context())
			found, err := pick(all, err, func(one store.Block) bool {
				return one.Kind == b.Kind && strings.EqualFold(one.Word, c.args[0])
			})
			if err != nil {
				return c.unknown(err, "block", c.args[0])
			}
			if err := c.store.RemoveBlock(c.Context(), found); err != nil {
				return err
			}
			return c.say(found, "Unblocked the %s %s.", found.Kind, found.Word)
		}),
	}
	kindFlag(cmd, &b)
	return cmd
}
