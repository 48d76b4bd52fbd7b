package hub

import (
	"cmp"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"hearsay/hub/wire"
)

// A Rate is a token bucket: Burst at once, then PerSecond. A Burst of 0 is no limit.
type Rate struct {
	Burst     int
	PerSecond float64
}

// String is the form that Set takes: "100,20".
func (r Rate) String() string {
	return fmt.Sprintf("%d,%s", r.Burst, strconv.FormatFloat(r.PerSecond, 'f', -1, 64))
}

// Set parses "BURST,PER_SECOND", or "0" for no limit. With Type it makes a Rate a
// flag's value.
func (r *Rate) Set(text string) error {
	if text == "0" {
		*r = Rate{}
		return nil
	}
	burst, perSecond, _ := strings.Cut(text, ",")
	n, err := strconv.Atoi(burst)
	f, err2 := strconv.ParseFloat(perSecond, 64)
	if err != nil || err2 != nil || n < 0 || !(f >= 0 && f < 1e9) {
		return fmt.Errorf("write it as BURST,PER_SECOND, such as 100,20, or 0 for no limit")
	}
	*r = Rate{n, f}
	return nil
}

// Type is what a flag's help calls the value.
func (r *Rate) Type() string { return "burst,per-second" }

func (r Rate) limiter(factor int) *rate.Limiter {
	if r.Burst == 0 {
		return rate.NewLimiter(rate.Inf, 0)
	}
	return rate.NewLimiter(rate.Limit(r.PerSecond*float64(factor)), r.Burst*factor)
}

// Limits are those of protocol section 11; 0 is no limit, but MaxMessage, MaxText, MaxTextBytes
// and MaxQueue must be more.
type Limits struct {
	Unauthenticated                  Rate // frames of a socket that has not authenticated
	Events, Sends, Subscribes, Tells Rate // of a game's socket
	System                           Rate // of its tells to the hub itself, which are tells too
	ApplicationFactor                int  // how many times that an application's socket may do

	Drops           int // dropped events within a minute that end a socket
	Failures        int // refused authentications within a minute of one address and client id
	FailuresAddress int // and of one address
	Sockets         int // of one game or application
	AllSockets      int

	MaxMessage int // bytes of a message from a client
	MaxText    int // characters of a message in a channel or tell, when cleaned
	// MaxTextBytes is how many bytes such a message has at most: a known client crashes over
	// 8,192 with what comes around it.
	MaxTextBytes int
	MaxQueue     int // bytes that wait for a socket
	History      int // messages that one channels/history gives
}

// maxName is how long a player's name may be, in characters, when cleaned.
const maxName = 64

// DefaultLimits are what the protocol promises.
func DefaultLimits() Limits {
	return Limits{
		Unauthenticated: Rate{50, 10},
		Events:          Rate{100, 20}, Sends: Rate{10, 2}, Subscribes: Rate{5, 1}, Tells: Rate{10, 2}, System: Rate{5, 0.5},
		ApplicationFactor: 10,
		Drops:             100, Failures: 30, FailuresAddress: 300,
		Sockets: 32, AllSockets: 20000,
		MaxMessage: 64 << 10, MaxText: 2000, MaxTextBytes: 6000, MaxQueue: 1 << 20, History: 100,
	}
}

// Limits are those in force; nobody may write to them.
func (h *Hub) Limits() *Limits { return h.limits.Load() }

// SetLimits puts other limits in force. They hold at once, also for the sockets that
// are there, whose buckets are full again; but MaxMessage holds for new sockets.
func (h *Hub) SetLimits(l Limits) {
	if was := h.limits.Load(); was == nil || *was != l {
		h.limits.Store(&l)
	}
}

// buckets are the token buckets of one session. Only the worker that handles the session's
// message uses them, and there is never more than one.
type buckets struct {
	of   *Limits // that they were made by; nil: before the socket has authenticated
	held bool    // the socket was refused, and will be closed after a while

	events, sends, subscribes, tells, system *rate.Limiter

	most  int     // drops within a minute
	drops []int64 // when the last of them were, in nanoseconds, as a ring
	next  int
}

