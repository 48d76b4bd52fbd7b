//go:build unix

package hub

import (
	"net"
	"syscall"
)

// number is that of the kernel's socket under conn, or -1 where there is none, as with
// TLS. It is valid until conn is closed; then the kernel may give it to another.
func number(conn net.Conn) (number int32) {
	number = -1
	if sc, ok := conn.(syscall.Conn); ok {
		if raw, err := sc.SyscallConn(); err == nil {
			_ = raw.Control(func(fd uintptr) { number = int32(fd) }) // fails on a closed one, which has none
		}
	}
	return number
}

// writeNow writes what the kernel takes at once. It goes past the locks of package net,
// which are made for callers that may wait: they were a tenth of a delivery.
func writeNow(number int32, p []byte) (int, error) {
	for {
		n, errno := write(number, p)
		switch errno {
		case 0:
			return n, nil
		case syscall.EAGAIN:
			return 0, nil
		case syscall.EINTR:
		default:
			return 0, errno
		}
	}
}
