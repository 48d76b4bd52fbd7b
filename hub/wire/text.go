package wire

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	escape  = '\x1b'
	bell    = '\a'
	csi     = '\u009b'
	endText = '\u009c' // ST, the string terminator

	// mircCodes are mIRC's for bold, colour, reset, reverse, italic, strike and underline.
	mircCodes  = "\x02\x03\x0f\x16\x1d\x1e\x1f"
	mircColour = '\x03'
)

// How many combining marks may follow one character: more draw over other lines.
const (
	marksInText = 6
	marksInName = 4
)

// A cleaning says what is removed beside escapes, mIRC codes, control and direction
// characters, which always are.
type cleaning struct {
	tags       bool // MXP and HTML
	ignorables bool // but joiners between two characters that are not ASCII
	marks      int  // how many stay after one character
}

// Clean makes a message fit for other games: without terminal escapes, mIRC codes, MXP and
// HTML tags, control and direction characters, on one line, trimmed. A text without anything
// visible becomes empty. What it returns it would not change again. Section 10.
func Clean(s string) string { return clean(s, cleaning{tags: true, marks: marksInText}) }

// CleanName does so for a player's name, which has no ignorable characters either, but joiners
// where a script needs them.
func CleanName(s string) string {
	return clean(s, cleaning{tags: true, ignorables: true, marks: marksInName})
}

// CleanField does so for a field of one line of a record. Tags stay: there they are text.
func CleanField(s string) string { return clean(s, cleaning{marks: marksInText}) }

// CleanText cleans each line of a text as Clean does, and keeps the lines.
func CleanText(s string) string {
	if !strings.Contains(s, "\n") {
		return Clean(s)
	}
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		lines[i] = Clean(line)
	}
	return strings.Trim(strings.Join(lines, "\n"), "\n")
}

func clean(s string, c cleaning) string {
	for !isClean(s, c) {
		cleaned := cleanOnce(s, c)
		if cleaned == s {
			return s
		}
		s = cleaned // removing a control character may have made a tag; nothing makes an escape
	}
	return s
}

// isClean reports whether nothing is to be done, for most texts; where it would take a
// second look it says no.
func isClean(s string, c cleaning) bool {
	if s == "" {
		return true
	}
	if s[0] == ' ' || s[len(s)-1] == ' ' {
		return false
	}
	i := 0
	for i+8 <= len(s) && isPlain(s[i:i+8]) {
		i += 8
	}
	return isCleanFrom(s, i, c)
}

// isPlain reports whether all of 8 bytes are ASCII from the blank to the tilde and none is '<'.
// It looks at them as one number: most texts are nothing else, and all go this way.
func isPlain(s string) bool {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	x := uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
	bracket, del := x^ones*'<', x^ones*0x7f
	return (x|(x-ones*' ')|(bracket-ones)&^bracket|(del-ones)&^del)&tops == 0
}

func isCleanFrom(s string, from int, c cleaning) bool {
	for i, r := range s[from:] {
		switch {
		case r < utf8.RuneSelf:
			if r < ' ' || r == 0x7f || r == '<' && c.tags {
				return false
			}
		case isSpecial(r), r == utf8.RuneError && !strings.HasPrefix(s[from+i:], "\uFFFD"):
			return false
		}
	}
	return true
}

// special has a bit for each character below U+10000 that cleaning may remove: marks, and what
// is not visible.
var special = func() (bits [1 << 16 / 64]uint64) {
	for _, table := range []*unicode.RangeTable{unicode.Cc, unicode.Mn, unicode.Me, unicode.White_Space, directional, ignorable, blank} {
		for _, part := range table.R16 {
			for r := uint32(part.Lo); r <= uint32(part.Hi); r += uint32(part.Stride) {
				bits[r/64] |= 1 << (r % 64)
			}
		}
	}
	return bits
}()

func isSpecial(r rune) bool {
	if r < 1<<16 {
		return special[r/64]&(1<<(r%64)) != 0
	}
	return unicode.In(r, unicode.Mn, unicode.Me, ignorable, blank)
}

func cleanOnce(s string, c cleaning) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if strings.ContainsFunc(s, introduces) {
		s = stripEscapes(s)
	}
	if strings.ContainsAny(s, mircCodes) {
		s = stripCodes(s)
	}
	if c.tags && strings.Contains(s, "<") {
		s = stripTags(s)
	}
	s = strings.TrimSpace(stripCharacters(s, c))
	if !strings.ContainsFunc(s, visible) {
		return ""
	}
	return s
}

