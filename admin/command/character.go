package command

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"hearsay/hub/store"
)

func characterCommand() *cobra.Command {
	return noun("character", "Players of games who are people of this network", characterList(),
		deciding{"approve", "Say for the person that a character is theirs", "%s is approved.",
			func(c *call, id store.CharacterID) (store.Character, error) {
				return c.store.ApproveCharacter(c.Context(), id, 0)
			}}.command(),
		deciding{"deny", "Say for the person that a character is not theirs", "%s is denied.",
			func(c *call, id store.CharacterID) (store.Character, error) {
				return c.store.DenyCharacter(c.Context(), id, 0)
			}}.command(),
		deciding{"withdraw", "Give up a character for the person", "%s is withdrawn.",
			func(c *call, id store.CharacterID) (store.Character, error) {
				return c.store.WithdrawCharacter(c.Context(), id, 0)
			}}.command(),
		characterVeto(),
		deciding{"lift-veto", "Make a character what it was before the veto", "The veto on %s is lifted.",
			func(c *call, id store.CharacterID) (store.Character, error) {
				return c.store.LiftVeto(c.Context(), id, 0)
			}}.command())
}

var characterTable = table[store.Character]{
	none:  "There are no characters, or none like that. A player registers by a tell to the hub: register KEY.",
	heads: []string{"ID", "CHARACTER", "USER", "STATE", "REGISTERED", "REASON"},
	cells: func(one store.Character) []string {
		return []string{fmt.Sprint(one.ID), one.String(), one.Username, string(one.State), moment(&one.CreatedAt), short(one.Reason)}
	},
}

func characterList() *cobra.Command {
	p := store.Page{}
	cmd := &cobra.Command{
		Use:     "list [GAME]",
		Short:   "List the characters of a game, or of all games, the oldest first",
		Example: "  hearsay character list Alpha --state pending",
		Args:    take("[GAME]"),
		RunE: run(existing, func(c *call) error {
			if p.Filter != "" && !slices.Contains(store.CharacterStates, store.CharacterState(p.Filter)) {
				return &store.FieldError{Field: "state", Reason: fmt.Sprintf("%q will not do; use pending, approved, denied, vetoed or withdrawn", p.Filter)}
			}
			if p.Limit < 1 {
				return &store.FieldError{Field: "limit", Reason: "must be more than 0"}
			}
			var game store.GameID
			if len(c.args) > 0 {
				g, err := c.game(c.args[0])
				if err != nil {
					return err
				}
				game = g.ID
			}
			all, total, err := c.store.CharactersOfGame(c.Context(), game, p)
			if err != nil {
				return err
			}
			if total > p.Offset+len(all) {
				fmt.Fprintf(c.ErrOrStderr(), "There are %d in all; add --offset %d, or a larger --limit.\n", total, p.Offset+len(all))
			}
			return characterTable.print(c, all)
		}),
	}
	f := cmd.Flags()
	f.StringVar(&p.Filter, "state", "", "only those that are pending, approved, denied, vetoed or withdrawn")
	f.StringVar(&p.Search, "search", "", "only those with this in the character's or the user's name")
	f.IntVar(&p.Offset, "offset", 0, "how many to pass over")
	f.IntVar(&p.Limit, "limit", 100, "how many at most")
	return cmd
}

// A deciding is a command that takes no more than a character's id.
type deciding struct {
	use, short, done string
	do               func(*call, store.CharacterID) (store.Character, error)
}

func (d deciding) command() *cobra.Command {
	return &cobra.Command{
		Use:     d.use + " ID",
		Short:   d.short,
		Example: "  hearsay character " + d.use + " 12",
		Args:    take("ID"),
		RunE: run(existing, func(c *call) error {
			id, err := c.characterID()
			if err != nil {
				return err
			}
			one, err := d.do(c, id)
			if err != nil {
				return c.unknown(err, "character", c.args[0])
			}
			return c.say(one, d.done, one)
		}),
	}
}

// characterID reads the first argument.
func (c *call) characterID() (store.CharacterID, error) {
	id, err := strconv.ParseInt(c.args[0], 10, 64)
	if err != nil {
		err = store.ErrNotFound
	}
	return store.CharacterID(id), c.unknown(err, "character", c.args[0])
}

func characterVeto() *cobra.Command {
	var reason string
	cmd := deciding{"veto", "Say for the game's owner that a character is nobody's", "%s is vetoed.",
		func(c *call, id store.CharacterID) (store.Character, error) {
			return c.store.VetoCharacter(c.Context(), id, 0, reason)
		}}.command()
	cmd.Example += ` --reason "Not this player's"`
	cmd.Flags().StringVar(&reason, "reason", "", "why, at most 200 characters; the player is told")
	require(cmd, "reason")
	return cmd
}
