package admin_test

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"hearsay/admin"
	"hearsay/hub/store"
)

// backup makes one on the page, and gives its name.
func (b *browser) backup(t testing.TB) string {
	t.Helper()
	b.post(t, "/admin/backups").want(t, http.StatusSeeOther)
	text := b.get(t, "/admin/backups").want(t, http.StatusOK, "and checked it").part(t, `href="/admin/backups/`, `"`)
	return text
}

func TestBackups(t *testing.T) {
	s := newSite(t)
	b := s.signedIn(t, store.Admin)
	b.get(t, "/admin/backups").want(t, http.StatusOK, "There are no backups yet", "hashes of secrets and passwords", "daily")
	name := b.backup(t)
	path := filepath.Join(filepath.Dir(s.Store.Path()), "backups", name)
	b.get(t, "/admin/backups").want(t, http.StatusOK, name, "whole")
	b.get(t, "/admin/backups/"+name).want(t, http.StatusOK, "by hand", "1 admin, 0 moderators", path)

	file := b.post(t, "/admin/backups/"+name+"/download").want(t, http.StatusOK)
	if want, err := os.ReadFile(path); err != nil || file.text != string(want) || file.Header.Get("Content-Disposition") != "attachment; filename="+name {
		t.Errorf("downloaded %d bytes as %s, want %d; %v", len(file.text), file.Header.Get("Content-Disposition"), len(want), err)
	}
	for _, other := range []string{"hearsay.db", "..%2Fhearsay.db", "%2Fetc%2Fpasswd", "hearsay-20200101T000000Z.db"} {
		for _, verb := range []string{"/download", "/check", "/remove", "/restore"} {
			b.post(t, "/admin/backups/"+other+verb, "confirm", "restore").want(t, http.StatusNotFound)
		}
		b.get(t, "/admin/backups/"+other).want(t, http.StatusNotFound)
	}

	// Damage is found, and keeps it from being restored.
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	damaged := bytes.Clone(whole)
	copy(damaged[3*4096:], bytes.Repeat([]byte{0xff}, 9*4096))
	if err := os.WriteFile(path, damaged, 0o600); err != nil {
		t.Fatal(err)
	}
	b.post(t, "/admin/backups/"+name+"/check").want(t, http.StatusSeeOther)
	b.get(t, "/admin/backups/"+name).want(t, http.StatusOK, "cannot be restored", "damaged")
	b.post(t, "/admin/backups/"+name+"/restore", "confirm", "restore").want(t, http.StatusUnprocessableEntity)
	b.post(t, "/admin/backups/"+name+"/remove").want(t, http.StatusSeeOther, "/admin/backups")
	b.get(t, "/admin/backups").want(t, http.StatusOK, "There are no backups yet")
	b.get(t, "/admin/audit?action=backup").want(t, http.StatusOK, "backup make <strong>"+name, "backup download <strong>"+name, "backup remove <strong>"+name)

	// A folder that cannot be is told on the page.
	if err := os.RemoveAll(filepath.Dir(path)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Dir(path), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	b.post(t, "/admin/settings/backup-folder", "value", "backups/x").want(t, http.StatusSeeOther)
	b.post(t, "/admin/backups").want(t, http.StatusSeeOther)
	b.get(t, "/admin/backups").want(t, http.StatusOK, "No backup was made.", "The last backup failed", "The folder cannot be read")
	if now := s.Store.BackupFailure(); now == nil {
		t.Error("the store does not know")
	}
}

// TestBackups_restore goes as far as the server's own part: the copy that is ready.
func TestBackups_restore(t *testing.T) {
	var ready []*store.Successor
	stopping := false
	s := newSite(t, func(o *admin.Options) {
		o.Restore = func(one *store.Successor) bool {
			if !stopping {
				ready = append(ready, one)
			}
			return !stopping
		}
	})
	b := s.signedIn(t, store.Admin)
	name := b.backup(t)
	left := func() []string {
		t.Helper()
		all, err := filepath.Glob(filepath.Join(filepath.Dir(s.Store.Path()), ".*"))
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	b.get(t, "/admin/backups/"+name).want(t, http.StatusOK, "Type restore to confirm", "sign in again")
	b.post(t, "/admin/backups/"+name+"/restore").want(t, http.StatusUnprocessableEntity, "Type the word restore")
	b.post(t, "/admin/backups/"+name+"/restore", "confirm", name).want(t, http.StatusUnprocessableEntity, "Type the word restore")
	stopping = true
	b.post(t, "/admin/backups/"+name+"/restore", "confirm", "restore").want(t, http.StatusUnprocessableEntity, "stopping already")
	if len(left()) > 0 || len(ready) > 0 {
		t.Errorf("left behind: %q", left())
	}
	stopping = false
	b.post(t, "/admin/backups/"+name+"/restore", "confirm", "Restore").want(t, http.StatusSeeOther, "/login?next=/admin/backups")
	if len(ready) != 1 || len(left()) != 1 || filepath.Base(ready[0].Source) != name {
		t.Fatalf("ready is %+v, and there is %q", ready, left())
	}
	ready[0].Drop()
	if len(left()) > 0 {
		t.Errorf("left behind: %q", left())
	}

	// How it ended says the next server.
	done := newSite(t, func(o *admin.Options) { o.Restored = &admin.Restored{Source: "/x/a.db", Kept: "/x/b.db"} })
	done.signedIn(t, store.Admin).get(t, "/admin/backups").want(t, http.StatusOK, "Restored a.db", "kept as b.db")
	failed := newSite(t, func(o *admin.Options) { o.Restored = &admin.Restored{Source: "/x/a.db", Err: http.ErrAbortHandler} })
	failed.signedIn(t, store.Admin).get(t, "/admin/backups").want(t, http.StatusOK, "a.db was not restored", "went on with its file")
}

// A hub whose name a game of the backup has could not start on it.
func TestBackups_restoreName(t *testing.T) {
	s := newSite(t, func(o *admin.Options) { o.Restore = func(*store.Successor) bool { t.Error("restored"); return false } })
	b := s.signedIn(t, store.Admin)
	if err := s.Store.RemoveBlock(t.Context(), store.Block{Kind: "name", Word: "hearsay"}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Store.CreateGame(t.Context(), store.Game{ShortName: "Hearsay", Name: "A game"}, store.LongSecret); err != nil {
		t.Fatal(err)
	}
	name := b.backup(t)
	b.post(t, "/admin/backups/"+name+"/restore", "confirm", "restore").want(t, http.StatusUnprocessableEntity, "is taken by a game or application")
	if all, _ := filepath.Glob(filepath.Join(filepath.Dir(s.Store.Path()), ".*")); len(all) > 0 {
		t.Errorf("left behind: %q", all)
	}
}
