package hub

import (
	"context"
	"fmt"

	"hearsay/hub/store"
)

// release delivers the held messages that were approved, by whichever process, on the way of
// those that are sent: through the log, to all who hear the channel but the sender's game.
func (h *Hub) release(ctx context.Context) error {
	approved, err := h.store.Approved(ctx)
	if err != nil {
		return fmt.Errorf("read the approved messages: %w", err)
	}
	for _, held := range approved {
		h.mu.Lock()
		stopping := h.stopping // nobody would hear it; the next start delivers it
		h.mu.Unlock()
		if stopping {
			return nil
		}
		from := owner{held.Application, held.Sender}
		if err := h.store.Release(ctx, held, func(m store.Message) { h.broadcast(m, held.ChannelName, from) }); err != nil {
			return fmt.Errorf("deliver the held message %d: %w", held.ID, err)
		}
	}
	return nil
}
