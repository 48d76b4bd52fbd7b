package site

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"hearsay/hub/page"
	"hearsay/hub/store"
)

// person is the page of one: who they are in the games.
type person struct {
	page.Frame
	store.Profile
}

func (s *Site) servePerson(w http.ResponseWriter, r *http.Request) error {
	p, err := s.Store.PublicProfile(r.Context(), r.PathValue("username"), time.Now())
	if err != nil {
		return err
	}
	if r.PathValue("username") != p.Username { // one address for each
		http.Redirect(w, r, personPath(p.Username), http.StatusMovedPermanently)
		return nil
	}
	return s.Show(w, r, personPage(person{s.Open(w, r, p.Username), p}))
}

// Description is what search engines show of the page.
func (p person) Description() string {
	var all []string
	for _, c := range p.Characters {
		all = append(all, named(c))
	}
	if all == nil {
		return p.Username + " on " + p.Name + "."
	}
	return short(p.Username + " on " + p.Name + ": " + strings.Join(all, ", ") + ".")
}

func personPath(username string) string { return "/people/" + url.PathEscape(username) }
