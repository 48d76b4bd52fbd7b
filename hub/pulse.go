package hub

import (
	"sync"
	"time"

	"hearsay/hub/wire"
)

// A pulse is a session's heartbeat: one timer, so that ticks are spread as the
// sockets came. Section 4.
type pulse struct {
	mu     sync.Mutex // guards what follows
	timer  *time.Timer
	ticks  int // since the upgrade
	missed int // heartbeats without an answer, of those that went out at once
	active bool
}

func (s *session) startPulse() {
	s.pulse.mu.Lock()
	defer s.pulse.mu.Unlock()
	s.pulse.timer = time.AfterFunc(s.hub.o.Heartbeat, s.tick)
	if s.ctx.Err() != nil {
		s.pulse.timer.Stop()
	}
}

// begin notes that the peer has authenticated and got its first heartbeat: ticks
// count from now on.
func (p *pulse) begin(every time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.active, p.missed = true, 1
	p.timer.Reset(every)
}

func (p *pulse) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.timer != nil {
		p.timer.Stop()
	}
}

// tick sends a heartbeat, or ends a session that is silent.
func (s *session) tick() {
	p := &s.pulse
	p.mu.Lock()
	defer p.mu.Unlock()
	if s.ctx.Err() != nil {
		return
	}
	goodbye := ending{code: wire.CloseHeartbeat, reason: wire.Goodbye}
	p.ticks++
	switch {
	case !p.active:
		// One that is in its first sync has authenticated, and may take longer.
		if p.ticks >= silentMost && !s.handling.Load() {
			s.end(goodbye)
			return
		}
	case s.answered.Swap(false) || s.handling.Load():
		p.missed = 1
		s.beat()
	case p.missed >= missedMost:
		heartbeatsMissed.Inc()
		s.end(goodbye)
		return
	default:
		// A heartbeat behind something that waits cannot be answered yet. A peer that takes
		// nothing at all is lost after writeTimeout.
		if s.link.waiting() == 0 {
			p.missed++
		}
		s.beat()
	}
	p.timer.Reset(s.hub.o.Heartbeat)
}

func (s *session) beat() {
	s.tape.beat()
	s.push(heartbeatPacket)
}

// unanswered is how many heartbeats in a row have no answer yet.
func (p *pulse) unanswered() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.missed
}
