package hub

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/VictoriaMetrics/metrics"

	"hearsay/hub/fold"
	"hearsay/hub/store"
	"hearsay/hub/wire"
)

// followBatch is how many versions are read at once.
const followBatch = 500

// The directory is what the hub knows of games and channels: it is the first
// reader of its own log. It is guarded by Hub.mu, but for cursor and rulesChanged, which
// belong to whoever holds Hub.following.
type directory struct {
	cursor       store.VersionID
	rulesChanged bool // since they were compiled
	games        map[store.GameID]*wire.GameRecord
	gameNames    map[string]store.GameID // by the keys of short names
	hiding       map[store.GameID]bool   // games whose players are hidden; never changed in place
	channels     map[store.ChannelID]wire.ChannelRecord
	channelNames map[string]store.ChannelID // exact
}

func newDirectory() directory {
	return directory{
		games: map[store.GameID]*wire.GameRecord{}, gameNames: map[string]store.GameID{},
		channels: map[store.ChannelID]wire.ChannelRecord{}, channelNames: map[string]store.ChannelID{},
	}
}

// load fills the directory at the start.
func (h *Hub) load(ctx context.Context) error {
	c, err := h.store.CatchUp(ctx, store.Since{})
	if err != nil {
		return err
	}
	defer c.Close()
	for _, kind := range []store.Kind{store.Channels, store.Games} {
		for {
			versions, err := c.NextRecords(ctx, kind, followBatch)
			if err != nil {
				return fmt.Errorf("read the %s: %w", kind, err)
			}
			if len(versions) == 0 {
				break
			}
			h.apply(versions)
		}
	}
	h.reach(c.Through)
	a, err := h.store.Admission(ctx)
	if err != nil {
		return err
	}
	h.restraints.set(a.Restraints)
	h.directory.hiding = a.Hiding
	if h.toldThrough, err = h.store.NewestCharacterChange(ctx); err != nil {
		return fmt.Errorf("read the changes of characters: %w", err)
	}
	if err := h.heedIgnores(ctx); err != nil {
		return err
	}
	h.directory.rulesChanged = true
	return h.heedRules(ctx)
}

// follow reads the log to its end into the directory. Whoever has just changed a
// record, or met one that is new, calls it to see the change.
func (h *Hub) follow(ctx context.Context) error { return h.followBy(ctx, h.store.Versions) }

func (h *Hub) followBy(ctx context.Context, read func(context.Context, store.VersionID, int) ([]store.Version, error)) error {
	h.following.Lock()
	defer h.following.Unlock()
	for {
		versions, err := read(ctx, h.directory.cursor, followBatch)
		if err != nil {
			return err
		}
		if len(versions) == 0 {
			return h.heedRules(ctx)
		}
		h.apply(versions)
		h.reach(versions[len(versions)-1].ID)
	}
}

var newestVersion = metrics.NewGauge("hearsay_versions", nil)

// reach notes how far the log has been read; under Hub.following, or before others run.
func (h *Hub) reach(id store.VersionID) {
	h.directory.cursor = id
	h.reached.Store(int64(id))
	newestVersion.Set(float64(id))
}

func (h *Hub) apply(versions []store.Version) {
	for _, v := range versions {
		if err := h.applyOne(v); err != nil {
			h.log.Error("a version of the log makes no sense", "version", v.ID, "err", err)
		}
	}
}

func (h *Hub) applyOne(v store.Version) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch v.Kind {
	case store.Channels:
		return h.applyChannel(v)
	case store.Games:
		return h.applyGame(v)
	case store.Rules:
		h.directory.rulesChanged = true
	}
	return nil
}

func (h *Hub) applyChannel(v store.Version) error {
	id, d := store.ChannelID(v.Record), &h.directory
	if was, there := d.channels[id]; there {
		delete(d.channelNames, was.Name)
	}
	if v.Action == store.Delete {
		delete(d.channels, id)
		delete(h.echoes, topic{topicChannel, id})
		for s := range h.sessions {
			if slices.Contains(s.channels, id) {
				s.unsubscribe(id)
			}
		}
		return nil
	}
	var c wire.ChannelRecord
	if err := json.Unmarshal([]byte(v.Payload), &c); err != nil {
		return err
	}
	d.channels[id] = c
	d.channelNames[c.Name] = id
	return nil
}

// applyGame also tells who must know: a game that is removed, hidden or shown
// while it is online is news. Section 8.
func (h *Hub) applyGame(v store.Version) error {
	id, d := store.GameID(v.Record), &h.directory
	was := d.games[id]
	if v.Action == store.Delete {
		if was != nil {
			h.kick(owner{id: v.Record}, "removed")
			h.memories.forget(owner{id: v.Record})
			delete(d.games, id)
			delete(d.gameNames, fold.Key(was.Game))
		}
		return nil
	}
	g := new(wire.GameRecord)
	if err := json.Unmarshal([]byte(v.Payload), g); err != nil {
		return err
	}
	d.games[id] = g
	d.gameNames[fold.Key(g.Game)] = id
	if on := h.presence[owner{id: v.Record}]; on != nil && on.told && was != nil && was.Display != g.Display {
		event := wire.GamesConnect
		if !g.Display {
			event = wire.GamesDisconnect
		}
		h.announce(event, owner{id: v.Record}, g.Game)
	}
	return nil
}

// admit ends the sockets of games and applications that may be connected no more, and
// learns of hidden players and of the restraints on channels.
func (h *Hub) admit(ctx context.Context) error {
	h.following.Lock() // so that what is set is never older than what was
	defer h.following.Unlock()
	h.mu.Lock()
	owners := slices.Collect(maps.Keys(h.presence)) // not those that are newer than the look at the store
	for o := range h.sockets {
		if h.presence[o] == nil {
			owners = append(owners, o)
		}
	}
	h.mu.Unlock()
	a, err := h.store.Admission(ctx)
	if err != nil {
		return err
	}
	h.restraints.set(a.Restraints)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.directory.hiding = a.Hiding
	for _, o := range owners {
		if reason := barred(a, o); reason != "" {
			h.kick(o, reason)
		}
	}
	return nil
}

// barred says why a game or application may not be connected, or nothing.
func barred(a store.Admission, o owner) (reason string) {
	switch {
	case o.application && !a.Applications[o.id]:
		return "removed or suspended"
	case !o.application && a.Suspended[store.GameID(o.id)]:
		return "suspended"
	}
	return ""
}

// kick ends all sockets of a game or application, which is offline at once.
func (h *Hub) kick(o owner, reason string) {
	if on := h.presence[o]; on != nil {
		on.sessions = nil
		h.offline(o)
	}
	for s := range h.sessions {
		if s.reserved != nil && *s.reserved == o {
			s.end(endingRemoved(reason))
		}
	}
}

func endingRemoved(reason string) ending {
	return ending{code: wire.CloseRemoved, reason: reason}
}
