package page

import (
	"bytes"
	"compress/gzip"
	"io"
	"testing"
)

func TestChanges(t *testing.T) {
	const head, foot = `<h2>Today</h2> <ol>`, `</ol> <p id="older"><a href="/x">More</a></p>`
	one := func(id string) string { return `<li id="` + id + `"><b>` + id + `</b></li>` }
	list := func(ids ...string) (html string) {
		for _, id := range ids {
			html += one(id)
		}
		return head + html + foot
	}
	partial := func(id, swap, html string) string {
		return `<hx-partial hx-target="#` + id + `" hx-swap="` + swap + `">` + html + `</hx-partial>`
	}
	for _, test := range []struct{ name, from, to, want string }{
		{"a new one", list("m2", "m1"), list("m3", "m2"), partial("m1", "delete", "") + partial("m2", "beforebegin", one("m3"))},
		{"two new ones", list("m2", "m1"), list("m4", "m3", "m2", "m1"), partial("m2", "beforebegin", one("m4")+one("m3"))},
		{"in the middle", list("m3", "m1"), list("m3", "m2", "m1"), partial("m1", "beforebegin", one("m2"))},
		{"at the end", list("m3"), list("m3", "m2", "m1"), partial("m3", "afterend", one("m2")+one("m1"))},
		{"a changed one", list("m1"), head + `<li id="m1">hidden</li>` + foot, partial("m1", "outerMorph", `<li id="m1">hidden</li>`)},
		{"the link", list("m1"), head + one("m1") + `</ol> <p id="older"><a href="/y">More</a></p>`, partial("older", "outerMorph", `<p id="older"><a href="/y">More</a></p>`)},
		{"the same", list("m1"), list("m1"), ""},

		{"all others", list("m2", "m1"), list("m4", "m3"), "all"},
		{"another order", list("m2", "m1"), list("m1", "m2"), "all"},
		{"another day", list("m1"), `<h2>Tomorrow</h2>` + one("m1"), "all"},
		{"the first", head + foot, list("m1"), "all"},
		{"one id twice", list("m1"), list("m2", "m1", "m2"), "all"},
		{"rows in rows", `<li id="a"><ul><li>x</li></ul></li>`, `<li id="a"><ul><li>y</li></ul></li>`, "all"},
		{"no end", `<li id="a">x`, `<li id="a">y`, "all"},
	} {
		got := changes(newSheet([]byte(test.from)), newSheet([]byte(test.to)))
		switch {
		case test.want == "all" && got != nil, test.want != "all" && string(got) != test.want:
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}

// TestEncoder: pieces that were compressed each by itself make one stream in gzip.
func TestEncoder(t *testing.T) {
	one, two := newPiece([]byte("data: one\n\n")), newPiece(bytes.Repeat([]byte("two "), 1000))
	e := encoder{zips: true}
	var all []byte
	for _, pieces := range [][]*piece{{one}, {keepAlivePiece}, {two, one}, {two}} {
		all = append(all, e.next(pieces...)...)
	}
	r, err := gzip.NewReader(bytes.NewReader(append(all, e.end()...)))
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(r)
	if want := string(one.plain) + string(keepAlive) + string(two.plain) + string(one.plain) + string(two.plain); err != nil || string(got) != want {
		t.Errorf("got %d bytes, %v, want %d", len(got), err, len(want))
	}
	if len(all) > 300 {
		t.Errorf("it takes %d bytes", len(all))
	}
	plain := encoder{}
	if got := string(plain.next(one, two)) + string(plain.end()); got != string(one.plain)+string(two.plain) {
		t.Errorf("not compressed: got %q", got)
	}
}
