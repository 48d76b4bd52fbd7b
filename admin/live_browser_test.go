package admin_test

import (
	"context"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"hearsay/admin"
)

// TestLive_inBrowser: parts of a page change by themselves under the strict policy, and
// what a person has typed beside them stays.
func TestLive_inBrowser(t *testing.T) {
	browser := openBrowser(t)
	var text atomic.Value
	text.Store("one")
	var revoked atomic.Bool
	srv := httptest.NewServer(admin.LivePage(func() string { return text.Load().(string) }, func() bool { return !revoked.Load() }))
	t.Cleanup(srv.Close)
	ctx, cancel := context.WithTimeout(browser, 60*time.Second)
	defer cancel()
	complaints := listen(t, ctx)

	if err := chromedp.Do(ctx, chromedp.Navigate(srv.URL+"/"), chromedp.SendKeys("#typed", "typed")); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"one", "two", `<script>alert("three")</script>`} {
		text.Store(want)
		for _, element := range []string{"#said", "#cell", "#first > b"} {
			awaitText(t, ctx, element, want)
		}
	}
	awaitText(t, ctx, "#second > i", "still")
	revoked.Store(true)
	awaitText(t, ctx, "div", "You are signed out.")
	got, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.querySelector("#typed").value`))
	if err != nil || got != "typed" {
		t.Errorf("the field holds %q, %v", got, err)
	}
	listens, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`"sse" in document.querySelector("div")._htmx`))
	if err != nil || listens {
		t.Errorf("the page listens on: %t, %v", listens, err)
	}
	if c := complaints(); len(c) > 0 {
		t.Errorf("the browser complains: %q", c)
	}
}

// awaitText waits until an element's text begins with what is wanted.
func awaitText(t testing.TB, ctx context.Context, element, want string) {
	t.Helper()
	var got string
	for ctx.Err() == nil {
		var err error
		got, err = chromedp.Run(ctx, chromedp.Evaluate[string](
			`new Promise(done => requestAnimationFrame(() => done(document.querySelector("`+element+`")?.innerText ?? "")))`,
			chromedp.EvalAwaitPromise))
		if err == nil && strings.HasPrefix(got, want) { // it fails while the page changes
			return
		}
	}
	t.Fatalf("%s shows %q, want %q", element, got, want)
}
