package hubtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"regexp"
	"slices"
	"strings"
	"time"
)

// match says where got differs from the pattern want; path names the place.
// What the pattern saves is kept only if all of it matches.
func (sc *scope) match(path string, want, got any) error {
	t := trial{scope: sc, saved: map[string]any{}}
	if err := t.match(path, want, got); err != nil {
		return err
	}
	sc.save(t.saved)
	return nil
}

// A trial is one attempt to match, with what it has saved so far.
type trial struct {
	scope *scope
	saved map[string]any
}

// attempt matches one of several alternatives. If it fails it leaves nothing saved.
func (t *trial) attempt(path string, want, got any) error {
	twin := trial{scope: t.scope, saved: maps.Clone(t.saved)}
	err := twin.match(path, want, got)
	if err == nil {
		t.saved = twin.saved
	}
	return err
}

func (t *trial) lookup(name string) (any, bool) {
	if v, ok := t.saved[name]; ok {
		return v, true
	}
	return t.scope.lookup(name)
}

func (t *trial) match(path string, want, got any) error {
	switch want := want.(type) {
	case map[string]any:
		for _, name := range objectPatterns {
			if arg, ok := want[name]; ok {
				return t.matchPattern(path, name, arg, got)
			}
		}
		return t.matchObject(path, want, got)
	case []any:
		list, ok := got.([]any)
		if !ok || len(list) != len(want) {
			return differ(path, want, got)
		}
		for i := range want {
			if err := t.match(fmt.Sprintf("%s[%d]", path, i), want[i], list[i]); err != nil {
				return err
			}
		}
		return nil
	case string:
		if strings.HasPrefix(want, "$") {
			return t.matchWord(path, want, got)
		}
	}
	if !equal(want, got) {
		return differ(path, want, got)
	}
	return nil
}

