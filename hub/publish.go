package hub

import (
	"github.com/VictoriaMetrics/metrics"

	"hearsay/hub/store"
)

// A topic is what sockets listen to: a channel, or the notices of a flag.
type topic struct {
	kind    topicKind
	channel store.ChannelID // of topicChannel
}

type topicKind int

const (
	topicChannel     topicKind = iota
	topicAllChannels           // applications hear every channel
	topicPlayers
	topicGames
)

var deliveries = metrics.NewCounter("hearsay_deliveries_total")

// listen adds a session to a topic; under Hub.mu.
func (h *Hub) listen(t topic, s *session) {
	if h.topics[t] == nil {
		h.topics[t] = map[*session]struct{}{}
	}
	h.topics[t][s] = struct{}{}
}

// unlisten takes it off; under Hub.mu.
func (h *Hub) unlisten(t topic, s *session) {
	delete(h.topics[t], s)
	if len(h.topics[t]) == 0 {
		delete(h.topics, t)
	}
}

// publish queues a frame to all who listen to a topic, but to no socket of from;
// under Hub.mu, so that all receivers see the same order. This is the one place
// where a frame goes to many.
func (h *Hub) publish(t topic, from owner, frame []byte) {
	h.publishTo(t, from, func(*session) []byte { return frame })
}

// publishTo is publish with a choice of frames, which must have been encoded before.
func (h *Hub) publishTo(t topic, from owner, frame func(*session) []byte) {
	n := 0
	for s := range h.topics[t] {
		if s.owner() != from {
			s.send(frame(s))
			n++
		}
	}
	deliveries.Add(n)
}
