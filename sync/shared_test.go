package backbone_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"hearsay/hub/store"
	"hearsay/hub/wire"
	backbone "hearsay/sync"
)

// TestShared: applications of every kind that follow together get, entry by entry, what
// each would get if it were the only one.
func TestShared(t *testing.T) {
	const last = "the last edit"
	st := open(t)
	addGame(t, st, store.Game{ShortName: "Alpha", Name: "Alpha", Display: true})
	together := backbone.New(st)
	var level, running sync.WaitGroup
	type ear struct {
		name          string
		shared, alone []string
	}
	var ears []*ear
	for _, scope := range []bool{false, true} {
		for _, r := range []*wire.SyncRequest{nil, {}, {Cursor: true, Extended: true}, {Extended: true}} {
			e := &ear{name: fmt.Sprintf("scope %t, %+v", scope, r)}
			ears = append(ears, e)
			p := store.Peer{Application: true, Credentials: scope}
			level.Add(2)
			running.Go(func() { e.shared = listen(t, together, p, r, level.Done, last) })
			running.Go(func() { e.alone = listen(t, backbone.New(st), p, r, level.Done, last) })
		}
	}
	level.Wait()
	for i := range 300 {
		text := fmt.Sprintf("edit %d", i)
		if err := st.UpdateGame(t.Context(), "Alpha", store.GameEdit{Description: &text}); err != nil {
			t.Fatal(err)
		}
		if i%50 == 0 {
			addGame(t, st, store.Game{ShortName: fmt.Sprint("G", i), Name: text, Display: true})
			if err := st.DeleteGame(t.Context(), fmt.Sprint("G", i)); err != nil {
				t.Fatal(err)
			}
		}
	}
	text := last
	if err := st.UpdateGame(t.Context(), "Alpha", store.GameEdit{Description: &text}); err != nil {
		t.Fatal(err)
	}
	running.Wait()
	for _, e := range ears {
		if len(e.alone) != 313 || !slices.Equal(e.shared, e.alone) {
			t.Errorf("%s: got %d entries, alone %d, want the same 313", e.name, len(e.shared), len(e.alone))
		}
	}
}

// listen gives the live entries that an application gets, whatever frames they come in,
// until one has the last text.
func listen(t *testing.T, server *backbone.Server, p store.Peer, r *wire.SyncRequest, level func(), last string) (all []string) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	live := false
	send := func(_ store.VersionID, frames ...[]byte) error {
		for _, frame := range frames {
			f, err := wire.Decode(frame)
			if err != nil {
				return err
			}
			b, err := wire.DecodeSync(f.Event, f.Payload)
			if err != nil {
				return err
			}
			if live {
				all = append(all, told(b)...)
			}
			if strings.Contains(string(frame), last) {
				cancel()
			}
		}
		return nil
	}
	at := func() { live = true; level() }
	var err error
	if r == nil {
		err = server.Records(ctx, p, send, at)
	} else {
		err = server.Versions(ctx, p, *r, send, func(json.RawMessage) { at() })
	}
	if ctx.Err() == nil {
		t.Error(err)
	}
	return all
}

// told is what a frame tells, one text for each entry.
func told(b wire.SyncBatch) (all []string) {
	for _, record := range b.Records {
		all = append(all, fmt.Sprint(b.Kind, string(record), b.Deleted))
	}
	for _, v := range b.Versions {
		all = append(all, fmt.Sprint(b.Kind, v.Action, v.ID, v.LoggedAt, string(v.Payload)))
	}
	return all
}
