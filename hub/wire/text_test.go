package wire_test

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"hearsay/hub/wire"
)

func TestClean(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{"", ""},
		{"hello", "hello"},
		{"1 < 2 and 3 > 2", "1 < 2 and 3 > 2"},
		{"i <3 you", "i <3 you"},
		{"a<=b, c>=d, <-, ->, <>, < b>", "a<=b, c>=d, <-, ->, <>, < b>"},
		{"héllo ✔️ 😀 \u2028", "héllo ✔️ 😀"},

		// Invalid UTF-8.
		{"a\xff\xfeb", "a\uFFFDb"},
		{"\xc3", "\uFFFD"},

		// CSI, to its final byte.
		{"\x1b[31mred\x1b[0m", "red"},
		{"\x1b[mx\x1b[1;31;42mx\x1b[?25lx\x1b[ qx\x1b[<0;1;2Mx\x1b[10~x", "xxxxxx"},
		{"\u009b31mred\u009b0m", "red"},
		{"a\x1b[", "a"},
		{"a\x1b[31", "a"},
		{"a\u009b31;", "a"},
		{"a\x1b[3\x01b", "ab"},
		{"a\x1b[3éb", "aéb"},
		{"a\x1b[31\x1b[32mb", "ab"},
		{"a\x1b[31\u009b32mb", "ab"},

		// OSC, DCS, SOS, APC and PM, to BEL or ST; without one only the introducer.
		{"\x1b]0;title\aafter", "after"},
		{"\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"},
		{"\x1b]0;title\u009cafter", "after"},
		{"\x1bPdcs\x1b\\a\x1b_apc\ab\x1b^pm\u009cc", "abc"},
		{"a\x1bXsos\x1b\\b", "ab"},
		{"\x1b]0;<b>\né\aafter", "after"},
		{"\x1b]0;a\x1b[31mb\ac", "c"},
		{"\x1b]0;title for ever", "0;title for ever"},
		{"\x1b]0;a\x1b", "0;a"},
		{"\x1b]", ""},
		{"\x1b]a\x1bPb", "ab"},
		{"a\u009d0;title\ab", "ab"},
		{"a\u0090dcs\u009cb\u0098sos\x1b\\c\u009epm\ad\u009fapc\ae", "abcde"},
		{"a\u009d0;title", "a0;title"},

		// Designations and their like, to the final byte.
		{"a\x1b(Bb\x1b)0c\x1b-Ad", "abcd"},
		{"a\x1b#8b\x1b%Gc\x1b Fd\x1b$(Ce", "abcde"},
		{"a\x1b(", "a"},
		{"a\x1b(\x01b", "ab"},
		{"a\x1b((éb", "aéb"},

		// Else ESC and the next character.
		{"a\x1bcb", "ab"},
		{"a\x1b7b\x1b8c", "abc"},
		{"a\x1béb", "ab"},
		{"a\x1b", "a"},
		{"a\x1b\x1b", "a"},
		{"a\x1b\x1b[31mb", "a[31mb"},

		// mIRC codes.
		{"\x0304,12hi\x03 there", "hi there"},
		{"\x034hi\x0312,3x\x03123", "hix3"},
		{"\x03,4\x035,x", ",4,x"},
		{"\x02b\x0f\x16r\x1di\x1es\x1fu", "brisu"},

		// Tags.
		{"<b>bold</b>", "bold"},
		{"<B>b</B><!DOCTYPE x><?xml?><!-- c --><br/>", "b"},
		{"a<send href=\"x\ny\">b</send>c", "abc"},
		{"<b", "b"},
		{"a<b and c", "ab and c"},
		{"a </ b", "a / b"},
		{"<<<b", "b"},
		{"<b<b<b", "bbb"},
		{"<<b>b>", ""},
		{"<<<b>b>b>c", "c"},
		{"<<a>b<c>d", "d"},
		{"<a <b> c> d", "c> d"},
		{"<a>b>", "b>"},
		{"1 <2 <b>3</b> > 4", "1 <2 3 > 4"},
		{"<é>", "<é>"},
		{"a<send href=\"x>y\">b</send>c", "abc"},
		{"a<send href='x>y' hint=\"it's >\">b", "ab"},
		{"a<send href=\"x>y", "ay"},
		{"a<send href=\"x>y\" b", "asend href=\"x>y\" b"},
		{"it's <b>bold</b>, isn't it?", "it's bold, isn't it?"},
		{"see <https://example.com/a?b=c>, <gopher://x> and <ann@mail.example>!", "see https://example.com/a?b=c, gopher://x and ann@mail.example!"},
		{"<mailto:ann@mail>", "mailto:ann@mail"},
		{"<https://example.com a>x</ann@mail>y<a@b@c>z<https://>", "xyz"},
		{"<<https://x>> b>", "https://x> b>"},
		{"<https://x<b>y", "y"},
		{"<https://x", "https://x"},
		{"<<b>", "<"},
		{"<<b>1", "<1"},

		// What becomes a tag when something else goes.
		{"<\x01b>", ""},
		{"<\x01b", "b"},
		{"<\x1b[31mb>x</\x1b[0mb>", "x"},
		{"<\x00\x7f\u0085<\x02b>b>", ""},
		{"<\nb>", "< b>"},
		{"<\rb>", ""},
		{"<\x02b>", ""},
		{"<\u202eb>", ""},

		// Control characters, white space.
		{"a\tb\nc\r\nd", "a b c d"},
		{"a\x00\x07\b\v\f\x0e\x1f\x7fb", "ab"},
		{"a\u0080\u0085\u008d\u009c\u009f\u00a0b", "a\u00a0b"},
		// Directions, marks, and what nobody sees.
		{"a\u202eb\u2066c\u2069\u200e\u200f\u061c\ufeffd", "abcd"},
		{"👨\u200d👩\u200d👧 ❤\ufe0f", "👨\u200d👩\u200d👧 ❤\ufe0f"},
		{"a" + strings.Repeat("\u0301", 400) + "b\u0301", "a" + strings.Repeat("\u0301", 6) + "b\u0301"},
		{"a\u200b" + strings.Repeat("\u0336\u200b", 9), "a\u200b" + strings.Repeat("\u0336\u200b", 6) + strings.Repeat("\u200b", 3)},
		{"\u3164", ""}, {"\u2800", ""}, {"\u115f\u1160", ""}, {"\uffa0", ""}, {"\u034f", ""}, {"\u17b4", ""}, {"\ufe0f", ""}, {"\U000e0100 \u200b", ""},
		{"\U0001d159", ""}, {"\u2800a", "\u2800a"},

		{"\x90\x9b", "\uFFFD"},
		{" \t\n x \u00a0\u3000\n", "x"},
		{"\x01 x \x02", "x"},
		{"a  b", "a  b"},
	} {
		if got := wire.Clean(test.in); got != test.want {
			t.Errorf("%q: got %q, want %q", test.in, got, test.want)
		}
		if got := naiveClean(test.in, false); got != test.want {
			t.Errorf("%q: the reference gives %q, want %q", test.in, got, test.want)
		}
	}
}

