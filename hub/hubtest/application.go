package hubtest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"hearsay/hub/store"
	"hearsay/hub/wire"
)

// An Application keeps what its sockets are sent, over any number of them.
type Application struct {
	Form    string // "records" or "versions"
	Records map[string]map[int64]json.RawMessage
	Cursor  int64 // in the form versions: the last version that it has

	*Socket
	versions map[string]map[int64]int64 // the version of each record
}

// NewApplication holds nothing and has no socket.
func NewApplication(form string) *Application {
	a := &Application{Form: form}
	a.forget()
	return a
}

func (a *Application) forget() {
	a.Records, a.versions = map[string]map[int64]json.RawMessage{}, map[string]map[int64]int64{}
	for _, kind := range store.Kinds {
		a.Records[string(kind)], a.versions[string(kind)] = map[int64]json.RawMessage{}, map[int64]int64{}
	}
}

// Connect opens a socket and reads until it is level. In the form versions it goes
// on from its cursor and compares its digests with the hub's.
func (a *Application) Connect(ctx context.Context, url string, c store.Credential) (err error) {
	if a.Socket, err = Dial(ctx, url); err != nil {
		return err
	}
	if a.Form == "records" {
		a.forget()
	}
	if err := a.Authenticate(ctx, c, map[string]any{"sync": a.Form}); err != nil {
		return err
	}
	if a.Form == "records" {
		// The fence is answered after the records, which come with authenticate.
		_, err = a.Ask(ctx, "fence", nil, a.Apply)
		return err
	}
	f, err := a.Ask(ctx, wire.Sync, map[string]any{"after": a.Cursor, "cursor": true}, a.Apply)
	if err != nil {
		return err
	}
	if f.Status != wire.StatusSuccess {
		return fmt.Errorf("sync after %d: %s", a.Cursor, f.Error)
	}
	var level wire.SyncLevel
	if err := json.Unmarshal(f.Payload, &level); err != nil {
		return err
	}
	a.Cursor = level.Cursor
	for kind, records := range a.Records {
		if _, told := level.Digest[kind]; !told && len(records) > 0 {
			return fmt.Errorf("%s at version %d: %d records, the hub has none", kind, a.Cursor, len(records))
		}
	}
	for kind, want := range level.Digest {
		if got := a.digest(level.Log, kind); got != want || level.Counts[kind] != len(a.Records[kind]) {
			return fmt.Errorf("%s at version %d: %d records with digest %s, the hub has %d with %s",
				kind, a.Cursor, len(a.Records[kind]), got, level.Counts[kind], want)
		}
	}
	return nil
}

// Apply takes in one frame. It refuses what section 9 rules out.
func (a *Application) Apply(f wire.Frame) error {
	if f.Status != "" || len(f.Event) <= len(wire.SyncPrefix) || f.Event[:len(wire.SyncPrefix)] != wire.SyncPrefix {
		return nil
	}
	b, err := wire.DecodeSync(f.Event, f.Payload)
	if err != nil {
		return err
	}
	if n := len(b.Records) + len(b.Versions); n < 1 || n > wire.MaxBatch {
		return fmt.Errorf("%d entries in a frame", n)
	}
	if (a.Form == "versions") != (b.Versions != nil) {
		return fmt.Errorf("a frame of the wrong form: %.200s", f.Payload)
	}
	for _, record := range b.Records {
		if err := a.put(b.Kind, record, 0); err != nil {
			return err
		}
	}
	for _, id := range b.Deleted {
		delete(a.Records[b.Kind], id)
	}
	for _, v := range b.Versions {
		if v.ID <= a.Cursor {
			return fmt.Errorf("version %d comes after %d", v.ID, a.Cursor)
		}
		a.Cursor = v.ID
		if v.Action != wire.ActionDelete {
			err = a.put(b.Kind, v.Payload, v.ID)
		} else if id, rerr := wire.RecordID(v.Payload); rerr == nil {
			delete(a.Records[b.Kind], id)
			delete(a.versions[b.Kind], id)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (a *Application) put(kind string, record json.RawMessage, version int64) error {
	id, err := wire.RecordID(record)
	if err != nil {
		return err
	}
	a.Records[kind][id] = slices.Clone(record)
	a.versions[kind][id] = version
	return nil
}

// digest is that of the protocol's extension.
func (a *Application) digest(log, kind string) string {
	sum := sha256.New()
	fmt.Fprintf(sum, "log:%s\n", log)
	for _, id := range slices.Sorted(maps.Keys(a.versions[kind])) {
		fmt.Fprintf(sum, "%d:%d\n", id, a.versions[kind][id])
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// Content is a digest over channels and games themselves, which both forms have. It
// leaves out when a game was last seen: that alone is no change.
func (a *Application) Content() string {
	sum := sha256.New()
	for _, kind := range []string{wire.KindChannels, wire.KindGames} {
		for _, id := range slices.Sorted(maps.Keys(a.Records[kind])) {
			var record map[string]any
			if err := json.Unmarshal(a.Records[kind][id], &record); err != nil {
				return err.Error()
			}
			delete(record, "last_seen_at")
			sum.Write(wire.Encode(record)) // keys are sorted
		}
	}
	return hex.EncodeToString(sum.Sum(nil))
}
