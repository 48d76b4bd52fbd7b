package site

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"hearsay/assets"
	"hearsay/hub"
	"hearsay/hub/page"
	"hearsay/hub/store"
	"hearsay/hub/wire"
)

// channels is the list of those that anybody may read.
type channels struct {
	page.Frame
	List []store.Channel
}

func (s *Site) serveChannels(w http.ResponseWriter, r *http.Request) error {
	p := channels{Frame: s.Open(w, r, "Channels")}
	var err error
	if p.List, err = s.Store.PublicChannels(r.Context()); err != nil {
		return err
	}
	return s.Show(w, r, channelsPage(p))
}

// channel is the page of one.
type channel struct {
	page.Frame
	page.Form
	talk
	Most   int             // characters of what somebody says
	Before store.MessageID // the page ends before that message; 0: it is the end of the log
}

// scrollbackJS loads what was said before as one scrolls to it.
var scrollbackJS = assets.URL("scrollback.js")

// talk is what is said on a channel.
type talk struct {
	Channel  store.Channel
	Messages []store.Message // the newest first
	More     bool            // there are older ones
	Hub      string          // short name of the hub itself
}

// Older is the address of what was said before.
func (t talk) Older() string {
	return channelPath(t.Channel.Name) + "?before=" + strconv.FormatInt(int64(t.Messages[len(t.Messages)-1].ID), 10)
}

func (s *Site) serveChannel(w http.ResponseWriter, r *http.Request) error {
	return s.showChannel(w, r, http.StatusOK, page.Form{})
}

func (s *Site) showChannel(w http.ResponseWriter, r *http.Request, code int, f page.Form) (err error) {
	p := channel{Form: f, Most: s.Hub.Limits().MaxText}
	if n, err := strconv.ParseInt(r.URL.Query().Get("before"), 10, 64); err == nil && n > 0 {
		p.Before = store.MessageID(n)
	}
	if p.talk, err = s.talk(r.Context(), r.PathValue("name"), p.Before); err != nil {
		return err
	}
	p.Frame = s.Open(w, r, p.Channel.Name)
	p.Listens = p.Before == 0 && p.Channel.KeepDays > 0
	s.Render(w, r, code, channelPage(p))
	return nil
}

// serveSay takes what somebody says on a channel, as NAME@HUB.
func (s *Site) serveSay(w http.ResponseWriter, r *http.Request) error {
	f := page.Posted(r)
	c, err := s.Store.PublicChannel(r.Context(), r.PathValue("name"))
	if err != nil {
		return err
	}
	warning, err := s.Hub.Say(r.Context(), page.Who(r).Username, c.Name, f.Text("text"))
	if refused, ok := errors.AsType[hub.Refusal](err); ok {
		why := inWords(refused)
		if errors.Is(err, hub.ErrWords) {
			why = "a rule of this network is against something in the message; change it, then say it again"
		}
		err = page.Invalid("text", why)
	}
	if f.Fault(err) {
		return s.showChannel(w, r, http.StatusUnprocessableEntity, f)
	}
	if err != nil {
		return err
	}
	return s.Done(w, r, channelPath(c.Name), warning)
}

func (s *Site) talk(ctx context.Context, name string, before store.MessageID) (t talk, err error) {
	if t.Channel, err = s.Store.PublicChannel(ctx, name); err != nil {
		return t, err
	}
	t.Hub = s.Hub.Terms().Name
	t.Messages, t.More, err = s.Store.Said(ctx, t.Channel.ID, before, page.PageSize)
	return t, err
}

func (s *Site) loadChannel(ctx context.Context, q url.Values) (talk, error) {
	return s.talk(ctx, q.Get("name"), 0)
}

// inWords says to a person what the protocol says to a game.
func inWords(refused hub.Refusal) string {
	switch refused {
	case wire.ErrorMuted:
		return "you are muted: a rule of this network keeps you from talking here"
	case wire.ErrorRefused:
		return "the message was refused: somebody would have to look at it first, and too many wait already"
	case wire.ErrorRateLimit:
		return "that is too fast; wait a moment, then say it again"
	}
	return string(refused)
}

func channelPath(name string) string { return "/channels/" + url.PathEscape(name) }

func livePath(topic, channel string) string {
	return "/live/" + topic + "?" + url.Values{"name": {channel}}.Encode()
}

// A day is what was said on one.
type day struct {
	Name     string
	Messages []store.Message
}

func byDay(all []store.Message) (days []day) {
	for _, m := range all {
		name := m.SentAt.UTC().Format("Monday, 2 January 2006")
		if n := len(days); n == 0 || days[n-1].Name != name {
			days = append(days, day{Name: name})
		}
		last := &days[len(days)-1]
		last.Messages = append(last.Messages, m)
	}
	return days
}
