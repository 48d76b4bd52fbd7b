package hubtest

import (
	"context"
	"fmt"
)

// A drainStep reads sync frames up to the first other one, or, without a
// frame, up to the answer of a fence.
type drainStep struct {
	Frame any  `json:"frame"`
	Once  bool `json:"once"` // no record may come twice
}

func (s *drainStep) play(ctx context.Context, p *performance, one *peer) error {
	one.mirror.beginDrain()
	var err error
	if s.Frame == nil {
		err = s.drainToFence(ctx, p, one)
	} else {
		err = s.drainToFrame(ctx, p, one)
	}
	if err == nil && s.Once {
		err = one.mirror.checkOnce()
	}
	return err
}

func (s *drainStep) drainToFence(ctx context.Context, p *performance, one *peer) error {
	before, err := p.fence(ctx, one)
	if err != nil {
		return err
	}
	for _, f := range before {
		if !f.isSync() {
			return fmt.Errorf("want sync frames only, got %s", f)
		}
	}
	return nil
}

func (s *drainStep) drainToFrame(ctx context.Context, p *performance, one *peer) error {
	for {
		f, err := p.next(ctx, one)
		if err != nil {
			return fmt.Errorf("want %s, but %w", show(s.Frame), err)
		}
		if f.isSync() {
			continue
		}
		_, err = p.claim([]any{s.Frame}, f)
		return err
	}
}

// A mirrorStep reads sync frames until the mirror of a peer holds what is said.
type mirrorStep struct {
	Kind    string   `json:"kind"`
	Records []any    `json:"records"`
	Count   *int     `json:"count"`
	Query   string   `json:"query"`
	Within  duration `json:"within"`
}

func (s *mirrorStep) play(ctx context.Context, p *performance, one *peer) error {
	reading, cancel := p.patient(ctx, s.Within)
	defer cancel()
	for {
		different := s.compare(ctx, p, one.mirror)
		if different == nil {
			return nil
		}
		// A look may ask the database, so it waits until no frame is left.
		for more := true; more; more = !one.inbox.empty() {
			f, err := one.next(reading, false)
			if err != nil {
				return fmt.Errorf("%w; then %w", different, err)
			}
			if !f.isSync() {
				return fmt.Errorf("want sync frames only, got %s", f)
			}
		}
	}
}

// compare says where the mirror differs from what the step wants.
func (s *mirrorStep) compare(ctx context.Context, p *performance, m *mirror) error {
	records, known := m.records[s.Kind]
	if !known {
		return fmt.Errorf("no kind %q", s.Kind)
	}
	if s.Count != nil && len(records) != *s.Count {
		return fmt.Errorf("%s: want %d records, got %d", s.Kind, *s.Count, len(records))
	}
	if s.Records != nil {
		if err := p.match(s.Kind, map[string]any{"$unordered": s.Records}, m.list(s.Kind)); err != nil {
			return err
		}
	}
	if s.Query == "" {
		return nil
	}
	rows, err := p.hub.query(ctx, s.Query)
	if err != nil {
		return err
	}
	return m.equalRows(s.Kind, rows)
}
