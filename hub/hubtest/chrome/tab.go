package chrome

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// A Tab is a page in a real browser, with what it complains of.
type Tab struct {
	Ctx context.Context
	URL string // of the site, without a path
}

// NewTab opens one that ends with the test; a complaint of the browser fails it.
func NewTab(t *testing.T, url string) *Tab {
	t.Helper()
	ctx, cancel := context.WithTimeout(Open(t), 2*time.Minute)
	t.Cleanup(cancel)
	complaints := Complaints(t, ctx)
	t.Cleanup(func() {
		for _, one := range complaints() {
			t.Errorf("the browser complains: %s", one)
		}
	})
	b := &Tab{ctx, url}
	b.Do(t, chromedp.EmulateViewport(1280, 900))
	return b
}

// Do does that in the tab.
func (b *Tab) Do(t testing.TB, actions ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(b.Ctx, actions...); err != nil {
		t.Fatal(err)
	}
}

// Open goes to a page.
func (b *Tab) Open(t testing.TB, path string) {
	t.Helper()
	for {
		err := chromedp.Do(b.Ctx, chromedp.Navigate(b.URL+path))
		if err == nil {
			return
		}
		if !strings.Contains(err.Error(), "ERR_ABORTED") { // another page was just on its way
			t.Fatal(err)
		}
	}
}

// Press clicks the button, link or summary that has the text.
func (b *Tab) Press(t testing.TB, text string) {
	t.Helper()
	b.Do(t, chromedp.Click(fmt.Sprintf(`//main//*[self::button or self::a or self::summary][contains(normalize-space(), %q)]`, text)))
}

// Fill writes into the fields of a form, by their ids, as who pastes does: at once, and
// over what stood there.
func (b *Tab) Fill(t testing.TB, fields ...string) {
	t.Helper()
	for i := 0; i < len(fields); i += 2 {
		b.Do(t, chromedp.WaitVisible("#"+fields[i]))
		if _, err := chromedp.Run(b.Ctx, chromedp.Evaluate[string](`{ const field = document.querySelector("#`+fields[i]+`"); field.focus(); field.select(); "" }`)); err != nil {
			t.Fatal(err)
		}
		b.Do(t, Paste(fields[i+1]))
	}
}

// Paste writes a text where the focus is.
func Paste(text string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		_, err := cdp.Call(ctx, tab, input.InsertText, input.InsertTextParams{Text: text})
		return err
	})
}

// See waits until the page shows the text.
func (b *Tab) See(t testing.TB, text string) {
	t.Helper()
	b.Await(t, "main", text)
}

// Await waits until an element has the text somewhere.
func (b *Tab) Await(t testing.TB, element, text string) {
	t.Helper()
	var got string
	for b.Ctx.Err() == nil {
		var err error
		if got, err = shows(b.Ctx, element, text); err == nil && strings.Contains(got, text) { // it fails while the page changes
			return
		}
	}
	t.Fatalf("%s never shows %q, but %q", element, text, got)
}

// Text is what an element shows.
func (b *Tab) Text(t testing.TB, element string) string {
	t.Helper()
	got, err := chromedp.Run(b.Ctx, chromedp.Evaluate[string](`document.querySelector("`+element+`").innerText`))
	if err != nil {
		t.Fatal(err)
	}
	return got
}
