package admin

import (
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"hearsay/hub/page"
	"hearsay/hub/store"
)

// Restored is how the restore of a backup ended.
type Restored struct {
	Source string // the backup
	Kept   string // what the file that made room is called
	At     time.Time
	Err    error // why the old file stayed; nil: it did not
}

// restoredFor is how long the page of the login tells of a restore.
const restoredFor = 15 * time.Minute

// restoredLately reports whether the hub has just begun with the file of a backup: then
// everybody has to sign in again, and is told why.
func (s *server) restoredLately() bool {
	return s.Restored != nil && s.Restored.Err == nil && time.Since(s.Restored.At) < restoredFor
}

// backups is the list of them.
type backups struct {
	page.Frame
	Plan     store.BackupPlan
	Next     time.Time // when the schedule makes the next; zero: it is off
	List     []store.BackupFile
	Fault    error // why they cannot be listed; an admin can mend it with another folder
	Failure  *store.BackupFailure
	Restored *Restored
}

func (s *server) serveBackups(w http.ResponseWriter, r *http.Request) error {
	plan := s.Settings.Backups()
	p := backups{
		Frame: s.Frame(r, "Backups"), Plan: plan, Next: plan.Next(time.Now()),
		Failure: s.Store.BackupFailure(), Restored: s.Restored,
	}
	p.List, p.Fault = s.Store.Backups(r.Context(), plan.Folder)
	return s.Show(w, r, backupsPage(p))
}

func (s *server) serveBackupMake(w http.ResponseWriter, r *http.Request) error {
	b, err := s.Store.MakeBackup(r.Context(), s.Settings.Backups().Folder, store.ByHand)
	switch {
	case err != nil && s.Store.BackupFailure() != nil: // the page tells why, and admins can mend it
		s.Log.Error("a backup failed", "err", err)
		return s.Done(w, r, "/admin/backups", "No backup was made.")
	case err != nil:
		return err
	case b.Problem != "":
		return s.Done(w, r, "/admin/backups", b.Name+" cannot be restored, and the database may have the same fault: "+b.Problem)
	}
	return s.Done(w, r, "/admin/backups", fmt.Sprintf("Made %s, %s, and checked it.", b.Name, page.Size(b.Bytes)))
}

// backup is the page of one.
type backup struct {
	page.Frame
	page.Form
	Of      store.BackupFile
	File    *store.File // what is in it; nil: it cannot be read
	Problem string      // why it cannot be restored; "": it can, as far as is known
}

func (s *server) backup(r *http.Request, f page.Form) (p backup, err error) {
	b, err := s.Store.Backup(r.Context(), s.Settings.Backups().Folder, r.PathValue("name"))
	if err != nil {
		return p, err
	}
	p = backup{Frame: s.Frame(r, b.Name), Form: f, Of: b, Problem: b.Problem}
	file, err := store.Inspect(r.Context(), b.Path)
	switch {
	case err != nil:
		p.Problem = err.Error()
	case file.Schema > store.Schema():
		p.Problem = fmt.Sprintf("it has schema %d and comes from a newer hearsay, this one knows %d", file.Schema, store.Schema())
	default:
		p.File = &file
	}
	return p, nil
}

func (s *server) serveBackup(w http.ResponseWriter, r *http.Request) error {
	p, err := s.backup(r, page.Form{})
	if err != nil {
		return err
	}
	return s.Show(w, r, backupPage(p))
}

func (s *server) serveBackupCheck(w http.ResponseWriter, r *http.Request) error {
	b, err := s.Store.CheckBackup(r.Context(), s.Settings.Backups().Folder, r.PathValue("name"))
	if err != nil {
		return err
	}
	text := b.Name + " is whole."
	if b.Problem != "" {
		text = b.Name + " cannot be restored: " + b.Problem + "."
	}
	return s.Done(w, r, backupPath(b.Name), text)
}

func backupPath(name string) string { return "/admin/backups/" + url.PathEscape(name) }

// serveBackupDownload is a POST because it is put on record.
func (s *server) serveBackupDownload(w http.ResponseWriter, r *http.Request) error {
	f, b, err := s.Store.OpenBackup(r.Context(), s.Settings.Backups().Folder, r.PathValue("name"))
	if err != nil {
		return err
	}
	defer f.Close()
	w.Header().Set("Content-Type", "application/vnd.sqlite3")
	w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": b.Name}))
	http.ServeContent(w, r, "", b.At, f)
	return nil
}

func (s *server) serveBackupRemove(w http.ResponseWriter, r *http.Request) error {
	name := r.PathValue("name")
	if err := s.Store.RemoveBackup(r.Context(), s.Settings.Backups().Folder, name); err != nil {
		return err
	}
	return s.Done(w, r, "/admin/backups", "Removed "+name+".")
}

// restoreWord is typed by who wants to restore a backup.
const restoreWord = "restore"

// serveBackupRestore prepares all that can go wrong while the hub goes on; then the server
// stops, and starts again with the other file.
func (s *server) serveBackupRestore(w http.ResponseWriter, r *http.Request) error {
	p, err := s.backup(r, page.Posted(r))
	if err != nil {
		return err
	}
	refuse := func(err error) error {
		if !p.Fault(err) {
			p.Why = err.Error()
		}
		p.Faulty = "confirm"
		s.Render(w, r, http.StatusUnprocessableEntity, backupPage(p))
		return nil
	}
	if !strings.EqualFold(p.Text("confirm"), restoreWord) {
		return refuse(page.Invalid("confirm", "type the word "+restoreWord))
	}
	if s.Restore == nil {
		return refuse(page.Invalid("confirm", "this server cannot start again by itself; stop it, and use: hearsay restore "+p.Of.Path))
	}
	ready, err := store.PrepareRestore(r.Context(), p.Of.Path, s.Store.Path())
	if err != nil {
		s.Log.Error("a backup cannot be restored", "backup", p.Of.Path, "err", err)
		return refuse(err)
	}
	if err = ready.CheckHubName(s.Settings.Config().Name); err == nil {
		err = s.Store.Note(r.Context(), "backup restore", p.Of.Name)
	}
	if errors.Is(err, store.ErrLost) {
		err = nil // nothing can be put on record there; the copy has the record of its own restore
	}
	if err != nil {
		ready.Drop()
		return refuse(err)
	}
	if !s.Restore(ready) {
		ready.Drop()
		return refuse(page.Invalid("confirm", "the hub is stopping already; try again in a moment"))
	}
	s.awaitStop(w, r)
	http.Redirect(w, r, "/login?next=/admin/backups", http.StatusSeeOther)
	return nil
}
