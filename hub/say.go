package hub

import (
	"context"
	"errors"
	"strings"
	"time"

	"hearsay/hub/fold"
	"hearsay/hub/store"
	"hearsay/hub/wire"
)

// A Refusal is why the hub does not take a message, in the words that the socket of a game
// gets as the error of its answer: wire.ErrorPaused, wire.ErrorSlow and so on.
type Refusal string

func (r Refusal) Error() string { return string(r) }

// ErrWords is the Refusal wire.ErrorMuted of a message whose words a rule is against, not its
// player: games get the same answer to both.
var ErrWords error = wordsError{}

type wordsError struct{}

func (wordsError) Error() string { return "a rule is against the words" }
func (wordsError) Unwrap() error { return Refusal(wire.ErrorMuted) }

var errStopping = errors.New("the hub is stopping")

// Say says something in a channel for a person in a browser, as USERNAME@HUB: it is cleaned,
// held against limits, pauses, slow mode and rules, logged and delivered like a message of a
// game. Every socket that hears the channel gets it, whoever it belongs to. Whether the
// person may use the channel is the caller's affair.
//
// It returns when the message is in the log and in every receiver's queue. What is not taken
// gives a [Refusal]: too much at once (each person may say as much as a socket), no such
// channel, and all that channels/send refuses. What a rule drops is answered as if it had gone
// on, as games are; warning is what the person is to be told if a rule warns, or holds the
// message for review.
func (h *Hub) Say(ctx context.Context, username, channel, text string) (warning string, err error) {
	if !h.talkers.take(fold.Key(username), h.Limits(), time.Now()) {
		return "", Refusal(wire.ErrorRateLimit)
	}
	h.mu.Lock()
	id, there := h.directory.channelNames[channel]
	stopping := h.stopping
	h.mu.Unlock()
	switch {
	case stopping:
		return "", errStopping
	case !there:
		return "", Refusal(wire.ErrorUnknownChannel(channel))
	}
	held := false
	err = h.say(ctx, utterance{
		channel: id, said: store.Said{Channel: channel, Game: h.o.Name, Name: username, Text: text},
		warn: func(_, text string) { warning = text },
		held: func() { held = true },
	})
	if held {
		warning = strings.TrimSpace("Your message waits until somebody has looked at it. " + warning)
	}
	return warning, err
}

// An utterance is what somebody wants to say in a channel, not cleaned yet.
type utterance struct {
	from    owner // whose sockets do not hear it; zero, which is nobody: a person's in a browser
	channel store.ChannelID
	said    store.Said
	warn    func(player, text string)
	held    func() // it waits for review; nil: nobody is told
}

// say is what becomes of it after the rate limits. It returns when the message is in the log
// and in every receiver's queue, or a rule keeps it from there, or with what is against it,
// a Refusal unless it is a fault.
func (h *Hub) say(ctx context.Context, u utterance) error {
	name, reason := cleanName(u.said.Name)
	if reason == "" {
		u.said.Name = name
		u.said.Text, reason = h.cleanMessage(u.said.Text)
	}
	if reason == "" {
		reason = h.restraints.refuse(u.channel, u.from, name)
	}
	if reason != "" {
		return Refusal(reason)
	}
	m := store.Message{Channel: u.channel, Game: u.said.Game, Name: name}
	text, err := h.obey(u.said, u.warn, func(text string, rule store.RuleID) error {
		err := h.store.Hold(ctx, store.Held{
			Channel: m.Channel, Application: u.from.application, Sender: u.from.id, Game: m.Game, Name: m.Name, Text: text, Rule: rule,
		})
		if err == nil && u.held != nil {
			u.held()
		}
		return err
	})
	if err != nil || text == "" {
		return err
	}
	m.Text = text
	return h.store.Append(ctx, m, func(m store.Message) { h.broadcast(m, u.said.Channel, u.from) })
}
