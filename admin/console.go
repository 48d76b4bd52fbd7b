package admin

import (
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"hearsay/assets"
	"hearsay/hub"
	"hearsay/hub/page"
	"hearsay/hub/store"
	"hearsay/hub/wire"
)

// Asked for here so that a missing file stops the program at its start.
var consoleJS = assets.URL("console.js")

// console is the page on which an operator speaks with the hub as a game does.
type console struct {
	page.Frame
	page.Form
	Game string // short name; "": none is chosen yet
	Hub  string // short name of the hub
}

// Templates are the events that a game can send, each as JSON with words in it that the
// script replaces.
func (c console) Templates() (all []page.Choice) {
	words := wire.Words{Game: c.Game, Other: c.Hub, Hub: c.Hub}
	for i := range wire.Events {
		e := &wire.Events[i]
		if e.Request == nil || e.Name == wire.Authenticate || e.For == wire.ApplicationsOnly {
			continue
		}
		ref := "REF"
		if e.Name == wire.Heartbeat {
			ref = ""
		}
		all = append(all, page.Choice{Value: e.Example(ref, words), Label: e.Name})
	}
	return all
}

func (s *server) serveConsole(w http.ResponseWriter, r *http.Request) error {
	c := console{Frame: s.Frame(r, "Console"), Form: page.Form{Values: r.URL.Query()}, Hub: s.Hub.Terms().Name}
	code := http.StatusOK
	if name := c.Text("game"); name != "" {
		g, err := s.Store.Game(r.Context(), name)
		switch {
		case errors.Is(err, store.ErrNotFound):
			c.Fault(page.Invalid("game", "there is no game "+name))
			code = http.StatusUnprocessableEntity
		case err != nil:
			return err
		}
		c.Game = g.ShortName
	}
	s.Render(w, r, code, consolePage(c))
	return nil
}

// serveLend gives the page's script what it comes in with. That somebody speaks as a game
// is put on record.
func (s *server) serveLend(w http.ResponseWriter, r *http.Request) error {
	g, err := s.Store.Game(r.Context(), r.PathValue("name"))
	if err != nil {
		return err
	}
	l, err := s.Hub.Lend(r.Context(), g.ID)
	if err != nil {
		return err
	}
	if err := s.Store.Note(r.Context(), "console open", g.ShortName); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{ // fails only when the browser has gone
		"client_id": l.ClientID, "client_secret": l.Secret, "minutes": int(hub.LoanFor / time.Minute),
	})
	return nil
}

// servePrompt has the hub send something to the page's socket. What stands in the way is
// one plain sentence, for the page's log.
func (s *server) servePrompt(w http.ResponseWriter, r *http.Request) error {
	f := page.Posted(r)
	err := s.Hub.Prompt(f.Text("client_id"), hub.Prompt(f.Text("prompt")))
	switch {
	case err == nil:
		w.WriteHeader(http.StatusNoContent)
	case f.Fault(err):
		page.Plain(w, http.StatusUnprocessableEntity, page.Sentence(f.Faulty, f.Why))
	case errors.Is(err, store.ErrNotFound):
		page.Plain(w, http.StatusNotFound, "The socket is not open any more.")
	default:
		return err
	}
	return nil
}
