//go:build linux

package main

import (
	"bytes"
	"context"
	"fmt"
	"time"
)

// A flow is how the senders of a swarm send.
type flow struct {
	request template
	rate    float64      // messages a second; 0: as many as window lets
	window  int          // messages under way at a time
	answers bool         // each sender waits for its answer, and answers count, not deliveries
	besides func() error // nil, or done after each message that counts
}

// A traffic is what came of a flow. first and last, the first and last arrivals of a
// message, are exact with one message under way.
type traffic struct {
	arrivals          int64
	wall, cpu         time.Duration
	each, first, last histogram
}

type pump struct {
	*swarm
	flow
	traffic
	ready []*client // whose turn it is to send
	reach int64     // arrivals that a message makes
	sent  int64
}

// converse opens a swarm and runs a flow in it.
func converse(ctx context.Context, s *server, cr crowd, f flow, d time.Duration) (*traffic, error) {
	sw, err := openSwarm(ctx, s, cr)
	if err != nil {
		return nil, err
	}
	defer sw.close()
	return sw.run(f, d)
}

// run sends for a time, after a quarter of it to warm up, until all has arrived.
func (sw *swarm) run(f flow, d time.Duration) (*traffic, error) {
	warm := f
	warm.besides = nil
	if _, err := sw.pump(warm, d/4); err != nil {
		return nil, err
	}
	return sw.pump(f, d)
}

func (sw *swarm) pump(f flow, d time.Duration) (*traffic, error) {
	p := &pump{swarm: sw, flow: f, ready: sw.senders, reach: 1}
	if !f.answers {
		p.reach = int64(len(sw.clients) - len(sw.senders))
	}
	sw.hear = p.hear
	defer func() { sw.hear = nil }()
	start, before := time.Now(), sw.server.cpu()
	seen, moved := int64(0), start
	for now := start; now.Sub(start) < d || p.underWay() > 0; now = time.Now() {
		for now.Sub(start) < d && p.due(now.Sub(start)) {
			if err := p.send(); err != nil {
				return nil, err
			}
		}
		if err := sw.poll(p.pause(now.Sub(start))); err != nil {
			return nil, err
		}
		if p.arrivals != seen || p.underWay() == 0 {
			seen, moved = p.arrivals, now
		} else if now.Sub(moved) > patience {
			return nil, fmt.Errorf("%d of %d arrivals are missing", p.underWay(), p.sent*p.reach)
		}
	}
	p.wall, p.cpu = time.Since(start), sw.server.cpu()-before
	return &p.traffic, nil
}

func (p *pump) underWay() int64 { return p.sent*p.reach - p.arrivals }

func (p *pump) due(elapsed time.Duration) bool {
	if p.rate > 0 {
		return float64(p.sent) <= elapsed.Seconds()*p.rate
	}
	return p.underWay() <= int64(p.window-1)*p.reach
}

// pause is how long there is nothing to send.
func (p *pump) pause(elapsed time.Duration) time.Duration {
	if p.rate == 0 {
		return 100 * time.Millisecond
	}
	return max(0, time.Duration(float64(p.sent)/p.rate*1e9)-elapsed)
}

func (p *pump) send() error {
	c := p.ready[0]
	if p.answers {
		p.ready = p.ready[1:]
	}
	if err := c.write(p.request.stampTime(time.Now().UnixNano())); err != nil {
		return err
	}
	p.sent++
	if p.besides != nil {
		return p.besides()
	}
	return nil
}

var success = []byte(`"status":"success"`)

func (p *pump) hear(c *client, message []byte, now int64) {
	digits := markOf(message)
	if digits == nil || c.sender != p.answers || p.answers && !bytes.Contains(message, success) {
		return
	}
	took := since(digits, now)
	if p.arrivals%p.reach == 0 {
		p.first.add(took)
	}
	p.arrivals++
	if p.arrivals%p.reach == 0 {
		p.last.add(took)
	}
	p.each.add(took)
	if p.answers {
		p.ready = append(p.ready, c)
	}
}
