package wire_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"hearsay/hub/wire"
)

// notObjects are payloads that no event takes, but those with an optional one.
var notObjects = []string{"", "null", "[]", `"x"`, "7", "true", "{"}

func TestDecodeAuthenticate(t *testing.T) {
	const credentials = `"client_id":"i","client_secret":"s"`
	base := wire.AuthenticatePayload{ClientID: "i", ClientSecret: "s"}
	with := func(change func(*wire.AuthenticatePayload)) wire.AuthenticatePayload {
		p := base
		change(&p)
		return p
	}
	for _, test := range []struct {
		more string
		want wire.AuthenticatePayload
	}{
		{``, base},
		{`,"supports":["channels","zzz"]`, with(func(p *wire.AuthenticatePayload) { p.Supports = []string{"channels", "zzz"} })},
		{`,"supports":[]`, base},
		{`,"supports":null`, base},
		{`,"supports":"channels"`, base},
		{`,"supports":{"0":"channels"}`, base},
		{`,"supports":["channels",7]`, base},
		{`,"supports":["channels",null]`, base},
		{`,"channels":["gossip",7,null,"","a b",["x"]]`, with(func(p *wire.AuthenticatePayload) { p.Channels = []string{"gossip", "", "a b"} })},
		{`,"channels":"gossip","players":{"a":1},"version":1,"user_agent":["x"],"debug":"true","sync":["records"]`, base},
		{`,"channels":null,"players":null,"version":null,"user_agent":null,"debug":null,"sync":null`, base},
		{`,"players":["a",{},"b"]`, with(func(p *wire.AuthenticatePayload) { p.Players = []string{"a", "b"} })},
		{`,"version":" 1.\u001b[31m0 ","user_agent":"<b>Ex</b>Venture\n2"`, with(func(p *wire.AuthenticatePayload) { p.Version, p.UserAgent = "1.0", "ExVenture 2" })},
		{`,"user_agent":"` + strings.Repeat("é", 300) + `"`, with(func(p *wire.AuthenticatePayload) { p.UserAgent = strings.Repeat("é", 255) })},
		{`,"debug":true`, with(func(p *wire.AuthenticatePayload) { p.Debug = true })},
		{`,"sync":"versions"`, with(func(p *wire.AuthenticatePayload) { p.Sync = "versions" })},
		{`,"sync":"records"`, with(func(p *wire.AuthenticatePayload) { p.Sync = "records" })},
		{`,"sync":"Records"`, base},
		{`,"CLIENT_ID":"other","unknown":[{}]`, base},
		{`,"client_id":"last"`, with(func(p *wire.AuthenticatePayload) { p.ClientID = "last" })},
	} {
		raw := `{` + credentials + test.more + `}`
		got, ok := wire.DecodeAuthenticate(json.RawMessage(raw))
		if !ok || !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s:\n got %+v, %t\nwant %+v", raw, got, ok, test.want)
		}
	}
	for _, raw := range append(notObjects, `{}`, `{"client_id":"i"}`, `{"client_secret":"s"}`, `{"client_id":1,"client_secret":"s"}`,
		`{"client_id":"i","client_secret":null}`, `{"client_id":"i","client_secret":["s"]}`, `{"Client_id":"i","client_secret":"s"}`,
		`{"client_id":"i","client_id":null,"client_secret":"s"}`) {
		if p, ok := wire.DecodeAuthenticate(json.RawMessage(raw)); ok {
			t.Errorf("%s: got %+v", raw, p)
		}
	}
}

func TestHeartbeatPlayers(t *testing.T) {
	for raw, want := range map[string][]string{
		"": nil, "null": nil, "{}": nil, "7": nil, `"a"`: nil, `{"players":null}`: nil, `{"players":"a"}`: nil, `{"players":{"a":"b"}}`: nil,
		`{"Players":["a"]}`:                     nil,
		`{"players":[]}`:                        nil,
		`{"players":["a","b"]}`:                 {"a", "b"},
		`{"players":["",null,7,"a",["b"],{}]}`:  {"", "a"},
		`["a",7,"b"]`:                           {"a", "b"},
		`{"players":["a"],"players":["b","c"]}`: {"b", "c"},
	} {
		if got := wire.HeartbeatPlayers(json.RawMessage(raw)); !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", raw, got, want)
		}
	}
}

