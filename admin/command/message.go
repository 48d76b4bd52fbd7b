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
	return noun("message", "Messages of the chat log",
		messageHide("hide", "Take a message out of history", "Hid", (*store.Store).HideMessage),
		messageHide("unhide", "Give a hidden message back to history", "Unhid", (*store.Store).UnhideMessage))
}

// A messageDetail is a message as JSON.
type messageDetail struct {
	ID      store.MessageID `json:"id"`
	Channel string          `json:"channel"`
	Game    string          `json:"game"`
	Name    string          `json:"name"`
	Message string          `json:"message"`
	SentAt  time.Time       `json:"sent_at"`
	Hidden  *store.Hiding   `json:"hidden"`
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
				return fmt.Errorf("message %q: %w", c.args[0], store.ErrNotFound)
			}
			if err := do(c.store, c.Context(), store.MessageID(id)); err != nil {
				return err
			}
			m, channel, hidden, err := c.store.Message(c.Context(), store.MessageID(id))
			if err != nil {
				return err
			}
			return c.say(messageDetail{m.ID, channel, m.Game, m.Name, m.Text, m.SentAt, hidden}, "%s the message %d of %s@%s.", done, m.ID, m.Name, m.Game)
		}),
	}
}
