package admin

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"hearsay/hub/store"
)

// A form is what the fields of a page hold, and what is wrong with them.
type form struct {
	values url.Values
	field  string // the one that is wrong
	reason string
}

// posted is the form that came with the request. Lines end with a newline alone, whatever
// the browser says.
func posted(r *http.Request) form {
	_ = r.ParseForm() // what cannot be read is missing, and told so
	values := url.Values{}
	for key, all := range r.PostForm {
		for _, one := range all {
			values.Add(key, strings.TrimSpace(strings.ReplaceAll(one, "\r\n", "\n")))
		}
	}
	return form{values: values}
}

// Text is the value of a field.
func (f form) Text(name string) string { return f.values.Get(name) }

// On reports whether a switch is on.
func (f form) On(name string) bool { return f.values.Get(name) != "" }

// numbers reads fields that hold a number; an empty one is 0.
func (f form) numbers(to map[string]*int) error {
	for name, n := range to {
		text := f.Text(name)
		if text == "" {
			*n = 0
			continue
		}
		var err error
		if *n, err = strconv.Atoi(text); err != nil {
			return invalid(name, "is no number; use digits alone")
		}
	}
	return nil
}

// dateTime is how a browser gives a moment; ours are UTC.
const dateTime = "2006-01-02T15:04"

// moment reads a field that holds one; an empty one is the zero Time.
func (f form) moment(name string) (t time.Time, err error) {
	if text := f.Text(name); text != "" {
		if t, err = time.Parse(dateTime, text); err != nil {
			err = invalid(name, "is no moment; write it as 2026-12-24T18:00")
		}
	}
	return t, err
}

// Wrong says what is wrong with a field, if something is.
func (f form) Wrong(name string) string {
	if f.field == name {
		return f.reason
	}
	return ""
}

// fault notes what is wrong with the form, and reports whether err is a fault of
// the form at all.
func (f *form) fault(err error) bool {
	var wrong *store.FieldError
	if !errors.As(err, &wrong) {
		return false
	}
	f.field, f.reason = wrong.Field, wrong.Reason
	return true
}

// invalid makes an error of a field that this package checks.
func invalid(field, reason string) error { return &store.FieldError{Field: field, Reason: reason} }

// label is how a field of a record is called where people read it.
func label(field string) string { return strings.ReplaceAll(field, "_", " ") }

// sentence says what is wrong with a field: reasons that begin with a verb are of it.
func sentence(field, reason string) string {
	for _, verb := range []string{"is ", "has ", "does ", "goes "} {
		if strings.HasPrefix(reason, verb) {
			return capital(label(field)) + " " + reason + "."
		}
	}
	return capital(reason) + "."
}

// capital makes a sentence of a text.
func capital(text string) string {
	r, n := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(r)) + text[n:]
}

// checkbox is the value of a switch that is on.
func checkbox(on bool) string {
	if on {
		return "on"
	}
	return ""
}
