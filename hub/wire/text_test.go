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

		// OSC, DCS, APC and PM, to BEL or ST; without one only the introducer.
		{"\x1b]0;title\aafter", "after"},
		{"\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"},
		{"\x1b]0;title\u009cafter", "after"},
		{"\x1bPdcs\x1b\\a\x1b_apc\ab\x1b^pm\u009cc", "abc"},
		{"\x1b]0;<b>\né\aafter", "after"},
		{"\x1b]0;a\x1b[31mb\ac", "c"},
		{"\x1b]0;title for ever", "0;title for ever"},
		{"\x1b]0;a\x1b", "0;a"},
		{"\x1b]", ""},
		{"\x1b]a\x1bPb", "ab"},

		// Else ESC and the next character.
		{"a\x1bcb", "ab"},
		{"a\x1b7b\x1b8c", "abc"},
		{"a\x1béb", "ab"},
		{"a\x1b", "a"},
		{"a\x1b\x1b", "a"},
		{"a\x1b\x1b[31mb", "a[31mb"},

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
		{"<<b>", "<"},
		{"<<b>1", "<1"},

		// What becomes a tag when something else goes.
		{"<\x01b>", ""},
		{"<\x01b", "b"},
		{"<\x1b[31mb>x</\x1b[0mb>", "x"},
		{"<\x00\x7f\u0085<\x02b>b>", ""},
		{"<\nb>", "< b>"},
		{"<\rb>", ""},

		// Control characters, white space.
		{"a\tb\nc\r\nd", "a b c d"},
		{"a\x00\x07\b\v\f\x0e\x1f\x7fb", "ab"},
		{"a\u0080\u0085\u008d\u009c\u009f\u00a0b", "a\u00a0b"},
		{"\x90\x9b", "\uFFFD"},
		{" \t\n x \u00a0\u3000\n", "x"},
		{"\x01 x \x02", "x"},
		{"a  b", "a  b"},
	} {
		if got := wire.Clean(test.in); got != test.want {
			t.Errorf("%q: got %q, want %q", test.in, got, test.want)
		}
		if got := naiveClean(test.in); got != test.want {
			t.Errorf("%q: the reference gives %q, want %q", test.in, got, test.want)
		}
	}
}

var (
	naiveEscape = regexp.MustCompile(`(?s)(?:\x1b\[|\x{9b})[ -?]*[@-~]?` + // CSI
		`|\x1b[\]P_^].*?(?:\x07|\x{9c}|\x1b\\)` + // OSC, DCS, APC, PM
		`|\x1b.?`)
	naiveTag  = regexp.MustCompile(`<[A-Za-z/!?][^>]*>`)
	naiveOpen = regexp.MustCompile(`<[A-Za-z/!?]`)
)

// naiveClean is section 10 word by word: each step, one find at a time, all steps
// again until nothing changes.
func naiveClean(s string) string {
	for {
		was := s
		s = strings.ToValidUTF8(s, "\uFFFD")
		s = naiveEscape.ReplaceAllString(s, "")
		for at := naiveTag.FindStringIndex(s); at != nil; at = naiveTag.FindStringIndex(s) {
			s = s[:at[0]] + s[at[1]:]
		}
		for at := naiveOpen.FindStringIndex(s); at != nil; at = naiveOpen.FindStringIndex(s) {
			s = s[:at[0]] + s[at[0]+1:]
		}
		var b strings.Builder
		for _, r := range s {
			switch {
			case r == '\t' || r == '\n':
				b.WriteByte(' ')
			case !unicode.IsControl(r):
				b.WriteRune(r)
			}
		}
		if s = strings.TrimSpace(b.String()); s == was {
			return s
		}
	}
}

func checkClean(t *testing.T, in string) {
	t.Helper()
	got := wire.Clean(in)
	if !utf8.ValidString(got) {
		t.Errorf("%q: got %q, which is no UTF-8", in, got)
	}
	if strings.ContainsFunc(got, unicode.IsControl) { // with ESC and U+009B
		t.Errorf("%q: got %q, which has a control character", in, got)
	}
	if naiveOpen.MatchString(got) {
		t.Errorf("%q: got %q, which has a tag", in, got)
	}
	if strings.TrimSpace(got) != got {
		t.Errorf("%q: got %q, which is not trimmed", in, got)
	}
	if again := wire.Clean(got); again != got {
		t.Errorf("%q: got %q, and then %q", in, got, again)
	}
	if want := naiveClean(in); got != want {
		t.Errorf("%q: got %q, want %q", in, got, want)
	}
}

func TestClean_random(t *testing.T) {
	parts := []string{
		"<", "<", "<", ">", ">", "a", "B", "/", "!", "?", "1", " ", "é", "\n", "\t", "\r", "\x01", "\x7f", "\a", "\\", "[", "]", "P", "_", "^", "m", ";",
		"\x1b", "\x1b[", "\x1b]", "\x1b\\", "\u009b", "\u009c", "\u0085", "\u00a0", "\xff", "\xc2", "\x9b", "<b>", "</b>",
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 30_000 {
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
	for _, part := range []string{"<", "<b", "<\x01b", "<<b>", "<b>", "<b><", "\x1b", "\x1b[", "\x1b]", "\x1bP<", "\u009b", "\u009b<b", "\x1b]<\x01", "\x01<", "\xff", "<\x1bb", " \n", "\x1b[1<"} {
		text := strings.Repeat(part, size/len(part))
		for _, in := range []string{text, text + ">", text + "\a", text + strings.Repeat(">", 100), strings.Repeat("<", size/2) + strings.Repeat("b>", size/4)} {
			got := wire.Clean(in)
			if wire.Clean(got) != got {
				t.Errorf("%q repeated: the result is not stable", part)
			}
		}
	}
}

// FuzzClean proves what section 10 promises of any text.
func FuzzClean(f *testing.F) {
	f.Add("1 < 2 and <b>3</b> > 2 \x1b[31mred\x1b[0m")
	f.Fuzz(func(t *testing.T, in string) {
		if len(in) > 1000 {
			in = in[:1000] // the reference is slow
		}
		checkClean(t, in)
	})
}

func BenchmarkClean(b *testing.B) {
	for name, text := range map[string]string{
		"plain": "Hello everybody, who is up for a quest tonight?",
		"marks": "\x1b[31mHello\x1b[0m <b>everybody</b>, who\tis <3 up for a quest tonight?",
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				wire.Clean(text)
			}
		})
	}
}