func TestDecodeMember(t *testing.T) {
	for key, decode := range map[string]func(json.RawMessage) (string, bool){"channel": wire.DecodeChannel, "name": wire.DecodeName} {
		if got, ok := decode(json.RawMessage(`{"x":1,"` + key + `":" A\u00e9 "}`)); !ok || got != " Aé " {
			t.Errorf("%s: got %q, %t", key, got, ok)
		}
		for _, raw := range append(notObjects, `{}`, `{"`+key+`":null}`, `{"`+key+`":7}`, `{"`+key+`":["a"]}`, `{"`+strings.ToUpper(key)+`":"a"}`) {
			if got, ok := decode(json.RawMessage(raw)); ok {
				t.Errorf("%s: %s: got %q", key, raw, got)
			}
		}
	}
	for raw, want := range map[string]string{`{"key":"k"}`: "k", `{}`: "", `{"key":null}`: "", `{"key":7}`: ""} {
		if got, ok := wire.DecodeKey(json.RawMessage(raw)); !ok || got != want {
			t.Errorf("%s: got %q, %t", raw, got, ok)
		}
	}
	for _, raw := range notObjects {
		if _, ok := wire.DecodeKey(json.RawMessage(raw)); ok {
			t.Errorf("%q has a key", raw)
		}
	}
}

func TestDecodeGame(t *testing.T) {
	for _, test := range []struct {
		raw     json.RawMessage
		game    string
		all, ok bool
	}{
		{nil, "", true, true},
		{json.RawMessage(`{}`), "", true, true},
		{json.RawMessage(`{"Game":"a"}`), "", true, true},
		{json.RawMessage(`{"game":"Alpha"}`), "Alpha", false, true},
		{json.RawMessage(`{"game":""}`), "", false, true},
		{json.RawMessage(`{"game":null}`), "", false, false},
		{json.RawMessage(`{"game":7}`), "", false, false},
		{json.RawMessage(`[]`), "", false, false},
		{json.RawMessage(`"Alpha"`), "", false, false},
	} {
		if game, all, ok := wire.DecodeGame(test.raw); game != test.game || all != test.all || ok != test.ok {
			t.Errorf("%s: got %q, %t, %t", test.raw, game, all, ok)
		}
	}
}

func TestDecodeSend(t *testing.T) {
	got, ok := wire.DecodeSend(json.RawMessage(`{"message":" <b>m ","name":"n\n","channel":"c","game":"x"}`))
	if want := (wire.SendPayload{Channel: "c", Name: "n\n", Message: " <b>m "}); !ok || got != want {
		t.Errorf("got %+v, %t", got, ok)
	}
	full := map[string]any{"channel": "c", "name": "n", "message": "m"}
	checkRequired(t, full, []string{"channel", "name", "message"}, func(raw json.RawMessage) bool { _, ok := wire.DecodeSend(raw); return ok })
}

// checkRequired proves that a payload is malformed without each of the texts, and
// when it is no object.
func checkRequired(t *testing.T, full map[string]any, keys []string, decode func(json.RawMessage) bool) {
	t.Helper()
	if !decode(wire.Encode(full)) {
		t.Errorf("%v is malformed", full)
	}
	for _, key := range keys {
		was := full[key]
		for _, value := range []any{nil, 7, true, []string{"a"}, map[string]string{}} {
			full[key] = value
			if decode(wire.Encode(full)) {
				t.Errorf("%v is not malformed", full)
			}
		}
		delete(full, key)
		if decode(wire.Encode(full)) {
			t.Errorf("%v is not malformed", full)
		}
		full[key] = was
	}
	for _, raw := range notObjects {
		if decode(json.RawMessage(raw)) {
			t.Errorf("%q is not malformed", raw)
		}
	}
}

func TestDecodeTell(t *testing.T) {
	full := map[string]any{"from_name": "a", "to_game": "G", "to_name": "b", "message": "m"}
	checkRequired(t, full, []string{"from_name", "to_game", "to_name", "message"}, func(raw json.RawMessage) bool { _, ok := wire.DecodeTell(raw); return ok })
	for sentAt, want := range map[string]bool{
		"2018-07-17T13:12:28Z": true, "2018-07-17T13:12:28.1Z": true, "2018-07-17T13:12:28.123456789Z": true, "0000-01-01T00:00:00Z": true,
		"2020-02-29T23:59:59.000Z": true,
		"":                         false, "2018-07-17T13:12:28": false, "2018-07-17T13:12:28+00:00": false, "2018-07-17T13:12:28z": false, "2018-07-17 13:12:28Z": false,
		"2018-07-17T13:12:28.Z": false, "2018-07-17T13:12:28,5Z": false, "2018-07-17T13:12:28.1234567890Z": false, "2018-02-30T00:00:00Z": false,
		"2018-13-01T00:00:00Z": false, "2018-07-17T24:00:00Z": false, "2018-07-17T13:12:60Z": false, "2018-07-17T13:12Z": false, "12018-07-17T13:12:28Z": false,
		" 2018-07-17T13:12:28Z": false, "2018-07-17T13:12:28Z\n": false, "２018-07-17T13:12:28Z": false,
	} {
		full["sent_at"] = sentAt
		got, ok := wire.DecodeTell(wire.Encode(full))
		if ok != want || ok && got != (wire.TellPayload{FromName: "a", ToGame: "G", ToName: "b", SentAt: sentAt, Message: "m"}) {
			t.Errorf("sent_at %q: got %+v, %t", sentAt, got, ok)
		}
	}
	for _, sentAt := range []any{nil, 7, true, []string{"2018-07-17T13:12:28Z"}} {
		full["sent_at"] = sentAt
		if _, ok := wire.DecodeTell(wire.Encode(full)); ok {
			t.Errorf("sent_at %v is not malformed", sentAt)
		}
	}
}

