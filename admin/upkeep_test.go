package admin_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	cdpbrowser "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp"

	"hearsay/admin"
	"hearsay/hub/store"
)

// downloadInto has the browser keep what it downloads in a folder.
func downloadInto(folder string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		_, err := cdp.Call(ctx, tab, cdpbrowser.SetDownloadBehavior, cdpbrowser.SetDownloadBehaviorParams{
			Behavior: cdpbrowser.SetDownloadBehaviorBehaviorAllow, DownloadPath: folder,
			BrowserContextID: chromedp.FromContext(ctx).BrowserContextID,
		})
		return err
	})
}

// Settings, backups and the audit log, as an operator uses them.
func TestUpkeep_inBrowser(t *testing.T) {
	restored := make(chan string, 1)
	s := newSite(t, func(o *admin.Options) {
		o.Restore = func(ready *store.Successor) bool {
			ready.Drop()
			restored <- ready.Source
			return true
		}
	})
	s.user(t, store.Admin)
	b := s.tab(t)
	b.signIn(t, "admin")

	// A setting and where it comes from.
	b.Open(t, "/admin/settings")
	if text := b.Text(t, "#max-text"); !strings.Contains(text, "default") {
		t.Errorf("before, the page says %q", text)
	}
	b.Fill(t, "value-max-text", "100")
	b.Do(t, chromedp.Click("#max-text form button"))
	b.See(t, "Set max-text to 100. It holds at once.")
	b.Await(t, "#max-text", "set here")
	if text := b.Text(t, "#listen"); !strings.Contains(text, "in the environment alone") {
		t.Errorf("the address may be changed: %q", text)
	}
	b.Do(t, chromedp.Click("#max-text button.link"))
	b.See(t, "The default of max-text counts again: 2000.")

	// What was done is on record.
	b.Open(t, "/admin/audit?subject=max-text")
	b.See(t, "setting unset max-text")
	b.See(t, "value 100")
	b.Fill(t, "subject", "nothing")
	b.Press(t, "Show")
	b.See(t, "Nothing matches.")

	// A backup: made, downloaded, chosen, and confirmed.
	b.Open(t, "/admin/backups")
	b.Press(t, "Back up now")
	b.See(t, "and checked it.")
	b.Await(t, "tbody", "whole")
	folder := t.TempDir()
	b.Do(t, downloadInto(folder))
	b.Press(t, "Download")
	name := b.Text(t, "tbody th")
	for ; ; time.Sleep(20 * time.Millisecond) { // the browser does not say when
		if problems, err := store.Check(t.Context(), filepath.Join(folder, name)); err == nil && len(problems) == 0 {
			break
		} else if b.Ctx.Err() != nil {
			all, _ := os.ReadDir(folder)
			t.Fatalf("the download did not come: %v, %q; there is %v", err, problems, all)
		}
	}
	b.Press(t, name)
	b.See(t, "1 admin")
	b.Press(t, "Put it in the place of the database")
	b.Fill(t, "confirm", "restore")
	b.Press(t, "Restore this backup")
	b.See(t, "Back up now") // the login leads back to where somebody is signed in
	select {
	case source := <-restored:
		if filepath.Base(source) != name {
			t.Errorf("restored %s, want %s", source, name)
		}
	case <-b.Ctx.Done():
		t.Error("nothing was restored")
	}

	// Announcing asks for a tick first.
	b.Open(t, "/admin/restart")
	b.Press(t, "Announce it")
	b.Do(t, chromedp.Click("#announce-h ~ form input[type=checkbox]"))
	b.Press(t, "Announce it")
	b.See(t, "Nobody was connected.")
}