func newBuckets(l *Limits, application bool) *buckets {
	factor := 1
	if application {
		factor = max(1, l.ApplicationFactor)
	}
	return &buckets{
		of:     l,
		events: l.Events.limiter(factor), sends: l.Sends.limiter(factor),
		subscribes: l.Subscribes.limiter(factor), tells: l.Tells.limiter(factor),
		system: l.System.limiter(factor),
		most:   l.Drops,
	}
}

// take takes one token of the bucket of all events, and one of each that the event's own says.
func (b *buckets) take(own wire.Bucket, now time.Time) bool {
	ok := b.events.AllowN(now, 1)
	switch own {
	case wire.BucketSends:
		return b.sends.AllowN(now, 1) && ok
	case wire.BucketSubscribes:
		return b.subscribes.AllowN(now, 1) && ok
	case wire.BucketTells:
		return b.tells.AllowN(now, 1) && ok
	case wire.BucketSystem:
		ok = b.tells.AllowN(now, 1) && ok
		return b.system.AllowN(now, 1) && ok
	}
	return ok
}

// drop notes a dropped event, and reports whether it was one too many.
func (b *buckets) drop(now time.Time) bool {
	if b.most <= 0 {
		return false
	}
	if len(b.drops) < b.most {
		b.drops = append(b.drops, now.UnixNano())
	} else {
		b.drops[b.next] = now.UnixNano()
		b.next = (b.next + 1) % b.most
	}
	if len(b.drops) < b.most {
		return false
	}
	return now.Sub(time.Unix(0, b.drops[b.next])) < time.Minute
}

// A throttle counts failures by key within some time from each key's first one.
type throttle[K comparable] struct {
	within time.Duration // 0: a minute; never changes

	mu     sync.Mutex // guards what follows
	counts map[K]count
	swept  time.Time // when what is over was looked for last
}

// ended reports whether the time of a count is over.
func (t *throttle[K]) ended(c count, now time.Time) bool {
	return now.Sub(c.since) >= cmp.Or(t.within, time.Minute)
}

type count struct {
	n     int
	since time.Time
}

// mostCounts bounds a throttle's memory.
const mostCounts = 50000

// over reports whether key has reached most failures. most 0 is no limit.
func (t *throttle[K]) over(key K, most int, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.counts[key]
	return most > 0 && c.n >= most && !t.ended(c, now)
}

// fail counts one more failure of key, and returns how many there are.
func (t *throttle[K]) fail(key K, now time.Time) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.counts[key]
	if c.n == 0 || t.ended(c, now) {
		c = count{since: now}
		if t.counts == nil {
			t.counts = map[K]count{}
		}
		if len(t.counts) >= mostCounts {
			t.makeRoom(now)
		}
	}
	c.n++
	t.counts[key] = c
	return c.n
}

// makeRoom forgets what is over, which it looks for once within the time, and otherwise the
// oldest of a few counts: a flood of keys must not make the others begin again.
func (t *throttle[K]) makeRoom(now time.Time) {
	if t.ended(count{since: t.swept}, now) {
		t.swept = now
		for key, c := range t.counts {
			if t.ended(c, now) {
				delete(t.counts, key)
			}
		}
	}
	if len(t.counts) < mostCounts {
		return
	}
	var oldest K
	var at time.Time
	looked := 0
	for key, c := range t.counts { // begins anywhere
		if looked == 0 || c.since.Before(at) {
			oldest, at = key, c.since
		}
		if looked++; looked == 8 {
			break
		}
	}
	delete(t.counts, oldest)
}

// network is the part of an address that one client cannot change at will.
func network(a netip.Addr) netip.Addr {
	a = a.Unmap().WithZone("")
	if a.Is6() {
		if p, err := a.Prefix(64); err == nil {
			return p.Addr()
		}
	}
	return a
}
