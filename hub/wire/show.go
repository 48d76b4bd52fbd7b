package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// What stands in the place of what operators must not see.
const (
	Masked = "…"        // a secret, or what may be one
	Unseen = "(hidden)" // what players tell each other
)

var maskedText, unseenText = AppendText(nil, Masked), AppendText(nil, Unseen)

// Show gives a client's message as operators may see it, without secrets and without
// what players tell each other. f is the message decoded, err what came of that. It is
// cut to about most bytes, and shares no memory with the message.
func Show(message []byte, f Frame, err error, most int) string {
	if err != nil {
		if looksSecret(message) {
			return fmt.Sprintf("(%d bytes that are no JSON object)", len(message))
		}
		return cutShown(message, most)
	}
	row := Find(f.Event)
	if row != nil && row.Request != nil && !row.Request.Hides() && !looksSecret(message) {
		return cutShown(message, most)
	}
	return cutShown(mask(message, row), most)
}

// looksSecret is for a message that should have no secret in it.
func looksSecret(message []byte) bool {
	return bytes.Contains(message, []byte("ecret")) || bytes.Contains(message, []byte("assword"))
}

// cutShown gives the first bytes of a text, up to a whole character, and says so.
func cutShown(text []byte, most int) string {
	whole := len(text)
	if whole > most {
		for text = text[:most]; len(text) > 0; text = text[:len(text)-1] {
			if r, size := utf8.DecodeLastRune(text); r != utf8.RuneError || size != 1 {
				break
			}
		}
	}
	shown := strings.ToValidUTF8(string(text), "\uFFFD")
	if whole > most {
		shown += fmt.Sprintf("… (%d bytes)", whole)
	}
	return shown
}

// mask writes an object anew, with only what is known to be no secret.
func mask(message []byte, row *Event) []byte {
	if !utf8.Valid(message) {
		message = bytes.ToValidUTF8(message, []byte("\uFFFD"))
	}
	var request *Message
	hidden := maskedText
	if row != nil {
		if request = row.Request; row.Name == TellsSend {
			hidden = unseenText
		}
	}
	return rewrite(message, func(key string, value json.RawMessage) json.RawMessage {
		switch key {
		case "event", "events", "ref", "status":
			return value
		case "payload":
			if request != nil && !request.Hides() && !looksSecret(value) || string(value) == "null" {
				return value
			}
			return rewrite(value, func(key string, value json.RawMessage) json.RawMessage {
				if field := request.Field(key); field != nil && !field.Hidden {
					return value
				}
				return hidden
			})
		}
		return hidden
	})
}

// rewrite writes an object with other values. What is no object is masked whole.
func rewrite(raw []byte, change func(key string, value json.RawMessage) json.RawMessage) []byte {
	in, ok := open(raw, '{')
	if !ok {
		return maskedText
	}
	b := append(make([]byte, 0, len(raw)), '{')
	for in.more() {
		if len(b) > 1 {
			b = append(b, ',')
		}
		name := in.value()
		key, _ := text(name)
		in.at++ // the colon
		b = append(append(append(b, name...), ':'), change(key, in.value())...)
	}
	return append(b, '}')
}
