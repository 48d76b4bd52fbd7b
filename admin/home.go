package admin

import (
	"net/http"

	"hearsay/hub/page"
)

// authenticateExample is the smallest first message that the hub accepts.
const authenticateExample = `{
  "event": "authenticate",
  "payload": {
    "client_id": "…",
    "client_secret": "…",
    "supports": ["channels"]
  }
}`

// home is what the front page shows.
type home struct {
	page.Frame
	Socket string // where games connect, with scheme and host
}

func (s *server) serveHome(w http.ResponseWriter, r *http.Request) error {
	return s.Show(w, r, homePage(home{Frame: s.Frame(r, "A chat hub for text games"), Socket: s.Socket(r)}))
}
