package fold_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"hearsay/hub/fold"
)

func TestKey(t *testing.T) {
	for _, same := range [][]string{
		{"bob", "Bob", "BOB", "B\u200bob", "Ｂｏｂ", "𝐁𝐨𝐛", "B\u034fob", "Bob\ufe0f", "B\u3164ob", "\u2066Bob"},
		{"νικοσ", "ΝΙΚΟΣ", "Νικος", "νικοσ"},
		{"straße", "STRASSE", "Straße", "strasse", "STRAẞE"},
		{"über", "Über", "u\u0308ber", "U\u0308BER"},
		{"ﬁnn", "FINN", "Finn"},
		{"Kay", "\u212aay", "kay"},
		{"ΑΙ", "αι", "ᾼ", "ᾳ"},
		{"ﾊﾟ", "パ", "ハ\u309a"},
		{"각", "\u1100\u1161\u11a8"},
		{"ё", "Ё", "е\u0308"},
	} {
		for _, name := range same {
			if got, want := fold.Key(name), fold.Key(same[0]); got != want {
				t.Errorf("%q has the key %q, and %q has %q", name, got, same[0], want)
			}
		}
	}
	for _, names := range [][2]string{{"Bob", "Rob"}, {"über", "uber"}, {"1", "2"}, {"हिन्दी", "हन्द"}, {"", "a"}, {"Bo b", "Bob"}} {
		if fold.Key(names[0]) == fold.Key(names[1]) {
			t.Errorf("%q and %q have the same key", names[0], names[1])
		}
	}
}

func TestWord(t *testing.T) {
	for _, same := range [][2]string{{"darn", "d̶arn"}, {"darn", "D\u0336A\u0336R\u0336N\u0336"}, {"über", "u\u0308ber"}, {"über", "u\u0336\u0308ber"}, {"ⓓarn", "darn"}} {
		if a, b := fold.Word(same[0]), fold.Word(same[1]); a != b {
			t.Errorf("%q and %q are the words %q and %q", same[0], same[1], a, b)
		}
	}
	for _, words := range [][2]string{{"über", "uber"}, {"कि", "क"}, {"ё", "е"}, {"パ", "ハ"}} {
		if fold.Word(words[0]) == fold.Word(words[1]) {
			t.Errorf("%q and %q are the same word", words[0], words[1])
		}
	}
}

func TestPlain(t *testing.T) {
	for text, want := range map[string]string{
		"Élysium": "elysium", "Świat": "swiat", "БЫЛИНЫ": "былины", "Łódź": "łodz", "d̶arn": "darn", "안녕": "안녕", "世界": "世界", "ΝΙΚΟΣ": "νικοσ", "โลก": "โลก",
	} {
		if got := fold.Plain(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

// FuzzKey proves that a key is its own, whatever the name's case and form.
func FuzzKey(f *testing.F) {
	f.Add("Νικος B\u200bob ﬁ ᾳ \u0345")
	f.Fuzz(func(t *testing.T, name string) {
		if !utf8.ValidString(name) {
			return
		}
		for what, form := range map[string]func(string) string{"key": fold.Key, "word": fold.Word, "plain": fold.Plain} {
			key := form(name)
			if again := form(key); again != key {
				t.Errorf("%s of %q: got %q, and of that %q", what, name, key, again)
			}
			if lower := form(strings.ToUpper(key)); what == "key" && form(strings.ToUpper(lower)) != lower {
				t.Errorf("%s of %q is not stable under case: %q, %q", what, name, key, lower)
			}
		}
	})
}

func BenchmarkKey(b *testing.B) {
	for name, text := range map[string]string{"ascii": "Gandalf", "cyrillic": "Гэндальф"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				fold.Key(text)
			}
		})
	}
}
