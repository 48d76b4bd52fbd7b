package hub

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"hearsay/hub/wire"
)

// A Denial is a request of an active socket that the hub refused.
type Denial struct {
	Event string // its beginning
	Error string // as the client got it, or would have; without the seconds of slow mode
}

// A CountedDenial is a denial, and how often there was one.
type CountedDenial struct {
	Denial
	Tally
}

// newDenial cuts what a client can make as long as it likes.
func newDenial(event, reason string) Denial {
	if strings.HasPrefix(reason, slowMode) {
		reason = slowMode
	}
	return Denial{cut(event, nameMost), cut(reason, reasonMost)}
}

// slowMode is how wire.ErrorSlow begins.
var slowMode, _, _ = strings.Cut(wire.ErrorSlow(0), ":")

// cut is the beginning of a text, in whole characters.
func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}

// denied remembers a refused request.
func (m *memories) denied(o owner, d Denial, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	one := m.memory(o, now)
	i := slices.IndexFunc(one.denials, func(other CountedDenial) bool { return other.Denial == d })
	counted := CountedDenial{Denial: d}
	if i >= 0 {
		counted = one.denials[i]
		one.denials = slices.Delete(one.denials, i, i+1)
	} else if len(one.denials) == denialsMost {
		one.denials = slices.Delete(one.denials, 0, 1)
	}
	counted.add("", now)
	one.denials = append(one.denials, counted)
}

// A remedy is what to do about the errors that begin with a text.
type remedy struct {
	begins string
	do     string // "": such refusals belong to normal play
	grave  bool   // the client is at fault
}

var remedies = []remedy{
	{strings.TrimSuffix(wire.ErrorNotSubscribed(""), `"`), "Name the channel in authenticate, or send channels/subscribe for it, before the client sends to it.", true},
	{strings.TrimSuffix(wire.ErrorUnknownChannel(""), `"`), "Write the name as the list of channels has it, or add the channel.", true},
	{strings.TrimSuffix(wire.ErrorMissingSupport(wire.SupportChannels), `channels"`), "Put the flag into the list supports of authenticate.", true},
	{wire.ErrorUnknown, "Send each event as one JSON object, with a name that is in the documentation.", true},
	{wire.ErrorMalformed, "Compare the request with the documentation: its fields, their types, and whether it needs a ref. If it is right, look at the hub's log.", true},
	{wire.ErrorInvalidPayload, "Compare the request with the documentation: its fields, their types, and the length of the names.", true},
	{wire.ErrorNameEmpty, "Send the player's name as a text with something visible in it.", true},
	{wire.ErrorNameTooLong, "Cut the name: the documentation says how long it may be.", true},
	{wire.ErrorSenderOffline, "Sign the player in with players/sign-in, or list the player in each heartbeat, before the player sends tells.", true},
	{wire.ErrorTooManyAchievements, "Delete achievements that are not needed before the client creates others.", true},
	{wire.ErrorUnknownCursor, "Begin the sync again without a cursor.", true},
	{wire.ErrorMessageTooLong, "Split long messages, or tell the player: the documentation says how long they may be.", false},
	{wire.ErrorMuted, "Tell the player that the message did not go out. The hub's operators end a rule on the page Rules.", false},
	{wire.ErrorRefused, "Tell the player that the message did not go out. Too many messages wait for review.", false},
	{wire.ErrorPaused, "Tell the player that the channel is paused. The hub's operators end the pause.", false},
	{slowMode, "", false},
	{wire.ErrorMessageEmpty, "", false},
	{wire.ErrorGameOffline, "", false},
	{wire.ErrorReceiverOffline, "", false},
	{wire.ErrorNotSupported, "", false},
	{wire.ErrorUnknownGame, "", false},
	{strings.TrimSuffix(wire.ErrorSubscribe("", true), `"`), "", false}, // findRefused has advice
}

// findDenials speaks of refused requests, unless they are normal, mended, or another finding
// says more precisely what is wrong with them.
func findDenials(c *Chart, _ *Patient) (all []Advice) {
	newest := c.newest()
	for _, d := range c.Denials {
		if c.At.Sub(d.Last) > lately || d.Last.Before(newest) || c.explains(d.Denial, newest) || c.subscribedSince(d.Error) {
			continue
		}
		r := remedy{do: "Correct what the error says."}
		if i := slices.IndexFunc(remedies, func(r remedy) bool { return strings.HasPrefix(d.Error, r.begins) }); i >= 0 {
			r = remedies[i]
		}
		if r.do == "" {
			continue
		}
		all = append(all, Advice{r.grave, fmt.Sprintf("The hub refused `%s` %s with the error `%s`, last at %s.", d.Event, times(d.Count), d.Error, clock(d.Last)), r.do})
	}
	return all
}

// vague are the errors that do not say what is wrong.
var vague = []string{wire.ErrorUnknown, wire.ErrorMalformed, wire.ErrorInvalidPayload}

// explains reports whether a mistake that the doctor speaks of says why a request was refused.
func (c *Chart) explains(d Denial, newest time.Time) bool {
	return slices.Contains(vague, d.Error) && slices.ContainsFunc(c.Mistakes, func(m CountedMistake) bool {
		return c.matters(m, newest) && (m.Event == d.Event || m.Kind == wire.UnknownEvent && m.Name == d.Event || m.Kind == wire.NoObject && d.Event == "")
	})
}

// subscribedSince reports whether an error is about a channel that a socket hears now.
func (c *Chart) subscribedSince(reason string) bool {
	return slices.ContainsFunc(c.clients(), func(s SocketChart) bool {
		return slices.ContainsFunc(s.Channels, func(name string) bool { return reason == wire.ErrorNotSubscribed(name) })
	})
}
