package admin

import (
	"net/http"

	"hearsay/hub/store"
)

// blocks is the list of words that are no name.
type blocks struct {
	frame
	form
	listing
	List []store.Block
}

var blockFilters = []choice{{"", "All"}, {"name", "Of games and applications"}, {"channel", "Of channels"}}

func (s *server) serveBlocks(w http.ResponseWriter, r *http.Request) error {
	return s.showBlocks(w, r, http.StatusOK, form{})
}

func (s *server) showBlocks(w http.ResponseWriter, r *http.Request, code int, f form) (err error) {
	p := blocks{frame: s.frame(r, "Blocked names"), form: f, listing: readListing(r)}
	if p.List, p.Total, err = s.Store.BlocksPage(r.Context(), p.page()); err != nil {
		return err
	}
	s.render(w, r, code, blocksPage(p))
	return nil
}

func (s *server) serveBlockAdd(w http.ResponseWriter, r *http.Request) error {
	f := posted(r)
	err := s.Store.AddBlock(r.Context(), store.Block{Kind: f.Text("kind"), Word: f.Text("word")})
	if f.fault(err) {
		return s.showBlocks(w, r, http.StatusUnprocessableEntity, f)
	}
	if err != nil {
		return err
	}
	return s.done(w, r, "/admin/blocks", f.Text("word")+" is no name any more. What has it keeps it.")
}

func (s *server) serveBlockRemove(w http.ResponseWriter, r *http.Request) error {
	f := posted(r)
	if err := s.Store.RemoveBlock(r.Context(), store.Block{Kind: f.Text("kind"), Word: f.Text("word")}); err != nil {
		return err
	}
	return s.done(w, r, "/admin/blocks", f.Text("word")+" may be a name again.")
}
