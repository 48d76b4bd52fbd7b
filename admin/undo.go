package admin

import (
	"errors"
	"net/http"
	"net/url"
	"time"

	"hearsay/hub/page"
	"hearsay/hub/store"
)

// remove schedules a removal and says so, with the way back.
func (s *server) remove(w http.ResponseWriter, r *http.Request, kind, name, path string) error {
	due := time.Now().Add(store.UndoFor)
	if err := s.Store.ScheduleRemoval(r.Context(), kind, name, due); err != nil {
		return err
	}
	return s.DoneFlash(w, r, path, page.Flash{
		Text: "The " + kind + " " + name + " is removed in " + store.UndoFor.String() + ".",
		Undo: &page.Undo{Path: "/admin/undo", Values: url.Values{"kind": {kind}, "name": {name}}},
	})
}

// serveUndo takes a removal back.
func (s *server) serveUndo(w http.ResponseWriter, r *http.Request) error {
	kind, name := r.PostFormValue("kind"), r.PostFormValue("name")
	path := "/admin/" + kind + "s"
	switch err := s.Store.UndoRemoval(r.Context(), kind, name); {
	case errors.Is(err, store.ErrNotFound):
		return s.Done(w, r, path, "It was too late: "+name+" is gone.")
	case err != nil:
		return err
	}
	return s.Done(w, r, path, "The "+kind+" "+name+" stays.")
}
