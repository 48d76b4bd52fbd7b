package admin

import "hearsay/assets"

// Asked for here so that a missing file stops the program at its start.
var (
	picoCSS = assets.URL("vendor/pico.min.css")
	appCSS  = assets.URL("app.css")
	icon    = assets.URL("favicon.svg")
)

// frame is what every page shows around its own content.
type frame struct {
	Title       string
	Description string
	Name        string // of the network
	Build       string
}

func (s *server) frame(title, description string) frame {
	return frame{Title: title, Description: description, Name: s.Name, Build: s.Build}
}
