package hub

import (
	"context"
	"fmt"
	"strings"
	"time"

	"hearsay/hub/wire"
)

// systemPlayer is the player that the hub itself is.
const systemPlayer = "system"

// handleTell serves tells/send. The failures come in the protocol's order. Tells
// are never stored or logged. Section 7.
func (s *session) handleTell(_ context.Context, f wire.Frame) {
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
	}
	if reason := s.hub.tell(s, p); reason != "" {
		s.fail(f, reason)
		return
	}
	s.succeed(f)
	if strings.EqualFold(p.ToGame, s.hub.o.Name) {
		s.answerTell(p)
	}
}

// tell queues a tell to one socket of its receiver, or says why it cannot.
func (h *Hub) tell(s *session, p wire.TellPayload) (reason string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	from := h.presence[s.owner()]
	if from == nil {
		return wire.ErrorGameOffline
	}
	if strings.EqualFold(p.ToGame, h.o.Name) {
		if _, on := from.find(p.FromName); !on {
			return wire.ErrorSenderOffline
		}
		if !strings.EqualFold(p.ToName, systemPlayer) {
			return wire.ErrorReceiverOffline
		}
		return ""
	}
	to := h.receiver(p.ToGame)
	switch {
	case to == nil:
		return wire.ErrorGameOffline
	case !to.allSupports().Has(wire.SupportTells):
		return wire.ErrorNotSupported
	}
	fromName, on := from.find(p.FromName)
	if !on {
		return wire.ErrorSenderOffline
	}
	toName, on := to.find(p.ToName)
	socket := to.teller(p.ToName)
	if !on || socket == nil {
		return wire.ErrorReceiverOffline
	}
	socket.send(notice(wire.TellsReceive, wire.Encode(wire.ReceivePayload{
		FromGame: s.peer.ShortName, FromName: fromName, ToName: toName, SentAt: p.SentAt, Message: p.Message,
	})))
	return ""
}

// receiver finds who is online under a short name, ignoring case; under Hub.mu.
func (h *Hub) receiver(shortName string) *online {
	if id, ok := h.directory.gameNames[wire.Fold(shortName)]; ok {
		return h.presence[owner{id: int64(id)}]
	}
	for o, on := range h.presence {
		if o.application && strings.EqualFold(on.shortName, shortName) {
			return on
		}
	}
	return nil
}

// answerTell is the hub's answer to a tell for its own player.
func (s *session) answerTell(p wire.TellPayload) {
	s.send(notice(wire.TellsReceive, wire.Encode(wire.ReceivePayload{
		FromGame: s.hub.o.Name, FromName: systemPlayer, ToName: p.FromName, SentAt: wire.Micros(time.Now()),
		Message: fmt.Sprintf("I am %s, the hub of this network, not a person: nobody reads what you tell me.", s.hub.o.Name),
	})))
}
