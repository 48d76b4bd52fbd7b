package hubtest

import (
	"context"
	"fmt"
	"maps"
	"slices"
)

// An action is what a step does. Its fields are the keys of the step; one is
// its peer, if it is the action of one.
type action interface {
	play(ctx context.Context, p *performance, one *peer) error
}

// peerVerbs are the verbs whose value is the id of a peer.
var peerVerbs = map[string]func() action{
	"send":      func() action { return new(sendStep) },
	"sendText":  func() action { return new(sendTextStep) },
	"sendBytes": func() action { return new(sendBytesStep) },
	"expect":    func() action { return new(expectStep) },
	"close":     func() action { return new(closeStep) },
	"hangup":    func() action { return new(hangupStep) },
	"drop":      func() action { return new(dropStep) },
	"ping":      func() action { return new(pingStep) },
	"until":     func() action { return new(untilStep) },
	"drain":     func() action { return new(drainStep) },
	"mirror":    func() action { return new(mirrorStep) },
}

var otherVerbs = map[string]func() action{
	"connect":  func() action { return new(connectStep) },
	"quiet":    func() action { return new(quietStep) },
	"do":       func() action { return new(doStep) },
	"sql":      func() action { return new(sqlStep) },
	"wait":     func() action { return new(waitStep) },
	"get":      func() action { return new(getStep) },
	"parallel": func() action { return new(parallelStep) },
	"repeat":   func() action { return new(repeatStep) },
}

// A step is one line of a case.
type step struct {
	verb   string
	keys   map[string]any // as the file has them, with placeholders
	action action         // decoded from keys before any placeholder was filled
}

// UnmarshalJSON refuses what would fail at play for no fault of the hub.
func (s *step) UnmarshalJSON(text []byte) error {
	if err := decodeStrict(text, &s.keys); err != nil {
		return err
	}
	var found []string
	for _, key := range slices.Sorted(maps.Keys(s.keys)) {
		if peerVerbs[key] != nil || otherVerbs[key] != nil {
			found = append(found, key)
		}
	}
	if len(found) != 1 {
		return fmt.Errorf("want one verb in a step, got %q: %s", found, excerpt(text))
	}
	s.verb = found[0]
	var err error
	if s.action, err = decodeAction(s.verb, s.keys); err != nil {
		return fmt.Errorf("%s: %w: %s", s.verb, err, excerpt(text))
	}
	if s.verb == "send" { // its frame is no pattern
		return nil
	}
	for _, key := range []string{"frame", "frames", "records"} {
		if err := checkPattern(s.keys[key]); err != nil {
			return fmt.Errorf("%s: %w", s.verb, err)
		}
	}
	return nil
}

func decodeAction(verb string, keys map[string]any) (action, error) {
	make := otherVerbs[verb]
	if of := peerVerbs[verb]; of != nil {
		make = of
		keys = maps.Clone(keys)
		delete(keys, verb)
	}
	a := make()
	return a, decodeStrict(encode(keys), a)
}

func (s *step) play(ctx context.Context, p *performance) error {
	switch s.action.(type) {
	case *parallelStep, *repeatStep: // the steps inside fill their own placeholders
		return s.action.play(ctx, p, nil)
	}
	filled, err := p.fill(s.keys)
	if err != nil {
		return err
	}
	keys := filled.(map[string]any)
	a, err := decodeAction(s.verb, keys)
	if err != nil {
		return err
	}
	if peerVerbs[s.verb] == nil {
		return a.play(ctx, p, nil)
	}
	one, err := p.peer(fmt.Sprint(keys[s.verb]))
	if err != nil {
		return err
	}
	return a.play(ctx, p, one)
}

// An entrance is a peer that is there before the steps; it plays like a connect.
type entrance struct{ step }

func (e *entrance) UnmarshalJSON(text []byte) error {
	return e.step.UnmarshalJSON(slices.Concat([]byte(`{"connect":`), text, []byte(`}`)))
}
