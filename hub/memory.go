package hub

import (
	"cmp"
	"net/netip"
	"slices"
	"sync"
	"time"

	"hearsay/hub/store"
	"hearsay/hub/wire"
)

// What is remembered of each game and application, and of how many.
const (
	memoriesMost  = 20000 // when there are more, a quarter is forgotten, those without news for longest
	keptMost      = 128   // of them have the frames of a socket that is closed
	failuresMost  = 10
	strangersMost = 50
	endingsMost   = 5
	mistakesMost  = 20
	refusedMost   = 10
	denialsMost   = 20
	nameMost      = 40  // bytes of an event's name, or of a channel's that was refused
	reasonMost    = 100 // bytes of an error
)

// again is how long after the last one a failure counts as one more of the same.
const again = 10 * time.Minute

// memories are what the hub remembers of games and applications beyond their sockets,
// for the doctor: what went wrong, and how sockets ended. It is lost when the hub stops.
// Only what exists has a memory; what strangers try is one short list.
type memories struct {
	mu        sync.Mutex // guards what follows; a leaf
	of        map[owner]*memory
	clients   map[string]store.Peer // of client ids that have failed
	kept      []owner               // who has the frames of a closed socket, the oldest first
	strangers []Failure             // the oldest first
}

// A memory is that of one game or application.
type memory struct {
	news      time.Time
	clientID  string    // if it has failed
	failures  []Failure // the oldest first
	endings   []Ending  // the oldest first
	last      *sight    // of the socket that was closed last
	mistakes  map[wire.Mistake]*Tally
	refused   []Refused
	denials   []CountedDenial // that of the last refusal is the last
	drops     Tally
	overflows Tally
}

// A Tally is how often something happened, and when last.
type Tally struct {
	Count int
	Last  time.Time
	What  string // the last, where it says more
}

func (t *Tally) add(what string, now time.Time) { *t = Tally{t.Count + 1, now, what} }

// A Failure is an authentication that failed, or several of the same.
type Failure struct {
	Count       int
	First, Last time.Time
	Remote      netip.Addr
	ClientID    string // of a stranger the beginning: it might be a secret in the wrong place
	Why         Why
	Ended       time.Time // of EndedSecret
	Frame       string    // the last message, without secrets
	Mistakes    []wire.Mistake
}

// Why is the reason of a failure.
type Why uint8

// The reasons.
const (
	NoCredentials Why = iota // no client id or secret in the message
	UnknownClient
	WrongSecret
	EndedSecret // it was good until the end of a rotation
	NoSupports
	NoChannels
	UnknownSupports
	Suspended
	TooManySockets
	TooManyFailures
	NeverAuthenticated // the socket was silent until it was closed
)

func whySupports(problem string) Why {
	switch problem {
	case wire.ErrorMissingSupports:
		return NoSupports
	case wire.ErrorMustSupport:
		return NoChannels
	}
	return UnknownSupports
}

// A Refused is the name of a channel that could not be subscribed to.
type Refused struct {
	Channel string
	ByCase  bool // it differs from that of a channel only by case
	Last    time.Time
}

// An Ending is how a socket of a game or application ended.
type Ending struct {
	Opened, At time.Time
	Remote     netip.Addr
	Code       int
	Reason     string
	ByClient   bool
	Quiet      time.Duration // since the last frame either way
}

// memory finds or makes that of an owner; under mu.
func (m *memories) memory(o owner, now time.Time) *memory {
	one := m.of[o]
	if one == nil {
		if len(m.of) >= memoriesMost {
			m.thin()
		}
		one = &memory{}
		m.of[o] = one
	}
	one.news = now
	return one
}

func (m *memories) thin() {
	owners := make([]owner, 0, len(m.of))
	for o := range m.of {
		owners = append(owners, o)
	}
	slices.SortFunc(owners, func(a, b owner) int { return cmp.Compare(m.of[a].news.UnixNano(), m.of[b].news.UnixNano()) })
	for _, o := range owners[:len(owners)/4] {
		m.drop(o)
	}
}

// forget drops what is remembered of a game or application that is gone.
func (m *memories) forget(o owner) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.drop(o)
}

func (m *memories) drop(o owner) {
	if one := m.of[o]; one != nil {
		delete(m.clients, one.clientID)
		delete(m.of, o)
	}
}

// failed remembers a failed authentication with the client id of a peer.
func (m *memories) failed(p store.Peer, f Failure) {
	m.mu.Lock()
	defer m.mu.Unlock()
	one := m.memory(owner{p.Application, p.ID}, f.Last)
	delete(m.clients, one.clientID)
	one.clientID = f.ClientID
	m.clients[f.ClientID] = p
	one.failures = addFailure(one.failures, f, failuresMost)
	m.mistake(one, f.Mistakes, f.Last)
}

