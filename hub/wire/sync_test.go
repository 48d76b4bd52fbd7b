package wire_test

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"hearsay/hub/wire"
)

func TestDecodeSyncRequest(t *testing.T) {
	at := time.Date(2026, 3, 4, 5, 6, 7, 890_000_000, time.UTC)
	for _, test := range []struct {
		raw  string
		want wire.SyncRequest
	}{
		{`{}`, wire.SyncRequest{}},
		{`{"since":null}`, wire.SyncRequest{}},
		{`{"Since":"x","unknown":[]}`, wire.SyncRequest{}},
		{`{"since":"2026-03-04T05:06:07.89Z"}`, wire.SyncRequest{Since: at}},
		{`{"since":"2026-03-04T05:06:07.890000Z"}`, wire.SyncRequest{Since: at}},
		{`{"since":"2026-03-04T05:06:07.89+00:00"}`, wire.SyncRequest{Since: at}},
		{`{"since":"2026-03-04T07:36:07.89+02:30"}`, wire.SyncRequest{Since: at}},
		{`{"since":"2026-03-04T05:06:07.89+0000"}`, wire.SyncRequest{Since: at}},
		{`{"since":"2026-03-03T21:06:07.89-0800"}`, wire.SyncRequest{Since: at}},
		{`{"since":"2026-03-04T06:06:07.89+01"}`, wire.SyncRequest{Since: at}},
		{`{"since":"2026-03-04T05:06:07-00:00"}`, wire.SyncRequest{Since: at.Truncate(time.Second)}},
		{`{"since":"2026-03-04 05:06:07.89Z"}`, wire.SyncRequest{Since: at}},
		{`{"since":"2026-03-04t05:06:07.89z"}`, wire.SyncRequest{Since: at}},
		{`{"since":"2026-03-04 06:06:07.89+01"}`, wire.SyncRequest{Since: at}},
		{`{"since":"2026-03-04T05:06Z"}`, wire.SyncRequest{Since: at.Truncate(time.Minute)}},
		{`{"since":"2026-03-04 06:06+01:00"}`, wire.SyncRequest{Since: at.Truncate(time.Minute)}},
		{`{"cursor":true}`, wire.SyncRequest{Cursor: true, Extended: true}},
		{`{"cursor":false,"since":null}`, wire.SyncRequest{}},
		{`{"cursor":"true"}`, wire.SyncRequest{}},
		{`{"after":7}`, wire.SyncRequest{After: 7, Extended: true}},
		{`{"after":0}`, wire.SyncRequest{Extended: true}},
		{`{"after":7,"since":"2026-03-04T05:06:07Z","cursor":true}`, wire.SyncRequest{After: 7, Cursor: true, Extended: true}},
		{`{"after":7,"since":"malformed"}`, wire.SyncRequest{After: 7, Extended: true}},
		{`{"after":null,"since":"2026-03-04T05:06:07Z"}`, wire.SyncRequest{Since: at.Truncate(time.Second)}},
	} {
		got, ok := wire.DecodeSyncRequest(json.RawMessage(test.raw))
		if !ok || !got.Since.Equal(test.want.Since) {
			t.Errorf("%s: got %+v, %t", test.raw, got, ok)
		}
		got.Since, test.want.Since = time.Time{}, time.Time{}
		if got != test.want {
			t.Errorf("%s: got %+v, want %+v", test.raw, got, test.want)
		}
	}
	for _, raw := range append(notObjects, `{"since":7}`, `{"since":""}`, `{"since":"yesterday"}`, `{"since":"2026-03-04"}`, `{"since":"2026-03-04T05:06:07"}`,
		`{"since":"2026-02-30T05:06:07Z"}`, `{"since":"2026-03-04T05:06:07Z "}`, `{"since":[]}`, `{"after":-1}`, `{"after":"7"}`, `{"after":1.5}`, `{"after":{}}`, `{"after":9223372036854775808}`) {
		if got, ok := wire.DecodeSyncRequest(json.RawMessage(raw)); ok {
			t.Errorf("%s: got %+v", raw, got)
		}
	}
}

