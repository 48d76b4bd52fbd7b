package backbone

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/VictoriaMetrics/metrics"

	"hearsay/hub/store"
	"hearsay/hub/wire"
)

const (
	// readBatch is how many versions of a catch-up are read at once: ten full frames.
	readBatch = 10 * wire.MaxBatch
	// liveBatch is how many live ones are sent at once.
	liveBatch = 4 * wire.MaxBatch
)

// oldMirror is the user agent of mirrors that make digests without the log's line, and would
// never be level with those that have it.
const oldMirror = "hearsay-mirror"

var (
	syncFrames  = metrics.NewCounter("hearsay_sync_frames_total")
	wakeSeconds = metrics.NewHistogram("hearsay_wake_seconds")
)

// A Server feeds applications from a store. It is safe for concurrent use.
type Server struct {
	store  *store.Store
	shared shared
}

// New makes a Server.
func New(st *store.Store) *Server { return &Server{store: st} }

// A stream is one socket being fed.
type stream struct {
	*Server
	peer   store.Peer
	send   send
	cursor store.VersionID // the last version that was looked at
	wake   <-chan struct{}

	text, entry []byte // of record and version
}

// send writes frames together, and says up to which version the socket now has the log;
// 0: not to say. The frames are not its to keep.
type send = func(through store.VersionID, frames ...[]byte) error

func (b *Server) stream(p store.Peer, send send) (s *stream, stop func()) {
	wake, stop := b.store.Watch()
	return &stream{Server: b, peer: p, send: send, wake: wake}, stop
}

// Records feeds a socket in the form records: all channels, all games, then each
// change of one as it is committed. It calls level in between and runs until ctx
// ends or send fails.
func (b *Server) Records(ctx context.Context, p store.Peer, send send, level func()) error {
	s, stop := b.stream(p, send)
	defer stop()
	if err := s.allRecords(ctx); err != nil {
		return err
	}
	if err := s.send(s.cursor); err != nil {
		return err
	}
	level()
	return s.live(ctx, look{records: true, credentials: p.Credentials}, func(f *frames, v store.Version) error { return s.addRecord(f, v) })
}

// Versions feeds a socket in the form versions from where r says: what was logged
// until now, compacted, then each version as it is committed. In between it calls
// level with the payload of the request's answer. It reports store.ErrNotFound
// for a cursor beyond the log; else it runs until ctx ends or send fails.
func (b *Server) Versions(ctx context.Context, p store.Peer, r wire.SyncRequest, send send, level func(json.RawMessage)) error {
	s, stop := b.stream(p, send)
	defer stop()
	c, err := b.store.CatchUp(ctx, store.Since{Time: r.Since, After: store.VersionID(r.After)})
	if err != nil {
		return err
	}
	defer c.Close()
	if err := s.catchUp(ctx, c, r); err != nil {
		return err
	}
	var payload json.RawMessage
	if r.Cursor {
		log := b.store.LogID()
		if p.UserAgent == oldMirror {
			log = ""
		}
		l, err := c.Level(ctx, log)
		if err != nil {
			return err
		}
		payload = wire.Encode(syncLevel(c.Through, l))
	}
	c.Close()
	s.cursor = c.Through
	if err := s.send(s.cursor); err != nil {
		return err
	}
	level(payload)
	as := look{credentials: p.Credentials, cursor: r.Cursor, extended: r.Extended}
	return s.live(ctx, as, func(f *frames, v store.Version) error { return s.addVersion(f, v, r) })
}

func syncLevel(cursor store.VersionID, l store.Level) wire.SyncLevel {
	out := wire.SyncLevel{Cursor: int64(cursor), Log: l.Log, Counts: map[string]int{}, Digest: map[string]string{}}
	for _, kind := range store.Kinds {
		if kind == store.Rules && l.Counts[kind] == 0 {
			continue // applications older than rules compare all that there is
		}
		out.Counts[string(kind)] = l.Counts[kind]
		out.Digest[string(kind)] = l.Digest[kind]
	}
	return out
}

// live sends what comes after the cursor, until ctx ends: frames to which add has added
// each version.
func (s *stream) live(ctx context.Context, as look, add func(*frames, store.Version) error) error {
	encode := func(versions []store.Version) (all [][]byte, err error) {
		f := s.frames("", "[", "]")
		f.send = func(_ store.VersionID, frames ...[]byte) error {
			for _, frame := range frames {
				all = append(all, slices.Clone(frame))
			}
			return nil
		}
		for _, v := range versions {
			if err := add(f, v); err != nil {
				return nil, err
			}
		}
		return all, f.flush()
	}
	for {
		versions, err := s.store.Recent(ctx, s.cursor, liveBatch)
		if err != nil {
			return fmt.Errorf("read the log: %w", err)
		}
		if len(versions) > 0 {
			frames, err := s.shared.frames(as, s.cursor, versions, encode)
			if err != nil {
				return err
			}
			s.cursor = versions[len(versions)-1].ID
			if err := s.send(s.cursor, frames...); err != nil {
				return err
			}
			continue
		}
		select {
		case <-s.wake:
			wakeSeconds.Update(s.store.SinceCommit().Seconds())
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
