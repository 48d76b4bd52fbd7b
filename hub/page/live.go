package page

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/VictoriaMetrics/metrics"
	"github.com/a-h/templ"

	"hearsay/assets"
	"hearsay/hub/quota"
	"hearsay/hub/store"
)

const (
	// liveEvery is how often a topic is looked at, if it does not say.
	liveEvery = time.Second
	// liveAlive is how often a listener hears something, so that proxies leave the
	// connection open, and how often it is asked whether it still may listen.
	liveAlive = 15 * time.Second
	// liveWrite is how long a browser may take for one frame.
	liveWrite = 10 * time.Second
	// liveMost is how many listeners there may be, and liveNetwork how many of one network.
	liveMost    = 1000
	liveNetwork = 200
)

// Asked for here so that a missing file stops the program at its start.
var (
	liveJS = assets.URL("live.js")
	htmxJS = assets.URL("vendor/htmx.min.js")
	sseJS  = assets.URL("vendor/hx-sse.min.js")
	cspJS  = assets.URL("vendor/hx-csp.min.js")
)

var (
	liveListeners  = metrics.NewGauge("hearsay_live_listeners", nil)
	liveRenderings = metrics.NewCounter("hearsay_live_renderings_total")
)

// A Topic is what a part of a page shows, and keeps showing as it changes; make it with
// Showing, then perhaps change the rest.
type Topic struct {
	load  func(context.Context, url.Values) (any, error)
	show  func(any) []Part
	reads []string // parameters of the query that load gets

	Who   Access                                    // who may look, of those who may see the page at all; zero: all
	Every time.Duration                             // the least time between two looks; 0: liveEvery
	Watch func() (wake <-chan struct{}, end func()) // nil: look every time; else only when woken
	Over  func(any) bool                            // reports whether that is the last that there is to show; nil: never

	own bool // of ShowingOwn
}

// A Part of what a topic shows goes to browsers when it is another than it was; of its rows
// (see row) only those that are others, if nothing else has changed.
type Part struct {
	ID   string // of the element whose children it is; "": those of the live one
	HTML templ.Component
}

// Showing makes a topic of one part. load reads what there is to show, given those parameters of
// the address that reads names; show renders it, and is not asked when load gives the same again
// (reflect.DeepEqual). Both work for all who look at once, so neither may depend on who
// that is. Addresses that differ in other parameters are the same topic.
func Showing[T any](load func(context.Context, url.Values) (T, error), show func(T) templ.Component, reads ...string) Topic {
	return ShowingParts(load, func(data T) []Part { return []Part{{HTML: show(data)}} }, reads...)
}

// ShowingParts makes a topic of several parts: those of a page that change seldom are not
// sent with those that change all the time. They are the same ones, in the same order,
// each time.
func ShowingParts[T any](load func(context.Context, url.Values) (T, error), show func(T) []Part, reads ...string) Topic {
	return Topic{
		load:  func(ctx context.Context, q url.Values) (any, error) { return load(ctx, q) },
		show:  func(data any) []Part { return show(data.(T)) },
		reads: reads,
	}
}

// ShowingOwn makes a topic of which every user has one of their own: load gets the id of
// who is signed in, and nothing of the address, so that nobody can ask for another's.
func ShowingOwn[T any](load func(ctx context.Context, user int64) (T, error), show func(T) []Part) Topic {
	t := ShowingParts(func(ctx context.Context, q url.Values) (data T, err error) {
		user, err := strconv.ParseInt(q.Get("user"), 10, 64)
		if err != nil {
			return data, err
		}
		return load(ctx, user)
	}, show)
	t.Who, t.own = Person, true
	return t
}