// What clients write is what hubs read.
func TestSyncRequest_Encode(t *testing.T) {
	at := time.Date(2026, 3, 4, 5, 6, 7, 890_000, time.UTC)
	for want, r := range map[string]wire.SyncRequest{
		`{"since":null}`:                                                  {},
		`{"since":null,"cursor":true}`:                                    {Cursor: true, Extended: true},
		`{"since":"2026-03-04T05:06:07.000890Z"}`:                         {Since: at},
		`{"since":"2026-03-04T05:06:07.000890Z","after":7,"cursor":true}`: {Since: at, After: 7, Cursor: true, Extended: true},
	} {
		if got := string(r.Encode()); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		if r.After > 0 {
			r.Since = time.Time{} // after wins
		}
		if got, ok := wire.DecodeSyncRequest(r.Encode()); !ok || got != r {
			t.Errorf("%s: got %+v, %v, want %+v", want, got, ok, r)
		}
	}
}

func TestDecodeLevel(t *testing.T) {
	want := wire.SyncLevel{Cursor: 7, Counts: map[string]int{"games": 2}, Digest: map[string]string{"games": "0f"}}
	if got, ok := wire.DecodeLevel(wire.Encode(want)); !ok || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, ok)
	}
	for _, raw := range []string{``, `{}`, `[]`, `7`, `{"cursor":7}`, `{"digest":7}`} {
		if got, ok := wire.DecodeLevel(json.RawMessage(raw)); ok || got.Digest != nil {
			t.Errorf("%s: got %+v", raw, got)
		}
	}
}

func TestDecodeSync(t *testing.T) {
	at := time.Date(2026, 3, 4, 5, 6, 7, 890_000, time.UTC)
	record := func(text string) json.RawMessage { return json.RawMessage(text) }
	for _, test := range []struct {
		event, raw string
		want       wire.SyncBatch
	}{
		{"sync/channels", `{"channels":[{"id":1,"name":"a"},{"id":2}]}`,
			wire.SyncBatch{Kind: "channels", Records: []json.RawMessage{record(`{"id":1,"name":"a"}`), record(`{"id":2}`)}}},
		{"sync/games", `{"games":[{"id":7}],"deleted":[7,8],"channels":[]}`,
			wire.SyncBatch{Kind: "games", Records: []json.RawMessage{record(`{"id":7}`)}, Deleted: []int64{7, 8}}},
		{"sync/games", ` {"games":[]}`, wire.SyncBatch{Kind: "games", Records: []json.RawMessage{}}},
		{"sync/events", `[]`, wire.SyncBatch{Kind: "events"}},
		{"sync/achievements", `[{"action":"create","logged_at":"2026-03-04T05:06:07.000890Z","payload":{"id":3}},
			{"id":9,"payload":{"id":4,"x":null},"action":"delete","logged_at":"2026-03-04T06:06:07.00089+01:00","more":1}]`,
			wire.SyncBatch{Kind: "achievements", Versions: []wire.SyncVersion{
				{Action: "create", LoggedAt: at, Payload: record(`{"id":3}`)},
				{Action: "delete", LoggedAt: at, Payload: record(`{"id":4,"x":null}`), ID: 9},
			}}},
	} {
		got, err := wire.DecodeSync(test.event, json.RawMessage(test.raw))
		members := func(raw json.RawMessage) wire.Object {
			o, _ := wire.DecodeObject(raw) // nil if it is none
			return o
		}
		for _, record := range test.want.Records {
			test.want.Members = append(test.want.Members, members(record))
		}
		for i := range test.want.Versions {
			test.want.Versions[i].Record = members(test.want.Versions[i].Payload)
		}
		if err != nil || !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s %s:\n got %+v, %v\nwant %+v", test.event, test.raw, got, err, test.want)
		}
	}
	for _, test := range []struct{ event, raw string }{
		{"sync", `[]`}, {"sync/", `[]`}, {"sync/Games", `[]`}, {"sync/users", `[]`}, {"games", `[]`}, {"", `[]`},
		{"sync/games", ``}, {"sync/games", `null`}, {"sync/games", `7`}, {"sync/games", `{}`}, {"sync/games", `{"channels":[]}`},
		{"sync/games", `{"games":{}}`}, {"sync/games", `{"games":[7]}`}, {"sync/games", `{"games":[{}]}`}, {"sync/games", `{"games":[{"id":"7"}]}`}, {"sync/games", `{"games":[{"id":1.5}]}`},
		{"sync/games", `{"games":[],"deleted":["7"]}`},
		{"sync/games", `[7]`}, {"sync/games", `[null]`}, {"sync/games", `[{}]`},
		{"sync/games", `[{"action":"upsert","logged_at":"2026-03-04T05:06:07Z","payload":{"id":1}}]`},
		{"sync/games", `[{"action":"create","payload":{"id":1}}]`},
		{"sync/games", `[{"action":"create","logged_at":7,"payload":{"id":1}}]`},
		{"sync/games", `[{"action":"create","logged_at":"9999-12-31T23:59:59-00:01","payload":{"id":1}}]`},
		{"sync/games", `[{"action":"create","logged_at":"0000-01-01T00:00:00+00:01","payload":{"id":1}}]`},
		{"sync/games", `[{"action":"create","logged_at":"2026-03-04T05:06:07Z"}]`},
		{"sync/games", `[{"action":"create","logged_at":"2026-03-04T05:06:07Z","payload":null}]`},
		{"sync/games", `[{"action":"create","logged_at":"2026-03-04T05:06:07Z","payload":{"ID":1}}]`},
	} {
		if got, err := wire.DecodeSync(test.event, json.RawMessage(test.raw)); err == nil {
			t.Errorf("%s %s: got %+v, want an error", test.event, test.raw, got)
		}
	}
}

