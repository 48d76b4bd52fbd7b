package hub

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"hearsay/hub/wire"
)

// A Patient is what the file knows of a game or application, for the doctor.
type Patient struct {
	Application     bool
	Suspended       bool
	SuspendedReason string
	SuspendedUntil  *time.Time // nil: until somebody ends it
	LastSeen        *time.Time
	SecretUsed      *time.Time
	OldSecretUsed   *time.Time
	OldSecretEnds   *time.Time
}

// A Diagnosis is what the doctor makes of a chart.
type Diagnosis struct {
	Verdict string // one line
	State   State
	Advice  []Advice // the gravest first
}

// A State is how a game or application is.
type State string

// The states.
const (
	Well  State = "well"
	Fair  State = "fair" // it is connected, and something could be better
	Grave State = "grave"
)

// An Advice is what is wrong and how to mend it, each in sentences.
type Advice struct {
	Grave bool // it keeps the client from connecting, or from being understood
	What  string
	Do    string
}

const (
	// lately is how long what went wrong is spoken of, unless it is seen to be mended.
	lately = 24 * time.Hour
	// skewMost is how far a clock may be off.
	skewMost = 2 * time.Minute
)

// A finding gives advice where something is the matter, else nothing.
type finding func(c *Chart, p *Patient) []Advice

// findings are in the order in which they matter.
var findings = []finding{
	findSuspended, findFailures, findDenials, findMistakes, findHeartbeats, findTooLarge, findFlood, findSlow, findCuts,
	findRefused, findNoChannel, findDrops, findOldSecret, findClock, findNever,
}

// Diagnose looks at a chart.
func (c Chart) Diagnose(p Patient) Diagnosis {
	var d Diagnosis
	for _, find := range findings {
		d.Advice = append(d.Advice, find(&c, &p)...)
	}
	slices.SortStableFunc(d.Advice, func(a, b Advice) int {
		switch {
		case a.Grave == b.Grave:
			return 0
		case a.Grave:
			return -1
		}
		return 1
	})
	n := len(c.clients())
	switch {
	case n > 0 && len(d.Advice) == 0:
		d.State, d.Verdict = Well, "It is connected, and nothing is wrong."
	case n > 0:
		d.State, d.Verdict = Fair, "It is connected. "+d.Advice[0].What
		if d.Advice[0].Grave {
			d.State = Grave
		}
	case len(d.Advice) > 0:
		d.State, d.Verdict = Grave, "It is not connected. "+d.Advice[0].What
	case len(c.Endings) > 0:
		d.State, d.Verdict = Grave, "It is not connected. "+c.Endings[0].Words()
	default:
		d.State, d.Verdict = Grave, "It is not connected, and has not tried since the hub started."
		if p.LastSeen != nil {
			d.Verdict += " It was last here at " + clock(*p.LastSeen) + "."
		}
	}
	return d
}

// clients are the sockets but those of browsers.
func (c *Chart) clients() (all []SocketChart) {
	for _, s := range c.Sockets {
		if !s.Console {
			all = append(all, s)
		}
	}
	return all
}

// Words say how a socket ended.
func (e Ending) Words() string {
	words := wire.FindClose(e.Code).About
	if words == "" {
		words = "The client closed the socket with a code of its own."
	}
	text := fmt.Sprintf("The last socket ended at %s with %d: %s", clock(e.At), e.Code, lowerFirst(words))
	if e.Reason != "" && e.Reason != wire.Goodbye && e.Code != codeCut {
		text += fmt.Sprintf(" The reason given: %s.", strings.TrimSuffix(e.Reason, "."))
	}
	return text
}

// Words say why an authentication failed.
func (f Failure) Words() string {
	switch f.Why {
	case NoCredentials:
		return "The message had no client id, or no secret, as texts in its payload."
	case UnknownClient:
		return "No game or application has this client id."
	case WrongSecret:
		return "The secret was wrong."
	case EndedSecret:
		return "The secret was the old one, which ended at " + clock(f.Ended) + "."
	case NoSupports:
		return "The list supports was missing, empty, or had something else than texts in it."
	case NoChannels:
		return "The flag channels was not in supports."
	case UnknownSupports:
		return "A flag in supports was none that the hub knows."
	case Suspended:
		return "The secret was right, but its owner is suspended."
	case TooManySockets:
		return "The secret was right, but there were too many sockets."
	case TooManyFailures:
		return "So many had failed within a minute that this one was not looked at."
	case NeverAuthenticated:
		return "The socket was opened, and authenticated with nothing until it was closed."
	}
	return ""
}

