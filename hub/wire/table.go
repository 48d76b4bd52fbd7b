package wire

import "strings"

// This file has the form of the table of events, and how to look into it. The hub
// serves by it, the documentation is made of it, and the doctor compares with it.

// An Event is all that is said of an event.
type Event struct {
	Name     string
	About    string   // a sentence or two
	Needs    Supports // the flag that a socket must have named, to send it and to hear it
	NeedsRef bool     // without ref nothing happens
	For      Peers    // who may send it
	Bucket   Bucket   // from which it takes a token, beside that of all events

	Request  *Message  // what a client sends; nil: it does not
	Answer   *Message  // the payload of its success; nil: it has none
	Notice   *Message  // what the hub sends unasked; nil: it does not
	Failures []Failure // of the request, beside CommonFailures
}

// Peers says who may send an event.
type Peers uint8

// Of whom a row speaks.
const (
	Everyone Peers = iota
	GamesOnly
	ApplicationsOnly
)

// A Bucket is one of the buckets of tokens that bound what a socket may do.
type Bucket uint8

// The buckets beside that of all events.
const (
	NoBucket Bucket = iota
	BucketSends
	BucketSubscribes
	BucketTells
	BucketSystem // tells to the hub itself; they are of BucketTells too
)

// A Message is the payload of a frame.
type Message struct {
	About    string // what is not said of a field
	Optional bool   // it may be left out
	List     bool   // it is a list of what Fields say
	Fields   []Field
	Example  string // the payload as JSON, with words for Fill in it; "": none
}

// A Field is a member of a payload.
type Field struct {
	Name     string
	Type     string // in words, such as "list of texts"
	Required bool   // of what the hub sends: it is always there
	Hidden   bool   // it is not for the eyes of operators
	About    string // a sentence
	Of       []Field
	Mistaken []string // what clients are known to call it
}

// A Failure is an answer that says no.
type Failure struct {
	Error string
	When  string // a sentence
}

// Find gives the row of an event, or nil.
func Find(event string) *Event { return byName[event] }

var byName = func() map[string]*Event {
	all := map[string]*Event{}
	for i := range Events {
		all[Events[i].Name] = &Events[i]
	}
	return all
}()

// Field gives a member of the payload, or nil.
func (m *Message) Field(name string) *Field {
	if m == nil {
		return nil
	}
	for i := range m.Fields {
		if m.Fields[i].Name == name {
			return &m.Fields[i]
		}
	}
	return nil
}

// Hides reports whether the payload has something that is not for operators' eyes.
func (m *Message) Hides() bool {
	if m == nil {
		return false
	}
	for _, f := range m.Fields {
		if f.Hidden {
			return true
		}
	}
	return false
}

// Words stand in examples where each hub and client has its own.
type Words struct {
	Channel, Player, Game, Other, Hub, ClientID, ClientSecret string
}

// Fill puts words into an example or an error. Those that are empty stay as they are.
func (w Words) Fill(example string) string {
	var pairs []string
	for _, word := range [][2]string{
		{"CHANNEL", w.Channel}, {"PLAYER", w.Player}, {"OTHER_GAME", w.Other}, {"GAME", w.Game},
		{"HUB", w.Hub}, {"CLIENT_ID", w.ClientID}, {"CLIENT_SECRET", w.ClientSecret},
	} {
		text := word[0]
		if word[1] != "" {
			quoted := AppendText(nil, word[1])
			text = string(quoted[1 : len(quoted)-1])
		}
		pairs = append(pairs, word[0], text)
	}
	return strings.NewReplacer(pairs...).Replace(example)
}

// Example gives an event as a client may write it, with words in it; ref is left out if
// it is empty.
func (e *Event) Example(ref string, w Words) string {
	b := AppendText([]byte(`{"event":`), e.Name)
	if ref != "" {
		b = AppendText(append(b, `,"ref":`...), ref)
	}
	if e.Request != nil && e.Request.Example != "" {
		b = append(append(b, `,"payload":`...), w.Fill(e.Request.Example)...)
	}
	return string(append(b, '}'))
}
