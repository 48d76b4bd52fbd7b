//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"hearsay/hub/wire"
)

const (
	steadyRate = 20      // messages a second
	text       = 80      // bytes that a message has
	longText   = 1500    // where queues are to fill
	stalledFor = 5 << 19 // bytes for each stalled socket in a round: the hub's queue and the kernel's buffers twice
)

// send is what says something with a mark in it. Its answer has the mark too, in the ref.
func send(channel string, size int) template {
	said := emptyMark + strings.Repeat("x", size-len(emptyMark))
	return newTemplate(wire.Frame{Event: wire.ChannelsSend, Ref: wire.Ref(`"` + emptyMark + `"`),
		Payload: wire.Encode(wire.SendPayload{Channel: channel, Name: "Player", Message: said})}.Encode(), masked)
}

// talkers is the crowd of a conversation.
func (st *stage) talkers(senders int, channels ...string) crowd {
	return crowd{enter(st.listener, "", channels...), st.n, enter(st.sender, "", "gossip", silent), senders}
}

// deliveries are the samples of a flow to many.
func (t *traffic) deliveries(name string) []sample {
	n := float64(t.arrivals)
	return []sample{
		{name + "deliveries", n / t.wall.Seconds(), "1/s"},
		{name + "CPU per delivery", t.cpu.Seconds() * 1e6 / n, "µs"},
		{name + "p50", t.each.ms(0.5), "ms"},
		{name + "p99", t.each.ms(0.99), "ms"},
	}
}

func fanout(ctx context.Context, st *stage) ([]figure, error) {
	cr := st.talkers(1, "gossip", silent)
	return st.pair(ctx, cr, send("gossip", text), func(s *server) (all []sample, err error) {
		for _, kind := range []struct{ name, channel string }{{"", "gossip"}, {"no log, ", silent}} {
			for _, window := range []int{16, 1} {
				t, err := converse(ctx, s, cr, flow{request: send(kind.channel, text), window: window}, st.duration)
				if err != nil {
					return nil, err
				}
				all = append(all, t.deliveries(fmt.Sprintf("%swindow %d, ", kind.name, window))...)
			}
		}
		return all, nil
	})
}

func steady(ctx context.Context, st *stage) ([]figure, error) {
	cr := st.talkers(1, "gossip")
	return st.pair(ctx, cr, send("gossip", text), func(s *server) ([]sample, error) {
		t, err := converse(ctx, s, cr, flow{request: send("gossip", text), rate: steadyRate}, st.duration)
		if err != nil {
			return nil, err
		}
		return t.deliveries("")[1:], nil
	})
}

// stalled has ten sockets that get much more than the others, on a channel that only
// they hear, so that their queues overflow within any round. In the rounds without
// them the same is sent.
func stalled(ctx context.Context, st *stage) ([]figure, error) {
	hub, err := st.startHub(ctx, "")
	if err != nil {
		return nil, err
	}
	defer hub.stop()
	measure := func(count int) round {
		return func() ([]sample, error) { return st.stalledRound(ctx, hub, count) }
	}
	return alternate(st.rounds, measure(10), measure(0))
}

func (st *stage) stalledRound(ctx context.Context, hub *server, count int) ([]sample, error) {
	sw, err := openSwarm(ctx, hub, st.talkers(2, "gossip"))
	if err != nil {
		return nil, err
	}
	defer sw.close()
	before := hub.rss()
	silents := make([]stream, count)
	for i := range silents {
		if silents[i], err = dial(hub.port, enter(st.listener, "", silent), nil); err != nil {
			return nil, err
		}
		defer unix.Close(silents[i].fd)
	}
	message := send(silent, longText)
	times := stalledFor/int(steadyRate*st.duration.Seconds()*longText) + 1
	t, err := sw.run(flow{request: send("gossip", longText), rate: steadyRate, besides: func() error {
		for range times {
			if err := sw.senders[1].write(message.frame); err != nil {
				return err
			}
		}
		return nil
	}}, st.duration)
	if err != nil {
		return nil, err
	}
	grown, closed := hub.rss()-before, 0
	for _, s := range silents {
		var end closing
		if errors.As(s.readAll(), &end) && end.code == wire.CloseTryLater {
			closed++
		}
	}
	return append(t.deliveries("")[2:],
		sample{"stalled sockets closed with 1013", float64(closed), ""},
		sample{"growth of the hub's memory", grown / (1 << 20), "MiB"}), nil
}

// readAll reads a socket to its end, or until nothing comes, and says what the end was.
func (s *stream) readAll() error {
	err := s.setTimeout(time.Second)
	for data, buf := []byte(nil), make([]byte, 64<<10); err == nil; {
		if err = s.feed(data, func([]byte) bool { return true }); err == nil {
			data, err = s.read(buf)
		}
	}
	return err
}

func logging(ctx context.Context, st *stage) ([]figure, error) {
	hub, err := st.startHub(ctx, "")
	if err != nil {
		return nil, err
	}
	defer hub.stop()
	s, err := rehearse(ctx, hub, st.talkers(1, "gossip"), send("gossip", text))
	if err != nil {
		return nil, err
	}
	s.Broadcast = nil // the senders are one game, which does not hear itself
	return st.beside(ctx, hub, s, func(s *server) (all []sample, err error) {
		for _, senders := range []int{1, 128} {
			cr := st.talkers(senders)
			cr.listeners = 0
			t, err := converse(ctx, s, cr, flow{request: send("gossip", text), window: senders, answers: true}, st.duration)
			if err != nil {
				return nil, err
			}
			name := several(senders, "sender") + ", "
			all = append(all,
				sample{name + "messages", float64(t.arrivals) / t.wall.Seconds(), "1/s"},
				sample{name + "CPU per message", t.cpu.Seconds() * 1e6 / float64(t.arrivals), "µs"},
				sample{name + "p50", t.each.ms(0.5), "ms"})
		}
		return all, nil
	})
}

// several is a number of things in words.
func several(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
