package hub

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"hearsay/hub/fold"
	"hearsay/hub/wire"
)

// systemPlayer is the player that the hub itself is; its own key.
const systemPlayer = "system"

// isTold reports whether the payload of tells/send is a tell to the hub itself.
func (h *Hub) isTold(payload json.RawMessage) bool {
	p, ok := wire.DecodeTell(payload)
	return ok && h.isItself(p.ToGame)
}

// isItself reports whether a short name is the hub's own.
func (h *Hub) isItself(shortName string) bool { return fold.Key(shortName) == fold.Key(h.o.Name) }

// answerTell is the hub's answer to a tell for its own player: there is one, whatever it is
// told. from is who tells, in the game's spelling. Section 7.
func (s *session) answerTell(ctx context.Context, p wire.TellPayload, from string) {
	text := fmt.Sprintf("I am %s, the hub of this network, not a person. I understand: register KEY, help, who.", s.hub.o.Name)
	words := strings.Fields(strings.ToLower(p.Message))
	switch {
	case len(words) == 1 && words[0] == "help":
		text = "Tell me: register KEY, with the key that your profile shows, and this character is yours once you approve it there; " +
			"who, and I say who is on elsewhere, game by game; help, and I say this."
	case len(words) == 1 && words[0] == "who":
		text = s.who()
	case len(words) > 0 && words[0] == "register":
		text = s.register(ctx, from, strings.Join(words[1:], ""))
	}
	s.tell(s.hub.systemTell(p.FromName, text))
}

// systemTell is a tell of the hub's own player.
func (h *Hub) systemTell(to, text string) wire.ReceivePayload {
	return wire.ReceivePayload{
		FromGame: h.o.Name, FromName: systemPlayer, ToName: to, SentAt: wire.Micros(time.Now()), Message: text,
	}
}

// tellPlayer has the hub's own player tell somebody something who is on, in a game that
// knows tells; else nobody hears it.
func (h *Hub) tellPlayer(of owner, player, text string) {
	h.mu.Lock()
	var to *session
	var name string
	if on := h.presence[of]; on != nil {
		if spelling, there := on.find(player); there {
			to, name = on.teller(player), spelling
		}
	}
	h.mu.Unlock()
	if to != nil {
		to.tell(h.systemTell(name, text))
	}
}

// who says in a sentence who is on in other games, in as many characters and bytes as a tell may
// have: what does not fit is counted.
func (s *session) who() string {
	const rest = len(", and 1000000 more.")
	l := s.hub.Limits()
	room, bytes := l.MaxText-len("Elsewhere: ")-rest, l.MaxTextBytes-len("Elsewhere: ")-rest
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	games := s.othersOnline()
	if len(games) == 0 {
		return "No other game is online now."
	}
	var fit []string
	for _, g := range games {
		players := "nobody"
		if all := s.playersOf(g); len(all) > 0 {
			players = strings.Join(all, ", ")
		}
		text := g.Game + " (" + players + ")"
		room -= utf8.RuneCountInString(text) + len(", ")
		bytes -= len(text) + len(", ")
		if room < 0 || bytes < 0 {
			break
		}
		fit = append(fit, text)
	}
	switch more := len(games) - len(fit); {
	case more == 0:
		return "Elsewhere: " + strings.Join(fit, ", ") + "."
	case len(fit) == 0:
		return fmt.Sprintf("Elsewhere %d games are online.", len(games))
	default:
		return fmt.Sprintf("Elsewhere: %s, and %d more.", strings.Join(fit, ", "), more)
	}
}