func findSuspended(_ *Chart, p *Patient) []Advice {
	if !p.Suspended {
		return nil
	}
	what := "It is suspended"
	if p.SuspendedUntil != nil {
		what += " until " + clock(*p.SuspendedUntil)
	}
	if p.SuspendedReason != "" {
		what += fmt.Sprintf(" (%s)", p.SuspendedReason)
	}
	return []Advice{{true, what + ", so its sockets are refused.", "End the suspension, if it has had its effect."}}
}

// findFailures speaks of each reason once, of the last failure that is not mended.
func findFailures(c *Chart, p *Patient) (all []Advice) {
	spoken := map[Why]bool{}
	for _, f := range c.Failures {
		if spoken[f.Why] || f.Why == Suspended && p.Suspended || c.At.Sub(f.Last) > lately || c.cameAfter(f) {
			continue
		}
		spoken[f.Why] = true
		all = append(all, Advice{
			Grave: len(c.clients()) == 0 || f.Count >= 3 && f.Why != TooManySockets,
			What:  fmt.Sprintf("%s %s from %s, last at %s.", lastWord(f), times(f.Count), address(f.Remote), clock(f.Last)),
			Do:    mendFailure[f.Why],
		})
	}
	return all
}

// lastWord is Words without the point, to go on.
func lastWord(f Failure) string { return strings.TrimSuffix(f.Words(), ".") + ":" }

var mendFailure = map[Why]string{
	NoCredentials:   "Send client_id and client_secret as texts in the payload of authenticate; the frame below shows what came.",
	WrongSecret:     "Compare what the client has set with the secret that was given out, to the last letter. If it is lost, rotate the secret and set the new one.",
	EndedSecret:     "Set the new secret in the client. If it is lost, rotate the secret once more.",
	NoSupports:      `Send supports as a list of texts, such as ["channels"].`,
	NoChannels:      `Put "channels" into the list supports.`,
	UnknownSupports: "Leave out of supports what is no flag of this hub; the documentation lists them.",
	Suspended:       "Nothing, if the suspension is over: the client will be let in when it tries again.",
	TooManySockets:  "Let the client close the socket that it had before it opens the next one, or raise the limit.",
	TooManyFailures: "Stop the client, mend its credentials, wait for a minute, and start it.",
}

// cameAfter reports whether the address has authenticated since a failure.
func (c *Chart) cameAfter(f Failure) bool {
	for _, s := range c.clients() {
		if s.Remote == f.Remote && s.Opened.After(f.Last) {
			return true
		}
	}
	for _, e := range c.Endings {
		if e.Remote == f.Remote && e.Opened.After(f.Last) {
			return true
		}
	}
	return false
}

// findMistakes speaks of what can be mended, unless the newest socket has not done it.
func findMistakes(c *Chart, _ *Patient) (all []Advice) {
	newest := c.newest()
	for _, m := range c.Mistakes {
		if !c.matters(m, newest) {
			continue
		}
		grave := m.Kind == wire.NoObject || m.Kind == wire.UnknownMember || m.Kind == wire.MissingField ||
			(m.Kind == wire.UnknownField || m.Kind == wire.UnknownEvent) && m.Means != ""
		what, do := MistakeWords(m.Mistake)
		all = append(all, Advice{grave, fmt.Sprintf("%s It did so %s.", what, times(m.Count)), do})
	}
	return all
}

// matters reports whether a mistake is to be spoken of: a name that means nothing does no
// harm, and what the newest socket has not done is mended.
func (c *Chart) matters(m CountedMistake, newest time.Time) bool {
	harmless := m.Means == "" && (m.Kind == wire.UnknownField || m.Kind == wire.UnknownMember)
	return !harmless && c.At.Sub(m.Last) <= lately && (!m.Last.Before(newest) || m.Event == wire.Authenticate)
}

// newest is when the newest socket of a client was opened; zero: there is none.
func (c *Chart) newest() (newest time.Time) {
	for _, s := range c.clients() {
		if s.Opened.After(newest) {
			newest = s.Opened
		}
	}
	return newest
}