var (
	naiveEscape = regexp.MustCompile(`(?s)(?:\x1b\[|\x{9b})[ -?]*[@-~]?` + // CSI
		`|(?:\x1b[\]PX_^]|[\x{90}\x{98}\x{9d}-\x{9f}]).*?(?:\x07|\x{9c}|\x1b\\)` + // OSC, DCS, SOS, APC, PM
		`|[\x{90}\x{98}\x{9d}-\x{9f}]` +
		`|\x1b[ -/]+[0-~]?` + // designations
		`|\x1b.?`)
	naiveCode    = regexp.MustCompile(`\x03(?:[0-9]{1,2}(?:,[0-9]{1,2})?)?|[\x02\x0f\x16\x1d-\x1f]`)
	naiveOpen    = regexp.MustCompile(`<[A-Za-z/!?]`)
	naiveInside  = regexp.MustCompile(`\A(?:="[^"]*"|='[^']*'|[^>])`) // the first that fits
	naiveAddress = regexp.MustCompile(`\A[A-Za-z](?:[A-Za-z0-9+.-]*://[^\s\v\x{85}\p{Z}<>]+|[^\s\v\x{85}\p{Z}<>@]*@[^\s\v\x{85}\p{Z}<>@]+)\z`)
	naiveJoiners = regexp.MustCompile(`([\x{200c}\x{200d}])[\x{200c}\x{200d}]+`)
	naiveStray   = regexp.MustCompile(`(\A|[\x00-\x7f])[\x{200c}\x{200d}]|[\x{200c}\x{200d}]([\x00-\x7f]|\z)`)
	naiveHidden  = regexp.MustCompile(`[\x{61c}\x{200e}\x{200f}\x{202a}-\x{202e}\x{2066}-\x{2069}\x{feff}]`)
)

