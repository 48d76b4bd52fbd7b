package hub

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"hearsay/hub/store"
	"hearsay/hub/wire"
)

// The messages of protocol section 8 about attributes.
const (
	blank    = "can't be blank"
	invalid  = "is invalid"
	notFound = "not found"
	overMost = "would go over 500 points"
)

const (
	maxTitle       = 255  // characters
	maxDescription = 1000 // characters
)

// problems are what is wrong with each attribute.
type problems map[string][]string

func (p problems) add(field, message string) { p[field] = append(p[field], message) }

// Error says it in one line, for the doctor.
func (p problems) Error() string {
	var all []string
	for _, field := range slices.Sorted(maps.Keys(p)) {
		all = append(all, field+" "+strings.Join(p[field], ", "))
	}
	return strings.Join(all, "; ")
}

// handleAchievementsSync serves achievements/sync. Section 8.
func (s *session) handleAchievementsSync(ctx context.Context, f wire.Frame) {
	all, err := s.hub.store.Achievements(ctx, store.GameID(s.peer.ID))
	if err != nil {
		s.fail(f, s.reason(err))
		return
	}
	list := make([]wire.Achievement, 0, len(all))
	for _, a := range all {
		list = append(list, wire.Achievement(a))
	}
	sendList(s, f, list, func(part []wire.Achievement) any {
		return wire.AchievementsPayload{Total: len(all), Achievements: part}
	})
}

// handleAchievementsCreate serves achievements/create. Section 8.
func (s *session) handleAchievementsCreate(ctx context.Context, f wire.Frame) {
	o, err := wire.DecodeObject(f.Payload)
	if err != nil {
		s.fail(f, wire.ErrorMalformed)
		return
	}
	a := store.Achievement{Display: true}
	if wrong := change(&a, o); len(wrong) > 0 {
		s.failWith(f, wrong)
		return
	}
	a, err = s.hub.store.CreateAchievement(ctx, store.GameID(s.peer.ID), a)
	s.answerAchievement(f, a, err)
}

// handleAchievementsUpdate serves achievements/update: what the payload does not
// name stays. Section 8.
func (s *session) handleAchievementsUpdate(ctx context.Context, f wire.Frame) {
	o, err := wire.DecodeObject(f.Payload)
	if err != nil {
		s.fail(f, wire.ErrorMalformed)
		return
	}
	key, _ := o.Text("key")
	game := store.GameID(s.peer.ID)
	a, err := s.hub.store.UpdateAchievement(ctx, game, key, func(a *store.Achievement) error {
		if wrong := change(a, o); len(wrong) > 0 {
			return wrong
		}
		return nil
	})
	if wrong, invalid := errors.AsType[problems](err); invalid {
		s.failWith(f, wrong)
		return
	}
	s.answerAchievement(f, a, err)
}

// handleAchievementsDelete serves achievements/delete. Section 8.
func (s *session) handleAchievementsDelete(ctx context.Context, f wire.Frame) {
	key, ok := wire.DecodeKey(f.Payload)
	if !ok {
		s.fail(f, wire.ErrorMalformed)
		return
	}
	switch err := s.hub.store.DeleteAchievement(ctx, store.GameID(s.peer.ID), key); {
	case errors.Is(err, store.ErrNotFound):
		s.failWith(f, problems{"key": {notFound}})
	case err != nil:
		s.fail(f, s.reason(err))
	default:
		s.send(success(f, wire.Encode(wire.KeyPayload{Key: key})))
	}
}

func (s *session) answerAchievement(f wire.Frame, a store.Achievement, err error) {
	switch {
	case errors.Is(err, store.ErrNotFound):
		s.failWith(f, problems{"key": {notFound}})
	case errors.Is(err, store.ErrPoints):
		s.failWith(f, problems{"points": {overMost}})
	case errors.Is(err, store.ErrConflict):
		s.fail(f, wire.ErrorTooManyAchievements)
	case err != nil:
		s.fail(f, s.reason(err))
	default:
		s.send(success(f, wire.Encode(wire.Achievement(a))))
	}
}

func (s *session) failWith(f wire.Frame, p problems) {
	s.refused(f, p.Error())
	s.send(wire.Frame{
		Event: f.Event, Ref: f.Ref, Status: wire.StatusFailure, Payload: wire.Encode(wire.ErrorsPayload{Errors: p}),
	}.Encode())
}

// change sets the attributes that o names, and says all that is wrong with the
// result.
func change(a *store.Achievement, o wire.Object) problems {
	wrong := problems{}
	if o.Has("title") {
		title, ok := o.Text("title")
		if a.Title = title; !ok && !o.Null("title") || store.CheckLine("title", title, maxTitle) != nil {
			wrong.add("title", invalid)
		}
	}
	if a.Title == "" && len(wrong["title"]) == 0 {
		wrong.add("title", blank)
	}
	if o.Has("description") {
		text, ok := o.Text("description")
		if a.Description = &text; !ok {
			a.Description = nil
		}
		if !ok && !o.Null("description") || utf8.RuneCountInString(text) > maxDescription {
			wrong.add("description", invalid)
		}
	}
	if o.Has("points") {
		n, ok := o.Int("points")
		if a.Points = int(n); !ok || n < 0 || n > store.MostPoints {
			wrong.add("points", invalid)
		}
	}
	changeBool(&a.Display, "display", o, wrong)
	changeBool(&a.PartialProgress, "partial_progress", o, wrong)
	if o.Has("total_progress") {
		n, ok := o.Int("total_progress")
		if a.TotalProgress = &n; !ok {
			a.TotalProgress = nil
		}
		if !ok && !o.Null("total_progress") {
			wrong.add("total_progress", invalid)
		}
	}
	if a.PartialProgress && len(wrong["total_progress"]) == 0 {
		switch {
		case a.TotalProgress == nil:
			wrong.add("total_progress", blank)
		case *a.TotalProgress < 1:
			wrong.add("total_progress", invalid)
		}
	}
	return wrong
}

func changeBool(field *bool, key string, o wire.Object, wrong problems) {
	if !o.Has(key) {
		return
	}
	value, ok := o.Bool(key)
	if *field = value; !ok {
		wrong.add(key, invalid)
	}
}
