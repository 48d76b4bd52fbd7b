package hub

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"hearsay/hub/store"
	"hearsay/hub/wire"
)

// A Sight is what an application would get if it asked for the sync now.
type Sight struct {
	Frames []json.RawMessage // those that were wanted
	Count  int               // of all frames
	Bytes  int               // of all frames
	More   bool              // there are more, which were not counted
	Answer json.RawMessage   // to the request, after the last frame; nil if there are more, and in the form records
}

// sightCounted is how many frames are counted; a large network has more than are worth
// the wait.
const sightCounted = 40

var errSeenEnough = errors.New("enough was seen")

// A SightQuery says which frames are wanted.
type SightQuery struct {
	Form    string          // "records" or "versions"
	Request json.RawMessage // the payload of the application's sync, in the form versions
	First   int             // how many to pass over
	Most    int
}

// Sees makes the frames that an application would get, as it would get them: nothing
// that is kept from it is in them.
func (h *Hub) Sees(ctx context.Context, a store.Application, q SightQuery) (s Sight, err error) {
	if h.o.Backbone == nil {
		return s, errors.New("this hub has no backbone")
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	over := false
	send := func(_ store.VersionID, frames ...[]byte) error {
		for _, frame := range frames {
			if over {
				break // that would be live
			}
			if s.Count >= max(sightCounted, q.First+q.Most) {
				s.More = true
				return errSeenEnough
			}
			if s.Count >= q.First && len(s.Frames) < q.Most {
				s.Frames = append(s.Frames, slices.Clone(frame))
			}
			s.Count++
			s.Bytes += len(frame)
		}
		return nil
	}
	p := store.Peer{Application: true, ID: a.ID, ShortName: a.ShortName, SyncForm: q.Form, Credentials: a.Credentials}
	if q.Form == "records" {
		err = h.o.Backbone.Records(ctx, p, send, func() { over = true; stop() })
	} else {
		r, ok := wire.DecodeSyncRequest(q.Request)
		if !ok {
			return s, &store.FieldError{Field: "since", Reason: "is no moment; write it as 2026-12-24T18:00:00Z"}
		}
		err = h.o.Backbone.Versions(ctx, p, r, send, func(payload json.RawMessage) {
			s.Answer = success(wire.Frame{Event: wire.Sync, HasEvent: true, Ref: wire.Ref(`"1"`)}, payload)
			over = true
			stop()
		})
	}
	switch {
	case over, s.More:
		return s, nil
	case errors.Is(err, store.ErrNotFound):
		return s, &store.FieldError{Field: "after", Reason: fmt.Sprintf("is beyond the log; the application is told %q", wire.ErrorUnknownCursor)}
	}
	return s, err
}
