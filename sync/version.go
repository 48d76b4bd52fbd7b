package backbone

import (
	"context"

	"hearsay/hub/store"
	"hearsay/hub/wire"
)

// catchUp sends what the log holds for the request.
func (s *stream) catchUp(ctx context.Context, c *store.CatchUp, r wire.SyncRequest) error {
	f := s.frames("", "[", "]")
	for {
		versions, err := c.Next(ctx, readBatch)
		if err != nil {
			return err
		}
		if len(versions) == 0 {
			return f.flush()
		}
		for _, v := range versions {
			if !r.Extended && hides(v) && v.CreatedAt.After(r.Since) {
				continue // it was never seen
			}
			if err := s.addVersion(f, v, r); err != nil {
				return err
			}
		}
	}
}

// addVersion adds one entry. Rules are of the extension: old libraries stumble over kinds
// that they do not know.
func (s *stream) addVersion(f *frames, v store.Version, r wire.SyncRequest) error {
	if v.Kind == store.Rules && !r.Extended {
		return nil
	}
	return f.add(string(v.Kind), s.version(v, r))
}

// hides reports whether a version is a delete that old applications cannot read:
// their library would make the record again.
func hides(v store.Version) bool {
	return v.Action == store.Delete && (v.Kind == store.Channels || v.Kind == store.Games)
}

// version is one entry of a frame, in memory that is used again for the next.
func (s *stream) version(v store.Version, r wire.SyncRequest) []byte {
	out := wire.SyncVersion{Action: string(v.Action), LoggedAt: v.LoggedAt, Payload: s.record(v)}
	if hides(v) && !r.Extended {
		out.Action, out.Payload = wire.ActionUpdate, goneRecord(v.Kind, v.Record, out.Payload)
	}
	if r.Cursor {
		out.ID = int64(v.ID)
	}
	s.entry = wire.AppendVersion(s.entry[:0], out)
	return s.entry
}