// Topics are what pages show live, served as server-sent events. What is looked at is
// read and rendered by one goroutine for all who look at the same, and what nobody looks
// at by none.
type Topics struct {
	all   map[string]Topic
	stop  <-chan struct{} // closed when listeners are to leave; nil: never
	log   *slog.Logger
	alive time.Duration // liveAlive

	mu        sync.Mutex // guards what follows
	streams   map[string]*stream
	listeners int
	networks  map[string]int // listeners of each, by quota.Network
}

// A stream is one topic with one query, while somebody listens.
type stream struct {
	key       string
	newest    atomic.Pointer[edition]
	listeners int // guarded by topics.mu
	cancel    context.CancelFunc
	done      chan struct{} // closed when the goroutine has ended
}

// An edition is what there is to show at one time, as the bytes that every listener gets.
type edition struct {
	number int // 0: there is nothing yet
	parts  []printed
	last   bool          // nothing will change any more
	next   chan struct{} // closed when there is a newer one
}

// A printed part is an event, and perhaps a shorter one for those who had the part as it was
// before.
type printed struct {
	html  []byte
	sheet sheet
	whole *piece
	delta *piece // nil: there is none
	since int    // the edition that first had it like this
	from  int    // the one that first had it as it was before
}

// news is what is not in the edition that a listener had before; 0: it had none.
func (e *edition) news(before int) (all []*piece) {
	for _, p := range e.parts {
		switch {
		case p.since <= before:
		case p.delta != nil && before >= p.from:
			all = append(all, p.delta)
		default:
			all = append(all, p.whole)
		}
	}
	return all
}

// NewTopics makes topics; listeners leave when stop is closed.
func NewTopics(all map[string]Topic, stop <-chan struct{}, log *slog.Logger) *Topics {
	return &Topics{all: all, stop: stop, log: log, alive: liveAlive, streams: map[string]*stream{}, networks: map[string]int{}}
}

// ServeLive sends what a live part of a page shows; least is who may see such pages. Those of
// one game have its {name} in their path, which the topics get as the query's name.
func (p *Pages) ServeLive(l *Topics, least Access) Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		return l.serve(w, r, quota.Network(p.o.Remote(r)), func(who Access) error {
			if least == Anyone && who == Anyone {
				return nil // nobody needs to be known
			}
			v, err := p.Visitor(r)
			for _, one := range []Access{least, who} {
				if err == nil {
					err = p.may(r, v, one)
				}
			}
			return err
		})
	}
}

// refused reports whether an error of may says that somebody may not listen, not that nobody
// can tell.
func refused(err error) bool {
	return errors.Is(err, errSignedOut) || errors.Is(err, ErrForbidden) || errors.Is(err, store.ErrNotFound)
}

// query has the parameters of the request that the topic reads.
func (t Topic) query(r *http.Request) url.Values {
	query, all := url.Values{}, r.URL.Query()
	if game := r.PathValue("name"); game != "" {
		all.Set("name", game)
	}
	for _, name := range t.reads {
		if value := all.Get(name); value != "" {
			query.Set(name, value)
		}
	}
	return query
}

