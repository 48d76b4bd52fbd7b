package admin

import "net/http"

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
	frame
	Socket string // where games connect, with scheme and host
}

func (s *server) serveHome(w http.ResponseWriter, r *http.Request) error {
	return s.show(w, r, homePage(home{frame: s.frame(r, "A chat hub for text games"), Socket: s.socket(r)}))
}

// socket returns the address of the websocket as this client reaches it.
func (s *server) socket(r *http.Request) string {
	scheme := "ws"
	if s.Secure(r) {
		scheme = "wss"
	}
	return scheme + "://" + r.Host + "/socket"
}
