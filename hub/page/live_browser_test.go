package page_test

import (
	"context"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"hearsay/hub/hubtest/chrome"
	"hearsay/hub/page"
)

// TestLive_inBrowser: parts of a page change by themselves under the strict policy, and
// what a person has typed beside them stays.
func TestLive_inBrowser(t *testing.T) {
	browser := chrome.Open(t)
	var text atomic.Value
	text.Store("one")
	var revoked atomic.Bool
	srv := httptest.NewServer(page.LivePage(func() string { return text.Load().(string) }, func() bool { return !revoked.Load() }))
	t.Cleanup(srv.Close)
	ctx, cancel := context.WithTimeout(browser, 60*time.Second)
	defer cancel()
	complaints := chrome.Complaints(t, ctx)

	if err := chromedp.Do(ctx, chromedp.Navigate(srv.URL+"/"), chromedp.SendKeys("#typed", "typed")); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"one", "two", `<script>alert("three")</script>`} {
		text.Store(want)
		for _, element := range []string{"#said", "#cell", "#first > b"} {
			chrome.Await(t, ctx, element, want)
		}
	}
	chrome.Await(t, ctx, "#second > i", "still")
	revoked.Store(true)
	chrome.Await(t, ctx, "div", "You are signed out.")
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
