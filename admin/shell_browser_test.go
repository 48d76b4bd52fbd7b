package admin_test

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"

	"hearsay/hub/hubtest/chrome"
	"hearsay/hub/store"
)

// TestShell_window: on a small laptop all of the navigation is in view, the font has the size
// that it is designed with in every window, and no table is cut off.
func TestShell_window(t *testing.T) {
	s := newSite(t)
	furnish(t, s)
	if err := s.Store.UpdateGame(t.Context(), "Alpha", store.GameEdit{Owner: new("admin")}); err != nil { // so that there is the line for owners
		t.Fatal(err)
	}
	tab := chrome.NewTab(t, s.URL)
	chrome.Give(t, tab.Ctx, s.URL, s.session(t, "admin"))
	for _, window := range [][2]int64{{1366, 657}, {1280, 720}, {1440, 900}, {1920, 1080}, {390, 844}} {
		t.Run(fmt.Sprint(window), func(t *testing.T) {
			tab.Do(t, chromedp.EmulateViewport(window[0], window[1]))
			for _, path := range []string{"/admin", "/admin/audit", "/admin/games/Alpha/doctor"} {
				tab.Open(t, path)
				look, err := chromedp.Run(tab.Ctx, chromedp.Evaluate[chrome.Look](chrome.LookScript))
				if err != nil {
					t.Fatal(err)
				}
				if look.Root != 16 || look.Width > window[0] || len(look.Cut)+len(look.Broken)+len(look.Unnamed) > 0 {
					t.Errorf("%s: the font of the root has %g px, want 16; %d px wide; cut %q; broken %q; cells without names %q",
						path, look.Root, look.Width, look.Cut, look.Broken, look.Unnamed)
				}
				if window[0] < 960 {
					continue // the navigation is in a menu
				}
				bar, err := chromedp.Run(tab.Ctx, chromedp.Evaluate[struct{ Text, Hidden float64 }](`(() => {
					const bar = document.querySelector("body > header");
					return {Text: parseFloat(getComputedStyle(document.body).fontSize), Hidden: bar.scrollHeight - bar.clientHeight};
				})()`))
				if err != nil {
					t.Fatal(err)
				}
				if bar.Text != 15 || bar.Hidden > 0 {
					t.Errorf("%s: the text has %g px, want 15; %g px of the navigation are out of view, want none", path, bar.Text, bar.Hidden)
				}
			}
		})
	}
}
