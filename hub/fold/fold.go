// Package fold makes texts comparable: names that look the same have the same [Key], and words
// and searched texts are compared in [Word] and [Plain].
//
// It knows Unicode's tables (golang.org/x/text), which package wire must not: that imports the
// standard library alone. Its functions hold no state, and are fast for ASCII.
package fold

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"hearsay/hub/wire"
)

// Key is the form in which names are compared: two names are the same when their keys are.
// It is the name in full case folding and NFKC, without ignorable characters. The key of a key
// is itself. Protocol section 10.
func Key(name string) string { return fold(name, norm.NFKC, nil) }

// Word is the form in which words of rules are compared: the key without the marks that are
// drawn onto letters of any script and are no part of one, as in "d̶arn". "Über" and "uber" differ.
func Word(word string) string { return fold(word, norm.NFKC, unicode.Inherited) }

// Plain is the form in which texts are searched: the key without accents and other marks that
// letters of any script can have. "Élysium" and "elysium" do not differ.
func Plain(text string) string { return norm.NFC.String(fold(text, norm.NFKD, unicode.Inherited)) }

// IsLetter reports whether a symbol is a letter in a circle or square, which Word takes for the
// letter.
func IsLetter(symbol rune) bool {
	if !unicode.Is(unicode.So, symbol) {
		return false
	}
	letters := norm.NFKC.String(string(symbol))
	r, size := utf8.DecodeRuneInString(letters)
	return size == len(letters) && unicode.IsLetter(r)
}

// folder is stateless.
var folder = cases.Fold()

// fold removes ignorable characters and the marks of a script, until nothing changes.
func fold(s string, form norm.Form, marks *unicode.RangeTable) string {
	if isASCII(s) {
		return strings.ToLower(s)
	}
	drop := func(r rune) rune {
		if wire.Ignorable(r) || marks != nil && unicode.Is(marks, r) && unicode.Is(unicode.M, r) {
			return -1
		}
		return r
	}
	for {
		s = folder.String(strings.Map(drop, form.String(strings.Map(dropIgnorable, s))))
		if form.IsNormalString(s) && !strings.ContainsFunc(s, func(r rune) bool { return drop(r) < 0 }) {
			return s
		}
	}
}

func dropIgnorable(r rune) rune {
	if wire.Ignorable(r) {
		return -1
	}
	return r
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