// MistakeWords say what a client does, and what it should do.
func MistakeWords(m wire.Mistake) (what, do string) {
	name, means := "`"+m.Name+"`", "`"+m.Means+"`"
	switch m.Kind {
	case wire.NoObject:
		return "The client sends something that is no JSON object.", "Send each event as one JSON object, in one text frame."
	case wire.UnknownEvent:
		what = fmt.Sprintf("The client sends the event %s, which the hub does not know.", name)
		if m.Means == "" {
			return what, "The documentation lists all events."
		}
		return what, fmt.Sprintf("The event is %s.", means)
	case wire.UnknownMember:
		what = fmt.Sprintf("The client sends %s beside `event` and `payload`.", name)
		if in, field := strings.CutPrefix(m.Means, "payload."); field {
			return what, fmt.Sprintf("Put `%s` into `payload`.", in)
		}
		return what, fmt.Sprintf("The member is %s.", means)
	case wire.UnknownField:
		what = fmt.Sprintf("In `%s` the client sends %s.", m.Event, name)
		if m.Means == "" {
			return what, "The hub passes it over."
		}
		return fmt.Sprintf("In `%s` the client sends %s; the field is %s.", m.Event, name, means), fmt.Sprintf("Send %s in the place of %s.", means, name)
	case wire.MissingField:
		return fmt.Sprintf("In `%s` the client leaves out %s.", m.Event, name), fmt.Sprintf("Send %s with every `%s`.", name, m.Event)
	case wire.MistypedField:
		return fmt.Sprintf("In `%s` the client sends %s as something else than %s.", m.Event, name, an(m.Means)), fmt.Sprintf("Send %s as %s.", name, an(m.Means))
	}
	return "", ""
}

func findHeartbeats(c *Chart, _ *Patient) []Advice {
	const do = "Answer each heartbeat with the event heartbeat, whose payload lists the players who are signed in."
	for _, s := range c.clients() {
		if s.Unanswered >= 2 {
			return []Advice{{true, fmt.Sprintf("Its socket from %s has left %d heartbeats in a row unanswered; after three it is closed.", address(s.Remote), s.Unanswered), do}}
		}
	}
	if e := c.ended(wire.CloseHeartbeat); e != nil {
		return []Advice{{len(c.clients()) == 0, fmt.Sprintf("The socket that closed at %s, after %s, had left its heartbeats unanswered.", clock(e.At), lasted(e)), do}}
	}
	return nil
}

// ended gives the last ending, if it was lately and with that code.
func (c *Chart) ended(code int) *Ending {
	if len(c.Endings) == 0 || c.Endings[0].Code != code || c.At.Sub(c.Endings[0].At) > lately {
		return nil
	}
	return &c.Endings[0]
}

func findTooLarge(c *Chart, _ *Patient) []Advice {
	if c.ended(wire.CloseTooLarge) == nil {
		return nil
	}
	return []Advice{{true, "Its last socket was closed because it sent a message larger than the hub takes.", "Send less at once; long lists of players go into fewer names, not into larger messages."}}
}

func findFlood(c *Chart, p *Patient) []Advice {
	e := c.ended(wire.CloseRemoved)
	if e == nil || p.Suspended {
		return nil
	}
	return []Advice{{len(c.clients()) == 0, fmt.Sprintf("The hub closed its last socket at %s: %s.", clock(e.At), e.Reason), "Let the client wait for the answer to a request before it sends the next."}}
}

func findSlow(c *Chart, _ *Patient) []Advice {
	if c.Overflows.Count == 0 || c.At.Sub(c.Overflows.Last) > lately {
		return nil
	}
	return []Advice{{false, fmt.Sprintf("Too much was waiting for it, %s, last at %s: it reads more slowly than others talk, or not at all.", times(c.Overflows.Count), clock(c.Overflows.Last)),
		"Let the client read from its socket all the time, also while the game is busy, for instance on a thread of its own."}}
}

// findCuts looks for links that are cut again and again after about the same time.
func findCuts(c *Chart, _ *Patient) []Advice {
	var quiet, ages []time.Duration
	for _, e := range c.Endings {
		if e.Code == codeCut && c.At.Sub(e.At) <= lately {
			quiet, ages = append(quiet, e.Quiet), append(ages, e.At.Sub(e.Opened))
		}
	}
	if len(ages) < 3 {
		return nil
	}
	what := fmt.Sprintf("The link was cut %s without a close frame", times(len(ages)))
	if after, same := about(quiet); same && after >= 5*time.Second {
		return []Advice{{false, fmt.Sprintf("%s, each time when nothing had gone over it for about %s.", what, after),
			fmt.Sprintf("Something between client and hub cuts idle links after %s. Raise that time in the proxy (nginx: proxy_read_timeout and proxy_send_timeout) or firewall.", after)}}
	}
	if after, same := about(ages); same && after >= 5*time.Second {
		return []Advice{{false, fmt.Sprintf("%s, each time about %s after it began.", what, after),
			fmt.Sprintf("Something between client and hub lets no link last longer than %s. Raise that time in the proxy or firewall, or exempt /socket from it.", after)}}
	}
	return []Advice{{false, what + ", after different times.", "Look whether the client's program ended, and at the network between it and the hub."}}
}

