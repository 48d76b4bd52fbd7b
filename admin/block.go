package admin

import (
	"net/http"

	"hearsay/hub/store"
)

// blocks is the list of words that are no name.
type blocks struct {
	frame
	form
	List []store.Block
}

func (s *server) serveBlocks(w http.ResponseWriter, r *http.Request) error {
	return s.showBlocks(w, r, http.StatusOK, form{})
}

func (s *server) showBlocks(w http.ResponseWriter, r *http.Request, code int, f form) error {
	all, err := s.Store.Blocks(r.Context())
	if err != nil {
		return err
	}
	s.render(w, r, code, blocksPage(blocks{s.frame(r, "Blocked names"), f, all}))
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
