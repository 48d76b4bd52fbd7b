package hub

import (
	"cmp"
	"slices"
	"time"

	"hearsay/hub/store"
)

// echoesMost is how many topics' last publications are remembered; when there are more,
// a quarter of them is forgotten, those that were silent longest.
const echoesMost = 256

// An echo is what was published last to one topic, for the doctor: it is remembered once
// when it is published, whoever hears it.
type echo struct {
	said []said // a ring once it is full
	next int    // where the next one goes
	last int64  // when something was said, in nanoseconds
}

// said is one publication.
type said struct {
	at   int64 // in nanoseconds
	from owner
	deaf store.Deaf
	text func(dated bool) []byte
}

// echoes are guarded by Hub.mu.
type echoes map[topic]*echo

func (all echoes) add(t topic, p publication, text func(dated bool) []byte) {
	e := all[t]
	if e == nil {
		if len(all) >= echoesMost {
			all.thin()
		}
		e = &echo{}
		all[t] = e
	}
	e.last = time.Now().UnixNano()
	one := said{e.last, p.from, p.deaf, text}
	if len(e.said) < tapeMost {
		e.said = append(e.said, one)
		return
	}
	e.said[e.next] = one
	e.next = (e.next + 1) % tapeMost
}

func (all echoes) thin() {
	topics := make([]topic, 0, len(all))
	for t := range all {
		topics = append(topics, t)
	}
	slices.SortFunc(topics, func(a, b topic) int { return cmp.Compare(all[a].last, all[b].last) })
	for _, t := range topics[:len(topics)/4] {
		delete(all, t)
	}
}

// heard appends what a socket of an owner has heard on a topic in a time.
func (all echoes) heard(to []said, t topic, not owner, from, until int64) []said {
	e := all[t]
	if e == nil || e.last < from {
		return to
	}
	for _, s := range e.said {
		if s.at >= from && (until == 0 || s.at <= until) && s.from != not && !not.in(s.deaf) {
			to = append(to, s)
		}
	}
	return to
}
