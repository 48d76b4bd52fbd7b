//go:build unix

package page

import (
	"math"
	"syscall"
)

// Descriptors is how many files and sockets the process may have open; 0: nobody knows.
func Descriptors() int {
	var l syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l) != nil {
		return 0
	}
	return int(min(uint64(l.Cur), math.MaxInt32))
}
