package admin

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"hearsay/hub/store"
)

// channels is the list of channels.
type channels struct {
	frame
	listing
	List []store.ChannelTraffic
}

var channelFilters = []choice{{"", "All"}, {"public", "Public"}, {"hidden", "Hidden"}, {"paused", "Paused"}, {"slow", "Slow"}}

func (s *server) serveChannels(w http.ResponseWriter, r *http.Request) (err error) {
	p := channels{frame: s.frame(r, "Channels"), listing: readListing(r)}
	if p.List, p.Total, err = s.Store.ChannelsPage(r.Context(), p.page()); err != nil {
		return err
	}
	return s.show(w, r, channelsPage(p))
}

func channelPath(name string) string { return "/admin/channels/" + name }

// channelForm is the page on which a channel is made or changed.
type channelForm struct {
	frame
	form
	Channel string // that is changed; "": a new one
}

func (s *server) showChannelForm(w http.ResponseWriter, r *http.Request, code int, f form, name string) error {
	title := "New channel"
	if name != "" {
		title = "Edit " + name
	}
	s.render(w, r, code, channelFormPage(channelForm{s.frame(r, title), f, name}))
	return nil
}

func (s *server) serveChannelNew(w http.ResponseWriter, r *http.Request) error {
	f := form{values: url.Values{"public": {"on"}, "keep_days": {strconv.Itoa(store.KeepDays)}, "slow_seconds": {"0"}}}
	return s.showChannelForm(w, r, http.StatusOK, f, "")
}

func (s *server) serveChannelAdd(w http.ResponseWriter, r *http.Request) error {
	f := posted(r)
	c := store.Channel{Name: f.Text("name"), Description: f.Text("description"), Hidden: !f.On("public")}
	err := f.numbers(map[string]*int{"keep_days": &c.KeepDays, "slow_seconds": &c.SlowSeconds})
	if err == nil {
		c, err = s.Store.CreateChannel(r.Context(), c)
	}
	if f.fault(err) {
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
	f := form{values: url.Values{
		"description": {c.Description}, "public": {checkbox(!c.Hidden)},
		"keep_days": {strconv.Itoa(c.KeepDays)}, "slow_seconds": {strconv.Itoa(c.SlowSeconds)},
	}}
	return s.showChannelForm(w, r, http.StatusOK, f, c.Name)
}

func (s *server) serveChannelChange(w http.ResponseWriter, r *http.Request) error {
	f, name := posted(r), r.PathValue("name")
	var days, slow int
	err := f.numbers(map[string]*int{"keep_days": &days, "slow_seconds": &slow})
	if err == nil {
		description, hidden := f.Text("description"), !f.On("public")
		err = s.Store.UpdateChannel(r.Context(), name, store.ChannelEdit{
			Description: &description, Hidden: &hidden, KeepDays: &days, SlowSeconds: &slow,
		})
	}
	if f.fault(err) {
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
		return invalid("confirm", "type the name, "+name+", to remove it; its letter case counts")
	}
	return s.remove(w, r, "channel", name, "/admin/channels")
}

// conversation is the page of one channel: what is said on it.
type conversation struct {
	frame
	form
	store.Channel
	passage
	Live   bool   // it goes on by itself
	Synced synced // how far the last change has got
}

func (s *server) serveChannel(w http.ResponseWriter, r *http.Request) error {
	return s.showChannel(w, r, http.StatusOK, form{values: url.Values{"minutes": {"30"}}})
}

func (s *server) showChannel(w http.ResponseWriter, r *http.Request, code int, f form) error {
	c, err := s.Store.Channel(r.Context(), r.PathValue("name"))
	if err != nil {
		return err
	}
	p := conversation{form: f, Channel: c, Synced: s.synced(r.URL.Query())}
	if p.passage, err = s.passage(r.Context(), store.Search{Channel: c.Name}, r.URL); err != nil {
		return err
	}
	p.Live = p.Newest == "" && c.KeepDays > 0
	p.frame = s.frame(r, c.Name)
	s.render(w, r, code, channelPage(p))
	return nil
}

// servePause pauses a channel for some minutes, or until somebody ends it.
func (s *server) servePause(w http.ResponseWriter, r *http.Request) error {
	f, name := posted(r), r.PathValue("name")
	var minutes int
	err := f.numbers(map[string]*int{"minutes": &minutes})
	if err == nil && minutes == 0 && f.Text("minutes") != "" {
		err = invalid("minutes", "is no length of time; use 1 or more, or leave it empty for a pause without end")
	}
	if err == nil && int64(minutes) > int64(store.LongestPause/time.Minute) {
		minutes = -1 // also of what a duration cannot hold
	}
	if err == nil {
		err = s.Store.PauseChannel(r.Context(), name, time.Duration(minutes)*time.Minute)
	}
	if f.fault(err) {
		return s.showChannel(w, r, http.StatusUnprocessableEntity, f)
	}
	if err != nil {
		return err
	}
	return s.done(w, r, channelPath(name), "Paused "+name+": who says something is told so.")
}

func (s *server) serveUnpause(w http.ResponseWriter, r *http.Request) error {
	name := r.PathValue("name")
	if err := s.Store.UnpauseChannel(r.Context(), name); err != nil {
		return err
	}
	return s.done(w, r, channelPath(name), name+" takes messages again.")
}

// pausedFor says how long a channel is paused, or nothing.
func pausedFor(c store.Channel, now time.Time) string {
	switch {
	case !c.Paused(now):
		return ""
	case c.PausedUntil.Equal(store.Indefinitely):
		return "until somebody ends it"
	}
	return "until " + exact(*c.PausedUntil)
}
