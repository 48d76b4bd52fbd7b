//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

const idleFor = 5 * time.Second

// visit opens sockets, some at a time, and closes each when it is in.
func visit(s *server, e entry, some int, d time.Duration) (*traffic, error) {
	t, start, before := traffic{}, time.Now(), s.cpu()
	errs := make([]error, some)
	var mu sync.Mutex // guards t
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() {
			for begun := start; begun.Sub(start) < d; begun = time.Now() {
				str, err := dial(s.port, e, nil)
				if err != nil {
					errs[i] = err
					return
				}
				took := time.Since(begun)
				unix.Close(str.fd)
				mu.Lock()
				t.arrivals++
				t.each.add(took.Nanoseconds())
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	t.wall, t.cpu = time.Since(start), s.cpu()-before
	return &t, errors.Join(errs...)
}

func connect(ctx context.Context, st *stage) ([]figure, error) {
	cr := st.talkers(1, "gossip")
	return st.pair(ctx, cr, send("gossip", text), func(s *server) ([]sample, error) {
		t, err := visit(s, cr.listener, 16, st.duration)
		if err != nil {
			return nil, err
		}
		n := float64(t.arrivals)
		return []sample{
			{"connects", n / t.wall.Seconds(), "1/s"},
			{"CPU per connect", t.cpu.Seconds() * 1e6 / n, "µs"},
			{"p50", t.each.ms(0.5), "ms"},
			{"p99", t.each.ms(0.99), "ms"},
		}, nil
	})
}

// idle starts a server for each round: one that had many sockets keeps memory of them.
func idle(ctx context.Context, st *stage) ([]figure, error) {
	s := script{Welcome: [][]byte{append(bytes.Clone(welcomed), '}'), heartbeat}, Heartbeat: idleFor}
	return alternate(st.rounds,
		func() ([]sample, error) {
			return st.idleRound(ctx, func() (*server, error) { return st.startHub(ctx, "", "--heartbeat", idleFor.String()) })
		},
		func() ([]sample, error) {
			return st.idleRound(ctx, func() (*server, error) { return startRaw(ctx, s) })
		})
}

func (st *stage) idleRound(ctx context.Context, start func() (*server, error)) ([]sample, error) {
	s, err := start()
	if err != nil {
		return nil, err
	}
	defer s.stop()
	time.Sleep(time.Second / 2) // the hub gives back what its start took
	memory, kernel := s.rss(), slab()
	cr := st.talkers(0, "gossip")
	cr.listeners = st.idle
	sw, err := openSwarm(ctx, s, cr)
	if err != nil {
		return nil, err
	}
	defer sw.close()
	if err := sw.watch(time.Second / 2); err != nil { // for the heartbeat that each begins with
		return nil, err
	}
	cpu := s.cpu()
	if err := sw.watch(idleFor); err != nil {
		return nil, err
	}
	n := float64(st.idle) * 1024
	return []sample{
		{"memory per socket", (s.rss() - memory) / n, "KiB"},
		{"kernel memory per socket", (slab() - kernel) / n, "KiB"},
		{"CPU with a heartbeat each 5 s", 100 * (s.cpu() - cpu).Seconds() / idleFor.Seconds(), "% of a core"},
	}, nil
}
