package admin_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"hearsay/admin"
	"hearsay/hub/hubtest/chrome"
	shared "hearsay/hub/page"
)

// TestPages_inBrowser looks at every page as people do: in light and dark, on
// a phone and on a wide screen.
func TestPages_inBrowser(t *testing.T) {
	browser := chrome.Open(t)
	srv := httptest.NewServer(admin.New(admin.Options{Options: shared.Options{Heading: func() string { return "Starlight-and-" + strings.Repeat("x", 60) }}}))
	t.Cleanup(srv.Close)

	for _, one := range []struct {
		path, heading string
		complaints    int // the browser logs a page that is not there
	}{
		{"/nowhere", "There is no page here", 1},
	} {
		for _, scheme := range []string{"light", "dark"} {
			for _, width := range []int64{360, 1400} {
				t.Run(fmt.Sprintf("%s %s %d", one.path, scheme, width), func(t *testing.T) {
					ctx, cancel := context.WithTimeout(browser, 30*time.Second)
					defer cancel()
					complaints := chrome.Complaints(t, ctx)
					if err := chromedp.Do(ctx,
						chrome.Scheme(scheme),
						chromedp.EmulateViewport(width, 800),
						chromedp.Navigate(srv.URL+one.path),
					); err != nil {
						t.Fatal(err)
					}
					got, err := chromedp.Run(ctx, chromedp.Evaluate[chrome.Look](chrome.LookScript))
					if err != nil {
						t.Fatal(err)
					}
					if got.Heading != one.heading || !got.Painted {
						t.Errorf("heading: got %q (painted: %t), want %q", got.Heading, got.Painted, one.heading)
					}
					if got.Scheme != scheme {
						t.Errorf("the page is %s, want %s", got.Scheme, scheme)
					}
					if got.Width > width {
						t.Errorf("the page is %d px wide in a window of %d: it scrolls sideways", got.Width, width)
					}
					if len(got.Faint) > 0 {
						t.Errorf("contrast below WCAG AA: %q", got.Faint)
					}
					if c := complaints(); len(c) != one.complaints {
						t.Errorf("the browser complains %d times, want %d: %q", len(c), one.complaints, c)
					}
				})
			}
		}
	}
}
