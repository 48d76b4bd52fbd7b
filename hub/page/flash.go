package page

import (
	"net/http"
	"net/url"
	"sync"
	"time"

	"hearsay/hub/store"
)

// A Flash is a sentence that the next page shows once.
type Flash struct {
	Text string
	Undo *Undo // how that is taken back; nil: it cannot be
}

// An Undo is the form that takes back what was just done.
type Undo struct {
	Path   string
	Values url.Values
}

// A Drawer is what the hub keeps in memory for a session, for a short time.
type Drawer struct {
	at     time.Time // of the last use
	Flash  Flash
	Secret NewSecret // shown until it is put away
	TOTP   string    // secret of an authenticator that is being set up
}

// A NewSecret is a credential that was just made.
type NewSecret struct {
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
	m  map[int64]*Drawer
}

// open gives a session's drawer to use.
func (d *drawers) open(session int64, use func(*Drawer)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := time.Now()
	for id, one := range d.m {
		if now.Sub(one.at) > drawerLasts {
			delete(d.m, id)
		}
	}
	if d.m == nil {
		d.m = map[int64]*Drawer{}
	}
	one := d.m[session]
	if one == nil {
		one = &Drawer{}
		d.m[session] = one
	}
	one.at = now
	use(one)
}

func (d *drawers) takeFlash(session int64) (f Flash) {
	d.open(session, func(one *Drawer) { f, one.Flash = one.Flash, Flash{} })
	return f
}

// Done answers a form that was done: the next page says so.
func (p *Pages) Done(w http.ResponseWriter, r *http.Request, path, text string) error {
	return p.DoneFlash(w, r, path, Flash{Text: text})
}

func (p *Pages) DoneFlash(w http.ResponseWriter, r *http.Request, path string, f Flash) error {
	if v := Who(r); v.SignedIn() {
		p.Drawer(v.ID, func(one *Drawer) { one.Flash = f })
	}
	http.Redirect(w, r, path, http.StatusSeeOther)
	return nil
}

// Drawer gives a session's drawer to use.
func (p *Pages) Drawer(session int64, use func(*Drawer)) { p.drawers.open(session, use) }