func TestDecodeHistory(t *testing.T) {
	number := func(n int64) *int64 { return &n }
	for raw, want := range map[string]wire.HistoryRequest{
		`{"channel":"c"}`:                      {Channel: "c"},
		`{"channel":"c","after":0,"limit":1}`:  {Channel: "c", After: number(0), Limit: 1},
		`{"channel":"c","after":-5}`:           {Channel: "c", After: number(-5)},
		`{"channel":"c","limit":100000000000}`: {Channel: "c", Limit: 1 << 30},
	} {
		if got, ok := wire.DecodeHistory(json.RawMessage(raw)); !ok || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, %t", raw, got, ok)
		}
	}
	for _, more := range []string{`"after":null`, `"after":"1"`, `"after":1.5`, `"limit":0`, `"limit":-1`, `"limit":null`, `"limit":"10"`, `"limit":2.5`, `"limit":[]`} {
		if got, ok := wire.DecodeHistory(json.RawMessage(`{"channel":"c",` + more + `}`)); ok {
			t.Errorf("%s: got %+v", more, got)
		}
	}
	checkRequired(t, map[string]any{"channel": "c"}, []string{"channel"}, func(raw json.RawMessage) bool { _, ok := wire.DecodeHistory(raw); return ok })
}

func TestBroadcast_Encode(t *testing.T) {
	at := time.Date(2026, 1, 2, 4, 4, 5, 678_901_999, time.FixedZone("", 3600))
	for _, b := range []wire.Broadcast{
		{},
		{Channel: "gossip", Game: "Alpha", Name: "An \"n\"", Message: "1 < 2 & \\ é\u2028"},
		{Channel: "gossip", Game: "Alpha", Name: "n", Message: "m", ID: 1 << 60, SentAt: at},
		{Channel: "gossip", Game: "Alpha", Name: "n", Message: "m", SentAt: at},
	} {
		// The same by way of encoding/json.
		want := map[string]any{"channel": b.Channel, "game": b.Game, "name": b.Name, "message": b.Message}
		if b.ID != 0 {
			want["id"] = json.Number("1152921504606846976")
		}
		if !b.SentAt.IsZero() {
			want["sent_at"] = "2026-01-02T03:04:05.678901Z"
		}
		var got map[string]any
		decoder := json.NewDecoder(strings.NewReader(string(b.Encode())))
		decoder.UseNumber()
		if err := decoder.Decode(&got); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%+v:\n got %v, %v\nwant %v", b, got, err, want)
		}
	}
}

func TestMicros(t *testing.T) {
	for at, want := range map[time.Time]string{
		time.Unix(0, 0): "1970-01-01T00:00:00.000000Z",
		time.Date(2026, 1, 1, 0, 30, 0, 999, time.FixedZone("", 3600)): "2025-12-31T23:30:00.000000Z",
	} {
		if got := wire.Micros(at); got != want {
			t.Errorf("%v: got %s, want %s", at, got, want)
		}
	}
}

// What the hub writes is what clients read.
func TestDecodeBroadcast(t *testing.T) {
	at := time.Date(2026, 3, 4, 5, 6, 7, 890_000, time.UTC)
	for _, want := range []wire.Broadcast{
		{Channel: "gossip", Game: "Alpha", Name: "Ann", Message: "a \"quoted\" \\ ✔️"},
		{Channel: "gossip", Game: "Alpha", Name: "Ann", Message: "x", ID: 7, SentAt: at},
	} {
		if got, ok := wire.DecodeBroadcast(want.Encode()); !ok || got != want {
			t.Errorf("got %+v, %v, want %+v", got, ok, want)
		}
	}
	for raw, want := range map[string]bool{``: false, `[]`: false, `{}`: false, `{"channel":7}`: false, `{"channel":"a","name":null,"sent_at":"soon"}`: true} {
		if got, ok := wire.DecodeBroadcast(json.RawMessage(raw)); ok != want {
			t.Errorf("%s: got %+v, %v", raw, got, ok)
		}
	}
}

func TestDecodeErrors(t *testing.T) {
	want := map[string][]string{"title": {"can't be blank"}}
	if got := wire.DecodeErrors(wire.Encode(wire.ErrorsPayload{Errors: want})); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v", got)
	}
	for _, raw := range []string{``, `[]`, `{}`, `{"errors":7}`} {
		if got := wire.DecodeErrors(json.RawMessage(raw)); got != nil {
			t.Errorf("%s: got %v", raw, got)
		}
	}
}
