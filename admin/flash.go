package admin

import (
	"net/http"
	"sync"
	"time"

	"hearsay/hub/store"
)

// A flash is a sentence that the next page shows once.
type flash struct {
	Text string
	Undo *store.Removal // what can still be taken back
}

// A drawer is what the hub keeps in memory for a session, for a short time.
type drawer struct {
	at     time.Time // of the last use
	flash  flash
	secret newSecret // shown until it is put away
	totp   string    // secret of an authenticator that is being set up
}

// A newSecret is a credential that was just made.
type newSecret struct {
	store.Credential
	Noun      string // "game" or "application"
	ShortName string // of whose it is
	Ends      time.Time
}

// drawerLasts is how long what is in a drawer is kept unused.
const drawerLasts = 15 * time.Minute

// drawers are the sessions' drawers; those that are forgotten are thrown away.
type drawers struct {
	mu sync.Mutex // guards m
	m  map[int64]*drawer
}

// open gives a session's drawer to use.
func (d *drawers) open(session int64, use func(*drawer)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := time.Now()
	for id, one := range d.m {
		if now.Sub(one.at) > drawerLasts {
			delete(d.m, id)
		}
	}
	if d.m == nil {
		d.m = map[int64]*drawer{}
	}
	one := d.m[session]
	if one == nil {
		one = &drawer{}
		d.m[session] = one
	}
	one.at = now
	use(one)
}

func (d *drawers) takeFlash(session int64) (f flash) {
	d.open(session, func(one *drawer) { f, one.flash = one.flash, flash{} })
	return f
}

// done answers a form that was done: the next page says so.
func (s *server) done(w http.ResponseWriter, r *http.Request, path, text string) error {
	return s.doneFlash(w, r, path, flash{Text: text})
}

func (s *server) doneFlash(w http.ResponseWriter, r *http.Request, path string, f flash) error {
	if v := who(r); v.signedIn() {
		s.drawers.open(v.ID, func(one *drawer) { one.flash = f })
	}
	http.Redirect(w, r, path, http.StatusSeeOther)
	return nil
}

// remove schedules a removal and says so, with the way back.
func (s *server) remove(w http.ResponseWriter, r *http.Request, kind, name, path string) error {
	due := time.Now().Add(store.UndoFor)
	if err := s.Store.ScheduleRemoval(r.Context(), kind, name, due); err != nil {
		return err
	}
	return s.doneFlash(w, r, path, flash{
		Text: "The " + kind + " " + name + " is removed in " + store.UndoFor.String() + ".",
		Undo: &store.Removal{Kind: kind, Name: name, DueAt: due},
	})
}

// serveUndo takes a removal back.
func (s *server) serveUndo(w http.ResponseWriter, r *http.Request) error {
	kind, name := r.PostFormValue("kind"), r.PostFormValue("name")
	path := "/admin/" + kind + "s"
	if err := s.Store.UndoRemoval(r.Context(), kind, name); err != nil {
		return s.done(w, r, path, "It was too late: "+name+" is gone.")
	}
	return s.done(w, r, path, "The "+kind+" "+name+" stays.")
}