// serve sends the topic in the path until the browser goes, the server stops, or may gives an
// error. A listener that is slow misses editions: it always gets the newest.
func (l *Topics) serve(w http.ResponseWriter, r *http.Request, network string, may func(Access) error) error {
	name := r.PathValue("topic")
	t, there := l.all[name]
	if !there {
		return store.Missing{Noun: "topic", Key: name}
	}
	if err := may(t.Who); refused(err) {
		return ErrForbidden
	} else if err != nil {
		return err
	}
	query := t.query(r)
	if t.own {
		v := Who(r)
		if !v.SignedIn() {
			return errSignedOut
		}
		query = url.Values{"user": {strconv.FormatInt(v.User.ID, 10)}}
	}
	st, full := l.join(name+"?"+query.Encode(), t, query, network)
	if st == nil {
		w.Header().Set("Retry-After", "60")
		Plain(w, full, "too many pages are open")
		return nil
	}
	defer l.leave(st, network)

	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no") // nginx would wait for more
	out := http.NewResponseController(w)
	defer out.SetWriteDeadline(time.Time{})       // another request may come on the connection
	stream := encoder{zips: !t.own && zips(h, r)} // what is somebody's own may be secret
	if stream.zips {
		h.Set("Content-Encoding", "gzip")
	}
	write := func(bytes []byte) bool {
		_ = out.SetWriteDeadline(time.Now().Add(liveWrite)) // a writer that has none is no network's
		_, err := w.Write(bytes)
		return err == nil && out.Flush() == nil
	}
	send := func(pieces ...*piece) bool { return write(stream.next(pieces...)) }
	defer func() {
		if end := stream.end(); end != nil && r.Context().Err() == nil {
			write(end)
		}
	}()
	// listens reports whether the browser still may; without an answer it asks for the topic
	// again, and is looked at then.
	listens := func() bool {
		err := may(t.Who)
		if refused(err) {
			send(signedOutPiece)
		}
		return err == nil
	}
	alive := time.NewTicker(l.alive)
	defer alive.Stop()
	now := st.newest.Load()
	next := []*piece{keepAlivePiece}
	if now.number > 0 {
		next = now.news(0)
	}
	for send(next...) && !now.last {
		select {
		case <-now.next:
			before := now.number
			now = st.newest.Load()
			next = now.news(before)
		case <-alive.C:
			next = []*piece{keepAlivePiece}
		case <-r.Context().Done():
			return nil
		case <-l.stop:
			return nil
		}
		if !listens() { // what is new is not for people who are signed out meanwhile
			return nil
		}
	}
	return nil
}

// join adds a listener of a network. If there are too many it gives nil, and the status that
// says whether that is because of the network.
func (l *Topics) join(key string, t Topic, q url.Values, network string) (st *stream, full int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.networks[network] >= liveNetwork:
		return nil, http.StatusTooManyRequests
	case l.listeners >= liveMost:
		return nil, http.StatusServiceUnavailable
	}
	st = l.streams[key]
	if st == nil {
		ctx, cancel := context.WithCancel(context.Background())
		st = &stream{key: key, cancel: cancel, done: make(chan struct{})}
		st.newest.Store(&edition{next: make(chan struct{})})
		l.streams[key] = st
		go l.run(ctx, st, t, q)
	}
	st.listeners++
	l.listeners++
	l.networks[network]++
	liveListeners.Inc()
	return st, 0
}

// leave takes a listener away. With the last one the stream ends, before leave returns.
func (l *Topics) leave(st *stream, network string) {
	l.mu.Lock()
	st.listeners--
	l.listeners--
	if l.networks[network]--; l.networks[network] == 0 {
		delete(l.networks, network)
	}
	last := st.listeners == 0
	if last {
		delete(l.streams, st.key)
	}
	l.mu.Unlock()
	liveListeners.Dec()
	if last {
		st.cancel()
		<-st.done
	}
}

// run keeps a stream's edition up to date.
func (l *Topics) run(ctx context.Context, st *stream, t Topic, q url.Values) {
	defer close(st.done)
	var wake <-chan struct{}
	if t.Watch != nil {
		var end func()
		wake, end = t.Watch()
		defer end()
	}
	rest := time.NewTicker(cmp.Or(t.Every, liveEvery))
	defer rest.Stop()
	var last any
	faulty := false
	for {
		data, next, err := t.edition(ctx, q, st.newest.Load(), last)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			last, faulty = data, false
			if next != nil {
				close(st.newest.Swap(next).next)
				if next.last {
					return
				}
			}
		case !faulty && !errors.Is(err, store.ErrNotFound): // what is looked at may have been removed
			faulty = true
			l.log.Error("a live part of a page cannot be made", "topic", st.key, "err", err)
		}
		select {
		case <-rest.C:
		case <-ctx.Done():
			return
		}
		if wake == nil || err != nil && !errors.Is(err, store.ErrNotFound) {
			continue
		}
		select {
		case <-wake:
		case <-ctx.Done():
			return
		}
	}
}

