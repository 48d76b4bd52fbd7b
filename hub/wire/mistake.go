package wire

import (
	"encoding/json"
	"slices"
	"strings"
)

// A Mistake is something in a client's message that the hub does not understand. Two
// that are equal are the same.
type Mistake struct {
	Kind  MistakeKind
	Event string // in which event; of an unknown one nothing
	Name  string // what it is about, as the client writes it
	Means string // what the client seems to mean, or the type that it should be; "": nobody knows
}

// A MistakeKind is what a Mistake is about.
type MistakeKind uint8

// The kinds of mistakes.
const (
	NoObject      MistakeKind = iota // the message is no JSON object
	UnknownEvent                     // Name is an event
	UnknownMember                    // a member beside event, ref and payload
	UnknownField                     // a member of the payload
	MissingField                     // which the payload needs
	MistypedField                    // Means is the type
)

const (
	mostMistakes = 8  // of one message
	mostName     = 40 // bytes of a name that is kept
)

// Mistakes looks for what a client has misunderstood in a message that was decoded as f.
func Mistakes(message []byte, f Frame) (all []Mistake) {
	if understood(message, Find(f.Event)) {
		return nil
	}
	o, err := DecodeObject(message)
	if err != nil {
		return []Mistake{{Kind: NoObject}}
	}
	row := Find(f.Event)
	if f.HasEvent && (row == nil || row.Request == nil) {
		return []Mistake{{Kind: UnknownEvent, Name: shorten(f.Event), Means: meantEvent(f.Event)}}
	}
	var request *Message
	if row != nil {
		request = row.Request
	}
	for _, key := range unknown(o, "event", "ref", "payload", "status", "error") {
		m := Mistake{Kind: UnknownMember, Event: f.Event, Name: shorten(key)}
		switch {
		case request.Field(key) != nil:
			m.Means = "payload." + key
		case key == "events":
			m.Means = "event"
		default:
			m.Means = meant(key, missing(envelope, o), false)
		}
		all = append(all, m)
	}
	if request == nil || f.Payload == nil {
		return all
	}
	if o, err = DecodeObject(f.Payload); err != nil {
		return all
	}
	all = append(all, fieldMistakes(row, o)...)
	return all[:min(mostMistakes, len(all))]
}

// understood is the quick way to find nothing, without an allocation: most messages have
// no mistake.
func understood(message []byte, row *Event) bool {
	if row == nil || row.Request == nil {
		return false
	}
	in, ok := open(message, '{')
	if !ok {
		return false
	}
	var payload json.RawMessage
	for in.more() {
		name := in.value()
		in.at++ // the colon
		value := in.value()
		switch string(name) {
		case `"payload"`:
			payload = value
		case `"event"`, `"ref"`, `"status"`, `"error"`:
		default:
			return false
		}
	}
	if len(payload) == 0 || payload[0] != '{' {
		return true // nothing is said of it
	}
	needed := 0
	for i := range row.Request.Fields {
		if row.Request.Fields[i].Required {
			needed++
		}
	}
	in = cursor{raw: payload, at: 1}
	for in.more() {
		name := in.value()
		in.at++ // the colon
		value := in.value()
		field := row.Request.Field(string(name[1 : len(name)-1]))
		if field == nil || !hasType(value, field) {
			return false
		}
		if field.Required {
			needed--
		}
	}
	return needed <= 0 // of those that are there twice the slow way knows more
}

var envelope = []Field{{Name: "event", Required: true}, {Name: "ref"}, {Name: "payload", Mistaken: []string{"data", "body", "params"}}}

// fieldMistakes looks at the payload of an event.
func fieldMistakes(row *Event, o Object) (all []Mistake) {
	var known []string
	for _, f := range row.Request.Fields {
		known = append(known, f.Name)
	}
	strange, lacking := unknown(o, known...), missing(row.Request.Fields, o)
	explained := map[string]bool{}
	for _, key := range strange {
		means := meant(key, lacking, len(strange) == 1)
		explained[means] = true
		all = append(all, Mistake{UnknownField, row.Name, shorten(key), means})
	}
	for _, f := range row.Request.Fields {
		value, there := o[f.Name]
		switch {
		case !there && f.Required && !explained[f.Name]:
			all = append(all, Mistake{MissingField, row.Name, f.Name, ""})
		case there && !hasType(value, &f):
			all = append(all, Mistake{MistypedField, row.Name, f.Name, f.Type})
		}
	}
	return all
}

// hasType looks at the first letter of a value; what is not required may be null.
func hasType(value json.RawMessage, f *Field) bool {
	first := value[0]
	if first == 'n' {
		return !f.Required
	}
	switch f.Type {
	case "integer":
		return first == '-' || first >= '0' && first <= '9'
	case "boolean":
		return first == 't' || first == 'f'
	case "list of texts", "list of objects":
		return first == '['
	case "object":
		return first == '{'
	}
	return first == '"'
}

// unknown lists the keys of an object that are not among known, in order.
func unknown(o Object, known ...string) (keys []string) {
	for key := range o {
		if !slices.Contains(known, key) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys[:min(len(keys), mostMistakes)]
}

func missing(fields []Field, o Object) (all []Field) {
	for _, f := range fields {
		if !o.Has(f.Name) {
			all = append(all, f)
		}
	}
	return all
}

// meant guesses which of the fields that are missing a key stands for. One that is alone
// stands for the one that is needed.
func meant(key string, lacking []Field, alone bool) string {
	plain := plainName(key)
	for _, f := range lacking {
		if plainName(f.Name) == plain || slices.Contains(f.Mistaken, plain) || slices.Contains(f.Mistaken, strings.ToLower(key)) {
			return f.Name
		}
	}
	best, least := "", 3
	for _, f := range lacking {
		if d := distance(plain, plainName(f.Name)); d < least && d < len(f.Name)/2 {
			best, least = f.Name, d
		}
	}
	if best != "" || !alone {
		return best
	}
	for _, f := range lacking {
		if f.Required {
			if best != "" {
				return ""
			}
			best = f.Name
		}
	}
	return best
}

// mistakenEvents are names that clients are known to use.
var mistakenEvents = map[string]string{
	ChannelsBroadcast: ChannelsSend, TellsReceive: TellsSend, "ping": Heartbeat, "pong": Heartbeat, "auth": Authenticate, "login": Authenticate,
}

func meantEvent(name string) string {
	name = strings.ToLower(name)
	if means := mistakenEvents[name]; means != "" {
		return means
	}
	best, least := "", 4
	for _, e := range Events {
		if d := distance(plainName(name), plainName(e.Name)); e.Request != nil && d < least && d < len(e.Name)/2 {
			best, least = e.Name, d
		}
	}
	return best
}

// plainName is a name without case and what joins words.
func plainName(name string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune("_- ./:", r) {
			return -1
		}
		return r
	}, strings.ToLower(name))
}

func shorten(name string) string { return strings.ToValidUTF8(name[:min(len(name), mostName)], "") }

// distance is how many bytes must be put in, taken away or changed to make b of a; of
// names that differ much in length it is only that.
func distance(a, b string) int {
	if d := len(a) - len(b); d > 3 || d < -3 {
		return max(d, -d)
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		corner := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			corner, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, corner+cost)
		}
	}
	return row[len(b)]
}
