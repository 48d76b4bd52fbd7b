package admin

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"

	"hearsay/hub"
	"hearsay/hub/page"
	"hearsay/hub/store"
)

// framesShown is how many frames a page of them has: each may be ten records.
const framesShown = 10

// sees is the page of what an application sees: the frames that it would get.
type sees struct {
	page.Frame
	page.Form
	page.Listing
	store.Application
	Request string // that it would send; "": none
	Looked  bool   // there was nothing wrong with the form
	Frames  []frameSeen
	Bytes   int
	More    bool // frames than were counted
	Answer  string
}

// A frameSeen is a frame as people can read it.
type frameSeen struct {
	Number int
	Event  string
	Bytes  int
	Text   string
}

var seesForms = []page.Choice{{Value: "versions", Label: "versions"}, {Value: "records", Label: "records"}}

func (s *server) serveSees(w http.ResponseWriter, r *http.Request) error {
	a, err := s.Store.Application(r.Context(), r.PathValue("name"))
	if err != nil {
		return err
	}
	q := r.URL.Query()
	p := sees{Form: page.Form{Values: q}, Listing: page.ReadListing(r, "form", "since", "after", "cursor"), Application: a}
	p.Per = framesShown
	if !q.Has("form") {
		p.Values = url.Values{"form": {a.SyncForm}}
	}
	code := http.StatusOK
	if err := p.look(r, s.Hub); p.Fault(err) {
		code = http.StatusUnprocessableEntity
	} else if err != nil {
		return err
	}
	p.Frame = s.Frame(r, a.ShortName)
	s.Render(w, r, code, seesPage(p))
	return nil
}

// look fetches the frames that the form asks for.
func (p *sees) look(r *http.Request, h *hub.Hub) error {
	request, err := p.request()
	if err != nil {
		return err
	}
	s, err := h.Sees(r.Context(), p.Application, hub.SightQuery{
		Form: p.Text("form"), Request: request, First: (p.Number - 1) * framesShown, Most: framesShown,
	})
	if err != nil {
		return err
	}
	p.Looked, p.Total, p.Bytes, p.More = true, s.Count, s.Bytes, s.More
	for i, text := range s.Frames {
		var f struct{ Event string }
		if err := json.Unmarshal(text, &f); err != nil {
			return err
		}
		p.Frames = append(p.Frames, frameSeen{(p.Number-1)*framesShown + i + 1, f.Event, len(text), pretty(text)})
	}
	if s.Answer != nil && p.Last() {
		p.Answer = pretty(s.Answer)
	}
	return nil
}

// Last reports whether this is the last page.
func (p *sees) Last() bool { return p.Number >= p.Pages() && !p.More }

// request is the payload of the sync that the form describes, which the page shows too.
func (p *sees) request() (json.RawMessage, error) {
	if p.Text("form") == "records" {
		return nil, nil
	}
	payload := map[string]any{"since": nil}
	if since := p.Text("since"); since != "" {
		payload["since"] = since
	}
	if after := p.Text("after"); after != "" {
		n, err := strconv.ParseInt(after, 10, 64)
		if err != nil || n < 0 {
			return nil, page.Invalid("after", "is no version; use its number, or 0 for the beginning")
		}
		delete(payload, "since")
		payload["after"] = n
	}
	if p.On("cursor") {
		payload["cursor"] = true
	}
	text, err := json.Marshal(payload)
	if err != nil {
		return nil, err
	}
	p.Request = `{"event": "sync", "ref": "1", "payload": ` + string(text) + `}`
	return text, nil
}

// pretty is JSON in lines.
func pretty(text []byte) string {
	var b bytes.Buffer
	if json.Indent(&b, text, "", "  ") != nil {
		return string(text)
	}
	return b.String()
}
