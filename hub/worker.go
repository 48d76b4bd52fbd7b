package hub

import (
	"sync"
	"sync/atomic"
)

// mostIdle is how many workers wait for a message; those that are done beyond them end.
const mostIdle = 16

// Workers are goroutines that handle messages, each one after the other, of whichever
// session has one. A session's own goroutine only reads: so its stack stays as small as
// reading needs it, and the large stacks that handling needs, for JSON and for SQL, are
// as many as there are messages at once and need not grow for each.
type workers struct {
	jobs    chan job // is taken from by those that are idle
	idle    atomic.Int32
	running sync.WaitGroup
	stop    chan struct{} // closed to end those that are idle
	ending  sync.Once
}

// A job is a message of a session.
type job struct {
	session *session
	message []byte
}

func newWorkers() *workers { return &workers{jobs: make(chan job), stop: make(chan struct{})} }

// do has a worker handle a message; it does not wait for that.
func (w *workers) do(j job) {
	select {
	case w.jobs <- j:
	default:
		w.running.Go(func() { w.work(j) })
	}
}

func (w *workers) work(j job) {
	for {
		j.session.handle(j.message)
		j.session.handled.Done()
		j = job{}
		if w.idle.Add(1) > mostIdle {
			w.idle.Add(-1)
			return
		}
		select {
		case j = <-w.jobs:
			w.idle.Add(-1)
		case <-w.stop:
			return
		}
	}
}

// end ends the workers, when no session is left that has work. It may be called again.
func (w *workers) end() {
	w.ending.Do(func() { close(w.stop) })
	w.running.Wait()
}
