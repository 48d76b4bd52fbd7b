package admin

import (
	"net/http"
	"net/url"

	"hearsay/hub/page"
	"hearsay/hub/store"
)

// blocks is the list of words that are no name.
type blocks struct {
	page.Frame
	page.Form
	page.Listing
	List []store.Block
}

var blockFilters = []page.Choice{{Value: "", Label: "All"}, {Value: "name", Label: "Of games and applications"}, {Value: "channel", Label: "Of channels"}}

func (s *server) serveBlocks(w http.ResponseWriter, r *http.Request) error {
	return s.showBlocks(w, r, http.StatusOK, page.Form{})
}

func (s *server) showBlocks(w http.ResponseWriter, r *http.Request, code int, f page.Form) (err error) {
	p := blocks{Frame: s.Frame(r, "Blocked names"), Form: f, Listing: page.ReadListing(r)}
	if p.List, p.Total, err = s.Store.BlocksPage(r.Context(), p.Page()); err != nil {
		return err
	}
	s.Render(w, r, code, blocksPage(p))
	return nil
}

func (s *server) serveBlockAdd(w http.ResponseWriter, r *http.Request) error {
	f := page.Posted(r)
	err := s.Store.AddBlock(r.Context(), store.Block{Kind: f.Text("kind"), Word: f.Text("word")})
	if f.Fault(err) {
		return s.showBlocks(w, r, http.StatusUnprocessableEntity, f)
	}
	if err != nil {
		return err
	}
	return s.Done(w, r, "/admin/blocks", f.Text("word")+" is no name any more. What has it keeps it.")
}

func (s *server) serveBlockRemove(w http.ResponseWriter, r *http.Request) error {
	f := page.Posted(r)
	if err := s.Store.RemoveBlock(r.Context(), store.Block{Kind: f.Text("kind"), Word: f.Text("word")}); err != nil {
		return err
	}
	return s.DoneFlash(w, r, "/admin/blocks", page.Flash{
		Text: f.Text("word") + " may be a name again.",
		Undo: &page.Undo{Path: "/admin/blocks", Values: url.Values{"kind": {f.Text("kind")}, "word": {f.Text("word")}}},
	})
}
