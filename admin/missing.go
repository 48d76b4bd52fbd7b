package admin

import "net/http"

// missing is what the page for an unknown path shows.
type missing struct {
	frame
	Socket string // a wrong path is most often a game's
}

func (s *server) serveMissing(w http.ResponseWriter, r *http.Request) error {
	s.render(w, r, http.StatusNotFound, missingPage(missing{frame: s.frame(r, "Not found"), Socket: s.socket(r)}))
	return nil
}
