package site

import (
	"cmp"
	"net/http"
	"strings"

	"hearsay/assets"
	"hearsay/hub/page"
)

// widget is a channel in a frame of another site: to read, with nothing beside it.
type widget struct {
	page.Frame
	talk
}

var widgetJS = assets.URL("widget.js")

// serveWidgetScript leads to the script that puts a channel into another site's page:
//
//	<script src="https://HUB/widget.js" data-channel="gossip" async></script>
//
// Its address stays, while that of the file changes with what is in it.
func (s *Site) serveWidgetScript(w http.ResponseWriter, r *http.Request) {
	s.Public(w, r)
	w.Header().Set("Cross-Origin-Resource-Policy", "cross-origin")
	http.Redirect(w, r, widgetJS, http.StatusFound)
}

// serveWidget may be shown by the sites that the settings name, and by our own.
func (s *Site) serveWidget(w http.ResponseWriter, r *http.Request) error {
	t, err := s.talk(r.Context(), r.PathValue("name"), 0)
	if err != nil {
		return err
	}
	origins := cmp.Or(strings.Join(s.Texts().WidgetOrigins, " "), "'none'")
	h := w.Header()
	h.Set("Content-Security-Policy", strings.Replace(h.Get("Content-Security-Policy"), "frame-ancestors 'none'", "frame-ancestors "+origins, 1))
	p := widget{s.Open(w, r, t.Channel.Name), t}
	p.Canonical = s.Origin(r) + channelPath(t.Channel.Name)
	p.Listens = t.Channel.KeepDays > 0
	return s.Show(w, r, widgetPage(p))
}
