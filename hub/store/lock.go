package store

import (
	"fmt"
	"os"
)

// Lock takes the lock that keeps two servers off the file at path; it is a file of
// its own beside it, and ends with the process. What a restore left that was cut off goes. It reports ErrLocked at once when
// another has it. Commands that only add to the file need no lock.
func Lock(path string) (unlock func() error, err error) {
	f, err := os.OpenFile(path+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := lockFile(f); err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	sweep(path)
	return f.Close, nil
}