func TestRemovedName(t *testing.T) {
	if got := wire.RemovedName(42); got != "removed-42" {
		t.Errorf("got %q", got)
	}
}

// FuzzSyncRequest proves that reading a request never panics, and that what is
// taken is within its bounds.
func FuzzSyncRequest(f *testing.F) {
	f.Add([]byte(`{"since":"2026-03-04T05:06:07.890000Z","after":null,"cursor":true}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		p, ok := wire.DecodeSyncRequest(raw)
		if !ok {
			return
		}
		if p.After < 0 || p.Cursor && !p.Extended || p.After > 0 && (!p.Extended || !p.Since.IsZero()) {
			t.Errorf("%q: got %+v", raw, p)
		}
		if again, ok := wire.DecodeSyncRequest(raw); !ok || !again.Since.Equal(p.Since) || again.After != p.After {
			t.Errorf("%q: got %+v, and then %+v", raw, p, again)
		}
	})
}

// FuzzDecodeSync proves that reading a frame never panics, and that versions can
// be written back and read again, but for what lies below a microsecond.
func FuzzDecodeSync(f *testing.F) {
	f.Add("sync/games", []byte(`[{"action":"update","logged_at":"2026-03-04T05:06:07.890000Z","payload":{"id":7},"id":9}]`))
	f.Add("sync/channels", []byte(`{"channels":[{"id":1,"name":"gossip","description":null,"hidden":true}],"deleted":[1]}`))
	f.Fuzz(func(t *testing.T, event string, raw []byte) {
		b, err := wire.DecodeSync(event, raw)
		if err != nil {
			return
		}
		for _, record := range b.Records {
			if _, err := wire.RecordID(record); err != nil {
				t.Errorf("%q %q: record %q: %v", event, raw, record, err)
			}
		}
		if len(b.Versions) == 0 {
			return
		}
		line := []byte{'['}
		for i := range b.Versions {
			if i > 0 {
				line = append(line, ',')
			}
			line = wire.AppendVersion(line, b.Versions[i])
			b.Versions[i].LoggedAt = b.Versions[i].LoggedAt.Truncate(time.Microsecond)
		}
		line = append(line, ']')
		again, err := wire.DecodeSync(event, line)
		if err != nil || !reflect.DeepEqual(again, b) {
			t.Errorf("%q %q: written as %q\n  got %+v\nagain %+v, %v", event, raw, line, b, again, err)
		}
	})
}
