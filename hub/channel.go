package hub

import (
	"context"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"hearsay/hub/store"
	"hearsay/hub/wire"
)

// handleSubscribe serves channels/subscribe. Section 5.
func (s *session) handleSubscribe(ctx context.Context, f wire.Frame) {
	name, ok := wire.DecodeChannel(f.Payload)
	if !ok {
		s.fail(f, wire.ErrorMalformed)
		return
	}
	c, err := s.hub.ensureChannel(ctx, name)
	switch {
	case errors.Is(err, store.ErrInvalid), errors.Is(err, store.ErrConflict):
		s.misnamed(s.owner(), name, errors.Is(err, store.ErrConflict))
		s.fail(f, wire.ErrorSubscribe(name, true))
	case err != nil:
		s.fail(f, s.reason(err))
	default:
		s.hub.mu.Lock()
		if !slices.Contains(s.channels, c) {
			s.subscribe(c)
			s.tape.listens(topic{topicChannel, c})
		}
		s.hub.mu.Unlock()
		s.succeed(f)
	}
}

// ensureChannel finds a channel by its exact name, or makes it.
func (h *Hub) ensureChannel(ctx context.Context, name string) (store.ChannelID, error) {
	h.mu.Lock()
	id, ok := h.directory.channelNames[name]
	h.mu.Unlock()
	if ok {
		return id, nil
	}
	c, err := h.store.EnsureChannel(ctx, name)
	if err != nil {
		return 0, err
	}
	return c.ID, h.follow(ctx)
}

// subscribe is idempotent; under Hub.mu. A channel that has gone meanwhile is not
// subscribed to.
func (s *session) subscribe(id store.ChannelID) {
	if _, there := s.hub.directory.channels[id]; !there || s.left {
		return
	}
	if !slices.Contains(s.channels, id) {
		s.channels = append(s.channels, id)
	}
	if !s.peer.Application { // those hear it anyway
		s.hub.listen(topic{topicChannel, id}, s)
	}
}

// unsubscribe is idempotent; under Hub.mu.
func (s *session) unsubscribe(id store.ChannelID) {
	if !slices.Contains(s.channels, id) {
		return
	}
	s.tape.ceases(topic{topicChannel, id})
	s.channels = slices.DeleteFunc(s.channels, func(c store.ChannelID) bool { return c == id })
	s.hub.unlisten(topic{topicChannel, id}, s)
}

// handleUnsubscribe serves channels/unsubscribe. Section 5.
func (s *session) handleUnsubscribe(_ context.Context, f wire.Frame) {
	name, ok := wire.DecodeChannel(f.Payload)
	if !ok {
		s.fail(f, wire.ErrorMalformed)
		return
	}
	s.hub.mu.Lock()
	if id, ok := s.hub.directory.channelNames[name]; ok {
		s.unsubscribe(id)
	}
	s.hub.mu.Unlock()
	s.shard.settle(s) // what was said before comes before the answer
	s.succeed(f)
}

// handleSend serves channels/send. It returns when the message is in the log and
// in every receiver's queue, unless a rule is against it. Section 5.
func (s *session) handleSend(ctx context.Context, f wire.Frame) {
	p, ok := wire.DecodeSend(f.Payload)
	if !ok {
		s.fail(f, wire.ErrorMalformed)
		return
	}
	id, err := s.mayUse(p.Channel)
	if err == nil {
		err = s.hub.say(ctx, utterance{
			from: s.owner(), channel: id,
			said: store.Said{Channel: p.Channel, Game: s.peer.ShortName, Name: p.Name, Text: p.Message},
			warn: s.warn,
		})
	}
	s.answer(f, err)
}

// mayUse finds the channel that the session may send to and read of, or gives a Refusal.
func (s *session) mayUse(channel string) (store.ChannelID, error) {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	id, there := s.hub.directory.channelNames[channel]
	if s.peer.Application {
		if !there {
			return 0, Refusal(wire.ErrorUnknownChannel(channel))
		}
		return id, nil
	}
	if !there || !slices.Contains(s.channels, id) {
		return 0, Refusal(wire.ErrorNotSubscribed(channel))
	}
	return id, nil
}

