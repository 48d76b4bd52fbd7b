//go:build unix && !(linux && (amd64 || arm64 || arm))

package hub

import "syscall"

func write(number int32, p []byte) (int, syscall.Errno) {
	n, err := syscall.Write(int(number), p)
	errno, _ := err.(syscall.Errno) // 0 if there is none
	return n, errno
}
