package chrome

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// axe finds what keeps people out.
//
//go:embed testdata/axe.min.js
var axe string

// Long skips a test that takes long in the browser, as looking at every page does, unless
// HEARSAY_TEST_BROWSER=1 or HEARSAY_TEST_SCREENSHOTS=DIR asks for it.
func Long(t testing.TB) {
	t.Helper()
	if os.Getenv("HEARSAY_TEST_BROWSER") != "1" && os.Getenv("HEARSAY_TEST_SCREENSHOTS") == "" {
		t.Skip("it takes long: HEARSAY_TEST_BROWSER=1 runs it, HEARSAY_TEST_SCREENSHOTS=DIR also keeps the pictures")
	}
}

// Visit looks at pages: light and wide, and dark and narrow; with pictures in every scheme and
// width.
func Visit(t *testing.T, browser context.Context, url string, paths ...string) {
	pictures := os.Getenv("HEARSAY_TEST_SCREENSHOTS") != ""
	for _, path := range paths {
		for _, scheme := range []string{"light", "dark"} {
			for _, width := range []int64{390, 1280} {
				if light, wide := scheme == "light", width == 1280; !pictures && light != wide {
					continue
				}
				t.Run(fmt.Sprintf("%s %s %d", path, scheme, width), func(t *testing.T) {
					ctx, cancel := context.WithTimeout(browser, 60*time.Second)
					defer cancel()
					complaints := Complaints(t, ctx)
					if err := chromedp.Do(ctx, Scheme(scheme), chromedp.EmulateViewport(width, 900), chromedp.Navigate(url+path)); err != nil {
						t.Fatal(err)
					}
					got, err := chromedp.Run(ctx, chromedp.Evaluate[Look](LookScript))
					if err != nil {
						t.Fatal(err)
					}
					if got.Heading == "" || !got.Painted || got.Scheme != scheme {
						t.Errorf("heading %q, painted: %t, %s; want a painted page in %s", got.Heading, got.Painted, got.Scheme, scheme)
					}
					if got.Width > width {
						t.Errorf("the page is %d px wide in a window of %d: it scrolls sideways", got.Width, width)
					}
					if got.Root != 16 {
						t.Errorf("the root's font size is %g px, want 16 at every width", got.Root)
					}
					for fault, all := range map[string][]string{
						"a word goes over two lines": got.Broken, "cut off at the side": got.Cut, "spaces are wrong": got.Joined,
						"not isolated": got.Mixed, "a cell without its column's name": got.Unnamed, "a column's name without what it names": got.Bare,
					} {
						for _, one := range all {
							t.Errorf("%s: %q", fault, one)
						}
					}
					if (scheme == "light") == (width == 1280) { // each scheme and each width once: it takes most of the time
						for _, one := range Barriers(t, ctx) {
							t.Errorf("axe: %s", one)
						}
					}
					if c := complaints(); len(c) > 0 {
						t.Errorf("the browser complains: %q", c)
					}
					Picture(t, ctx, fmt.Sprintf("%s-%s-%d.png", strings.NewReplacer("/", "_", "?", "_", "&", "_").Replace(path), scheme, width))
				})
			}
		}
	}
}

// Barriers are what axe finds against WCAG 2.2 AA and good practice, in what is folded up too.
func Barriers(t testing.TB, ctx context.Context) (all []string) {
	t.Helper()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](axe+`; {
		const closed = [...document.querySelectorAll("details:not([open])")];
		for (const one of closed) one.open = true;
		axe.run({resultTypes: ["violations"], rules: {"target-size": {enabled: true}}}).then(r => JSON.stringify(r.violations.map(v =>
			v.id + ": " + v.help + ": " + v.nodes.slice(0, 3).map(n => n.html.slice(0, 200)).join(" | ")))).finally(() => closed.forEach(one => one.open = false)) }`, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// Picture keeps what the browser shows, if somebody wants to look at it.
func Picture(t testing.TB, ctx context.Context, name string) {
	t.Helper()
	dir := os.Getenv("HEARSAY_TEST_SCREENSHOTS")
	if dir == "" {
		return
	}
	shot, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name), shot, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}
