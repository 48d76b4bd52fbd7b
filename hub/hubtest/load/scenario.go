//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"time"

	"golang.org/x/sys/unix"
)

// A scenario gives its figures out of a new stage.
type scenario struct {
	name, about string
	against     string // the other side
	run         func(context.Context, *stage) ([]figure, error)
}

var scenarios = []scenario{
	{"fanout", "one game sends to -n sockets of another, 16 or 1 messages under way", "raw", fanout},
	{"steady", "the same, 20 messages a second", "raw", steady},
	{"stalled", "the same, beside 10 sockets that never read", "without", stalled},
	{"connect", "open, authenticate, close; 16 at a time", "raw", connect},
	{"idle", "-idle silent sockets for 5 seconds", "raw", idle},
	{"catchup", "applications get 1,000 and 10,000 games, in each form", "raw", catchUp},
	{"edit", "a game edits an achievement, 1 and -apps applications get it", "raw", edit},
	{"log", "messages into the log that nobody hears; raw only answers", "raw", logging},
}

// rehearse plays a request in a small crowd, and gives what the hub said.
func rehearse(ctx context.Context, hub *server, cr crowd, request template) (s script, err error) {
	s, err = overhear(hub, cr.listener, true)
	if err != nil {
		return s, err
	}
	cr.listeners, cr.senders = 1, 1
	sw, err := openSwarm(ctx, hub, cr)
	if err != nil {
		return s, err
	}
	defer sw.close()
	sw.hear = func(c *client, message []byte, _ int64) {
		if markOf(message) == nil {
			return
		}
		if c.sender {
			s.Answer = bytes.Clone(message)
		} else {
			s.Broadcast = bytes.Clone(message)
		}
	}
	if err := sw.senders[0].write(request.stampTime(time.Now().UnixNano())); err != nil {
		return s, err
	}
	for end := time.Now().Add(patience); s.Answer == nil || s.Broadcast == nil; {
		if err := sw.poll(100 * time.Millisecond); err != nil {
			return s, err
		}
		if time.Now().After(end) {
			return s, errors.New("the rehearsal has no end")
		}
	}
	return s, nil
}

// overhear gives what the hub says to one that comes in; asked tells whether all but
// the welcome answers a request, or only the last message.
func overhear(hub *server, e entry, asked bool) (s script, err error) {
	var all [][]byte
	str, err := dial(hub.port, e, func(message []byte) { all = append(all, bytes.Clone(message)) })
	if err != nil {
		return s, err
	}
	unix.Close(str.fd)
	first := len(all) - 1
	if asked {
		first = 1
	}
	return script{Welcome: all[:first], Level: all[first:]}, nil
}

// pair starts the hub, and raw with what a rehearsal found, and measures both in turn.
func (st *stage) pair(ctx context.Context, cr crowd, request template, measure func(*server) ([]sample, error)) ([]figure, error) {
	hub, err := st.startHub(ctx, "")
	if err != nil {
		return nil, err
	}
	defer hub.stop()
	s, err := rehearse(ctx, hub, cr, request)
	if err != nil {
		return nil, err
	}
	return st.beside(ctx, hub, s, measure)
}

func (st *stage) beside(ctx context.Context, hub *server, s script, measure func(*server) ([]sample, error)) ([]figure, error) {
	raw, err := startRaw(ctx, s)
	if err != nil {
		return nil, err
	}
	defer raw.stop()
	return alternate(st.rounds,
		func() ([]sample, error) { return measure(hub) },
		func() ([]sample, error) { return measure(raw) })
}
