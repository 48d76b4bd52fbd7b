package hubtest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// A dialogue is one file of cases.
type dialogue struct {
	Name    string            `json:"-"` // of the file, without .json
	Title   string            `json:"title"`
	Section string            `json:"section"`
	Server  map[string]string `json:"server"`
	Fixture fixture           `json:"fixture"`
	Cases   []*testCase       `json:"cases"`
}

// A fixture is all that the database holds before a case begins.
type fixture struct {
	Games []struct {
		ShortName   string  `json:"short_name"`
		Name        string  `json:"name"`
		Display     *bool   `json:"display"`
		Description *string `json:"description"`
	} `json:"games"`
	Channels []struct {
		Name        string  `json:"name"`
		Description *string `json:"description"`
		Hidden      bool    `json:"hidden"`
	} `json:"channels"`
	Applications []struct {
		ShortName string `json:"short_name"`
		Name      string `json:"name"`
		SyncForm  string `json:"sync_form"`
	} `json:"applications"`
}

type testCase struct {
	Name      string            `json:"name"`
	Section   string            `json:"section"`
	Server    map[string]string `json:"server"`
	BigFrames bool              `json:"big_frames"`
	Peers     []*entrance       `json:"peers"`
	Steps     []*step           `json:"steps"`
}

// load reads the dialogues of a folder in the order of their names.
func load(dir string) ([]*dialogue, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return nil, fmt.Errorf("list dialogues: %w", err)
	}
	if len(paths) == 0 {
		return nil, fmt.Errorf("no dialogues in %s", dir)
	}
	var all []*dialogue
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("read dialogue: %w", err)
		}
		d := &dialogue{Name: strings.TrimSuffix(filepath.Base(path), ".json")}
		if err := decodeStrict(text, d); err != nil {
			return nil, fmt.Errorf("dialogue %s: %w", d.Name, err)
		}
		if err := d.checkNames(); err != nil {
			return nil, fmt.Errorf("dialogue %s: %w", d.Name, err)
		}
		all = append(all, d)
	}
	return all, nil
}

func (d *dialogue) checkNames() error {
	seen := map[string]bool{}
	for _, c := range d.Cases {
		if c.Name == "" || seen[c.Name] {
			return fmt.Errorf("case %q: no name, or one used twice", c.Name)
		}
		seen[c.Name] = true
	}
	return nil
}

// decodeStrict reads one JSON value. It refuses unknown keys and keeps the
// letters of numbers.
func decodeStrict(text []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	dec.UseNumber()
	if err := dec.Decode(v); err != nil {
		return err
	}
	if _, err := dec.Token(); err != io.EOF {
		return errors.New("more than one JSON value")
	}
	return nil
}

// encode writes v as compact JSON without HTML escapes.
func encode(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return fmt.Appendf(nil, "%v", v)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// A duration is written like 300ms.
type duration time.Duration

func (d *duration) UnmarshalJSON(text []byte) error {
	var letters string
	if err := json.Unmarshal(text, &letters); err != nil {
		return err
	}
	v, err := time.ParseDuration(letters)
	*d = duration(v)
	return err
}

// A word is a text. Where a placeholder made a number of it, it is the number's letters.
type word string

func (w *word) UnmarshalJSON(text []byte) error {
	var letters string
	if err := json.Unmarshal(text, &letters); err == nil {
		*w = word(letters)
		return nil
	}
	var number json.Number
	err := json.Unmarshal(text, &number)
	*w = word(number)
	return err
}

// words are one word or a list of them.
type words []word

func (w *words) UnmarshalJSON(text []byte) error {
	if bytes.HasPrefix(text, []byte("[")) {
		return json.Unmarshal(text, (*[]word)(w))
	}
	*w = words{""}
	return json.Unmarshal(text, &(*w)[0])
}

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
	fresh := otherVerbs[verb]
	if of := peerVerbs[verb]; of != nil {
		fresh = of
		keys = maps.Clone(keys)
		delete(keys, verb)
	}
	a := fresh()
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
