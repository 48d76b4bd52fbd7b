package page

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

// A Form is what the fields of a page hold, and what is wrong with them.
type Form struct {
	Values url.Values
	Faulty string // the field that is wrong; "": none
	Why    string // what is wrong with it
}

// Posted is the form that came with the request. Lines end with a newline alone, whatever
// the browser says.
func Posted(r *http.Request) Form {
	_ = r.ParseForm() // what cannot be read is missing, and told so
	values := url.Values{}
	for key, all := range r.PostForm {
		for _, one := range all {
			values.Add(key, strings.TrimSpace(strings.ReplaceAll(one, "\r\n", "\n")))
		}
	}
	return Form{Values: values}
}

// Text is the value of a field.
func (f Form) Text(name string) string { return f.Values.Get(name) }

// On reports whether a switch is on.
func (f Form) On(name string) bool { return f.Values.Get(name) != "" }

// Numbers reads fields that hold a number; an empty one is 0.
func (f Form) Numbers(to map[string]*int) error {
	for name, n := range to {
		text := f.Text(name)
		if text == "" {
			*n = 0
			continue
		}
		var err error
		if *n, err = strconv.Atoi(text); err != nil {
			return Invalid(name, "is no number; use digits alone")
		}
	}
	return nil
}

// DateTime is how a browser gives a moment; ours are UTC.
const DateTime = "2006-01-02T15:04"

// Moment reads a field that holds one; an empty one is the zero Time.
func (f Form) Moment(name string) (t time.Time, err error) {
	if text := f.Text(name); text != "" {
		if t, err = time.Parse(DateTime, text); err != nil {
			err = Invalid(name, "is no moment; write it as 2026-12-24T18:00")
		}
	}
	return t, err
}

// Wrong says what is wrong with a field, if something is.
func (f Form) Wrong(name string) string {
	if f.Faulty == name {
		return f.Why
	}
	return ""
}

// Fault notes what is wrong with the form, and reports whether err is a fault of
// the form at all.
func (f *Form) Fault(err error) bool {
	var wrong *store.FieldError
	if !errors.As(err, &wrong) {
		return false
	}
	f.Faulty, f.Why = wrong.Field, wrong.Reason
	return true
}

// Invalid makes an error of a field that this package checks.
func Invalid(field, reason string) error { return &store.FieldError{Field: field, Reason: reason} }

// Cut gives a text of at most so many bytes: what comes from outside is kept and logged no
// longer than it makes sense.
func Cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "")
}

// Label is how a field of a record is called where people read it.
func Label(field string) string { return strings.ReplaceAll(field, "_", " ") }

// Sentence says what is wrong with a field: reasons that begin with a verb are of it.
func Sentence(field, reason string) string {
	for _, verb := range []string{"is ", "has ", "does ", "goes "} {
		if strings.HasPrefix(reason, verb) {
			return Capital(Label(field)) + " " + reason + "."
		}
	}
	return Capital(reason) + "."
}

// Capital makes a sentence of a text.
func Capital(text string) string {
	r, n := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(r)) + text[n:]
}

// Checkbox is the value of a switch that is on.
func Checkbox(on bool) string {
	if on {
		return "on"
	}
	return ""
}