// naiveTags takes away the leftmost tag, one after the other.
func naiveTags(s string) string {
	for {
		at := naiveOpen.FindStringIndex(s)
		if at == nil {
			return s
		}
		before, rest := s[:at[0]], s[at[0]+1:]
		inside := ""
		for part := naiveInside.FindString(rest); part != ""; part = naiveInside.FindString(rest[len(inside):]) {
			inside += part
		}
		switch {
		case inside == rest:
			s = before + rest
		case naiveAddress.MatchString(inside):
			s = strings.TrimRight(before, "<") + inside + rest[len(inside)+1:]
		default:
			s = before + rest[len(inside)+1:]
		}
	}
}

// naiveIgnorable is how Unicode derives the property.
func naiveIgnorable(r rune) bool {
	return unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector) ||
		unicode.Is(unicode.Cf, r) && !(r >= 0xfff9 && r <= 0xfffb || r >= 0x13430 && r <= 0x13440 || unicode.Is(unicode.Prepended_Concatenation_Mark, r))
}

// naiveMarks keeps only so many marks after one character.
func naiveMarks(s string, most int) string {
	var b strings.Builder
	n := 0
	for _, r := range s {
		mark := unicode.In(r, unicode.Mn, unicode.Me)
		if mark {
			n++
		} else if !naiveIgnorable(r) {
			n = 0
		}
		if !mark || n <= most {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// naiveClean is section 10 word by word: each step, one find at a time, all steps
// again until nothing changes.
func naiveClean(s string, name bool) string {
	for {
		was := s
		s = strings.ToValidUTF8(s, "\uFFFD")
		s = naiveEscape.ReplaceAllString(s, "")
		s = naiveCode.ReplaceAllString(s, "")
		s = naiveTags(s)
		s = strings.Map(func(r rune) rune {
			switch {
			case r == '\t' || r == '\n':
				return ' '
			case unicode.IsControl(r):
				return -1
			}
			return r
		}, s)
		s = naiveHidden.ReplaceAllString(s, "")
		most := 6
		if name {
			most = 4
			s = strings.Map(func(r rune) rune {
				if naiveIgnorable(r) && r != '\u200c' && r != '\u200d' {
					return -1
				}
				return r
			}, s)
		}
		s = naiveMarks(s, most)
		if name {
			s = naiveJoiners.ReplaceAllString(s, "$1")
			s = naiveStray.ReplaceAllString(s, "$1$2")
		}
		s = strings.TrimSpace(s)
		if strings.Trim(strings.Map(func(r rune) rune {
			if naiveIgnorable(r) || unicode.IsSpace(r) || strings.ContainsRune("\u2800\U00013441\U00013442\U00016fe4\U0001d159", r) {
				return -1
			}
			return r
		}, s), "") == "" {
			s = ""
		}
		if s == was {
			return s
		}
	}
}

func checkClean(t *testing.T, in string) {
	t.Helper()
	for _, one := range []struct {
		what  string
		clean func(string) string
		name  bool
	}{{"message", wire.Clean, false}, {"name", wire.CleanName, true}} {
		got := one.clean(in)
		if !utf8.ValidString(got) {
			t.Errorf("%s %q: got %q, which is no UTF-8", one.what, in, got)
		}
		if strings.ContainsFunc(got, unicode.IsControl) { // with ESC and U+009B
			t.Errorf("%s %q: got %q, which has a control character", one.what, in, got)
		}
		if naiveOpen.MatchString(got) {
			t.Errorf("%s %q: got %q, which has a tag", one.what, in, got)
		}
		if strings.TrimSpace(got) != got {
			t.Errorf("%s %q: got %q, which is not trimmed", one.what, in, got)
		}
		if again := one.clean(got); again != got {
			t.Errorf("%s %q: got %q, and then %q", one.what, in, got, again)
		}
		if want := naiveClean(in, one.name); got != want {
			t.Errorf("%s %q: got %q, want %q", one.what, in, got, want)
		}
	}
}

func TestIgnorable(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if got, want := wire.Ignorable(r), naiveIgnorable(r); got != want && unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.P, unicode.S, unicode.Z, unicode.C) {
			t.Errorf("U+%04X: got %v, want %v", r, got, want)
		}
	}
}

func TestCleanName(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{"Bob", "Bob"},
		{" \x1b[31mB<b>o</b>b\n", "Bob"},
		{"B\u200bo\u00adb\u2060\u034f\ufe0f", "Bob"},
		{"B\u200do\u200cb", "Bob"},
		{"می\u200cخواهم", "می\u200cخواهم"},
		{"é\u200d\u200d\u200cé\u200d", "é\u200dé"},
		{"é\u200d\u200ba", "éa"},
		{"👨\u200d👩", "👨\u200d👩"},
		{"a" + strings.Repeat("\u0301", 9), "a" + strings.Repeat("\u0301", 4)},
		{"\u3164", ""}, {"\u2800", ""}, {"\u115f", ""}, {"\u1160", ""}, {"\uffa0", ""}, {"\u034f", ""}, {"\u17b4", ""}, {"\ufe0f", ""},
		{"B\u3164b", "Bb"},
	} {
		if got := wire.CleanName(test.in); got != test.want {
			t.Errorf("%q: got %q, want %q", test.in, got, test.want)
		}
	}
}

