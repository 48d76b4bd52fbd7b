package page_test

import (
	"testing"

	"hearsay/hub/page"
)

func TestLocal(t *testing.T) {
	for _, path := range []string{"/", "/games?q=a%20b", "/oauth/authorize?client_id=1&redirect_uri=https%3A%2F%2Fa.example%2F", "/people/a:b"} {
		if got := page.Local(path); got != path {
			t.Errorf("%q: got %q", path, got)
		}
	}
	for _, path := range []string{"", "games", "//evil.example", "/\\evil.example", "\\\\evil.example", "/\t/evil.example", "/ /evil", "https://evil.example/", "javascript:alert(1)", "/%zz", "/a\r\nb"} {
		if got := page.Local(path); got != "" {
			t.Errorf("%q: got %q", path, got)
		}
	}
}
