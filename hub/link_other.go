//go:build !unix

package hub

import "net"

// nonblocking is not to be had here: what is sent always waits for a goroutine.
func nonblocking(net.Conn) func(p []byte) (int, error) { return nil }
