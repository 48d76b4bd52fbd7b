package admin

import (
	"net/http"
	"net/url"
	"strconv"

	"hearsay/hub/page"
	"hearsay/hub/store"
)

func (s *server) addEvent(r *http.Request, shortName string, f page.Form) (page.Flash, error) {
	_, err := s.Store.CreateEvent(r.Context(), store.Event{
		Game: shortName, Title: f.Text("title"), Description: f.Text("event_description"),
		StartDate: f.Text("start_date"), EndDate: f.Text("end_date"),
	})
	return page.Flash{Text: "Added the event."}, err
}

// eventOf finds the event that a form names, if it is the game's.
func (s *server) eventOf(r *http.Request, shortName string, f page.Form) (e store.Event, err error) {
	id, _ := strconv.ParseInt(f.Text("id"), 10, 64) // 0 is none
	all, err := s.Store.Events(r.Context(), shortName)
	for _, one := range all {
		if one.ID == id {
			return one, nil
		}
	}
	if err == nil {
		err = store.ErrNotFound
	}
	return e, err
}

func (s *server) changeEvent(r *http.Request, shortName string, f page.Form) (page.Flash, error) {
	e, err := s.eventOf(r, shortName, f)
	if err != nil {
		return page.Flash{}, err
	}
	title, description, start, end := f.Text("title"), f.Text("event_description"), f.Text("start_date"), f.Text("end_date")
	return page.Flash{Text: "Saved the event."}, s.Store.UpdateEvent(r.Context(), e.ID, store.EventEdit{
		Title: &title, Description: &description, StartDate: &start, EndDate: &end,
	})
}

func (s *server) removeEvent(r *http.Request, shortName string, f page.Form) (page.Flash, error) {
	e, err := s.eventOf(r, shortName, f)
	if err != nil {
		return page.Flash{}, err
	}
	undo := &page.Undo{Path: gameKind.path(shortName) + "/events", Values: url.Values{
		"title": {e.Title}, "event_description": {e.Description}, "start_date": {e.StartDate}, "end_date": {e.EndDate},
	}}
	return page.Flash{Text: "Removed the event.", Undo: undo}, s.Store.DeleteEvent(r.Context(), e.ID)
}
