package admin

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"hearsay/hub/page"
	"hearsay/hub/store"
)

// restart is the page of planned stops.
type restart struct {
	page.Frame
	page.Form
	running
	List []store.Restart
}

// running is for how long the hub has run, and who is connected.
type running struct {
	For       string
	Connected []string // whom an announcement would reach
}

func (s *server) running(now time.Time) running {
	r := running{For: page.Span(now.Sub(s.Started))}
	status := s.Hub.Status()
	for _, one := range status.Games {
		r.Connected = append(r.Connected, one.ShortName)
	}
	for _, one := range status.Applications {
		r.Connected = append(r.Connected, one.ShortName)
	}
	return r
}

// runningTopic is live: right after a restart the page is there before the games are.
func (s *server) runningTopic() page.Topic {
	t := page.Showing(func(context.Context, url.Values) (running, error) { return s.running(time.Now()), nil }, runningFacts)
	t.Who = page.Admin
	return t
}

// restartsShown is how many of the last restarts the page has.
const restartsShown = 20

func (s *server) serveRestart(w http.ResponseWriter, r *http.Request) error {
	downtime := strconv.Itoa(s.Settings.Config().Downtime)
	return s.showRestart(w, r, http.StatusOK, page.Form{Values: map[string][]string{"downtime": {downtime}}})
}

func (s *server) showRestart(w http.ResponseWriter, r *http.Request, code int, f page.Form) error {
	all, err := s.Store.Restarts(r.Context(), restartsShown)
	if err != nil {
		return err
	}
	p := restart{Frame: s.Frame(r, "Restart"), Form: f, running: s.running(time.Now()), List: all}
	s.Render(w, r, code, restartPage(p))
	return nil
}

func (s *server) serveRestartAnnounce(w http.ResponseWriter, r *http.Request) error {
	return s.restart(w, r, false)
}

func (s *server) serveRestartNow(w http.ResponseWriter, r *http.Request) error {
	return s.restart(w, r, true)
}

// restart asks for a restart on the same way as a command does, and waits until this
// server has taken it.
func (s *server) restart(w http.ResponseWriter, r *http.Request, again bool) error {
	f := page.Posted(r)
	downtime, err := strconv.Atoi(f.Text("downtime"))
	if err != nil {
		err = page.Invalid("downtime", "write a number of seconds")
	} else if !f.On("sure") {
		err = page.Invalid("sure", "tick this to go on")
	} else {
		err = store.CheckDowntime(downtime)
	}
	var asked store.Restart
	if err == nil {
		asked, err = s.Store.AskRestart(r.Context(), downtime, again)
	}
	if f.Fault(err) {
		return s.showRestart(w, r, http.StatusUnprocessableEntity, f)
	}
	if err == nil {
		asked, err = s.Store.AwaitRestart(r.Context(), asked.ID)
	}
	if errors.Is(err, store.ErrUnserved) {
		return s.Done(w, r, "/admin/restart", "The hub is stopping already.")
	}
	if err != nil {
		return err
	}
	if again {
		s.awaitStop(w, r)
	}
	return s.Done(w, r, "/admin/restart", toldSentence(asked))
}

// awaitStop waits until this server takes no connections any more, so that the next
// request, on a new one, is answered by the server that comes after it.
func (s *server) awaitStop(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Connection", "close")
	if s.Stopping == nil {
		return
	}
	select {
	case <-s.Stopping:
	case <-time.After(5 * time.Second): // something else keeps it
	case <-r.Context().Done():
	}
}

func toldSentence(r store.Restart) string {
	if len(r.Told) == 0 {
		return "Nobody was connected."
	}
	return "Told " + strings.Join(r.Told, ", ") + "."
}
