package admin

import (
	"net/http"

	"hearsay/hub/page"
)

// missing is what the page for an unknown path shows.
type missing struct {
	page.Frame
	Socket string // a wrong path is most often a game's
}

func (s *server) serveMissing(w http.ResponseWriter, r *http.Request) error {
	s.Render(w, r, http.StatusNotFound, missingPage(missing{Frame: s.Frame(r, "Not found"), Socket: s.Socket(r)}))
	return nil
}