func TestCleanField(t *testing.T) {
	for in, want := range map[string]string{
		"The <best> game": "The <best> game", "T\x1b[2J\nx": "T x", "a\u202eb": "ab", " x ": "x", "": "",
	} {
		if got := wire.CleanField(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestCleanText(t *testing.T) {
	for in, want := range map[string]string{
		"one": "one", "": "", "\n a\x1b[2J\r\n\n<b>b</b>\u202e\n\n": "a\n\nb", "a\n \u3164\nb": "a\n\nb",
	} {
		got := wire.CleanText(in)
		if got != want || wire.CleanText(got) != got {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestClean_random(t *testing.T) {
	parts := []string{
		"<", "<", "<", ">", ">", "a", "B", "/", "!", "?", "1", " ", "é", "\n", "\t", "\r", "\x01", "\x7f", "\a", "\\", "[", "]", "P", "_", "^", "m", ";",
		"\x1b", "\x1b[", "\x1b]", "\x1b\\", "\u009b", "\u009c", "\u0085", "\u00a0", "\xff", "\xc2", "\x9b", "<b>", "</b>",
		"=", "=\"", "\"", "='", "@", "://", "X", "(", "\u009d", "\u0090", "\x03", "4", ",", "\x02", "\u202e", "\u200d", "\u200b", "\u0301", "\u0301\u0301\u0301", "\u3164", "\u2800", "\ufe0f",
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 60_000 {
		var b strings.Builder
		for range 1 + random.IntN(20) {
			b.WriteString(parts[random.IntN(len(parts))])
		}
		checkClean(t, b.String())
		if t.Failed() {
			return
		}
	}
}

// Texts that would take for ever if every find began from the start again.
func TestClean_hostile(t *testing.T) {
	const size = 64 << 10
	for _, part := range []string{"<", "<b", "<\x01b", "<<b>", "<b>", "<b><", "\x1b", "\x1b[", "\x1b]", "\x1bP<", "\u009b", "\u009b<b", "\x1b]<\x01", "<b =\"", "<b ='<b =\"", "<a@b>", "<<a@b>", "\u009d", "é\u200d\u200b", "a\u0301\u200b", "\x033", "\x1b(", "\x01<", "\xff", "<\x1bb", " \n", "\x1b[1<"} {
		text := strings.Repeat(part, size/len(part))
		for _, in := range []string{text, text + ">", text + "\a", text + strings.Repeat(">", 100), strings.Repeat("<", size/2) + strings.Repeat("b>", size/4)} {
			for _, clean := range []func(string) string{wire.Clean, wire.CleanName} {
				got := clean(in)
				if clean(got) != got {
					t.Errorf("%q repeated: the result is not stable", part)
				}
			}
		}
	}
}

// FuzzClean proves what section 10 promises of any text.
func FuzzClean(f *testing.F) {
	f.Add("1 < 2 and <b>3</b> > 2 \x1b[31mred\x1b[0m")
	f.Fuzz(func(t *testing.T, in string) {
		if len(in) > 300 {
			in = in[:300] // the reference is slow
		}
		checkClean(t, in)
	})
}

func BenchmarkClean(b *testing.B) {
	for name, text := range map[string]string{
		"plain":          "Hello everybody, who is up for a quest tonight?",
		"plain cyrillic": "Всем привет, кто сегодня идёт в поход?",
		"marks":          "\x1b[31mHello\x1b[0m <b>everybody</b>, who\tis <3 up for a quest tonight?",
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				wire.Clean(text)
			}
		})
	}
}
