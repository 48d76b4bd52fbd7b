package chrome

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Complaints returns a function that returns what the browser has complained about
// on its console since then: errors of scripts and of loading, breaches of the policy.
func Complaints(t testing.TB, ctx context.Context) func() []string {
	t.Helper()
	var mu sync.Mutex
	var complaints []string
	add := func(s string) {
		mu.Lock()
		defer mu.Unlock()
		complaints = append(complaints, s)
	}
	err := chromedp.Listen(ctx, func(ev any) {
		switch ev := ev.(type) {
		case *log.EventEntryAdded:
			if !strings.HasPrefix(ev.Entry.Text, "Autofocus processing was blocked") { // the test was quicker than the page
				add(ev.Entry.Text)
			}
		case *runtime.EventConsoleAPICalled:
			add(fmt.Sprintf("console.%s", ev.Type))
		case *runtime.EventExceptionThrown:
			add(ev.ExceptionDetails.Text)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return func() []string {
		mu.Lock()
		defer mu.Unlock()
		return complaints
	}
}

// Scheme has pages be light or dark.
func Scheme(scheme string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		_, err := cdp.Call(ctx, tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		})
		return err
	})
}

// Give hands the browser a cookie of a site.
func Give(t testing.TB, ctx context.Context, url string, c *http.Cookie) {
	t.Helper()
	if err := chromedp.Do(ctx, chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		_, err := cdp.Call(ctx, tab, network.SetCookie, network.SetCookieParams{Name: c.Name, Value: c.Value, URL: url, HTTPOnly: new(true)})
		return err
	})); err != nil {
		t.Fatal(err)
	}
}

// chromium is the one browser of all tests; [End] ends it.
var chromium struct {
	sync.Mutex
	ctx context.Context // nil: it does not run
	end func()
}

// Open gives a tab with a fresh profile, which ends with the test, of a headless
// Chromium. Without one on this machine the test is skipped, or fails if
// HEARSAY_TEST_BROWSER=1 says that there must be one.
func Open(t testing.TB) context.Context {
	t.Helper()
	path := find()
	if path == "" {
		const missing = "no Chromium found: install it, or put chromium or google-chrome on the PATH"
		if os.Getenv("HEARSAY_TEST_BROWSER") == "1" {
			t.Fatal(missing)
		}
		t.Skip(missing)
	}
	chromium.Lock()
	defer chromium.Unlock()
	if chromium.ctx == nil {
		start(t, path)
	}
	ctx, cancel := chromedp.NewContext(chromium.ctx, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil { // the first call makes the tab, and must not have a deadline
		t.Fatal("open a tab:", err)
	}
	return ctx
}

func start(t testing.TB, path string) {
	t.Helper()
	ctx, end := chromedp.NewExecAllocator(context.Background(),
		chromedp.ExecPath(path),
		chromedp.Headless,
		chromedp.NoSandbox, // the sandbox does not start as root or in most containers; the pages are ours
		chromedp.DisableGPU,
		chromedp.NoFirstRun,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-site-isolation-trials", true), // a process for each site costs a fifth of the time
		chromedp.Flag("renderer-process-limit", "2"),
		chromedp.Flag("disable-extensions", true),
		chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true),
		chromedp.Flag("disable-dev-shm-usage", true),
	)
	ctx, _ = chromedp.NewContext(ctx)
	if err := chromedp.Do(ctx); err != nil {
		end()
		t.Fatal("start the browser:", err)
	}
	chromium.ctx = ctx
	chromium.end = func() {
		_ = chromedp.Cancel(ctx) // the process is ended in any case
		end()                    // waits until it is gone and its profile removed
	}
}

func find() string {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// Await waits until an element's text begins with what is wanted.
func Await(t testing.TB, ctx context.Context, element, want string) {
	t.Helper()
	var got string
	for ctx.Err() == nil {
		var err error
		if got, err = shows(ctx, element, want); err == nil && strings.HasPrefix(got, want) { // it fails while the page changes
			return
		}
	}
	t.Fatalf("%s shows %q, want %q", element, got, want)
}

// shows gives the text of an element: as soon as it has what is wanted, or after a while.
func shows(ctx context.Context, element, want string) (string, error) {
	return chromedp.Run(ctx, chromedp.Evaluate[string](fmt.Sprintf(`new Promise(done => {
		const text = () => document.querySelector(%q)?.innerText ?? ""
		const look = () => text().includes(%q) && done(text())
		new MutationObserver(look).observe(document, {subtree: true, childList: true, characterData: true, attributes: true})
		setTimeout(() => done(text()), 250)
		look()
	})`, element, want), chromedp.EvalAwaitPromise))
}

// End ends the browser, if it runs: TestMain calls it at last.
func End() {
	if chromium.end != nil {
		chromium.end()
	}
}
