package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"unicode/utf8"
)

var errNotObject = errors.New("not a JSON object")

// An Object is a decoded JSON object whose values wait to be looked at. Its keys
// are case-sensitive, unlike those that encoding/json matches with a struct's.
type Object map[string]json.RawMessage

// DecodeObject reports an error for anything but one JSON object. The values share
// memory with raw.
func DecodeObject(raw []byte) (Object, error) {
	in, ok := open(raw, '{')
	if !ok {
		return nil, errNotObject
	}
	return in.members(), nil
}

// part is DecodeObject for a value that is known to be valid, as a part of one is.
func part(raw json.RawMessage) (Object, error) {
	if len(raw) == 0 || raw[0] != '{' {
		return nil, errNotObject
	}
	return (&cursor{raw: raw, at: 1}).members(), nil
}

// members reads an object from behind its bracket.
func (in *cursor) members() Object {
	o := Object{}
	for in.more() {
		key, _ := text(in.value())
		in.at++ // the colon
		o[key] = in.value()
	}
	return o
}

// Text is the value of a key that must be there and a text.
func (o Object) Text(key string) (string, bool) { return text(o[key]) }

// Int is the value of a key that must be there and an integer.
func (o Object) Int(key string) (n int64, ok bool) {
	raw := o[key]
	if len(raw) == 0 || raw[0] == 'n' {
		return 0, false
	}
	return n, json.Unmarshal(raw, &n) == nil
}

// Bool is the value of a key that must be there and a boolean.
func (o Object) Bool(key string) (value, ok bool) {
	switch string(o[key]) {
	case "true":
		return true, true
	case "false":
		return false, true
	}
	return false, false
}

// Null reports whether the key is there and its value null.
func (o Object) Null(key string) bool { return string(o[key]) == "null" }

// Has reports whether the key is there.
func (o Object) Has(key string) bool { _, ok := o[key]; return ok }

// Texts are the texts in a list; what is no text is left out. ok reports whether
// the value is a list.
func (o Object) Texts(key string) (texts []string, ok bool) { return Texts(o[key]) }

// Texts are the texts in a JSON list; what is no text is left out.
func Texts(raw json.RawMessage) (texts []string, ok bool) {
	in, ok := open(raw, '[')
	if !ok {
		return nil, false
	}
	for in.more() {
		if s, ok := text(in.value()); ok {
			texts = append(texts, s)
		}
	}
	return texts, true
}

// text reads a JSON value that is a text. Most have nothing to be unescaped.
func text(raw json.RawMessage) (s string, ok bool) {
	if len(raw) == 0 || raw[0] != '"' {
		return "", false
	}
	if inner := raw[1 : len(raw)-1]; bytes.IndexByte(inner, '\\') < 0 && utf8.Valid(inner) {
		return string(inner), true
	}
	return s, json.Unmarshal(raw, &s) == nil
}

// A cursor goes over the values of a JSON object or list that is known to be valid, so
// it only has to see where each ends. The hub reads every message with it: building maps
// by reflection was a twelfth of what a connect costs.
type cursor struct {
	raw []byte
	at  int
}

// open is ok for one valid value that begins with that bracket.
func open(raw []byte, bracket byte) (in cursor, ok bool) {
	in = cursor{raw: raw}
	in.space()
	if in.at == len(raw) || raw[in.at] != bracket || !json.Valid(raw) {
		return in, false
	}
	in.at++
	return in, true
}

func (in *cursor) space() {
	for in.at < len(in.raw) && strings.IndexByte(" \t\r\n", in.raw[in.at]) >= 0 {
		in.at++
	}
}

// more goes to the next value, if there is one.
func (in *cursor) more() bool {
	in.space()
	if in.raw[in.at] == ',' {
		in.at++
	}
	in.space()
	return in.raw[in.at] != '}' && in.raw[in.at] != ']'
}

// value gives a value, and goes to what follows it and white space.
func (in *cursor) value() json.RawMessage {
	in.space()
	start, depth := in.at, 0
	for {
		switch c := in.raw[in.at]; c {
		case '"':
			in.skipText()
		case '{', '[':
			depth++
			in.at++
		case '}', ']':
			depth--
			in.at++
		case ',', ':', ' ', '\t', '\r', '\n':
			in.at++
			continue
		default:
			in.skipWord()
		}
		if depth == 0 {
			value := in.raw[start:in.at:in.at]
			in.space()
			return value
		}
	}
}

func (in *cursor) skipText() {
	for in.at++; in.raw[in.at] != '"'; in.at++ {
		if in.raw[in.at] == '\\' {
			in.at++
		}
	}
	in.at++
}

// skipWord goes past a number, true, false or null.
func (in *cursor) skipWord() {
	for in.at < len(in.raw) && strings.IndexByte(",:]} \t\r\n", in.raw[in.at]) < 0 {
		in.at++
	}
}