func (t *trial) matchObject(path string, want map[string]any, got any) error {
	object, ok := got.(map[string]any)
	if !ok {
		return differ(path, want, got)
	}
	for _, key := range slices.Sorted(maps.Keys(want)) {
		v, there := object[key]
		switch {
		case key == "$more" || !there && want[key] == "$maybe":
		case !there:
			return fmt.Errorf("%s.%s: want %s, got no such key", path, key, show(want[key]))
		default:
			if err := t.match(path+"."+key, want[key], v); err != nil {
				return err
			}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(object)) {
		if _, known := want[key]; !known && want["$more"] != true {
			return fmt.Errorf("%s.%s: want no such key, got %s", path, key, show(object[key]))
		}
	}
	return nil
}

var objectPatterns = []string{"$unordered", "$in", "$all", "$not", "$len"}

// matchPattern matches {name: arg}.
func (t *trial) matchPattern(path, name string, arg, got any) error {
	patterns, _ := arg.([]any)
	list, isList := got.([]any)
	ok := false
	switch name {
	case "$unordered":
		if !isList || len(list) != len(patterns) {
			break
		}
		return t.matchUnordered(path, patterns, list)
	case "$in":
		ok = slices.ContainsFunc(patterns, func(one any) bool { return t.attempt(path, one, got) == nil })
	case "$all":
		for _, one := range patterns {
			if err := t.match(path, one, got); err != nil {
				return err
			}
		}
		ok = true
	case "$not":
		ok = (&trial{scope: t.scope, saved: maps.Clone(t.saved)}).match(path, arg, got) != nil
	case "$len":
		ok = isList && arg == number(len(list))
	}
	if !ok {
		return differ(path, map[string]any{name: arg}, got)
	}
	return nil
}

// matchUnordered lets each pattern in turn take the first item that matches it.
func (t *trial) matchUnordered(path string, patterns, list []any) error {
	rest := slices.Clone(list)
	for _, one := range patterns {
		at := slices.IndexFunc(rest, func(v any) bool { return t.attempt(path, one, v) == nil })
		if at < 0 {
			return fmt.Errorf("%s: want %s, got only %s", path, show(one), show(rest))
		}
		rest = slices.Delete(rest, at, at+1)
	}
	return nil
}

func (t *trial) matchWord(path, want string, got any) error {
	name, arg, _ := strings.Cut(want[1:], ":")
	if matches := wordPatterns[name]; matches != nil && matches(t, arg, got) || strings.HasPrefix(want, "$$") && got == want[1:] {
		return nil
	}
	if name == "same" || name == "after" {
		v, _ := t.lookup(arg)
		return fmt.Errorf("%s: want %s = %s, got %s", path, want, show(v), show(got))
	}
	return differ(path, want, got)
}

var (
	uuid4  = regexp.MustCompile(`(?i)^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	micros = regexp.MustCompile(`\.\d{6}Z$`)
	whole  = regexp.MustCompile(`^-?\d+$`)
)

// wordPatterns are the patterns written $NAME or $NAME:ARG.
var wordPatterns = map[string]func(t *trial, arg string, got any) bool{
	"any":    func(*trial, string, any) bool { return true },
	"maybe":  func(*trial, string, any) bool { return true },
	"string": func(_ *trial, _ string, got any) bool { _, ok := got.(string); return ok },
	"bool":   func(_ *trial, _ string, got any) bool { _, ok := got.(bool); return ok },
	"int":    func(_ *trial, _ string, got any) bool { return isInteger(got) },
	"uuid":   func(_ *trial, _ string, got any) bool { text, _ := got.(string); return uuid4.MatchString(text) },
	"time":   func(_ *trial, _ string, got any) bool { return isTime(got) },
	"micros": func(_ *trial, _ string, got any) bool { return isMicros(got) },
	"save":   func(t *trial, arg string, got any) bool { t.saved[arg] = got; return true },
	"same": func(t *trial, arg string, got any) bool {
		v, ok := t.lookup(arg)
		return ok && equal(v, got)
	},
	"after": func(t *trial, arg string, got any) bool {
		v, ok := t.lookup(arg)
		return ok && less(v, got)
	},
	"fold": func(_ *trial, arg string, got any) bool {
		text, ok := got.(string)
		return ok && strings.EqualFold(arg, text)
	},
	"range": func(_ *trial, arg string, got any) bool {
		low, high, _ := strings.Cut(arg, ":")
		n := json.Number(fmt.Sprint(got))
		return isInteger(got) && !less(n, json.Number(low)) && !less(json.Number(high), n)
	},
	"match": func(_ *trial, arg string, got any) bool {
		text, ok := got.(string)
		found, err := regexp.MatchString(arg, text)
		return ok && found && err == nil
	},
}

// checkPattern refuses a pattern that begins with $ and means nothing.
func checkPattern(v any) error {
	switch v := v.(type) {
	case string:
		if !strings.HasPrefix(v, "$") || strings.HasPrefix(v, "$$") || strings.HasPrefix(v, "${") {
			return nil
		}
		name, _, _ := strings.Cut(v[1:], ":")
		if wordPatterns[name] == nil {
			return fmt.Errorf("no pattern %q", v)
		}
	case []any:
		for _, item := range v {
			if err := checkPattern(item); err != nil {
				return err
			}
		}
	case map[string]any:
		for key, item := range v {
			alone := len(v) == 1 && slices.Contains(objectPatterns, key)
			if strings.HasPrefix(key, "$") && key != "$more" && !alone {
				return fmt.Errorf("no pattern %q, or one beside other keys", key)
			}
			if err := checkPattern(item); err != nil {
				return err
			}
		}
	}
	return nil
}

func isInteger(v any) bool {
	n, ok := v.(json.Number)
	return ok && whole.MatchString(string(n))
}

func isTime(v any) bool {
	text, _ := v.(string)
	_, err := time.Parse(time.RFC3339, text)
	return err == nil && strings.HasSuffix(text, "Z") && !strings.Contains(text, ",")
}

func isMicros(v any) bool {
	text, _ := v.(string)
	return isTime(v) && micros.MatchString(text)
}

// equal compares two decoded values; numbers by their letters.
func equal(a, b any) bool { return bytes.Equal(encode(a), encode(b)) }

// less compares two numbers by value, or two texts.
func less(a, b any) bool {
	x, isText := a.(string)
	y, alsoText := b.(string)
	if isText && alsoText {
		return x < y
	}
	n, isNumber := a.(json.Number)
	m, alsoNumber := b.(json.Number)
	if !isNumber || !alsoNumber {
		return false
	}
	r, ok := new(big.Rat).SetString(string(n))
	s, alsoOK := new(big.Rat).SetString(string(m))
	return ok && alsoOK && r.Cmp(s) < 0
}

func differ(path string, want, got any) error {
	return fmt.Errorf("%s: want %s, got %s", path, show(want), show(got))
}

func show(v any) string { return excerpt(encode(v)) }

// excerpt cuts a long text for a report.
func excerpt(text []byte) string {
	const most = 600
	if len(text) <= most {
		return string(text)
	}
	return fmt.Sprintf("%s... (%d bytes)", text[:most], len(text))
}
