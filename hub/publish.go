package hub

import (
	"runtime"
	"slices"
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
	// batchMost and batchBytes are how much a shard joins before it writes.
	batchMost  = 64
	batchBytes = 64 << 10
)

var (
	deliveries = metrics.NewCounter("hearsay_deliveries_total")
	inboxHigh  = metrics.NewGauge("hearsay_inbox_high", nil)
)

// A shard carries what is published to the sessions that it owns. Its goroutine takes
// what is in its inbox, joins the frames for each session, and writes once to each.
// Who begins and who ceases to listen goes through the same inbox, so that order is
// plain: who listens before a publication hears it.
type shard struct {
	ready chan struct{} // has a value when the inbox has one
	stop  chan struct{} // closed to end the goroutine
	done  chan struct{} // closed when it has ended

	ending sync.Once

	mu    sync.Mutex // guards inbox
	inbox []operation
	room  *sync.Cond // the inbox was emptied

	// Of its goroutine alone.
	topics  map[topic]*audience
	touched []*session // those with frames in their batch
	joined  int        // publications in the batches
	bytes   int
}

// An operation is one of three: a publication, a change of an audience, or a call.
type operation struct {
	topic   topic
	frame   func(*session) packet // of a publication; the same for equal sockets
	size    int                   // of that, about
	from    owner                 // whose sockets do not get it
	session *session              // who begins to listen, or ceases
	listens bool
	call    func() // runs when all before it is written
}

// An audience is a set that is quick to go through.
type audience struct {
	list  []*session
	index map[*session]int
}

func newShards() []*shard {
	all := make([]*shard, max(1, runtime.GOMAXPROCS(0)/2))
	for i := range all {
		sh := &shard{ready: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{}), topics: map[topic]*audience{}}
		sh.room = sync.NewCond(&sh.mu)
		all[i] = sh
		go sh.run()
	}
	return all
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

// settle returns when all that is in the inbox is written.
func (sh *shard) settle() {
	settled := make(chan struct{})
	sh.put(operation{call: func() { close(settled) }})
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
		select {
		case <-sh.ready:
		case <-sh.stop:
			return
		}
		sh.mu.Lock()
		ops, sh.inbox = sh.inbox, ops[:0]
		sh.room.Broadcast()
		sh.mu.Unlock()
		if n := float64(len(ops)); n > inboxHigh.Get() {
			inboxHigh.Set(n)
		}
		for _, o := range ops {
			sh.do(o)
		}
		sh.flush()
		clear(ops)
	}
}

func (sh *shard) do(o operation) {
	switch a := sh.topics[o.topic]; {
	case o.call != nil:
		sh.flush()
		o.call()
	case o.session == nil:
		if a != nil {
			sh.publish(a, o)
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

func (sh *shard) publish(a *audience, o operation) {
	for _, s := range a.list {
		if s.owner() == o.from {
			continue
		}
		if len(s.batch) == 0 {
			sh.touched = append(sh.touched, s)
		}
		s.batch = append(s.batch, o.frame(s))
	}
	sh.joined++
	if sh.bytes += o.size; sh.joined >= batchMost || sh.bytes >= batchBytes {
		sh.flush()
	}
}

// flush writes to each session what is in its batch.
func (sh *shard) flush() {
	var last []packet // what joined is made of
	var joined []byte
	n := 0
	for _, s := range sh.touched {
		frames := []byte(s.batch[0])
		if n += len(s.batch); len(s.batch) > 1 {
			if !slices.EqualFunc(last, s.batch, samePacket) {
				last = append(last[:0], s.batch...)
				joined = slices.Concat(s.batch...)
			}
			frames = joined
		}
		s.push(frames)
		clear(s.batch)
		s.batch = s.batch[:0]
	}
	clear(sh.touched)
	sh.touched, sh.joined, sh.bytes = sh.touched[:0], 0, 0
	deliveries.Add(n)
}

func samePacket(a, b packet) bool { return &a[0] == &b[0] }

func (a *audience) add(s *session) {
	if _, there := a.index[s]; !there {
		a.index[s] = len(a.list)
		a.list = append(a.list, s)
	}
}

func (a *audience) remove(s *session) {
	i, there := a.index[s]
	if !there {
		return
	}
	end := len(a.list) - 1
	last := a.list[end]
	a.list[i], a.index[last] = last, i
	a.list[end] = nil
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

// publish carries a message to all who listen to a topic, but to no socket of from;
// under Hub.mu, so that all receivers see the same order. This is the one place
// where a message goes to many.
func (h *Hub) publish(t topic, from owner, message []byte) {
	h.publishTo(t, from, len(message), encodings(message))
}

// encodings gives what a socket gets of a message: to all the same, but compressed
// for those that take it, if there is one.
func encodings(message []byte) func(*session) packet {
	plain := newPacket(message)
	deflated := sync.OnceValue(func() packet { return newDeflated(message) })
	return func(s *session) packet {
		if s.link.deflates {
			return deflated()
		}
		return plain
	}
}

// publishTo is publish with a choice of packets, and about how large they are.
func (h *Hub) publishTo(t topic, from owner, size int, frame func(*session) packet) {
	for _, sh := range h.shards {
		sh.put(operation{topic: t, from: from, size: size, frame: frame})
	}
}

// waitForRoom waits until the shards have taken most of what was published; under no
// lock, before publishing.
func (h *Hub) waitForRoom() {
	for _, sh := range h.shards {
		sh.wait()
	}
}
