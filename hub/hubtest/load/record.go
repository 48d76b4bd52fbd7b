//go:build linux

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"hearsay/hub/wire"
)

func catchUp(ctx context.Context, st *stage) (all []figure, err error) {
	for _, games := range []int{1000, 10_000} {
		if err := st.addGames(games); err != nil {
			return nil, err
		}
		some, err := st.catchUps(ctx, games)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

func (st *stage) catchUps(ctx context.Context, games int) (all []figure, err error) {
	hub, err := st.startHub(ctx, fmt.Sprintf("-%d", games))
	if err != nil {
		return nil, err
	}
	defer hub.stop()
	for _, form := range []string{"records", "versions"} {
		e := enter(st.site, form)
		s, err := overhear(hub, e, form == "versions")
		if err != nil {
			return nil, err
		}
		figures, err := st.beside(ctx, hub, s, func(s *server) ([]sample, error) {
			t, err := visit(s, e, 1, st.duration)
			if err != nil {
				return nil, err
			}
			name := fmt.Sprintf("%d games as %s, ", games, form)
			return []sample{
				{name + "p50", t.each.ms(0.5), "ms"},
				{name + "p99", t.each.ms(0.99), "ms"},
				{name + "CPU", t.cpu.Seconds() * 1e3 / float64(t.arrivals), "ms"},
			}, nil
		})
		if err != nil {
			return nil, err
		}
		all = append(all, figures...)
	}
	return all, nil
}

func edit(ctx context.Context, st *stage) ([]figure, error) {
	request := newTemplate(wire.Frame{Event: wire.AchievementsUpdate, Ref: wire.Ref(`"edit"`),
		Payload: wire.Encode(map[string]any{"key": st.achievement, "description": "It is " + emptyMark})}.Encode(), masked)
	cr := crowd{listener: enter(st.site, "versions"), sender: enter(st.sender, ""), senders: 1}
	return st.pair(ctx, cr, request, func(s *server) (all []sample, err error) {
		for _, apps := range []int{1, st.apps} {
			some, err := editRound(ctx, s, cr, apps, flow{request: request, window: 1}, st.duration)
			if err != nil {
				return nil, err
			}
			all = append(all, some...)
		}
		return all, nil
	})
}

func editRound(ctx context.Context, s *server, cr crowd, apps int, f flow, d time.Duration) ([]sample, error) {
	cr.listeners = apps
	// A thousand full catch-ups over a log that has thousands of edits would take minutes.
	var level wire.SyncLevel
	str, err := dial(s.port, cr.listener, func(message []byte) {
		if f, err := wire.Decode(message); err == nil && f.Event == wire.Sync {
			_ = json.Unmarshal(f.Payload, &level) // without it there is no cursor, and it takes longer
		}
	})
	if err != nil {
		return nil, err
	}
	unix.Close(str.fd)
	cr.listener.request = syncAfter(level.Cursor)
	t, err := converse(ctx, s, cr, f, d)
	if err != nil {
		return nil, err
	}
	name := several(apps, "application") + ", "
	return []sample{
		{name + "first p50", t.first.ms(0.5), "ms"},
		{name + "first p99", t.first.ms(0.99), "ms"},
		{name + "last p50", t.last.ms(0.5), "ms"},
		{name + "last p99", t.last.ms(0.99), "ms"},
		{name + "CPU per edit", t.cpu.Seconds() * 1e6 / float64(t.last.total), "µs"},
	}, nil
}
