package admin

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"hearsay/hub/page"
	"hearsay/hub/store"
)

// channels is the list of channels.
type channels struct {
	page.Frame
	page.Listing
	List []store.ChannelTraffic
}

var channelFilters = []page.Choice{{Value: "", Label: "All"}, {Value: "public", Label: "Public"}, {Value: "hidden", Label: "Hidden"}, {Value: "paused", Label: "Paused"}, {Value: "slow", Label: "Slow"}}

func (s *server) serveChannels(w http.ResponseWriter, r *http.Request) (err error) {
	p := channels{Frame: s.Frame(r, "Channels"), Listing: page.ReadListing(r)}
	if p.List, p.Total, err = s.Store.ChannelsPage(r.Context(), p.Page()); err != nil {
		return err
	}
	return s.Show(w, r, channelsPage(p))
}

func channelPath(name string) string { return "/admin/channels/" + name }

// channelForm is the page on which a channel is made or changed.
type channelForm struct {
	page.Frame
	page.Form
	Channel string // that is changed; "": a new one
}

func (s *server) showChannelForm(w http.ResponseWriter, r *http.Request, code int, f page.Form, name string) error {
	title := "New channel"
	if name != "" {
		title = "Edit " + name
	}
	s.Render(w, r, code, channelFormPage(channelForm{s.Frame(r, title), f, name}))
	return nil
}

func (s *server) serveChannelNew(w http.ResponseWriter, r *http.Request) error {
	f := page.Form{Values: url.Values{"public": {"on"}, "readable": {"on"}, "keep_days": {strconv.Itoa(store.KeepDays)}, "slow_seconds": {"0"}}}
	return s.showChannelForm(w, r, http.StatusOK, f, "")
}

func (s *server) serveChannelAdd(w http.ResponseWriter, r *http.Request) error {
	f := page.Posted(r)
	c := store.Channel{Name: f.Text("name"), Description: f.Text("description"), Hidden: !f.On("public"), Readable: f.On("readable")}
	err := f.Numbers(map[string]*int{"keep_days": &c.KeepDays, "slow_seconds": &c.SlowSeconds})
	if err == nil {
		c, err = s.Store.CreateChannel(r.Context(), c)
	}
	if f.Fault(err) {
		return s.showChannelForm(w, r, http.StatusUnprocessableEntity, f, "")
	}
	if err != nil {
		return err
	}
	return s.changed(w, r, channelPath(c.Name), "Added the channel "+c.Name+".")
}

func (s *server) serveChannelEdit(w http.ResponseWriter, r *http.Request) error {
	c, err := s.Store.Channel(r.Context(), r.PathValue("name"))
	if err != nil {
		return err
	}
	f := page.Form{Values: url.Values{
		"description": {c.Description}, "public": {page.Checkbox(!c.Hidden)}, "readable": {page.Checkbox(c.Readable)},
		"keep_days": {strconv.Itoa(c.KeepDays)}, "slow_seconds": {strconv.Itoa(c.SlowSeconds)},
	}}
	return s.showChannelForm(w, r, http.StatusOK, f, c.Name)
}

func (s *server) serveChannelChange(w http.ResponseWriter, r *http.Request) error {
	f, name := page.Posted(r), r.PathValue("name")
	var days, slow int
	err := f.Numbers(map[string]*int{"keep_days": &days, "slow_seconds": &slow})
	if err == nil {
		description, hidden, readable := f.Text("description"), !f.On("public"), f.On("readable")
		err = s.Store.UpdateChannel(r.Context(), name, store.ChannelEdit{
			Description: &description, Hidden: &hidden, Readable: &readable, KeepDays: &days, SlowSeconds: &slow,
		})
	}
	if f.Fault(err) {
		return s.showChannelForm(w, r, http.StatusUnprocessableEntity, f, name)
	}
	if err != nil {
		return err
	}
	return s.changed(w, r, channelPath(name), "Saved "+name+".")
}

func (s *server) serveChannelRemove(w http.ResponseWriter, r *http.Request) error {
	name := r.PathValue("name")
	if strings.TrimSpace(r.PostFormValue("confirm")) != name {
		return page.Invalid("confirm", "type the name, "+name+", to remove it; its letter case counts")
	}
	return s.remove(w, r, "channel", name, "/admin/channels")
}

// conversation is the page of one channel: what is said on it.
type conversation struct {
	page.Frame
	page.Form
	store.Channel
	passage
	Live   bool   // it goes on by itself
	Synced synced // how far the last change has got
}

func (s *server) serveChannel(w http.ResponseWriter, r *http.Request) error {
	return s.showChannel(w, r, http.StatusOK, page.Form{Values: url.Values{"minutes": {"30"}}})
}

func (s *server) showChannel(w http.ResponseWriter, r *http.Request, code int, f page.Form) error {
	c, err := s.Store.Channel(r.Context(), r.PathValue("name"))
	if err != nil {
		return err
	}
	p := conversation{Form: f, Channel: c, Synced: s.synced(r.URL.Query())}
	if p.passage, err = s.passage(r.Context(), store.Search{Channel: c.Name}, r.URL); err != nil {
		return err
	}
	p.Live = p.Newest == "" && c.KeepDays > 0
	p.Frame = s.Frame(r, c.Name)
	s.Render(w, r, code, channelPage(p))
	return nil
}

// servePause pauses a channel for some minutes, or until somebody ends it.
func (s *server) servePause(w http.ResponseWriter, r *http.Request) error {
	f, name := page.Posted(r), r.PathValue("name")
	var minutes int
	err := f.Numbers(map[string]*int{"minutes": &minutes})
	if err == nil && minutes == 0 && f.Text("minutes") != "" {
		err = page.Invalid("minutes", "is no length of time; use 1 or more, or leave it empty for a pause without end")
	}
	if err == nil && int64(minutes) > int64(store.LongestPause/time.Minute) {
		minutes = -1 // also of what a duration cannot hold
	}
	if err == nil {
		err = s.Store.PauseChannel(r.Context(), name, time.Duration(minutes)*time.Minute)
	}
	if f.Fault(err) {
		return s.showChannel(w, r, http.StatusUnprocessableEntity, f)
	}
	if err != nil {
		return err
	}
	return s.Done(w, r, channelPath(name), "Paused "+name+": who says something is told so.")
}

func (s *server) serveUnpause(w http.ResponseWriter, r *http.Request) error {
	name := r.PathValue("name")
	if err := s.Store.UnpauseChannel(r.Context(), name); err != nil {
		return err
	}
	return s.Done(w, r, channelPath(name), name+" takes messages again.")
}

// pausedFor says how long a channel is paused, or nothing.
func pausedFor(c store.Channel, now time.Time) string {
	switch {
	case !c.Paused(now):
		return ""
	case c.PausedUntil.Equal(store.Indefinitely):
		return "until somebody ends it"
	}
	return "until " + page.Exact(*c.PausedUntil)
}
