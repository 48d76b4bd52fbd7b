package hub

import (
	"context"
	"time"

	"hearsay/hub/fold"
	"hearsay/hub/store"
	"hearsay/hub/wire"
)

// handleTell serves tells/send. The failures come in the protocol's order. Tells
// are never stored or logged. One whose sender the receiver's game ignores is swallowed, and
// answered as if it had been told: the sender must not learn of it. Section 7.
func (s *session) handleTell(ctx context.Context, f wire.Frame) {
	p, ok := wire.DecodeTell(f.Payload)
	if !ok {
		s.fail(f, wire.ErrorInvalidPayload)
		return
	}
	var reasons [3]string
	p.FromName, reasons[0] = cleanName(p.FromName)
	p.ToName, reasons[1] = cleanName(p.ToName)
	p.Message, reasons[2] = s.hub.cleanMessage(p.Message)
	switch {
	case reasons[2] == wire.ErrorMessageTooLong && reasons[0] == "" && reasons[1] == "":
		s.fail(f, wire.ErrorMessageTooLong)
		return
	case reasons != [3]string{}:
		s.fail(f, wire.ErrorInvalidPayload)
		return
	}
	if p.SentAt == "" {
		p.SentAt = wire.Micros(time.Now())
	} else if at, err := time.Parse(time.RFC3339Nano, p.SentAt); err == nil {
		s.tape.dated(time.Until(at))
	}
	to, tell, reason := s.hub.route(s, p)
	if reason != "" {
		s.fail(f, reason)
		return
	}
	if to == nil {
		s.succeed(f)
		s.answerTell(ctx, p, tell.FromName)
		return
	}
	said := store.Said{Game: tell.FromGame, Name: tell.FromName, Text: tell.Message}
	text, err := s.hub.obey(said, s.warn, nil) // nothing holds it: it is never stored
	if text != "" && !to.ignores(tell.FromName, tell.FromGame) {
		tell.Message = text
		to.tell(tell)
	}
	s.answer(f, err)
}

// route finds the socket of a tell's receiver, nil for the hub itself, and what that
// gets; or it says why the tell cannot be told. For the hub itself it finds only who tells.
func (h *Hub) route(s *session, p wire.TellPayload) (to *session, tell wire.ReceivePayload, reason string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	from := h.presence[s.owner()]
	if from == nil {
		return nil, tell, wire.ErrorGameOffline
	}
	if h.isItself(p.ToGame) {
		name, on := from.find(p.FromName)
		if !on {
			return nil, tell, wire.ErrorSenderOffline
		}
		if fold.Key(p.ToName) != systemPlayer {
			return nil, tell, wire.ErrorReceiverOffline
		}
		return nil, wire.ReceivePayload{FromName: name}, ""
	}
	game := h.receiver(p.ToGame)
	switch {
	case game == nil:
		return nil, tell, wire.ErrorGameOffline
	case !game.allSupports().Has(wire.SupportTells), h.hides(p.ToGame):
		return nil, tell, wire.ErrorNotSupported
	}
	fromName, on := from.find(p.FromName)
	if !on {
		return nil, tell, wire.ErrorSenderOffline
	}
	toName, on := game.find(p.ToName)
	to = game.teller(p.ToName)
	if !on || to == nil {
		return nil, tell, wire.ErrorReceiverOffline
	}
	return to, wire.ReceivePayload{
		FromGame: s.peer.ShortName, FromName: fromName, ToName: toName, SentAt: p.SentAt, Message: p.Message,
	}, ""
}

// hides reports whether a game, by its short name ignoring case, hides its players; under Hub.mu.
func (h *Hub) hides(shortName string) bool {
	id, ok := h.directory.gameNames[fold.Key(shortName)]
	return ok && h.directory.hiding[id]
}

// receiver finds who is online under a short name that is the same; under Hub.mu.
func (h *Hub) receiver(shortName string) *online {
	if id, ok := h.directory.gameNames[fold.Key(shortName)]; ok {
		return h.presence[owner{id: int64(id)}]
	}
	for o, on := range h.presence {
		if o.application && fold.Key(on.shortName) == fold.Key(shortName) {
			return on
		}
	}
	return nil
}

// tell sends a tell. What is remembered of it is all but its text.
func (s *session) tell(p wire.ReceivePayload) {
	ref := newRef()
	encode := func() []byte { return wire.Frame{Event: wire.TellsReceive, Ref: ref, Payload: wire.Encode(p)}.Encode() }
	message := encode()
	p.Message = wire.Unseen
	s.sendAs(message, encode())
}
