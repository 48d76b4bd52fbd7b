package wire

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"
)

// MaxFrame is what the hub's frames stay under, unless a client's own list or ref
// forces more. Section 1.
const MaxFrame = 16 << 10

// A Ref is a client's correlation id: a JSON scalar as it was written, or nothing.
type Ref []byte

// A Frame is one message. Section 2.
type Frame struct {
	Event    string
	HasEvent bool // Event was given, and a text
	Ref      Ref
	BadRef   bool            // the ref was an object or array; Ref is nothing then
	Status   string          // of answers: StatusSuccess or StatusFailure
	Error    string          // of failures
	Payload  json.RawMessage // nil if absent or null
}

// The values of Frame.Status.
const (
	StatusSuccess = "success"
	StatusFailure = "failure"
)

// Decode reads a message of any layout. Keys are case-sensitive, of duplicate keys
// the last counts, unknown ones are passed over; "events" stands for an absent
// "event". Bytes that are not UTF-8 become U+FFFD first. The frame may share memory
// with the message.
func Decode(message []byte) (Frame, error) {
	if !utf8.Valid(message) {
		message = bytes.ToValidUTF8(message, []byte("\uFFFD"))
	}
	o, err := DecodeObject(message)
	if err != nil {
		return Frame{}, err
	}
	var f Frame
	event, ok := o["event"]
	if !ok {
		event, ok = o["events"]
	}
	if ok {
		f.Event, f.HasEvent = text(event)
	}
	if ref := o["ref"]; len(ref) > 0 {
		switch ref[0] {
		case 'n':
		case '{', '[':
			f.BadRef = true
		default:
			f.Ref = Ref(ref)
		}
	}
	f.Status, _ = text(o["status"])
	f.Error, _ = text(o["error"])
	if p := o["payload"]; len(p) > 0 && p[0] != 'n' {
		f.Payload = p
	}
	return f, nil
}

// Encode writes the frame as one line. Ref and payload must be compact JSON.
func (f Frame) Encode() []byte {
	b := make([]byte, 0, 64+len(f.Event)+len(f.Ref)+len(f.Error)+len(f.Payload))
	b = append(b, '{')
	key := func(name string) {
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = append(b, '"')
		b = append(b, name...)
		b = append(b, '"', ':')
	}
	if f.HasEvent || f.Event != "" {
		key("event")
		b = AppendText(b, f.Event)
	}
	if len(f.Ref) > 0 {
		key("ref")
		b = append(b, f.Ref...)
	}
	if f.Status != "" {
		key("status")
		b = AppendText(b, f.Status)
	}
	if f.Error != "" {
		key("error")
		b = AppendText(b, f.Error)
	}
	if f.Payload != nil {
		key("payload")
		b = append(b, f.Payload...)
	}
	return append(b, '}')
}

// AppendHead appends a frame as far as its payload, which the caller appends, and then
// a closing brace.
func AppendHead(b []byte, event string, ref Ref) []byte {
	b = AppendText(append(b, `{"event":`...), event)
	b = append(append(b, `,"ref":`...), ref...)
	return append(b, `,"payload":`...)
}

// Encode writes any value as compact JSON, the characters of HTML as they are. It
// is for types whose encoding cannot fail.
func Encode(v any) json.RawMessage {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

const hex = "0123456789abcdef"

// AppendText appends s as a JSON string: only what JSON forbids is escaped.
func AppendText(b []byte, s string) []byte {
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 {
				b = append(append(b, s[start:i]...), "\uFFFD"...)
				start = i + 1
			}
			i += size
			continue
		}
		if c >= ' ' && c != '"' && c != '\\' {
			i++
			continue
		}
		b = append(b, s[start:i]...)
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, '\\', 'n')
		case '\r':
			b = append(b, '\\', 'r')
		case '\t':
			b = append(b, '\\', 't')
		default:
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
		i++
		start = i
	}
	return append(append(b, s[start:]...), '"')
}
