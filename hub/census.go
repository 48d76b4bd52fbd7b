package hub

import (
	"context"
	"errors"
	"time"

	"hearsay/hub/store"
)

// A census counts the games' players for a quarter of an hour: written each minute, ten
// thousand games would keep the store's writer from the chat log.
type census struct {
	at    time.Time // when the quarter began
	games map[store.GameID]*store.GameReading
}

func newCensus() *census { return &census{games: map[store.GameID]*store.GameReading{}} }

// add counts who is online now, and gives what the quarter before has come to if this is
// the first look of another.
func (c *census) add(now time.Time, games []GameStatus) (at time.Time, all []store.GameReading) {
	if quarter := now.Truncate(time.Duration(store.Quarter)); !quarter.Equal(c.at) {
		at, all = c.take()
		c.at = quarter
	}
	for _, g := range games {
		r := c.games[g.ID]
		if r == nil {
			r = &store.GameReading{Game: g.ID}
			c.games[g.ID] = r
		}
		r.Looks++
		r.Players += g.Players
		r.Most = max(r.Most, g.Players)
	}
	return at, all
}

// take gives what there is, and begins anew.
func (c *census) take() (at time.Time, all []store.GameReading) {
	for _, r := range c.games {
		all = append(all, *r)
	}
	c.games = map[store.GameID]*store.GameReading{}
	return c.at, all
}

// record puts the games' players on record.
func (h *Hub) record(ctx context.Context, at time.Time, all []store.GameReading) {
	if err := h.store.AddGameReadings(ctx, at, all); err != nil && !errors.Is(err, store.ErrLost) {
		h.log.Error("the games' players cannot be put on record", "err", err)
	}
}
