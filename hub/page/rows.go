package page

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
)

// A sheet is a part of a page, taken apart at its rows: what changes most in a part is which
// rows it has, and then only those are sent.
type sheet struct {
	rest []byte  // what is no row, with a zero in the place of each run
	runs [][]row // rows that stand one after the other
}

// A row is an element li, p or div whose first attribute is an id, and that has none of its own
// kind inside.
type row struct {
	id   string
	html []byte
}

var rowBegins = regexp.MustCompile(`<(li|p|div) id="([A-Za-z][A-Za-z0-9_-]*)"[ >]`)

// newSheet takes HTML as templ writes it: its texts have no < of their own.
func newSheet(html []byte) (s sheet) {
	run := false // the last thing was a row
	for {
		at := rowBegins.FindSubmatchIndex(html)
		if at == nil {
			s.rest = append(s.rest, html...)
			return s
		}
		tag := string(html[at[2]:at[3]])
		end := bytes.Index(html[at[1]:], []byte("</"+tag+">"))
		if end < 0 || bytes.Contains(html[at[1]:at[1]+end], []byte("<"+tag+" ")) || bytes.Contains(html[at[1]:at[1]+end], []byte("<"+tag+">")) {
			s.rest, html, run = append(s.rest, html[:at[1]]...), html[at[1]:], false
			continue
		}
		end += at[1] + len("</>") + len(tag)
		if before := html[:at[0]]; !run || len(bytes.TrimSpace(before)) > 0 {
			s.rest = append(append(s.rest, before...), 0)
			s.runs = append(s.runs, nil)
		}
		last := &s.runs[len(s.runs)-1]
		*last = append(*last, row{string(html[at[4]:at[5]]), html[at[0]:end]})
		html, run = html[end:], true
	}
}

// changes gives what makes the page of an older sheet that of a newer one, or nil if that is
// more than rows that come, go and change.
func changes(from, to sheet) []byte {
	if !bytes.Equal(from.rest, to.rest) || len(from.runs) != len(to.runs) {
		return nil
	}
	var b bytes.Buffer
	seen := map[string]bool{}
	for i := range to.runs {
		for _, one := range to.runs[i] {
			if seen[one.id] {
				return nil // nobody could say which
			}
			seen[one.id] = true
		}
		if !runChanges(&b, from.runs[i], to.runs[i]) {
			return nil
		}
	}
	return b.Bytes()
}

// runChanges writes those of a run. It reports whether rows have stayed that the others can be
// placed by, in their order.
func runChanges(b *bytes.Buffer, from, to []row) bool {
	was, is := map[string][]byte{}, map[string]bool{}
	for _, one := range from {
		was[one.id] = one.html
	}
	for _, one := range to {
		is[one.id] = true
	}
	var stayed, order []string
	for _, one := range from {
		if is[one.id] {
			stayed = append(stayed, one.id)
		} else {
			partial(b, one.id, "delete", nil)
		}
	}
	var news [][]byte // that come before the next row that has stayed
	for _, one := range to {
		html, stays := was[one.id]
		if !stays {
			news = append(news, one.html)
			continue
		}
		order = append(order, one.id)
		if !bytes.Equal(html, one.html) {
			partial(b, one.id, "outerMorph", one.html)
		}
		if news != nil {
			partial(b, one.id, "beforebegin", news...)
			news = nil
		}
	}
	if len(stayed) == 0 || !slices.Equal(stayed, order) {
		return false
	}
	if news != nil {
		partial(b, order[len(order)-1], "afterend", news...)
	}
	return true
}

// partial writes what is done with an element.
func partial(b *bytes.Buffer, id, swap string, html ...[]byte) {
	fmt.Fprintf(b, `<hx-partial hx-target="#%s" hx-swap="%s">`, id, swap)
	for _, one := range html {
		b.Write(one)
	}
	b.WriteString(`</hx-partial>`)
}