// broadcast carries a message of the log to everyone who hears its channel. The
// store calls it in the order of the log.
func (h *Hub) broadcast(m store.Message, channel string, from owner) {
	ref := newRef()
	encode := func(text string) func(dated bool) []byte {
		return func(dated bool) []byte {
			b := wire.Broadcast{Channel: channel, Game: m.Game, Name: m.Name, Message: text}
			if dated {
				b.ID, b.SentAt = int64(m.ID), m.SentAt
			}
			return wire.Frame{Event: wire.ChannelsBroadcast, Ref: ref, Payload: b.Encode()}.Encode()
		}
	}
	p, text := publication{from: from, deaf: h.deaf(m.Name, m.Game), frame: packets(encode(m.Text))}, encode(m.Text)
	if len(m.Text) > takeBytes { // what is remembered is not the whole of it
		text = encode(strings.ToValidUTF8(m.Text[:takeBytes], "") + "…")
	}
	h.waitForRoom()
	h.messages.Add(1)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.minute.add(m.SentAt.Unix())
	h.publishTo(topic{topicChannel, m.Channel}, p, text)
	h.publishTo(topic{kind: topicAllChannels}, p, text)
}

// cleanName makes a player's name fit for others, or says why it is none. Section 10.
func cleanName(name string) (cleaned, reason string) {
	name = wire.CleanName(name)
	switch {
	case name == "":
		return "", wire.ErrorNameEmpty
	case utf8.RuneCountInString(name) > maxName:
		return "", wire.ErrorNameTooLong
	}
	return name, ""
}

// cleanMessage does so for what players say. Section 10.
func (h *Hub) cleanMessage(message string) (cleaned, reason string) {
	message = wire.Clean(message)
	switch {
	case message == "":
		return "", wire.ErrorMessageEmpty
	case len(message) > h.Limits().MaxTextBytes || utf8.RuneCountInString(message) > h.Limits().MaxText:
		return "", wire.ErrorMessageTooLong
	}
	return message, ""
}

// handleHistory serves channels/history. Section 11.
func (s *session) handleHistory(ctx context.Context, f wire.Frame) {
	p, ok := wire.DecodeHistory(f.Payload)
	if !ok {
		s.fail(f, wire.ErrorMalformed)
		return
	}
	id, err := s.mayUse(p.Channel)
	if err != nil {
		s.fail(f, wire.ErrorNotSubscribed(p.Channel))
		return
	}
	q := store.HistoryQuery{Channel: id, Limit: s.hub.Limits().History}
	if s.hub.ignorers.Load() != nil {
		q.Without = func(game, name string) bool { return s.ignores(name, game) }
	}
	if p.Limit > 0 {
		q.Limit = min(p.Limit, q.Limit)
	}
	if p.After != nil {
		after := store.MessageID(*p.After)
		q.After = &after
	}
	messages, total, err := s.hub.store.History(ctx, q)
	if err != nil {
		s.fail(f, s.reason(err))
		return
	}
	all := make([]wire.HistoryMessage, 0, len(messages))
	for _, m := range messages {
		all = append(all, wire.HistoryMessage{ID: int64(m.ID), Game: m.Game, Name: m.Name, Message: m.Text, SentAt: wire.Micros(m.SentAt)})
	}
	sendList(s, f, all, func(part []wire.HistoryMessage) any {
		return wire.HistoryPayload{Channel: p.Channel, Total: total, Messages: part}
	})
}

// sendList answers with a list in tens, and in less where the frame would grow
// over the limit; an empty list is one frame.
func sendList[T any](s *session, f wire.Frame, all []T, payload func(part []T) any) {
	for first := true; first || len(all) > 0; first = false {
		n := min(wire.MaxBatch, len(all))
		frame := success(f, wire.Encode(payload(all[:n:n])))
		for n > 1 && len(frame) >= wire.MaxFrame {
			n = max(1, n*wire.MaxFrame/len(frame)-1)
			frame = success(f, wire.Encode(payload(all[:n:n])))
		}
		if s.sendWaiting(frame) != nil {
			return
		}
		all = all[n:]
	}
}
