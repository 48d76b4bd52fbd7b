package command

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"hearsay/hub/store"
)

func messageCommand() *cobra.Command {
	cmd := noun("message", "Messages of the chat log", messageSearch(),
		messageHide("hide", "Take a message out of history", "Hid", (*store.Store).HideMessage),
		messageHide("unhide", "Give a hidden message back to history", "Unhid", (*store.Store).UnhideMessage))
	export := messageExport() // its output has forms of its own
	cmd.AddCommand(export)
	cmd.Example += "\n" + export.Example
	return cmd
}

func messageHide(verb, short, done string, do func(*store.Store, context.Context, store.MessageID) error) *cobra.Command {
	return &cobra.Command{
		Use:     verb + " ID",
		Short:   short,
		Example: "  hearsay message " + verb + " 1234",
		Args:    take("ID"),
		RunE: run(existing, func(c *call) error {
			id, err := strconv.ParseInt(c.args[0], 10, 64)
			if err != nil {
				return store.Missing{Noun: "message", Key: c.args[0]}
			}
			if err := do(c.store, c.Context(), store.MessageID(id)); err != nil {
				return err
			}
			m, err := c.store.Message(c.Context(), store.MessageID(id))
			if err != nil {
				return err
			}
			return c.say(m, "%s the message %d of %s@%s.", done, m.ID, m.Name, m.Game)
		}),
	}
}

// A searchForm is the flags of a search.
type searchForm struct {
	store.Search
	from, until string
	before      int64
}

func (f *searchForm) flags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.Game, "game", "", "only of the game or application with this short name")
	flags.StringVar(&f.Player, "player", "", "only of players with these words in their name")
	flags.StringVar(&f.Channel, "channel", "", "only in this channel")
	flags.StringVar(&f.from, "from", "", "only since then: "+instantForms+"; 7d is seven days ago")
	flags.StringVar(&f.until, "until", "", "only until then; of a day, to its end")
}

// search is what the flags and the argument say.
func (f *searchForm) search(c *call) (q store.Search, err error) {
	q = f.Search
	if len(c.args) > 0 {
		q.Words = c.args[0]
	}
	q.Before = store.MessageID(f.before)
	if q.From, err = instant("from", f.from, since, time.Now()); err != nil {
		return q, err
	}
	q.Until, err = instant("until", f.until, until, time.Now())
	return q, err
}

var messageTable = table[store.Found]{
	none:  "Nothing was found.",
	heads: []string{"ID", "SENT AT", "CHANNEL", "WHO", "MESSAGE"},
	cells: func(one store.Found) []string {
		text := one.Text
		if one.Hidden != nil {
			text = "(hidden) " + text
		}
		return []string{fmt.Sprint(one.ID), moment(&one.SentAt), one.ChannelName, one.Name + "@" + one.Game, text}
	},
}

func messageSearch() *cobra.Command {
	var f searchForm
	cmd := &cobra.Command{
		Use:   "search [WORDS]",
		Short: "Find messages, the newest first",
		Long: `Find messages, the newest first. WORDS are words that a message must have, all of them,
in whatever case and order; "words in quotes" stand together, and drag* is any word that
begins so. Without WORDS the flags alone choose.`,
		Example: `  hearsay message search 'dragon* "ancient gold"' --channel gossip --from 2026-12-01`,
		Args:    take("[WORDS]"),
		RunE: run(existing, func(c *call) error {
			q, err := f.search(c)
			if err != nil {
				return err
			}
			if q.Limit < 1 || q.Limit > 10000 {
				return &store.FieldError{Field: "limit", Reason: fmt.Sprintf("%d will not do; use 1 to 10000, or message export", q.Limit)}
			}
			found, err := c.store.SearchMessages(c.Context(), q)
			if err != nil {
				return err
			}
			if err := messageTable.print(c, found.Messages); err != nil {
				return err
			}
			if found.Unread > 0 {
				fmt.Fprintf(c.ErrOrStderr(), "The newest %d messages are not searched: their words are not known yet. The server will see to that.\n", found.Unread)
			}
			if found.More {
				fmt.Fprintf(c.ErrOrStderr(), "There are more; add --before %d, or a larger --limit.\n", found.Messages[len(found.Messages)-1].ID)
			}
			return nil
		}),
	}
	f.flags(cmd)
	cmd.Flags().Int64Var(&f.before, "before", 0, "only before the message with this id")
	cmd.Flags().IntVar(&f.Limit, "limit", store.SearchLimit, "how many at most")
	return cmd
}

func messageExport() *cobra.Command {
	var f searchForm
	var format string
	cmd := &cobra.Command{
		Use:     "export [WORDS]",
		Short:   "Print all that a message search finds, the oldest first, as CSV or JSON",
		Example: "  hearsay message export --channel gossip --format csv > gossip.csv",
		Args:    take("[WORDS]"),
		RunE: run(existing, func(c *call) error {
			q, err := f.search(c)
			if err != nil {
				return err
			}
			return c.store.ExportMessages(c.Context(), c.OutOrStdout(), store.Format(format), q)
		}),
	}
	f.flags(cmd)
	cmd.Flags().StringVar(&format, "format", string(store.CSV), "csv or json")
	return cmd
}
