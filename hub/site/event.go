package site

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"hearsay/hub/page"
	"hearsay/hub/store"
)

// mostEvents is how many the calendar and the feed have.
const mostEvents = 200

// events is the calendar.
type events struct {
	page.Frame
	Months []month
}

// A month is the events that begin in one, or have begun.
type month struct {
	Name   string
	Events []store.GameEvent
}

func (s *Site) serveEvents(w http.ResponseWriter, r *http.Request) error {
	p := events{Frame: s.Open(w, r, "Events")}
	all, err := s.Store.PublicEvents(r.Context(), p.Now, mostEvents)
	if err != nil {
		return err
	}
	today := p.Now.UTC().Format(time.DateOnly)
	for _, e := range all {
		name := "Going on"
		if at, err := time.Parse(time.DateOnly, e.StartDate); err == nil && e.StartDate > today {
			name = at.Format("January 2006")
		}
		if n := len(p.Months); n == 0 || p.Months[n-1].Name != name {
			p.Months = append(p.Months, month{Name: name})
		}
		last := &p.Months[len(p.Months)-1]
		last.Events = append(last.Events, e)
	}
	return s.Show(w, r, eventsPage(p))
}

// A feed is RFC 4287.
type feed struct {
	XMLName xml.Name   `xml:"http://www.w3.org/2005/Atom feed"`
	Title   string     `xml:"title"`
	ID      string     `xml:"id"`
	Updated string     `xml:"updated"`
	Author  feedAuthor `xml:"author"`
	Links   []feedLink `xml:"link"`
	Entries []entry    `xml:"entry"`
}

type feedAuthor struct {
	Name string `xml:"name"`
}

type feedLink struct {
	Rel  string `xml:"rel,attr"`
	Href string `xml:"href,attr"`
}

type entry struct {
	Title   string     `xml:"title"`
	ID      string     `xml:"id"`
	Updated string     `xml:"updated"`
	Link    feedLink   `xml:"link"`
	Author  feedAuthor `xml:"author"`
	Content string     `xml:"content"`
}

// serveFeed serves the events as a feed. An entry is as new as the last change of its event.
func (s *Site) serveFeed(w http.ResponseWriter, r *http.Request) error {
	all, err := s.Store.PublicEvents(r.Context(), time.Now(), mostEvents)
	if err != nil {
		return err
	}
	origin := s.Origin(r)
	f := feed{
		Title: "Events on " + s.Heading(), ID: origin + "/events", Author: feedAuthor{s.Heading()},
		Links: []feedLink{{"self", origin + "/events.atom"}, {"alternate", origin + "/events"}},
	}
	newest := time.Unix(0, 0)
	for _, e := range all {
		if e.ChangedAt.After(newest) {
			newest = e.ChangedAt
		}
		f.Entries = append(f.Entries, entry{
			Title: e.GameName + ": " + e.Title, ID: origin + "/events#" + eventID(e.ID), Updated: e.ChangedAt.UTC().Format(time.RFC3339),
			Link: feedLink{"alternate", origin + "/events#" + eventID(e.ID)}, Author: feedAuthor{e.GameName},
			Content: days(e.Event) + "\n\n" + e.Description,
		})
	}
	f.Updated = newest.UTC().Format(time.RFC3339)
	return s.xml(w, r, "application/atom+xml; charset=utf-8", f)
}

func eventID(id int64) string { return "event-" + strconv.FormatInt(id, 10) }

// xml answers with a document.
func (s *Site) xml(w http.ResponseWriter, r *http.Request, kind string, document any) error {
	text, err := xml.Marshal(document)
	if err != nil {
		return fmt.Errorf("write XML: %w", err)
	}
	s.Public(w, r)
	w.Header().Set("Content-Type", kind)
	_, _ = w.Write(append([]byte(xml.Header), text...)) // fails only when the client has gone
	return nil
}