// throttled remembers one that was not looked at, and returns whose client id it is. That
// is only known of those that failed before; the ID of another is 0.
func (m *memories) throttled(f Failure) store.Peer {
	m.mu.Lock()
	defer m.mu.Unlock()
	p, known := m.clients[f.ClientID]
	if !known {
		m.stranger(f)
		return store.Peer{}
	}
	one := m.memory(owner{p.Application, p.ID}, f.Last)
	one.failures = addFailure(one.failures, f, failuresMost)
	return p
}

// strange remembers a failure that is nobody's.
func (m *memories) strange(f Failure) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.stranger(f)
}

func (m *memories) stranger(f Failure) {
	f.ClientID = beginning(f.ClientID)
	m.strangers = addFailure(m.strangers, f, strangersMost)
}

// beginning is what is shown of a client id that is nobody's: it might be a secret in the
// wrong place.
func beginning(clientID string) string {
	if len(clientID) > 8 {
		return clientID[:8] + "…"
	}
	return clientID
}

// addFailure adds one to the end of a list, with those that it is one more of.
func addFailure(list []Failure, f Failure, most int) []Failure {
	f.Count, f.First = 1, f.Last
	i := slices.IndexFunc(list, func(other Failure) bool {
		return other.Remote == f.Remote && other.Why == f.Why && other.ClientID == f.ClientID
	})
	if i >= 0 {
		if was := list[i]; f.Last.Sub(was.Last) <= again {
			f.Count, f.First = was.Count+1, was.First
		}
		list = slices.Delete(list, i, i+1)
	} else if len(list) == most {
		list = slices.Delete(list, 0, 1)
	}
	return append(list, f)
}

// mistaken remembers what a client has misunderstood.
func (m *memories) mistaken(o owner, all []wire.Mistake) {
	if len(all) == 0 {
		return
	}
	now := time.Now()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.mistake(m.memory(o, now), all, now)
}

func (m *memories) mistake(one *memory, all []wire.Mistake, now time.Time) {
	for _, mistake := range all {
		tally := one.mistakes[mistake]
		if tally == nil {
			if one.mistakes == nil {
				one.mistakes = map[wire.Mistake]*Tally{}
			}
			if len(one.mistakes) >= mistakesMost {
				delete(one.mistakes, one.stalest())
			}
			tally = &Tally{}
			one.mistakes[mistake] = tally
		}
		tally.add("", now)
	}
}

// stalest is the mistake that was not met for longest.
func (one *memory) stalest() (stalest wire.Mistake) {
	var at time.Time
	for mistake, tally := range one.mistakes {
		if at.IsZero() || tally.Last.Before(at) {
			stalest, at = mistake, tally.Last
		}
	}
	return stalest
}

// refused remembers the name of a channel that could not be subscribed to.
func (m *memories) refused(o owner, channel string, byCase bool) {
	if len(channel) > nameMost {
		channel = channel[:nameMost] + "…"
	}
	now := time.Now()
	m.mu.Lock()
	defer m.mu.Unlock()
	one := m.memory(o, now)
	one.refused = slices.DeleteFunc(one.refused, func(r Refused) bool { return r.Channel == channel })
	if len(one.refused) == refusedMost {
		one.refused = slices.Delete(one.refused, 0, 1)
	}
	one.refused = append(one.refused, Refused{channel, byCase, now})
}

// dropped remembers that an event was over a limit.
func (m *memories) dropped(o owner, event string, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.memory(o, now).drops.add(event[:min(len(event), nameMost)], now)
}

// ended remembers how a socket ended, and what it was like.
func (m *memories) ended(o owner, e Ending, last *sight) {
	m.mu.Lock()
	defer m.mu.Unlock()
	one := m.memory(o, e.At)
	if len(one.endings) == endingsMost {
		one.endings = slices.Delete(one.endings, 0, 1)
	}
	one.endings = append(one.endings, e)
	if e.Reason == tooSlow {
		one.overflows.add("", e.At)
	}
	one.last = last
	m.kept = slices.DeleteFunc(m.kept, func(other owner) bool { return other == o })
	if len(m.kept) == keptMost {
		if oldest := m.of[m.kept[0]]; oldest != nil {
			oldest.last = nil
		}
		m.kept = slices.Delete(m.kept, 0, 1)
	}
	m.kept = append(m.kept, o)
}
