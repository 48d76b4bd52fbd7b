package hub

import (
	"strings"
	"testing"
)

func TestRoster(t *testing.T) {
	long := strings.Repeat("ж", maxName)
	r := newRoster([]string{" Bob ", "", "eve", "BOB", "\x1b[1m", long + "x", long, "<b>Al</b>"})
	equal(t, "cleaned", r.order, []string{"bob", "eve", long, "al"})
	for _, test := range []struct{ name, want string }{
		{"bob", "Bob"}, {"EVE", "eve"}, {"al", "Al"}, {"Zoe", ""},
	} {
		got, known := r.find(test.name)
		if got != test.want || known != (test.want != "") {
			t.Errorf("find %q: got %q, %v, want %q", test.name, got, known, test.want)
		}
	}
	equal(t, "remove EVE", r.remove("EVE"), true)
	equal(t, "remove EVE again", r.remove("EVE"), false)
	r.add("Eve")
	r.add("EVE")
	equal(t, "order", r.order, []string{"bob", long, "al", "eve"})
	equal(t, "spelling", r.shown["eve"], "Eve")

	var zero roster
	equal(t, "remove from nothing", zero.remove("Bob"), false)
	if _, known := zero.find("Bob"); known {
		t.Error("nobody is known")
	}
	zero.add("Bob")
	equal(t, "add to nothing", zero.order, []string{"bob"})
}