// edition gives what there is to show, and the edition that shows it, or nil if now does.
func (t Topic) edition(ctx context.Context, q url.Values, now *edition, last any) (data any, next *edition, err error) {
	defer func() {
		if p := recover(); p != nil { // net/http would, for a handler
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	data, err = t.load(ctx, q)
	if err != nil || now.number > 0 && reflect.DeepEqual(data, last) {
		return data, nil, err
	}
	liveRenderings.Inc()
	next = &edition{number: now.number + 1, next: make(chan struct{}), last: t.Over != nil && t.Over(data)}
	changed := next.last
	for i, p := range t.show(data) {
		one := printed{since: next.number}
		if one.html, err = p.print(ctx); err != nil {
			return data, nil, err
		}
		if i < len(now.parts) && bytes.Equal(one.html, now.parts[i].html) {
			one = now.parts[i]
		} else {
			changed = true
			one.whole, one.sheet = newPiece(event("", one.html)), newSheet(one.html)
			if i < len(now.parts) {
				one.compare(now.parts[i])
			}
		}
		next.parts = append(next.parts, one)
	}
	if next.last {
		next.parts = append(next.parts, printed{whole: newPiece(event(liveEnd, nil)), since: next.number})
	}
	if !changed {
		next = nil
	}
	return data, next, nil
}

// compare looks whether the part can be made of what it was before by sending less than all.
func (p *printed) compare(before printed) {
	if delta := changes(before.sheet, p.sheet); delta != nil && len(delta) < len(p.html) {
		p.delta, p.from = newPiece(event("", delta)), before.since
	}
}

// print makes HTML of a part, as it is sent.
func (p Part) print(ctx context.Context) ([]byte, error) {
	var b bytes.Buffer
	if p.ID != "" {
		fmt.Fprintf(&b, `<hx-partial hx-target="#%s" hx-swap="innerMorph">`, p.ID)
	}
	if err := p.HTML.Render(ctx, &b); err != nil {
		return nil, err
	}
	if p.ID != "" {
		b.WriteString(`</hx-partial>`)
	}
	return b.Bytes(), nil
}

var (
	// keepAlive is an event, not a comment: assets/live.js must hear it.
	keepAlive      = []byte("event: alive\ndata:\n\n")
	keepAlivePiece = newPiece(keepAlive)
	signedOutPiece = newPiece(signedOut)
	// signedOut also has the page leave, so that it does not ask again and again.
	signedOut = append(event("", []byte(`<p role="alert">You are signed out. <a href="">Sign in again</a> to see more.</p>`)),
		event(liveEnd, nil)...)
)

// liveEnd is the event that ends a page's listening.
const liveEnd = "end"

// event makes an event: its data replaces what the page shows, unless it has a name.
func event(name string, data []byte) []byte {
	var b bytes.Buffer
	if name != "" {
		fmt.Fprintf(&b, "event: %s\n", name)
	}
	data = bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))
	data = bytes.ReplaceAll(data, []byte("\r"), []byte("\n"))
	for line := range bytes.SplitSeq(data, []byte("\n")) {
		fmt.Fprintf(&b, "data: %s\n", line)
	}
	b.WriteByte('\n')
	return b.Bytes()
}

// LiveAttributes make an element show a topic: path is "/admin/live/TOPIC?QUERY". Its
// children, as the page was made, are what people without JavaScript see; each edition of
// the topic takes their place. They must not hold what a person changes, such as a form or
// a details element that was opened, nor other live elements.
func LiveAttributes(ctx context.Context, path string) templ.Attributes {
	return templ.Attributes{
		"hx-sse:connect": path,
		"hx-sse:close":   liveEnd,
		"hx-swap":        "innerMorph",
		"hx-nonce":       templ.GetNonce(ctx),
	}
}
