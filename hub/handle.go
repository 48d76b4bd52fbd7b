package hub

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"hearsay/hub/store"
	"hearsay/hub/wire"
)

// A handler serves one event of an active socket, as its row in the table of events says.
type handler struct {
	*wire.Event
	serve func(*session, context.Context, wire.Frame)
}

// handlers are the events that active sockets may send; authenticate and heartbeat are
// apart.
var handlers = func() map[string]handler {
	all := map[string]handler{}
	for event, serve := range map[string]func(*session, context.Context, wire.Frame){
		wire.ChannelsSubscribe:   (*session).handleSubscribe,
		wire.ChannelsUnsubscribe: (*session).handleUnsubscribe,
		wire.ChannelsSend:        (*session).handleSend,
		wire.ChannelsHistory:     (*session).handleHistory,
		wire.PlayersSignIn:       (*session).handleSignIn,
		wire.PlayersSignOut:      (*session).handleSignOut,
		wire.PlayersStatus:       (*session).handlePlayersStatus,
		wire.TellsSend:           (*session).handleTell,
		wire.CharactersStatus:    (*session).handleCharacterStatus,
		wire.GamesStatus:         (*session).handleGamesStatus,
		wire.AchievementsSync:    (*session).handleAchievementsSync,
		wire.AchievementsCreate:  (*session).handleAchievementsCreate,
		wire.AchievementsUpdate:  (*session).handleAchievementsUpdate,
		wire.AchievementsDelete:  (*session).handleAchievementsDelete,
		wire.Sync:                (*session).handleSync,
	} {
		all[event] = handler{wire.Find(event), serve}
	}
	return all
}()

var dropped = metrics.NewCounter("hearsay_events_dropped_total")

// eventCounters are by names of ours: clients may invent as many as they like.
var eventCounters = func() map[string]*metrics.Counter {
	counters := map[string]*metrics.Counter{}
	for _, event := range append(slices.Collect(maps.Keys(handlers)), wire.Authenticate, wire.Heartbeat, "unknown") {
		counters[event] = metrics.NewCounter(fmt.Sprintf("hearsay_events_total{event=%q}", event))
	}
	return counters
}()

func countEvent(event string) {
	counter, ours := eventCounters[event]
	if !ours {
		counter = eventCounters["unknown"]
	}
	counter.Inc()
}

// handle serves one message. The order of its checks is that of protocol section 2.
func (s *session) handle(message []byte) {
	if !s.active() && (!s.takeEarly() || s.buckets.held) {
		return
	}
	f, err := wire.Decode(message)
	countEvent(f.Event)
	s.log(slog.LevelDebug, "frame", "event", f.Event[:min(len(f.Event), 64)], "bytes", len(message))
	if !s.active() {
		s.handleUnauthenticated(f, err, message)
		return
	}
	s.tape.received(message, f, err)
	s.handleActive(f, err)
	if s.tape.looksAt() && s.loan == nil {
		s.hub.memories.mistaken(s.owner(), wire.Mistakes(message, f))
	}
}

func (s *session) handleActive(f wire.Frame, err error) {
	if err == nil && f.Event == wire.Heartbeat {
		s.handleHeartbeat(f)
		return
	}
	now := time.Now()
	if l := s.hub.Limits(); s.buckets == nil || s.buckets.of != l {
		s.buckets = newBuckets(l, s.peer.Application)
	}
	h, known := handlers[f.Event]
	bucket := wire.NoBucket
	if known {
		bucket = h.Bucket
	}
	if bucket == wire.BucketTells && s.hub.isTold(f.Payload) {
		bucket = wire.BucketSystem
	}
	if !s.buckets.take(bucket, now) {
		dropped.Inc()
		if s.loan == nil {
			s.hub.memories.dropped(s.owner(), f.Event, now)
		}
		if s.buckets.drop(now) {
			s.end(ending{code: wire.CloseRemoved, reason: "too many messages over the rate limit"})
			return
		}
		s.tape.refuse(wire.ErrorRateLimit)
		s.tape.failed = false // which is no mistake
		if s.answers(f) {
			s.send(failed(f, wire.ErrorRateLimit))
		}
		return
	}
	switch {
	case err != nil || !known || f.Event == wire.Sync && s.form != "versions":
		s.unknown(f)
	case f.BadRef:
		s.refused(f, wire.ErrorMalformed)
		s.send(failed(f, wire.ErrorMalformed))
	case !s.maySend(h):
		s.fail(f, wire.ErrorMissingSupport(h.Needs))
	case h.NeedsRef && f.Ref == nil:
		s.fail(f, wire.ErrorMalformed)
	default:
		h.serve(s, s.hub.ctx, f)
	}
}

