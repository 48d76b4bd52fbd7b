package hub

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"hearsay/hub/store"
	"hearsay/hub/wire"
)

var ruleCounters = func() map[store.RuleAction]*metrics.Counter {
	counters := map[store.RuleAction]*metrics.Counter{}
	for _, action := range store.RuleActions {
		counters[action] = metrics.NewCounter(fmt.Sprintf("hearsay_rules_total{action=%q}", string(action)))
	}
	return counters
}()

// heedRules compiles the rules anew if the log told of a change, or one of them has ended;
// under Hub.following.
func (h *Hub) heedRules(ctx context.Context) error {
	now := time.Now()
	was := h.rules.Load()
	if !h.directory.rulesChanged && (was == nil || was.Ends.IsZero() || was.Ends.After(now)) {
		return nil
	}
	rules, err := h.store.ActiveRules(ctx, now)
	if err != nil {
		return fmt.Errorf("read the rules: %w", err)
	}
	if len(rules) > store.MostRules {
		h.log.Warn("there are too many rules, the newest are not applied", "applied", store.MostRules)
		rules = rules[:store.MostRules]
	}
	m, errs := store.NewMatcher(rules)
	for _, err := range errs {
		h.log.Warn("a rule makes no sense and is not applied", "err", err)
	}
	h.rules.Store(m)
	h.directory.rulesChanged = false
	return nil
}

// ruleEnds gives a channel that has a value when the next rule ends, or nil.
func (h *Hub) ruleEnds() <-chan time.Time {
	m := h.rules.Load()
	if m == nil || m.Ends.IsZero() {
		return nil
	}
	return time.After(time.Until(m.Ends))
}

// obey holds the rules against what a player says, after cleaning. It gives what goes on;
// where nothing does it has answered the request:
//
//   - mute refuses it;
//   - drop swallows it, and answers as if it had gone on;
//   - hold does so too, and puts it into the review queue by calling hold; without hold, and
//     when the queue is full, it is refused;
//   - replace changes it; if nothing is left, it is swallowed;
//   - warn lets it go on, and tells the player.
//
// Without rules it costs a look at a pointer.
func (s *session) obey(f wire.Frame, said store.Said, hold func(text string, rule store.RuleID) error) (text string, goesOn bool) {
	rules := s.hub.rules.Load()
	if rules == nil {
		return said.Text, true
	}
	v := rules.Judge(said, time.Now(), s.hub.Limits().MaxText)
	if v.Action == "" {
		return said.Text, true
	}
	ruleCounters[v.Action].Inc()
	if text = v.Text; text != said.Text {
		text = wire.Clean(text) // what is left may be a tag
	}
	switch {
	case v.Action == store.Mute:
		s.fail(f, wire.ErrorMuted)
		return "", false
	case v.Action == store.Drop || text == "":
		s.succeed(f)
		return "", false
	case v.Action == store.Hold && hold == nil:
		s.fail(f, wire.ErrorRefused)
		return "", false
	}
	if v.Warned != nil {
		s.hub.warn(s.owner(), said, v.Warned.Reason)
	}
	if v.Action == store.Hold {
		s.answerHeld(f, hold(text, v.Rule))
		return "", false
	}
	return text, true
}

func (s *session) answerHeld(f wire.Frame, err error) {
	switch {
	case errors.Is(err, store.ErrConflict):
		s.fail(f, wire.ErrorRefused)
	case err != nil:
		s.fail(f, s.reason(err))
	default:
		s.succeed(f)
	}
}

// warn tells a player that a rule was broken, if the player is on, in a game that knows tells.
func (h *Hub) warn(from owner, said store.Said, reason string) {
	what, end := "tell", "."
	if said.Channel != "" {
		what = "message to " + said.Channel
	}
	if reason = wire.Clean(reason); reason != "" {
		end = ": " + reason
	}
	h.tellPlayer(from, said.Name, fmt.Sprintf("Your %s broke a rule of this network%s", what, end))
}
