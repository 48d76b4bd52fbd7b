package store

import "time"

const (
	backoffFirst = pollEvery
	backoffMost  = 15 * time.Second
)

// A Backoff paces the retries of a follower (see Watch) whose look at the file failed. The
// zero value is ready. It belongs to one goroutine.
type Backoff struct{ pause time.Duration }

// After gives a channel that has a value when a failed look is due again, or nil if err is
// nil. The pause doubles with each failure in a row, from a quarter of a second to 15 seconds.
func (b *Backoff) After(err error) <-chan time.Time {
	if err == nil {
		b.pause = 0
		return nil
	}
	b.pause = min(max(backoffFirst, 2*b.pause), backoffMost)
	return time.After(b.pause)
}
