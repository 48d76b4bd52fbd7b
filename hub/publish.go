package hub

import (
	"runtime"
	"sync"

	"github.com/VictoriaMetrics/metrics"

	"hearsay/hub/store"
)

// A topic is what sockets listen to: a channel, or the notices of a flag.
type topic struct {
	kind    topicKind
	channel store.ChannelID // of topicChannel
}

type topicKind int

const (
	topicChannel     topicKind = iota
	topicAllChannels           // applications hear every channel
	topicPlayers
	topicGames
)

const (
	// inboxMost is how many operations may wait for a shard before senders wait.
	inboxMost = 4096
	// batchMost and batchBytes are how much may gather for a session before it is written.
	batchMost  = 64
	batchBytes = 64 << 10
	// longRound is how many sessions make a round that is worth a thread of its own.
	longRound = 256
)

var (
	deliveries = metrics.NewCounter("hearsay_deliveries_total")
	inboxHigh  = newHighMark("hearsay_inbox_high")
)

// A shard carries what is published to the sessions that it owns. Its goroutine goes
// round: it writes to one session after another all that has gathered for it, and
// between two writes it takes what has come into its inbox, which gathers for those
// that come later in the round and puts the others at its end again. So when much is
// said, a session gets it in one write a round, and what is said waits for one round at
// most.
//
// Who begins and who ceases to listen goes through the same inbox, so that order is
// plain: who listens before a publication hears it.
type shard struct {
	ready chan struct{} // has a value when the inbox has something
	stop  chan struct{} // closed to end the goroutine
	done  chan struct{} // closed when it has ended

	ending sync.Once

	mu    sync.Mutex // guards inbox
	inbox []operation
	room  *sync.Cond // the inbox was emptied

	// Of its goroutine alone.
	topics  map[topic]*audience
	empty   *batch     // that others grow from
	round   []*session // whom something may have gathered for, those who wait longest first
	at      int        // whose turn it is
	written int        // frames that are not yet counted as deliveries
	pinned  bool       // to a thread
}

// An operation is one of three: a publication, a change of an audience, or a call.
type operation struct {
	publication
	topic   topic
	session *session // who begins to listen, or ceases, or is called for
	listens bool
	call    func() // runs when all before it is written to the session
}

// A publication is what goes to all who listen to a topic, but for some.
type publication struct {
	frame func(variant) packet // always the same for one variant
	from  owner                // whose sockets do not get it
	deaf  store.Deaf           // nor do theirs
}

// A variant is the form in which a socket gets what is published.
type variant uint8

const (
	dated    variant = 1 << iota // messages of channels have an id and a time
	deflated                     // compressed
	variants = 1 << iota
)

// An audience is a set that is quick to go through.
type audience struct {
	list  []listener
	index map[*session]int
}

// A listener is a session, with what a publication has to know of it: most of them
// are passed by without a look at the session.
type listener struct {
	session *session
	owner   owner
	variant variant
}

// A batch is frames that leave in one write. Each is one frame longer than the one
// that it grew from, and sessions that get the same share it: so to give a frame to
// a session is to move a pointer, and a thousand sessions join their frames once.
type batch struct {
	from   *batch // nil: the empty one
	last   packet
	grown  []*batch // those that are one frame longer
	frames int
	size   int
	joined []byte // when somebody has wanted it
}

func (b *batch) grow(p packet) *batch {
	for _, g := range b.grown {
		if &g.last[0] == &p[0] {
			return g
		}
	}
	g := &batch{from: b, last: p, frames: b.frames + 1, size: b.size + len(p)}
	b.grown = append(b.grown, g)
	return g
}

// bytes are the frames, joined; not of the empty one.
func (b *batch) bytes() []byte {
	if b.frames == 1 {
		return b.last
	}
	if b.joined == nil {
		b.joined = make([]byte, b.size)
		for part := b; part.from != nil; part = part.from {
			copy(b.joined[part.from.size:], part.last)
		}
	}
	return b.joined
}

func newShards() []*shard {
	all := make([]*shard, max(1, runtime.GOMAXPROCS(0)/2))
	for i := range all {
		all[i] = newShard()
		go all[i].run()
	}
	return all
}

func newShard() *shard {
	sh := &shard{ready: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{}), topics: map[topic]*audience{}}
	sh.room = sync.NewCond(&sh.mu)
	return sh
}

// put adds an operation; it never blocks.
func (sh *shard) put(o operation) {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	sh.inbox = append(sh.inbox, o)
	signal(sh.ready)
}

// wait waits until the inbox has room.
func (sh *shard) wait() {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	for len(sh.inbox) >= inboxMost {
		sh.room.Wait()
	}
}

// settle returns when all that is in the inbox for a session is written.
func (sh *shard) settle(s *session) {
	settled := make(chan struct{})
	sh.put(operation{session: s, call: func() { close(settled) }})
	<-settled
}

// end ends the goroutine; it may be called again.
func (sh *shard) end() {
	sh.ending.Do(func() { close(sh.stop) })
	<-sh.done
}

func (sh *shard) run() {
	defer close(sh.done)
	var ops []operation
	for {
		if sh.at < len(sh.round) && len(sh.ready) == 0 {
			sh.turn()
			continue
		}
		deliveries.Add(sh.written)
		sh.written = 0
		if sh.at == len(sh.round) {
			sh.pin()
		}
		select {
		case <-sh.ready:
			ops = sh.take(ops)
		case <-sh.stop:
			return
		}
	}
}

