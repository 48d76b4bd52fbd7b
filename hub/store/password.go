package store

import (
	"bufio"
	"bytes"
	"compress/gzip"
	_ "embed"
	"strings"
	"unicode/utf8"
)

// PasswordLeast is how many characters a password has at least.
const PasswordLeast = 10

// packedPasswords are the 10,000 commonest passwords of ten and more characters, in lower case and
// sorted, a line each. They come from the list of ten million of the project SecLists, whose
// licence is with the files in assets/vendor.
//
//go:embed passwords.txt.gz
var packedPasswords []byte

func checkPassword(password string) error {
	switch n := utf8.RuneCountInString(password); {
	case n < PasswordLeast:
		return invalid("password", "has %d characters; use at least %d, some words for instance", n, PasswordLeast)
	case len(password) > 1024:
		return invalid("password", "has %d bytes; use at most 1024", len(password))
	case common(password):
		return invalid("password", "is one of the 10,000 commonest, which are guessed first; use some words that have nothing to do with each other")
	}
	return nil
}

// common reports whether a password is one of the commonest, whatever its letter case. The list is
// unpacked each time: it takes a hundredth of what hashing takes, and no memory.
func common(password string) bool {
	r, err := gzip.NewReader(bytes.NewReader(packedPasswords))
	if err != nil {
		panic("store: " + err.Error()) // the embedded file is part of the program: a fault here is ours
	}
	password = strings.ToLower(password)
	for lines := bufio.NewScanner(r); lines.Scan(); {
		if lines.Text() == password {
			return true
		}
	}
	return false
}