// about is the middle of durations that hardly differ.
func about(all []time.Duration) (middle time.Duration, same bool) {
	all = slices.Clone(all)
	slices.Sort(all)
	middle = all[len(all)/2]
	return middle.Round(time.Second), all[len(all)-1]-all[0] <= max(2*time.Second, middle/10)
}

func findRefused(c *Chart, _ *Patient) []Advice {
	var form, byCase []string
	for _, r := range c.Refused {
		switch {
		case c.At.Sub(r.Last) > lately:
		case r.ByCase:
			byCase = append(byCase, `"`+r.Channel+`"`)
		default:
			form = append(form, `"`+r.Channel+`"`)
		}
	}
	var all []Advice
	if len(form) > 0 {
		all = append(all, Advice{false, "It wanted channels whose names are refused: " + strings.Join(form, ", ") + ".",
			"A channel's name has 3 to 15 letters, - and _, and is not on the list of blocked words."})
	}
	if len(byCase) > 0 {
		all = append(all, Advice{false, "It wanted channels whose names differ from existing ones only by case: " + strings.Join(byCase, ", ") + ".",
			"Write the name as the list of channels has it."})
	}
	return all
}

func findNoChannel(c *Chart, p *Patient) []Advice {
	clients := c.clients()
	if p.Application || len(clients) == 0 || slices.ContainsFunc(clients, func(s SocketChart) bool { return len(s.Channels) > 0 }) {
		return nil
	}
	return []Advice{{false, "It hears no channel.", "Name channels in authenticate, or send channels/subscribe for each."}}
}

func findDrops(c *Chart, _ *Patient) []Advice {
	if c.Drops.Count == 0 || c.At.Sub(c.Drops.Last) > lately {
		return nil
	}
	return []Advice{{false, fmt.Sprintf("It sends more than the limits allow: %d events were dropped, the last, `%s`, at %s.", c.Drops.Count, c.Drops.What, clock(c.Drops.Last)),
		"Send less often: the documentation says how much is allowed. An answer with rate limit exceeded means that the event was dropped."}}
}

func findOldSecret(c *Chart, p *Patient) []Advice {
	if p.OldSecretUsed == nil || p.OldSecretEnds == nil || !p.OldSecretEnds.After(c.At) || p.SecretUsed != nil && p.SecretUsed.After(*p.OldSecretUsed) {
		return nil
	}
	return []Advice{{false, fmt.Sprintf("It still comes in with the old secret, which ends at %s.", clock(*p.OldSecretEnds)), "Set the new secret in the client before then."}}
}

func findClock(c *Chart, _ *Patient) []Advice {
	for _, s := range c.clients() {
		if s.Skew.Abs() > skewMost {
			way := "ahead"
			if s.Skew < 0 {
				way = "behind"
			}
			return []Advice{{false, fmt.Sprintf("Its clock is %s %s: it dates its tells so.", s.Skew.Abs().Round(time.Second), way),
				"Set the clock of the client's machine by NTP, and send sent_at in UTC, or leave it out."}}
		}
	}
	return nil
}

func findNever(c *Chart, p *Patient) []Advice {
	if p.LastSeen != nil || len(c.Sockets) > 0 || len(c.Endings) > 0 || len(c.Failures) > 0 {
		return nil
	}
	a := Advice{true, "It has never connected, and nobody has tried with its client id.",
		"Set the address of the socket and the credentials in the client, and start it."}
	for _, s := range c.Strangers {
		if c.At.Sub(s.Last) <= lately {
			a.What += fmt.Sprintf(" But somebody else came from %s, at %s: %s", address(s.Remote), clock(s.Last), lowerFirst(s.Words()))
			a.Do = "If that was this client, compare its client id with the one above, to the last letter, and the form of its first message with the documentation. " + a.Do
			break
		}
	}
	return []Advice{a}
}

// clock writes an instant so that people can compare it.
func clock(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

func address(a netip.Addr) string {
	if !a.IsValid() {
		return "an address that nobody knows"
	}
	return a.String()
}

func times(n int) string {
	switch n {
	case 1:
		return "once"
	case 2:
		return "twice"
	}
	return fmt.Sprintf("%d times", n)
}

func lasted(e *Ending) time.Duration { return e.At.Sub(e.Opened).Round(time.Second) }

func lowerFirst(sentence string) string {
	if sentence == "" {
		return ""
	}
	return strings.ToLower(sentence[:1]) + sentence[1:]
}

// an puts the article before a type.
func an(kind string) string {
	if strings.ContainsRune("aeio", rune(kind[0])) {
		return "an " + kind
	}
	return "a " + kind
}