// introduces reports whether a character begins an escape sequence.
func introduces(r rune) bool { return r == escape || r == csi || introducesString(r) }

// introducesString is true of the C1 controls DCS, SOS, OSC, PM and APC.
func introducesString(r rune) bool {
	return r == 0x90 || r == 0x98 || r >= 0x9d && r <= 0x9f
}

// stripEscapes leaves no escape character behind.
func stripEscapes(s string) string {
	var b strings.Builder
	lastEnd := max(strings.LastIndexByte(s, bell), strings.LastIndex(s, string(endText)), strings.LastIndex(s, "\x1b\\"))
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == escape:
			i += escapeLength(s[i:], lastEnd-i)
		case r == csi:
			i += size + csiLength(s[i+size:])
		case introducesString(r):
			i += size + stringLength(s[i+size:], lastEnd-i-size)
		default:
			b.WriteString(s[i : i+size])
			i += size
		}
	}
	return b.String()
}

// escapeLength is that of the sequence that s begins with; lastEnd is where the last
// BEL or ST begins.
func escapeLength(s string, lastEnd int) int {
	if len(s) == 1 {
		return 1
	}
	next, size := utf8.DecodeRuneInString(s[1:])
	introducer := 1 + size
	switch {
	case next == '[':
		return introducer + csiLength(s[introducer:])
	case strings.ContainsRune("]PX_^", next): // OSC, DCS, SOS, APC, PM
		return introducer + stringLength(s[introducer:], lastEnd-introducer)
	case next >= ' ' && next <= '/':
		return 1 + designationLength(s[1:])
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

// designationLength counts intermediates up to and with the final byte: "(B" chooses a
// character set.
func designationLength(s string) int {
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 0x30 && c <= 0x7e:
			return i + 1
		case c < 0x20 || c > 0x2f:
			return i
		}
	}
	return len(s)
}

// stringLength counts up to and with the first BEL or ST. A text without an end has not
// begun; without lastEnd the search for one would be quadratic.
func stringLength(s string, lastEnd int) int {
	if lastEnd < 0 {
		return 0
	}
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

// stripCodes removes mIRC codes, and the numbers of colours: "\x034,12".
func stripCodes(s string) string {
	kept := make([]byte, 0, len(s))
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case c == mircColour:
			i++
			if n := digits(s[i:]); n > 0 {
				i += n
				if i < len(s) && s[i] == ',' {
					if n := digits(s[i+1:]); n > 0 {
						i += 1 + n
					}
				}
			}
		case strings.IndexByte(mircCodes, c) >= 0:
			i++
		default:
			kept = append(kept, c)
			i++
		}
	}
	return string(kept)
}

// digits counts those that s begins with, at most two.
func digits(s string) (n int) {
	for n < len(s) && n < 2 && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}

// stripTags removes tags, the leftmost first, until none is left. It takes one pass: what has
// been kept is a stack, because what follows a tag may make a tag of a bracket before it. A
// bracket that looks like a tag and has no end goes alone.
func stripTags(s string) string {
	ends := tagEnds(s)
	kept := make([]byte, 0, len(s))
	for i := 0; i < len(s); {
		if len(kept) == 0 || kept[len(kept)-1] != '<' || !beginsTag(s[i]) {
			kept = append(kept, s[i])
			i++
			continue
		}
		kept = kept[:len(kept)-1]
		end := int(ends[i])
		if end < 0 {
			continue // the bracket before this one is now before the same character
		}
		if isAddress(s[i:end]) {
			kept = append(bytes.TrimRight(kept, "<"), s[i:end]...)
		}
		i = end + 1
	}
	return string(kept)
}

// tagEnds gives for each place of s where the tag ends that is open there: at the next '>',
// where one inside an attribute's quotes does not count; -1: nowhere. It goes from the right,
// because looking for the end of each tag would be quadratic.
func tagEnds(s string) []int32 {
	ends := make([]int32, len(s)+1)
	ends[len(s)] = -1
	var quotes [2]struct{ next, second int } // places of the two next quotes of each kind; 0: there is none
	for i := len(s) - 1; i >= 0; i-- {
		ends[i] = ends[i+1]
		switch s[i] {
		case '>':
			ends[i] = int32(i)
		case '"':
			quotes[0].next, quotes[0].second = i, quotes[0].next
		case '\'':
			quotes[1].next, quotes[1].second = i, quotes[1].next
		case '=':
			for _, q := range quotes {
				if q.next == i+1 && q.second > 0 {
					ends[i] = ends[q.second+1]
				}
			}
		}
	}
	return ends
}

