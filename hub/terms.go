package hub

import "time"

// Terms are what a hub promises to clients and asks of them.
type Terms struct {
	Name         string // short name of the hub itself
	Heartbeat    time.Duration
	OfflineAfter time.Duration
	DebugFor     time.Duration
	Downtime     time.Duration // that a restart announces, unless the operator says otherwise
	MaxName      int           // characters of a player's name
	Limits       Limits
}

// DefaultTerms are those of a hub without settings.
func DefaultTerms() Terms {
	return Terms{Name, Heartbeat, OfflineAfter, DebugFor, Downtime, maxName, DefaultLimits()}
}

// Terms are those of this hub.
func (h *Hub) Terms() Terms {
	return Terms{h.o.Name, h.o.Heartbeat, h.o.OfflineAfter, h.o.DebugFor, Downtime, maxName, *h.Limits()}
}
