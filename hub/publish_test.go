package hub

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hearsay/hub/store"
	"hearsay/hub/wire"
)

// A deafened is a session on which all that is written waits, to be looked at.
func deafened(sh *shard, id int64) *session {
	h := &Hub{}
	h.SetLimits(DefaultLimits())
	s := &session{hub: h, shard: sh, peer: &store.Peer{ID: id}}
	s.link.draining = true
	return s
}

// wrote is what was written since the last look, without the frames' headers.
func (s *session) wrote() string {
	text := strings.ReplaceAll(string(bytes.Join(s.link.pending, nil)), string(newPacket([]byte("x"))[:2]), "")
	s.link.pending, s.link.waits = nil, 0
	return text
}

func published(from int64, text string) operation {
	return operation{publication: publication{from: owner{id: from}, frame: packets(func(bool) []byte { return []byte(text) })}}
}

// TestShard_round: what is said in the middle of a round gathers for those that come
// later in it, and comes at the end of it to the others; each hears all in order.
func TestShard_round(t *testing.T) {
	sh := newShard()
	var all []*session
	for id := range int64(4) {
		all = append(all, deafened(sh, id))
		sh.put(operation{session: all[id], listens: true})
	}
	take := func(ops ...operation) {
		for _, o := range ops {
			sh.put(o)
		}
		sh.take(nil)
	}
	turn := func(s *session, want string) {
		t.Helper()
		if sh.turn(); want != "" {
			equal(t, "written", s.wrote(), want)
		}
		for _, other := range all {
			equal(t, "written to another", other.wrote(), "")
		}
	}
	take(published(9, "a"), published(9, "b"))
	turn(all[0], "ab")
	take(published(9, "c"), published(2, "d")) // the third does not hear itself
	turn(all[1], "abcd")
	turn(all[2], "abc")
	take(published(9, "e"))
	turn(all[3], "abcde")
	turn(all[0], "cde")
	turn(all[1], "e")
	turn(all[2], "e")
	equal(t, "the round", len(sh.round)-sh.at, 0)
	equal(t, "deliveries", sh.written, 2+4+3+5+3+1+1)

	// A call is for one session, whose frames come before it; its turn is then empty.
	take(published(9, "f"), operation{session: all[2], call: func() { all[2].push(newPacket([]byte("g"))) }})
	equal(t, "written before the call and in it", all[2].wrote(), "fg")
	turn(all[0], "f")
	take(operation{session: all[1]}) // ceases to listen; what was said before still comes
	take(published(9, "h"))
	turn(all[1], "f")
	turn(all[2], "h")
	turn(all[3], "fh")
	turn(all[0], "h")
	equal(t, "the round", len(sh.round)-sh.at, 0)
}

// Sessions share what is joined, however they came to it; and what gathers is bounded.
func TestShard_batches(t *testing.T) {
	sh := newShard()
	a, b := deafened(sh, 1), deafened(sh, 2)
	for _, s := range []*session{a, b} {
		sh.put(operation{session: s, listens: true})
	}
	for i := range batchMost + 2 {
		sh.put(published(9, string(rune('0'+i))))
	}
	sh.take(nil)
	for _, s := range []*session{a, b} {
		equal(t, "frames written at once", len([]rune(s.wrote())), batchMost)
		equal(t, "frames that wait", s.batch.frames, 2)
	}
	equal(t, "the same batch", a.batch == b.batch, true)
	equal(t, "the same bytes", &a.batch.bytes()[0] == &b.batch.bytes()[0], true)
	sh.turn()
	sh.turn()
	a.wrote()
	sh.put(published(9, strings.Repeat("x", batchBytes)))
	sh.take(nil)
	equal(t, "a large frame waits", fmt.Sprint(a.batch == nil, len(a.wrote()) > batchBytes), "true true")
}

// A shard keeps its thread from a long round to the next, and gives it back after a short one.
func TestShard_pin(t *testing.T) {
	sh := newShard()
	for id := range int64(longRound) {
		sh.put(operation{topic: topic{channel: 1}, session: deafened(sh, id), listens: true})
	}
	sh.put(operation{session: deafened(sh, 1), listens: true})
	few, many := published(longRound, "few"), published(longRound, "many")
	many.topic.channel = 1
	for _, test := range []struct {
		publication operation
		want        bool
	}{{few, false}, {many, true}, {many, true}, {few, false}, {few, false}} {
		sh.put(test.publication)
		sh.take(nil)
		for sh.at < len(sh.round) {
			sh.turn()
		}
		sh.pin()
		equal(t, "pinned", sh.pinned, test.want)
	}
}

// A channel that keeps no log has no ids to give, but sockets with the flag history hear when
// something was said.
func TestBroadcast_withoutLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, Options{})
		none := 0
		w.do(w.st.UpdateChannel(t.Context(), "gossip", store.ChannelEdit{KeepDays: &none}))
		said := w.join(w.game("Alpha"), `,"channels":["gossip"]`)
		s := w.dial()
		s.beats.Store(true)
		s.send(wire.Authenticate, "", credentials(w.game("Beta"), `["channels","history"]`, `,"channels":["gossip"]`))
		equal(t, "authenticated", s.next(), string(welcome))
		s.fence()
		at := wire.Micros(time.Now())
		equal(t, "answer", said.says("gossip", "Ann", "hi"), "")
		f, err := wire.Decode([]byte(s.next()))
		w.do(err)
		equal(t, "broadcast", string(f.Payload), `{"channel":"gossip","game":"Alpha","name":"Ann","message":"hi","sent_at":"`+at+`"}`)
	})
}
