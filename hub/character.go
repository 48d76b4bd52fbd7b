package hub

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"hearsay/hub/store"
	"hearsay/hub/wire"
)

const (
	// mostGuesses is how many wrong registration keys a game's players may tell within
	// guessesFor.
	mostGuesses = 10
	guessesFor  = 10 * time.Minute
)

// register makes a player of the game somebody's character, and says what comes of it, in a
// sentence for the player.
func (s *session) register(ctx context.Context, player, key string) string {
	now := time.Now()
	switch {
	case s.peer.Application:
		return "Only players of games can be registered."
	case key == "":
		return "Tell me: register KEY. Your key is on your profile, on the pages of this network."
	case s.hub.guesses.over(s.owner(), mostGuesses, now):
		return "There were too many wrong keys from " + s.peer.ShortName + ". Try again in ten minutes."
	}
	_, err := s.hub.store.Register(ctx, store.GameID(s.peer.ID), player, key, now)
	refusal, refused := errors.AsType[*store.RegistrationError](err)
	switch {
	case err == nil:
		return fmt.Sprintf("%s of %s waits for you on your profile now: approve it there, and everybody may see that it is you.", player, s.peer.ShortName)
	case !refused:
		s.log(slog.LevelError, "a character could not be registered", "err", err)
		return "I cannot do that now. Try again in a while."
	}
	if refusal.Reason == store.UnknownKey {
		s.hub.guesses.fail(s.owner(), now)
	}
	return s.refusal(refusal, player, now)
}

// refusal says to a player why a registration failed.
func (s *session) refusal(r *store.RegistrationError, player string, now time.Time) string {
	who := player + " of " + s.peer.ShortName
	switch r.Reason {
	case store.RegistrationClosed:
		return s.peer.ShortName + " does not let its characters be registered."
	case store.UnknownKey:
		return "There is no such key: it is misspelt, used up or too old. Your profile shows the one that works."
	case store.NameRegistered:
		return who + " is registered already."
	case store.NameVetoed:
		return "The owner of " + s.peer.ShortName + " has vetoed " + player + ", and alone can lift that."
	case store.NameResting:
		return fmt.Sprintf("%s was denied or withdrawn a short while ago. It can be registered again in %s.", who, inHours(r.FreeAt.Sub(now)))
	}
	return fmt.Sprintf("You have %d characters, and nobody may have more. Withdraw one on your profile first.", store.MostCharacters)
}

// inHours is a time in words, rounded up.
func inHours(d time.Duration) string {
	if hours := (d + time.Hour - 1) / time.Hour; hours > 1 {
		return fmt.Sprintf("%d hours", hours)
	}
	return "an hour"
}

// handleCharacterStatus serves characters/status. Section 11.
func (s *session) handleCharacterStatus(ctx context.Context, f wire.Frame) {
	name, ok := wire.DecodeName(f.Payload)
	if !ok {
		s.fail(f, wire.ErrorMalformed)
		return
	}
	name, reason := cleanName(name)
	if reason != "" {
		s.fail(f, reason)
		return
	}
	c, err := s.hub.store.CharacterStatus(ctx, store.GameID(s.peer.ID), name)
	if err != nil {
		s.fail(f, s.reason(err))
		return
	}
	s.send(success(f, wire.Encode(wire.Character(c))))
}

// tellChanges tells games and players what has become of characters, by whichever process.
// What happened before the hub began is no news.
func (h *Hub) tellChanges(ctx context.Context) error {
	for {
		changes, err := h.store.CharacterChanges(ctx, h.toldThrough, followBatch)
		if err != nil {
			return fmt.Errorf("read the changes of characters: %w", err)
		}
		for _, c := range changes {
			h.tellChange(c)
			h.toldThrough = c.ID
		}
		if len(changes) < followBatch {
			return nil
		}
	}
}

func (h *Hub) tellChange(c store.CharacterChange) {
	game := owner{id: int64(c.Game)}
	is := wire.Character{
		Name: c.Name, Registered: c.Is.Held(), Approved: c.Is == store.Approved && c.Username != "", Username: c.Username,
	}
	frame := notice(wire.CharactersChanged, wire.Encode(is))
	h.mu.Lock()
	if on := h.presence[game]; on != nil {
		for _, s := range on.sessions {
			if s.supports.Has(wire.SupportCharacters) {
				s.shard.put(operation{session: s, call: func() { s.send(frame) }})
			}
		}
	}
	h.mu.Unlock()
	if text := becomes(c); text != "" {
		h.tellPlayer(game, c.Name, text)
	}
}

// becomes says to a player what has become of the character; nothing if that was the
// player's own doing.
func becomes(c store.CharacterChange) string {
	switch {
	case c.Is == store.Vetoed:
		text := "The owner of this game has vetoed that " + c.Name + " is your character on this network"
		if reason := wire.Clean(c.Reason); reason != "" {
			return text + ": " + reason
		}
		return text + "."
	case c.Was == store.Vetoed && c.Is == store.Approved:
		return "The veto is lifted: " + c.Name + " is your character again."
	case c.Was == store.Vetoed && c.Is == store.Pending:
		return "The veto is lifted: " + c.Name + " waits for you on your profile."
	case c.Is == store.Approved:
		return c.Name + " is approved: everybody on this network may see whose character it is."
	}
	return ""
}
