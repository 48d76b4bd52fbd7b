package hub

import (
	"context"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

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

// obey holds the rules against what a player says, after cleaning. It gives what goes on, or
// no text where nothing does; then the player is told nothing but what is against it:
//
//   - mute refuses it;
//   - drop swallows it, as if it had gone on;
//   - hold does so too, and puts it into the review queue by calling hold; without hold, and
//     when the queue is full, it is refused;
//   - replace changes it; if nothing is left, it is swallowed;
//   - warn lets it go on, and has warn tell the player.
//
// Without rules it costs a look at a pointer.
func (h *Hub) obey(said store.Said, warn func(player, text string), hold func(text string, rule store.RuleID) error) (text string, err error) {
	rules := h.rules.Load()
	if rules == nil {
		return said.Text, nil
	}
	l := h.Limits()
	v := rules.Judge(said, time.Now(), l.MaxText)
	if v.Action == "" {
		return said.Text, nil
	}
	ruleCounters[v.Action].Inc()
	if text = v.Text; text != said.Text {
		text = wire.Clean(cutBytes(text, l.MaxTextBytes)) // what is left may be a tag
	}
	switch {
	case v.Action == store.Mute:
		if !v.Person {
			return "", ErrWords
		}
		return "", Refusal(wire.ErrorMuted)
	case v.Action == store.Drop || text == "":
		return "", nil
	case v.Action == store.Hold && hold == nil:
		return "", Refusal(wire.ErrorRefused)
	}
	if v.Warned != nil {
		warn(said.Name, warning(said, v.Warned.Reason))
	}
	if v.Action != store.Hold {
		return text, nil
	}
	if err = hold(text, v.Rule); errors.Is(err, store.ErrConflict) {
		err = Refusal(wire.ErrorRefused)
	}
	return "", err
}

// cutBytes gives as many whole characters of a text as have at most so many bytes.
func cutBytes(text string, most int) string {
	for len(text) > most {
		_, size := utf8.DecodeLastRuneInString(text)
		text = text[:len(text)-size]
	}
	return text
}

// warning is what a player is told who has broken a rule.
func warning(said store.Said, reason string) string {
	what, end := "tell", "."
	if said.Channel != "" {
		what = "message to " + said.Channel
	}
	if reason = wire.Clean(reason); reason != "" {
		end = ": " + reason
	}
	return fmt.Sprintf("Your %s broke a rule of this network%s", what, end)
}

// warn tells a player of the session's game something, if the player is on, and the game
// knows tells.
func (s *session) warn(player, text string) {
	s.hub.tellPlayer(s.owner(), player, text)
}