// pin keeps the goroutine on the thread, and so mostly on the core, that knows its sockets,
// from one long round to the next. Short rounds are sooner done by whoever is awake.
func (sh *shard) pin() {
	switch long := len(sh.round) >= longRound; {
	case long && !sh.pinned:
		runtime.LockOSThread()
		sh.pinned = true
	case !long && sh.pinned:
		runtime.UnlockOSThread()
		sh.pinned = false
	}
}

// turn writes to the session whose turn it is.
func (sh *shard) turn() {
	s := sh.round[sh.at]
	sh.round[sh.at] = nil
	sh.at++
	s.waits = false
	sh.write(s)
}

// take does what is in the inbox. It gives back what it used, for the next time.
func (sh *shard) take(ops []operation) []operation {
	sh.mu.Lock()
	ops, sh.inbox = sh.inbox, ops[:0]
	sh.room.Broadcast()
	sh.mu.Unlock()
	inboxHigh.raise(len(ops))
	if sh.at > len(sh.round)/2 { // those who had their turn
		n := copy(sh.round, sh.round[sh.at:])
		clear(sh.round[n:])
		sh.round, sh.at = sh.round[:n], 0
	}
	sh.empty = &batch{}
	for _, o := range ops {
		sh.do(o)
	}
	clear(ops)
	return ops
}

func (sh *shard) do(o operation) {
	switch a := sh.topics[o.topic]; {
	case o.call != nil:
		if o.session != nil {
			sh.write(o.session)
		}
		o.call()
	case o.session == nil:
		if a != nil {
			sh.publish(a, o.publication)
		}
	case o.listens:
		if a == nil {
			a = &audience{index: map[*session]int{}}
			sh.topics[o.topic] = a
		}
		a.add(o.session)
	case a != nil:
		a.remove(o.session)
		if len(a.list) == 0 {
			delete(sh.topics, o.topic)
		}
	}
}

func (sh *shard) publish(a *audience, o publication) {
	var packets [variants]packet
	for _, l := range a.list {
		if l.owner == o.from || o.deaf != nil && l.owner.in(o.deaf) {
			continue
		}
		p := packets[l.variant]
		if p == nil {
			p = o.frame(l.variant)
			packets[l.variant] = p
		}
		sh.gather(l.session, p)
	}
}

// gather adds a frame to what is written to a session when its turn comes.
func (sh *shard) gather(s *session, p packet) {
	if s.batch == nil {
		s.batch = sh.empty
	}
	s.batch = s.batch.grow(p)
	if !s.waits {
		s.waits = true
		sh.round = append(sh.round, s)
	}
	if s.batch.frames >= batchMost || s.batch.size >= batchBytes {
		sh.write(s)
	}
}

// write writes to a session what has gathered for it, if something has.
func (sh *shard) write(s *session) {
	if s.batch == nil {
		return
	}
	s.push(s.batch.bytes())
	sh.written += s.batch.frames
	s.batch = nil
}

func (a *audience) add(s *session) {
	if _, there := a.index[s]; !there {
		a.index[s] = len(a.list)
		a.list = append(a.list, listener{s, s.owner(), s.variant()})
	}
}

func (a *audience) remove(s *session) {
	i, there := a.index[s]
	if !there {
		return
	}
	end := len(a.list) - 1
	last := a.list[end]
	a.list[i], a.index[last.session] = last, i
	a.list[end] = listener{}
	a.list = a.list[:end]
	delete(a.index, s)
}

// listen adds a session to a topic; under Hub.mu.
func (h *Hub) listen(t topic, s *session) {
	s.shard.put(operation{topic: t, session: s, listens: true})
}

// unlisten takes it off; under Hub.mu.
func (h *Hub) unlisten(t topic, s *session) {
	s.shard.put(operation{topic: t, session: s})
}

// publish carries a message to all who listen to a topic, but to no socket of from nor of
// the deaf; under Hub.mu, so that all receivers see the same order. This is the one place
// where a message goes to many.
func (h *Hub) publish(t topic, from owner, deaf store.Deaf, message []byte) {
	text := func(bool) []byte { return message }
	h.publishTo(t, publication{packets(text), from, deaf}, text)
}

// publishTo is publish for a message in more than one form; text makes what is
// remembered of it.
func (h *Hub) publishTo(t topic, p publication, text func(dated bool) []byte) {
	h.echoes.add(t, p, text)
	for _, sh := range h.shards {
		sh.put(operation{topic: t, publication: p})
	}
}

// packets gives a message in every form, each made once, when somebody wants it.
func packets(encode func(dates bool) []byte) func(variant) packet {
	var all [variants]func() packet
	for v := range variant(variants) {
		all[v] = sync.OnceValue(func() packet {
			return appendPacket(nil, encode(v&dated != 0), v&deflated != 0)
		})
	}
	return func(v variant) packet { return all[v]() }
}

// waitForRoom waits until the shards have taken most of what was published; under no
// lock, before publishing.
func (h *Hub) waitForRoom() {
	for _, sh := range h.shards {
		sh.wait()
	}
}
