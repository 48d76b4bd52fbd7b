package hub

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"hearsay/hub/wire"
)

// systemPlayer is the player that the hub itself is.
const systemPlayer = "system"

// answerTell is the hub's answer to a tell for its own player: there is one, whatever it is
// told. Section 7.
func (s *session) answerTell(p wire.TellPayload) {
	text := fmt.Sprintf("I am %s, the hub of this network, not a person. I understand: help, who.", s.hub.o.Name)
	switch strings.ToLower(p.Message) {
	case "help":
		text = "Tell me: who, and I say who is on elsewhere, game by game; help, and I say this."
	case "who":
		text = s.who()
	}
	s.tell(wire.ReceivePayload{
		FromGame: s.hub.o.Name, FromName: systemPlayer, ToName: p.FromName, SentAt: wire.Micros(time.Now()), Message: text,
	})
}

// who says in a sentence who is on in other games, in as many characters as a tell may have:
// what does not fit is counted.
func (s *session) who() string {
	const rest = len(", and 1000000 more.")
	room := s.hub.Limits().MaxText - len("Elsewhere: ") - rest
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	games := s.othersOnline()
	if len(games) == 0 {
		return "No other game is online now."
	}
	var fit []string
	for _, g := range games {
		players := "nobody"
		if all := s.heeded(s.hub.presence[owner{id: g.ID}].players(), g.Game); len(all) > 0 {
			players = strings.Join(all, ", ")
		}
		text := g.Game + " (" + players + ")"
		if room -= utf8.RuneCountInString(text) + len(", "); room < 0 {
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
