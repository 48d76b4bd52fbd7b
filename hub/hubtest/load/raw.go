//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// A script is what raw says, in messages. Whoever authenticates is active.
type script struct {
	Welcome   [][]byte // after authenticate
	Level     [][]byte // after a request without a mark
	Answer    []byte   // after a request with one; with that mark
	Broadcast []byte   // the same, to all other active sockets; nil: none
	Heartbeat time.Duration
}

// A raw is the raw server. Frames in it never change, so they may wait in an out.
type raw struct {
	epoll, listener int
	conns           map[int32]*conn
	active          []*conn
	buf             []byte

	welcome, level, heartbeat []byte
	answer, broadcast         template
}

type conn struct {
	stream
	upgraded, active bool
	out              []byte // what the kernel has not taken
}

// serveRaw reads its script, prints its address as the hub does, and serves until it
// is killed.
func serveRaw(in io.Reader, out io.Writer) error {
	runtime.GOMAXPROCS(1)
	var s script
	if err := json.NewDecoder(in).Decode(&s); err != nil {
		return fmt.Errorf("read the script: %w", err)
	}
	r := &raw{
		conns: map[int32]*conn{}, buf: make([]byte, 64<<10),
		welcome: frames(s.Welcome), level: frames(s.Level), heartbeat: frames([][]byte{heartbeat}),
		answer: newTemplate(s.Answer, 0),
	}
	if s.Broadcast != nil {
		r.broadcast = newTemplate(s.Broadcast, 0)
	}
	port, err := r.listen()
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	fmt.Fprintf(out, "socket  ws://127.0.0.1:%d/socket\n", port)
	for beat := time.Now().Add(s.Heartbeat); ; {
		if err := r.poll(time.Until(beat)); err != nil {
			return err
		}
		if time.Now().After(beat) {
			beat = beat.Add(s.Heartbeat)
			r.publish(nil, r.heartbeat)
		}
	}
}

func frames(messages [][]byte) (b []byte) {
	for _, m := range messages {
		b = appendFrame(b, m, 0)
	}
	return b
}

func (r *raw) listen() (port int, err error) {
	if r.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return 0, err
	}
	r.listener, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	if err := errors.Join(
		unix.Bind(r.listener, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}),
		unix.Listen(r.listener, 4096),
		r.watch(r.listener, unix.EPOLL_CTL_ADD, unix.EPOLLIN),
	); err != nil {
		return 0, err
	}
	addr, err := unix.Getsockname(r.listener)
	if err != nil {
		return 0, err
	}
	return addr.(*unix.SockaddrInet4).Port, nil
}

func (r *raw) watch(fd, op int, events uint32) error {
	return unix.EpollCtl(r.epoll, op, fd, &unix.EpollEvent{Events: events, Fd: int32(fd)})
}

func (r *raw) poll(wait time.Duration) error {
	var events [256]unix.EpollEvent
	n, err := unix.EpollWait(r.epoll, events[:], int(max(0, wait.Milliseconds())+1))
	if err != nil && !errors.Is(err, unix.EINTR) {
		return fmt.Errorf("epoll_wait: %w", err)
	}
	for _, ev := range events[:max(n, 0)] {
		c := r.conns[ev.Fd]
		if c == nil {
			r.accept()
			continue
		}
		if ev.Events&unix.EPOLLOUT != 0 && r.flush(c) {
			_ = r.watch(c.fd, unix.EPOLL_CTL_MOD, unix.EPOLLIN)
		}
		if ev.Events&^unix.EPOLLOUT != 0 && !r.read(c) {
			r.drop(c)
		}
	}
	return nil
}

func (r *raw) accept() {
	for {
		fd, _, err := unix.Accept4(r.listener, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
		if err != nil {
			return
		}
		_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1) // a wish
		r.conns[int32(fd)] = &conn{stream: stream{fd: fd}}
		_ = r.watch(fd, unix.EPOLL_CTL_ADD, unix.EPOLLIN) // a socket unheard is missed by the client
	}
}

func (r *raw) drop(c *conn) {
	r.active = slices.DeleteFunc(r.active, func(other *conn) bool { return other == c })
	delete(r.conns, int32(c.fd))
	unix.Close(c.fd)
}

// read handles what has come from a socket, and reports false when that is gone.
func (r *raw) read(c *conn) bool {
	n, err := unix.Read(c.fd, r.buf)
	if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR) {
		return true
	}
	if err != nil || n == 0 {
		return false
	}
	data := r.buf[:n]
	if !c.upgraded {
		c.rest = append(c.rest, data...)
		if bytes.HasSuffix(c.rest, []byte("\r\n\r\n")) { // the clients wait for the answer
			c.upgraded, c.rest = true, nil
			r.send(c, []byte(upgraded))
		}
		return true
	}
	var batch, answers []byte
	err = c.feed(data, func(message []byte) bool {
		if !c.active {
			c.active = true
			r.active = append(r.active, c)
			r.send(c, r.welcome)
		} else if digits := markOf(message); digits != nil {
			batch = append(batch, r.broadcast.stamp(digits)...)
			answers = append(answers, r.answer.stamp(digits)...)
		} else if !bytes.HasPrefix(message, heartbeat[:len(heartbeat)-1]) {
			r.send(c, r.level)
		}
		return true
	})
	if len(batch) > 0 {
		r.publish(c, batch)
	}
	if len(answers) > 0 {
		r.send(c, answers)
	}
	return err == nil
}

func (r *raw) publish(from *conn, b []byte) {
	for _, c := range r.active {
		if c != from {
			r.send(c, b)
		}
	}
}

func (r *raw) send(c *conn, b []byte) {
	if len(c.out) > 0 {
		c.out = append(c.out[:len(c.out):len(c.out)], b...)
		return
	}
	if c.out = b; !r.flush(c) {
		_ = r.watch(c.fd, unix.EPOLL_CTL_MOD, unix.EPOLLIN|unix.EPOLLOUT) // fails only on a closed one
	}
}

// flush writes what the kernel takes, and reports whether that was all.
func (r *raw) flush(c *conn) bool {
	n, err := unix.Write(c.fd, c.out)
	if err != nil {
		n = 0
		if !errors.Is(err, unix.EAGAIN) {
			n = len(c.out) // it is gone, and will be read so
		}
	}
	waited := len(c.out) > n
	c.out = c.out[n:]
	return !waited
}
