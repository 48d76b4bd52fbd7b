package hub

import (
	"fmt"
	"sync"
	"testing"
)

func TestQueue(t *testing.T) {
	q := newQueue()
	four := []byte("four")
	for i, want := range []bool{true, true, false} {
		equal(t, fmt.Sprintf("push %d", i), q.push(four, 10), want)
	}
	equal(t, "waiting", q.waiting(), 8)
	equal(t, "frames", len(q.take()), 2)
	equal(t, "waiting when taken", q.waiting(), 8)
	equal(t, "push when taken", q.push(four, 10), false)
	q.written(four)
	equal(t, "push when one is written", q.push(four, 10), true)
	q.take()
	q.written(four)
	q.written(four)
	equal(t, "waiting when all is written", q.waiting(), 0)
	equal(t, "nothing to take", len(q.take()), 0)

	equal(t, "a frame over the limit goes into an empty queue", q.push(make([]byte, 100), 10), true)
	equal(t, "but none after it", q.push(nil, 10), false)
	equal(t, "high", q.high, 100)
	q.written(make([]byte, 100))

	q.close()
	equal(t, "push when closed", q.push(four, 1000), true)
	equal(t, "frames when closed", len(q.take()), 1)
}

func TestQueue_signals(t *testing.T) {
	q := newQueue()
	q.push([]byte("a"), 10)
	q.push([]byte("b"), 10)
	equal(t, "ready", len(q.ready), 1)
	equal(t, "room before take", len(q.room), 0)
	for _, frame := range q.take() {
		equal(t, "room before it is written", len(q.room), 0)
		q.written(frame)
		equal(t, "room", len(q.room), 1)
		<-q.room
	}
}

// TestQueue_concurrent has many writers: nothing is lost, and each one's order holds.
func TestQueue_concurrent(t *testing.T) {
	const writers, frames = 8, 1000
	q := newQueue()
	var running sync.WaitGroup
	for i := range writers {
		running.Go(func() {
			for n := range frames {
				q.push(fmt.Appendf(nil, "%d %d", i, n), 1<<20)
			}
		})
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		running.Wait()
	}()
	var next [writers]int
	for got := 0; got < writers*frames; {
		<-q.ready
		for _, frame := range q.take() {
			var i, n int
			fmt.Sscan(string(frame), &i, &n)
			if n != next[i] {
				t.Fatalf("writer %d: got %d, want %d", i, n, next[i])
			}
			next[i]++
			q.written(frame)
			got++
		}
	}
	<-done
}
