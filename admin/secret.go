package admin

import (
	"net/http"

	"hearsay/assets"
	"hearsay/hub/page"
)

// copyJS has the buttons that copy a text.
var copyJS = assets.URL("copy.js")

// keepSecret puts a credential into a session's drawer, for the page that shows it.
func (s *server) keepSecret(session int64, c page.NewSecret) {
	s.Drawer(session, func(d *page.Drawer) { d.Secret = c })
}

// secret is the page that shows a credential that was just made.
type secret struct {
	page.Frame
	page.NewSecret
	Socket   string
	Snippets []snippet
}

// kind is of whom it is.
func (p secret) kind() peerKind {
	if p.Noun == applicationKind.noun {
		return applicationKind
	}
	return gameKind
}

// serveSecret shows it until it is put away, or forgotten after some minutes.
func (s *server) serveSecret(w http.ResponseWriter, r *http.Request) error {
	var c page.NewSecret
	s.Drawer(page.Who(r).ID, func(d *page.Drawer) { c = d.Secret })
	if c.Secret == "" || c.ShortName != r.PathValue("name") {
		return s.Done(w, r, home(r), "The secret is not shown any more. Rotate it to get another.")
	}
	p := secret{Frame: s.Frame(r, "Credentials of "+c.ShortName), NewSecret: c, Socket: s.Socket(r)}
	if c.Noun == "game" {
		p.Snippets = snippets(p.Socket, c)
	}
	page.Secret(w)
	return s.Show(w, r, secretPage(p))
}

// serveSecretPut puts it away.
func (s *server) serveSecretPut(w http.ResponseWriter, r *http.Request) error {
	var c page.NewSecret
	s.Drawer(page.Who(r).ID, func(d *page.Drawer) { c, d.Secret = d.Secret, page.NewSecret{} })
	path := home(r)
	if c.ShortName != "" {
		path = "/admin/" + c.Noun + "s/" + c.ShortName
	}
	http.Redirect(w, r, path, http.StatusSeeOther)
	return nil
}
