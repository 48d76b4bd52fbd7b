//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"hearsay/hub/wire"
)

var heartbeat = wire.Frame{Event: wire.Heartbeat}.Encode()

// A crowd is which sockets a swarm has.
type crowd struct {
	listener  entry
	listeners int
	sender    entry
	senders   int
}

// A swarm is many sockets that one thread reads.
type swarm struct {
	ctx     context.Context
	server  *server
	epoll   int
	clients []*client
	senders []*client
	hear    func(c *client, message []byte, now int64) // nil, or gets all but heartbeats
	buf     []byte
}

type client struct {
	stream
	sender bool
}

var heartbeatAnswer = appendFrame(nil, []byte(`{"event":"heartbeat","payload":{"players":[]}}`), masked)

// openSwarm returns when all are in; the caller closes it. poll ends with ctx.
func openSwarm(ctx context.Context, s *server, cr crowd) (*swarm, error) {
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, err
	}
	sw := &swarm{ctx: ctx, server: s, epoll: epoll, buf: make([]byte, 256<<10)}
	all := cr.listeners + cr.senders
	for i := range all {
		e, sender := cr.listener, i >= cr.listeners
		if sender {
			e = cr.sender
		}
		str, err := dial(s.port, e, nil)
		if err == nil {
			err = sw.add(&client{str, sender})
		}
		if err = errors.Join(err, ctx.Err()); err != nil {
			sw.close()
			return nil, fmt.Errorf("socket %d of %d: %w", i+1, all, err)
		}
	}
	return sw, nil
}

func (sw *swarm) add(c *client) error {
	ev := unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(len(sw.clients))} // not the fd: epoll keeps any number
	sw.clients = append(sw.clients, c)
	if c.sender {
		sw.senders = append(sw.senders, c)
	}
	return errors.Join(
		unix.SetNonblock(c.fd, true),
		unix.EpollCtl(sw.epoll, unix.EPOLL_CTL_ADD, c.fd, &ev),
		sw.take(c, nil))
}

func (sw *swarm) close() {
	for _, c := range sw.clients {
		unix.Close(c.fd)
	}
	unix.Close(sw.epoll)
}

// poll reads what there is, and waits for it if there is nothing. That the server
// closes a socket is an error.
func (sw *swarm) poll(wait time.Duration) error {
	if err := sw.ctx.Err(); err != nil {
		return err
	}
	var events [256]unix.EpollEvent
	ms := (wait + time.Millisecond - 1) / time.Millisecond
	n, err := unix.EpollWait(sw.epoll, events[:], int(ms))
	if err != nil && !errors.Is(err, unix.EINTR) {
		return fmt.Errorf("epoll_wait: %w", err)
	}
	for _, ev := range events[:max(n, 0)] {
		c := sw.clients[ev.Fd]
		n, err := unix.Read(c.fd, sw.buf)
		switch {
		case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EINTR):
			continue
		case err == nil && n == 0:
			err = errCut
		case err == nil:
			err = sw.take(c, sw.buf[:n])
		}
		if err != nil {
			return fmt.Errorf("socket %d of %d: %w", ev.Fd+1, len(sw.clients), err)
		}
	}
	return nil
}

// take handles what a client has read.
func (sw *swarm) take(c *client, data []byte) error {
	now := time.Now().UnixNano()
	return c.feed(data, func(message []byte) bool {
		if bytes.Equal(message, heartbeat) {
			_ = c.write(heartbeatAnswer) // a socket that is gone is read so
		} else if sw.hear != nil {
			sw.hear(c, message, now)
		}
		return true
	})
}

// watch reads for a time.
func (sw *swarm) watch(d time.Duration) error {
	for end := time.Now().Add(d); time.Now().Before(end); {
		if err := sw.poll(100 * time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}
