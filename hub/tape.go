package hub

import (
	"math"
	"slices"
	"sync"
	"time"

	"hearsay/hub/wire"
)

const (
	// tapeMost is how many frames are remembered of a socket, and of a topic.
	tapeMost = 50
	// tapeBytes bounds the texts of a socket's frames.
	tapeBytes = 16 << 10
	// takeBytes is how much is remembered of one frame, beatBytes of a heartbeat's
	// answer, and listBytes of a frame of a list or sync.
	takeBytes, beatBytes, listBytes = 1 << 10, 256, 256
	// looksMost is how many of a socket's messages are looked at for mistakes though
	// nothing was wrong.
	looksMost = 50
	// spansMost is how many changes of what a socket listens to are remembered.
	spansMost = 32
)

// A tape remembers the last frames of one active socket, for the doctor: what came, and
// what was sent to it alone. What was published to many is remembered once for all, as
// echoes. An idle socket has a tape of less than 400 bytes.
type tape struct {
	opened int64 // when the socket became active, in nanoseconds

	// Of the one worker that handles a message.
	looks  uint8 // messages that were looked at
	failed bool  // the request at hand

	mu    sync.Mutex // guards what follows; a leaf
	bytes int32      // of the texts of takes
	takes []take     // the oldest first
	rare  *rarity    // nil while there is nothing in it
}

// A rarity is of a tape what most sockets have none of.
type rarity struct {
	spans []span        // other times of listening than from opened on until now
	skew  time.Duration // of the clock that the client dated its last tell by
}

// A take is a frame, or a run of heartbeats and their answers.
type take struct {
	at        int64  // of the last, in nanoseconds
	text      string // of a run that of the last answer
	asked     uint16 // heartbeats of a run
	answered  uint16
	heartbeat bool
	received  bool   // from the client
	refused   uint16 // bytes at the end of text that are the error it was refused with
}

// A span is a time in which a socket listened to a topic.
type span struct {
	topic       topic
	from, until int64 // until 0: it still does
}

// newTape begins with the message that let a socket in, as it may be seen.
func newTape(authenticate string) *tape {
	t := &tape{opened: time.Now().UnixNano(), takes: make([]take, 0, 3)}
	t.add(take{text: authenticate, received: true})
	t.add(take{text: welcomeText})
	return t
}

// received remembers a client's message.
func (t *tape) received(message []byte, f wire.Frame, err error) {
	if err == nil && f.Event == wire.Heartbeat {
		t.answer(message, f)
		return
	}
	text := wire.Show(message, f, err, takeBytes)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.add(take{text: text, received: true})
}

// sent remembers a message to this socket alone. It is nothing before the socket is active.
func (t *tape) sent(message []byte, most int) {
	if t == nil {
		return
	}
	text := ""
	if len(message) > most {
		text = string(message[:most]) + "…"
	} else {
		text = string(message)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.add(take{text: text})
}

// refuse marks the message at hand, which is the last that came, with the error that the hub
// refuses it with. Only the worker that handles it calls this.
func (t *tape) refuse(reason string) {
	t.failed = true
	reason = cut(reason, reasonMost)
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := len(t.takes) - 1; i >= 0; i-- {
		if one := &t.takes[i]; one.received && !one.heartbeat {
			one.text += reason
			one.refused = uint16(len(reason))
			t.bytes += int32(len(reason))
			return
		}
	}
}

// beat remembers a heartbeat.
func (t *tape) beat() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if last := t.run(); last != nil {
		last.asked = oneMore(last.asked)
		last.at = time.Now().UnixNano()
		return
	}
	t.add(take{heartbeat: true, asked: 1})
}

// answer remembers the answer to one.
func (t *tape) answer(message []byte, f wire.Frame) {
	t.mu.Lock()
	defer t.mu.Unlock()
	last := t.asking()
	if last != nil && last.text == string(message) { // most say the same again
		last.answered = oneMore(last.answered)
		last.at = time.Now().UnixNano()
		return
	}
	text := wire.Show(message, f, nil, beatBytes)
	if last == nil {
		t.add(take{heartbeat: true, answered: 1, text: text})
		return
	}
	t.bytes += int32(len(text) - len(last.text))
	last.text, last.answered, last.at = text, oneMore(last.answered), time.Now().UnixNano()
}

// run is the run of heartbeats at the end, or nil; under mu.
func (t *tape) run() *take {
	if last := &t.takes[len(t.takes)-1]; last.heartbeat {
		return last
	}
	return nil
}

// asking is the run of heartbeats that an answer belongs to: the last one where an answer is
// missing, though other frames came in between, or the one at the end, or nil; under mu.
func (t *tape) asking() *take {
	last := t.run()
	for i := len(t.takes) - 1; last == nil && i >= 0; i-- {
		if one := &t.takes[i]; one.heartbeat && one.asked > one.answered {
			last = one
		}
	}
	return last
}

func oneMore(n uint16) uint16 { return min(n, math.MaxUint16-1) + 1 }

// add is under mu.
func (t *tape) add(one take) {
	one.at = time.Now().UnixNano()
	t.bytes += int32(len(one.text))
	drop := 0
	if len(t.takes) == tapeMost {
		drop = 1
		t.bytes -= int32(len(t.takes[0].text))
	}
	for t.bytes > tapeBytes && drop < len(t.takes) {
		t.bytes -= int32(len(t.takes[drop].text))
		drop++
	}
	if drop > 0 {
		n := copy(t.takes, t.takes[drop:])
		clear(t.takes[n:])
		t.takes = t.takes[:n]
	}
	t.takes = append(t.takes, one)
}

// listens remembers that the socket begins to listen to a topic; hears, that it ceases.
func (t *tape) listens(to topic) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.span(span{topic: to, from: time.Now().UnixNano()})
}

func (t *tape) ceases(to topic) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now().UnixNano()
	spans := t.others().spans
	for i := range spans {
		if spans[i].topic == to && spans[i].until == 0 {
			spans[i].until = now
			return
		}
	}
	t.span(span{topic: to, from: t.opened, until: now})
}

// span is under mu.
func (t *tape) span(s span) {
	rare := t.others()
	if len(rare.spans) == spansMost {
		rare.spans = slices.Delete(rare.spans, 0, 1)
	}
	rare.spans = append(rare.spans, s)
}

// others is under mu.
func (t *tape) others() *rarity {
	if t.rare == nil {
		t.rare = &rarity{}
	}
	return t.rare
}

// dated remembers how far the client's clock is from ours.
func (t *tape) dated(skew time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.others().skew = skew
}

// looksAt reports whether the message at hand is to be looked at for mistakes; only its
// worker asks.
func (t *tape) looksAt() bool {
	failed := t.failed
	t.failed = false
	if t.looks < looksMost {
		t.looks++
		return true
	}
	return failed
}
