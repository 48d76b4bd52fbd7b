package store

import (
	"fmt"
	"os"
)

// Lock takes the lock that keeps two servers off the file at path, or that a link there leads
// to. It is a file of its own beside it, and ends with the process. What was left there by who
// was cut off goes. It reports ErrLocked at once when another has it. Commands that only add to
// the file need no lock.
func Lock(path string) (unlock func() error, err error) {
	if path, err = real(path); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err = lockFile(f); err == nil {
		err = give(f.Name(), path)
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	sweep(path)
	return f.Close, nil
}
