package hub

import (
	"slices"

	"hearsay/hub/fold"
)

// A roster is a list of players' names that compare by their keys, in the order and
// spelling in which they came. Its zero value is empty.
type roster struct {
	order []string          // keys
	shown map[string]string // key → spelling
}

// newRoster cleans the names that a client reports, and drops what is none.
func newRoster(names []string) roster {
	var r roster
	for _, name := range names {
		if name, reason := cleanName(name); reason == "" {
			r.add(name)
		}
	}
	return r
}

func (r *roster) add(name string) {
	key := fold.Key(name)
	if _, known := r.shown[key]; known {
		return
	}
	if r.shown == nil {
		r.shown = map[string]string{}
	}
	r.shown[key] = name
	r.order = append(r.order, key)
}

// remove reports whether the name was there.
func (r *roster) remove(name string) bool {
	key := fold.Key(name)
	if _, known := r.shown[key]; !known {
		return false
	}
	delete(r.shown, key)
	r.order = slices.DeleteFunc(r.order, func(k string) bool { return k == key })
	return true
}

// find gives the spelling of a name.
func (r *roster) find(name string) (string, bool) {
	spelling, ok := r.shown[fold.Key(name)]
	return spelling, ok
}
