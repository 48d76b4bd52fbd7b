package admin

import (
	"net/http"
	"strconv"
	"time"

	"hearsay/hub/page"
	"hearsay/hub/store"
)

// message is the page of one message of the chat log.
type message struct {
	page.Frame
	page.Form
	Message store.Message
	Hub     string // short name of the hub itself
	Channel string // its name; "": it is gone
	Hidden  *store.Hiding
	Rules   []store.Rule // that match it now
}

// messagePath is where a message's page is.
func messagePath(id store.MessageID) string {
	return "/admin/messages/" + strconv.FormatInt(int64(id), 10)
}

func (s *server) message(r *http.Request) (p message, err error) {
	id, _ := strconv.ParseInt(r.PathValue("id"), 10, 64) // 0 is none
	found, err := s.Store.Message(r.Context(), store.MessageID(id))
	p.Message, p.Channel, p.Hidden = found.Message, found.ChannelName, found.Hidden
	return p, err
}

func (s *server) serveMessage(w http.ResponseWriter, r *http.Request) error {
	p, err := s.message(r)
	if err != nil {
		return err
	}
	return s.showMessage(w, r, http.StatusOK, p)
}

func (s *server) showMessage(w http.ResponseWriter, r *http.Request, code int, p message) error {
	p.Hub = s.Hub.Terms().Name
	p.Frame = s.Frame(r, "Message "+strconv.FormatInt(int64(p.Message.ID), 10))
	if p.Values == nil {
		p.Values = map[string][]string{"reason": {"For what was said on " + p.Channel + " on " + p.Message.SentAt.Format(time.DateOnly)}}
	}
	rules, err := s.Store.ActiveRules(r.Context(), p.Now)
	if err != nil {
		return err
	}
	m, _ := store.NewMatcher(rules) // what makes no sense matches nothing
	p.Rules = m.Matching(store.Said{Channel: p.Channel, Game: p.Message.Game, Name: p.Message.Name, Text: p.Message.Text}, p.Now)
	s.Render(w, r, code, messagePage(p))
	return nil
}

func (s *server) serveMessageHide(w http.ResponseWriter, r *http.Request) error {
	p, err := s.message(r)
	if err == nil {
		err = s.Store.HideMessage(r.Context(), p.Message.ID)
	}
	if err != nil {
		return err
	}
	return s.Done(w, r, messagePath(p.Message.ID), "Hid the message: no history has it any more.")
}

func (s *server) serveMessageUnhide(w http.ResponseWriter, r *http.Request) error {
	p, err := s.message(r)
	if err == nil {
		err = s.Store.UnhideMessage(r.Context(), p.Message.ID)
	}
	if err != nil {
		return err
	}
	return s.Done(w, r, messagePath(p.Message.ID), "The message is in history again.")
}

// muteFor are the lengths that the page of a message offers.
var muteFor = []page.Choice{{Value: "24h", Label: "for 1 day"}, {Value: "168h", Label: "for 1 week"}, {Value: "", Label: "for ever"}}

// serveMessageMute mutes the message's player, or its game.
func (s *server) serveMessageMute(w http.ResponseWriter, r *http.Request) error {
	p, err := s.message(r)
	if err != nil {
		return err
	}
	p.Form = page.Posted(r)
	rule := store.Rule{
		Kind: store.PlayerRule, Subject: store.PlayerPattern(p.Message.Name, p.Message.Game), Action: store.Mute, Reason: p.Text("reason"), Enabled: true,
	}
	if p.Text("who") == "game" {
		rule.Subject = "*@" + p.Message.Game
	}
	if d, err := time.ParseDuration(p.Text("for")); err == nil && d > 0 {
		end := time.Now().Add(d)
		rule.EndsAt = &end
	}
	rule, err = s.Store.CreateRule(r.Context(), rule)
	if p.Fault(err) {
		return s.showMessage(w, r, http.StatusUnprocessableEntity, p)
	}
	if err != nil {
		return err
	}
	text := "Muted " + rule.Subject
	if rule.EndsAt != nil {
		text += " until " + page.Exact(*rule.EndsAt)
	}
	return s.Done(w, r, messagePath(p.Message.ID), text+".")
}
