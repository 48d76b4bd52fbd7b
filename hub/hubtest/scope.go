package hubtest

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// A scope holds the values that placeholders stand for. A round of a repeat
// has its own, which knows its number and leaves the rest to the case's.
type scope struct {
	parent *scope // of a round

	mu     sync.Mutex // guards values
	values map[string]any
}

func newScope(who map[string]credential) *scope {
	sc := &scope{values: map[string]any{}}
	for name, c := range who {
		sc.learn(name, c)
	}
	return sc
}

func (sc *scope) round(i int) *scope {
	return &scope{parent: sc, values: map[string]any{"i": number(i)}}
}

func (sc *scope) lookup(name string) (any, bool) {
	sc.mu.Lock()
	v, ok := sc.values[name]
	sc.mu.Unlock()
	if !ok && sc.parent != nil {
		return sc.parent.lookup(name)
	}
	return v, ok
}

// save keeps values for the rest of the case, also beyond a round.
func (sc *scope) save(values map[string]any) {
	for sc.parent != nil {
		sc = sc.parent
	}
	sc.mu.Lock()
	defer sc.mu.Unlock()
	maps.Copy(sc.values, values)
}

// learn makes a credential known as ${NAME.id} and ${NAME.secret}.
func (sc *scope) learn(name string, c credential) {
	sc.save(map[string]any{name + ".id": c.ClientID, name + ".secret": c.ClientSecret})
}

var placeholder = regexp.MustCompile(`\$\{([^{}]+)\}`)

// fill puts values in the place of placeholders. A text that is nothing but
// one becomes the value itself, with its type.
func (sc *scope) fill(v any) (any, error) {
	switch v := v.(type) {
	case string:
		if m := placeholder.FindStringSubmatch(v); m != nil && m[0] == v {
			return sc.resolve(m[1])
		}
		return sc.fillText(v)
	case []any:
		list := make([]any, len(v))
		for i, item := range v {
			filled, err := sc.fill(item)
			if err != nil {
				return nil, err
			}
			list[i] = filled
		}
		return list, nil
	case map[string]any:
		object := make(map[string]any, len(v))
		for key, item := range v {
			filled, err := sc.fill(item)
			if err != nil {
				return nil, err
			}
			object[key] = filled
		}
		return object, nil
	}
	return v, nil
}

func (sc *scope) fillText(text string) (string, error) {
	var failed error
	filled := placeholder.ReplaceAllStringFunc(text, func(m string) string {
		v, err := sc.resolve(m[len("${") : len(m)-len("}")])
		if err != nil {
			failed = err
		}
		if letters, isText := v.(string); isText {
			return letters
		}
		return string(encode(v))
	})
	return filled, failed
}

// resolve gives what is saved under a name, or the text of ab*100.
func (sc *scope) resolve(name string) (any, error) {
	if v, ok := sc.lookup(name); ok {
		return v, nil
	}
	if at := strings.LastIndexByte(name, '*'); at > 0 {
		if n, err := strconv.Atoi(name[at+1:]); err == nil && n >= 0 {
			return strings.Repeat(name[:at], n), nil
		}
	}
	return nil, fmt.Errorf("nothing is saved as ${%s}", name)
}

func number(n int) json.Number { return json.Number(strconv.Itoa(n)) }
