package hub

import "sync"

// A queue holds the frames that wait for a socket's writer. Its zero value has no
// channels; use newQueue.
type queue struct {
	ready chan struct{} // has a value when frames wait
	room  chan struct{} // has a value when the writer has written a frame

	mu     sync.Mutex // guards what follows
	frames [][]byte
	bytes  int // of frames that are not written
	high   int // most bytes that ever waited
	closed bool
}

func newQueue() *queue {
	return &queue{ready: make(chan struct{}, 1), room: make(chan struct{}, 1)}
}

// push adds a frame, which nobody changes any more. It reports false when more
// than limit bytes would wait; a closed queue swallows the frame.
func (q *queue) push(frame []byte, limit int) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return true
	}
	if q.bytes+len(frame) > limit && q.bytes > 0 {
		return false
	}
	q.frames = append(q.frames, frame)
	q.bytes += len(frame)
	q.high = max(q.high, q.bytes)
	signal(q.ready)
	return true
}

// take gives the frames that wait; each counts until it is written.
func (q *queue) take() [][]byte {
	q.mu.Lock()
	defer q.mu.Unlock()
	frames := q.frames
	q.frames = nil
	return frames
}

// written makes room for other frames.
func (q *queue) written(frame []byte) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.bytes -= len(frame)
	signal(q.room)
}

// waiting is the number of bytes that are not written.
func (q *queue) waiting() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.bytes
}

// close makes further frames vanish. What waits can still be taken.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
}

// signal leaves a value in a channel that holds one.
func signal(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}
