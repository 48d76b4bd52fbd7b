package admin

import (
	"net/http"
	"net/url"

	"hearsay/hub/page"
	"hearsay/hub/store"
)

// ignores is the page on which a game says whom it does not want to hear.
type ignores struct {
	page.Frame
	page.Form
	ShortName string
	List      []store.Ignore
}

func (s *server) serveIgnores(w http.ResponseWriter, r *http.Request) error {
	return s.showIgnores(w, r, http.StatusOK, page.Form{})
}

func (s *server) showIgnores(w http.ResponseWriter, r *http.Request, code int, f page.Form) error {
	g, err := s.Store.Game(r.Context(), r.PathValue("name"))
	if err != nil {
		return err
	}
	p := ignores{Form: f, ShortName: g.ShortName}
	if p.List, err = s.Store.Ignores(r.Context(), g.ShortName); err != nil {
		return err
	}
	p.Frame = s.Frame(r, "Whom "+g.ShortName+" ignores")
	s.Render(w, r, code, ignoresPage(p))
	return nil
}

func (s *server) serveIgnoreAdd(w http.ResponseWriter, r *http.Request) error {
	f, name := page.Posted(r), r.PathValue("name")
	i, err := s.Store.AddIgnore(r.Context(), name, f.Text("pattern"))
	if f.Fault(err) {
		return s.showIgnores(w, r, http.StatusUnprocessableEntity, f)
	}
	if err != nil {
		return err
	}
	return s.Done(w, r, gameKind.path(name)+"/ignores", name+" does not hear "+i.String()+" any more.")
}

func (s *server) serveIgnoreRemove(w http.ResponseWriter, r *http.Request) error {
	f, name := page.Posted(r), r.PathValue("name")
	i, err := s.Store.RemoveIgnore(r.Context(), name, f.Text("pattern"))
	if err != nil {
		return err
	}
	path := gameKind.path(name) + "/ignores"
	return s.DoneFlash(w, r, path, page.Flash{
		Text: name + " hears " + i.String() + " again.",
		Undo: &page.Undo{Path: path, Values: url.Values{"pattern": {i.String()}}},
	})
}