func beginsTag(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c == '/' || c == '!' || c == '?'
}

// isAddress reports whether what stands in angle brackets is a web or mail address, as in
// <https://example.com> and <ann@example.com>.
func isAddress(s string) bool {
	if !isLetter(s[0]) || strings.ContainsFunc(s, func(r rune) bool { return r == '<' || r == '>' || unicode.IsSpace(r) }) {
		return false
	}
	if scheme, rest, ok := strings.Cut(s, "://"); ok && rest != "" && !strings.ContainsFunc(scheme, notInScheme) {
		return true
	}
	_, host, ok := strings.Cut(s, "@")
	return ok && host != "" && !strings.Contains(host, "@")
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func notInScheme(r rune) bool {
	return r >= utf8.RuneSelf || !isLetter(byte(r)) && (r < '0' || r > '9') && !strings.ContainsRune("+.-", r)
}

// stripCharacters removes characters that nobody sees, or that do something.
func stripCharacters(s string, c cleaning) string {
	kept := make([]byte, 0, len(s))
	last, joiner, marks := rune(0), rune(0), 0
	for _, r := range s {
		switch {
		case !isSpecial(r):
			marks = 0
		case r == '\t' || r == '\n':
			r, marks = ' ', 0
		case unicode.IsControl(r), unicode.Is(directional, r):
			continue
		case c.ignorables && Ignorable(r):
			if isJoiner(r) && joiner == 0 && last >= utf8.RuneSelf {
				joiner = r
			}
			continue
		case isMark(r):
			if marks++; marks > c.marks {
				continue
			}
		case Ignorable(r): // parts no character from its marks
		default:
			marks = 0
		}
		if joiner != 0 && r >= utf8.RuneSelf {
			kept = utf8.AppendRune(kept, joiner)
		}
		kept = utf8.AppendRune(kept, r)
		last, joiner = r, 0
	}
	return string(kept)
}

// directional are the characters that turn the direction of a text, and the byte order mark.
var directional = &unicode.RangeTable{R16: []unicode.Range16{
	{0x061c, 0x061c, 1}, {0x200e, 0x200f, 1}, {0x202a, 0x202e, 1}, {0x2066, 0x2069, 1}, {0xfeff, 0xfeff, 1},
}}

// IsDirectional reports whether a character turns the direction of a text, or is the byte
// order mark: texts have none. Section 10.
func IsDirectional(r rune) bool { return unicode.Is(directional, r) }

// ignorable is Unicode's property Default_Ignorable_Code_Point, whose members draw nothing.
var ignorable = &unicode.RangeTable{
	R16: []unicode.Range16{
		{0x00ad, 0x00ad, 1}, {0x034f, 0x034f, 1}, {0x061c, 0x061c, 1}, {0x115f, 0x1160, 1}, {0x17b4, 0x17b5, 1}, {0x180b, 0x180f, 1},
		{0x200b, 0x200f, 1}, {0x202a, 0x202e, 1}, {0x2060, 0x206f, 1}, {0x3164, 0x3164, 1}, {0xfe00, 0xfe0f, 1}, {0xfeff, 0xfeff, 1},
		{0xffa0, 0xffa0, 1}, {0xfff0, 0xfff8, 1},
	},
	R32:         []unicode.Range32{{0x1bca0, 0x1bca3, 1}, {0x1d173, 0x1d17a, 1}, {0xe0000, 0xe0fff, 1}},
	LatinOffset: 1,
}

// Ignorable reports whether a character draws nothing of its own, so that names with and
// without it look the same. Section 10.
func Ignorable(r rune) bool { return r >= 0xad && unicode.Is(ignorable, r) }

func isJoiner(r rune) bool { return r == '\u200c' || r == '\u200d' }

// isMark reports whether a character is drawn onto the one before it.
func isMark(r rune) bool { return r >= 0x300 && unicode.In(r, unicode.Mn, unicode.Me) }

// blank are the characters that draw nothing though Unicode counts them as letters, marks and
// symbols: the empty Braille pattern, Egyptian blanks, a filler, and the null note.
var blank = &unicode.RangeTable{
	R16: []unicode.Range16{{0x2800, 0x2800, 1}},
	R32: []unicode.Range32{{0x13441, 0x13442, 1}, {0x16fe4, 0x16fe4, 1}, {0x1d159, 0x1d159, 1}},
}

func visible(r rune) bool {
	return !isSpecial(r) || !unicode.IsSpace(r) && !Ignorable(r) && !unicode.Is(blank, r)
}