// maySend reports whether the socket named the flag of the event, and is of those who may.
func (s *session) maySend(h handler) bool {
	return s.supports.Has(h.Needs) && (h.For != wire.GamesOnly || !s.peer.Application)
}

// takeEarly takes a token for a frame of a socket that has not authenticated, and closes one
// that sends too many. Section 11.
func (s *session) takeEarly() bool {
	if s.buckets == nil {
		s.buckets = &buckets{events: s.hub.Limits().Unauthenticated.limiter(1)} // of no limits: others come with the first event
	}
	now := time.Now()
	if s.buckets.events.AllowN(now, 1) {
		return true
	}
	if s.ctx.Err() == nil {
		s.hub.addresses.fail(network(s.remote), now)
		s.end(ending{code: wire.CloseRemoved, reason: "too many messages before authentication"})
	}
	return false
}

// controlled notes a ping or pong, and reports whether a ping is answered. The socket's reader
// calls it, while no worker handles a message of it.
func (s *session) controlled() bool { return s.active() || s.takeEarly() }

func (s *session) handleUnauthenticated(f wire.Frame, err error, message []byte) {
	switch {
	case err != nil || !f.HasEvent:
		s.unknown(f)
	case f.Event == wire.Authenticate:
		s.handleAuthenticate(s.hub.ctx, f, message)
	case f.Event == wire.Heartbeat: // never answered
	default:
		s.send(failed(f, wire.ErrorUnauthenticated))
	}
}

// unknown answers what the hub does not understand, ref or not.
func (s *session) unknown(f wire.Frame) {
	if s.active() {
		s.refused(f, wire.ErrorUnknown)
	}
	if f.Event == wire.Authenticate {
		f.Event, f.HasEvent = "", false // its failure would make clients leave for ever
	}
	s.send(failed(f, wire.ErrorUnknown))
}

// answers reports whether a request gets an answer.
func (s *session) answers(f wire.Frame) bool {
	return f.Ref != nil || time.Now().Before(s.debugUntil)
}

// succeed answers a request, if it wants an answer.
func (s *session) succeed(f wire.Frame) {
	if s.answers(f) {
		s.send(success(f, nil))
	}
}

// fail answers a request, if it wants an answer.
func (s *session) fail(f wire.Frame, reason string) {
	s.refused(f, reason)
	if s.answers(f) {
		s.send(failed(f, reason))
	}
}

// refused remembers for the doctor that a request of an active socket is refused.
func (s *session) refused(f wire.Frame, reason string) {
	s.tape.refuse(reason)
	if s.loan == nil {
		s.hub.memories.denied(s.owner(), newDenial(f.Event, reason), time.Now())
	}
}

func success(f wire.Frame, payload json.RawMessage) []byte {
	return wire.Frame{Event: f.Event, HasEvent: f.HasEvent, Ref: f.Ref, Status: wire.StatusSuccess, Payload: payload}.Encode()
}

func failed(f wire.Frame, reason string) []byte {
	return wire.Frame{Event: f.Event, HasEvent: f.HasEvent, Ref: f.Ref, Status: wire.StatusFailure, Error: reason}.Encode()
}

// answer answers a request with what has become of it, if it wants an answer.
func (s *session) answer(f wire.Frame, err error) {
	if err != nil {
		s.fail(f, s.reason(err))
		return
	}
	s.succeed(f)
}

// reason is what a client is told about a refusal, or an error of the store, which is
// logged unless it is the client's own.
func (s *session) reason(err error) string {
	if r, refused := errors.AsType[Refusal](err); refused {
		return string(r)
	}
	if !errors.Is(err, context.Canceled) && !errors.Is(err, store.ErrNotFound) && !errors.Is(err, store.ErrLost) { // a loss is logged once
		s.log(slog.LevelError, "a request failed", "err", err)
	}
	return wire.ErrorMalformed
}
