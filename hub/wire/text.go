package wire

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	escape  = '\x1b'
	bell    = '\a'
	csi     = '\u009b'
	endText = '\u009c' // ST, the string terminator
)

// Clean makes a text fit for other games: without terminal escapes, MXP and HTML
// tags and control characters, on one line, trimmed. What it returns it would not
// change again. Section 10.
func Clean(s string) string {
	for {
		cleaned := cleanOnce(s)
		if cleaned == s {
			return s
		}
		s = cleaned // removing a control character may have made a tag; nothing makes an escape
	}
}

func cleanOnce(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if strings.ContainsAny(s, "\x1b\u009b") {
		s = stripEscapes(s)
	}
	if strings.Contains(s, "<") {
		s = stripTags(s)
	}
	return strings.TrimSpace(strings.Map(stripControl, s))
}

func stripControl(r rune) rune {
	switch {
	case r == '\t' || r == '\n':
		return ' '
	case unicode.IsControl(r):
		return -1
	}
	return r
}

// stripEscapes leaves no escape character behind.
func stripEscapes(s string) string {
	var b strings.Builder
	lastEnd := max(strings.LastIndexByte(s, bell), strings.LastIndex(s, string(endText)), strings.LastIndex(s, "\x1b\\"))
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch r {
		case escape:
			i += escapeLength(s[i:], lastEnd-i)
			continue
		case csi:
			i += size + csiLength(s[i+size:])
			continue
		}
		b.WriteString(s[i : i+size])
		i += size
	}
	return b.String()
}

// escapeLength is that of the sequence that s begins with; lastEnd is where the last
// BEL or ST begins. A text without an end has not begun: only its introducer goes.
func escapeLength(s string, lastEnd int) int {
	if len(s) == 1 {
		return 1
	}
	next, size := utf8.DecodeRuneInString(s[1:])
	introducer := 1 + size
	switch next {
	case '[':
		return introducer + csiLength(s[introducer:])
	case ']', 'P', '_', '^': // OSC, DCS, APC, PM
		if lastEnd >= introducer { // else a search each would be quadratic
			return introducer + stringLength(s[introducer:])
		}
	}
	return introducer
}

// csiLength counts parameters and intermediates up to and with the final byte. A
// sequence that is broken off ends where it breaks.
func csiLength(s string) int {
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 0x40 && c <= 0x7e:
			return i + 1
		case c < 0x20 || c > 0x3f:
			return i
		}
	}
	return len(s)
}

// stringLength counts up to and with the first BEL or ST.
func stringLength(s string) int {
	for i, r := range s {
		switch {
		case r == bell:
			return i + 1
		case r == endText:
			return i + utf8.RuneLen(endText)
		case r == escape && strings.HasPrefix(s[i+1:], `\`):
			return i + 2
		}
	}
	return 0
}

// stripTags removes tags until none is left, in one pass: what has been kept is a
// stack, and a closing bracket takes away all from the first open tag on.
func stripTags(s string) string {
	kept := make([]byte, 0, len(s))
	open := -1 // where the first open tag begins in kept
	for i := range len(s) {
		c := s[i]
		if c == '>' && open >= 0 {
			kept, open = kept[:open], -1
			continue
		}
		if open < 0 && beginsTag(c) && len(kept) > 0 && kept[len(kept)-1] == '<' {
			open = len(kept) - 1
		}
		kept = append(kept, c)
	}
	if open < 0 {
		return string(kept)
	}
	// No '>' follows the brackets that look like tags: they go alone, from the
	// right, because one that goes may bring its neighbour before a letter.
	end := len(kept)
	for i := len(kept) - 1; i >= 0; i-- {
		if kept[i] == '<' && end < len(kept) && beginsTag(kept[end]) {
			continue
		}
		end--
		kept[end] = kept[i]
	}
	return string(kept[end:])
}

func beginsTag(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c == '/' || c == '!' || c == '?'
}
