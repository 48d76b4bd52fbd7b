package site

import (
	"net/http"

	"hearsay/hub/page"
	"hearsay/hub/store"
)

const grantsPath = "/account/grants"

// grants are the games' sites that know the visitor.
type grants struct {
	page.Frame
	List []store.Grant
}

func (s *Site) serveGrants(w http.ResponseWriter, r *http.Request) (err error) {
	p := grants{Frame: s.Frame(r, "Sites that know you")}
	if p.List, err = s.Store.Grants(r.Context(), p.User.Username); err != nil {
		return err
	}
	return s.Show(w, r, grantsPage(p))
}

func (s *Site) serveGrantRevoke(w http.ResponseWriter, r *http.Request) error {
	game := page.Posted(r).Text("game")
	if err := s.Store.RevokeGrant(r.Context(), page.Who(r).Username, game); err != nil {
		return err
	}
	return s.Done(w, r, grantsPath, "The site of "+game+" has no way to ask about you any more.")
}

// knowledge is what a scope lets a site know.
func knowledge(scope string) string {
	switch {
	case store.Within(store.ScopeProfile+" "+store.ScopeEmail, scope):
		return "your username and your e-mail address"
	case store.Within(store.ScopeEmail, scope):
		return "your e-mail address"
	}
	return "your username"
}
