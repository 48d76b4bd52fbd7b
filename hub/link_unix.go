//go:build unix

package hub

import (
	"errors"
	"net"
	"syscall"
)

// nonblocking gives a function that writes what the kernel takes at once, or nil for
// a connection that is no socket of the kernel, as with TLS. One goroutine at a
// time may call it.
func nonblocking(conn net.Conn) func(p []byte) (int, error) {
	sc, ok := conn.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return nil
	}
	var (
		p        []byte
		n        int
		writeErr error
	)
	write := func(fd uintptr) bool {
		for {
			n, writeErr = syscall.Write(int(fd), p)
			if !errors.Is(writeErr, syscall.EINTR) {
				return true // also when it took nothing: never wait
			}
		}
	}
	return func(data []byte) (int, error) {
		p = data
		err := raw.Write(write)
		p = nil
		switch {
		case err != nil:
			return 0, err
		case errors.Is(writeErr, syscall.EAGAIN):
			return 0, nil
		case writeErr != nil:
			return 0, writeErr
		}
		return n, nil
	}
}
