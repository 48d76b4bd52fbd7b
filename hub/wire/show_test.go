package wire_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"hearsay/hub/wire"
)

func show(message string, most int) string {
	f, err := wire.Decode([]byte(message))
	return wire.Show([]byte(message), f, err, most)
}

func TestShow(t *testing.T) {
	for _, test := range []struct{ message, want string }{
		{`{"event":"heartbeat"}`, `{"event":"heartbeat"}`},
		{"{ \"event\": \"channels/send\",\r\n \"payload\": {\"chanel\": \"gossip\"} }\r\n", "{ \"event\": \"channels/send\",\r\n \"payload\": {\"chanel\": \"gossip\"} }\r\n"},
		{`{"event":"authenticate","payload":{"client_id":"i","client_secret":"HUSH","supports":["channels"]}}`,
			`{"event":"authenticate","payload":{"client_id":"i","client_secret":"…","supports":["channels"]}}`},
		{`{"event":"authenticate", "payload":{"client_id":"i" , "client_secret":{"a":"HUSH"}, "secret":"HUSH","token":["HUSH"]}}`,
			`{"event":"authenticate","payload":{"client_id":"i","client_secret":"…","secret":"…","token":"…"}}`},
		{`{"event":"authenticate","client_id":"HUSH","client_secret":"HUSH"}`, `{"event":"authenticate","client_id":"…","client_secret":"…"}`},
		{`{"events":"authenticate","payload":["i","HUSH"]}`, `{"events":"authenticate","payload":"…"}`},
		{`{"event":"authenticate","payload":{"client_secret":"HUSH","client_secret":"HUSH"}}`, `{"event":"authenticate","payload":{"client_secret":"…","client_secret":"…"}}`},
		{`{"event":"authenticate","payload":{"client\u005fsecret":"HUSH"}}`, `{"event":"authenticate","payload":{"client\u005fsecret":"…"}}`},
		{`{"event":"tells/send","ref":7,"payload":{"from_name":"a","to_game":"B","to_name":"c","message":"HUSH"}}`,
			`{"event":"tells/send","ref":7,"payload":{"from_name":"a","to_game":"B","to_name":"c","message":"(hidden)"}}`},
		{`{"event":"tells/send","payload":{"text":"HUSH","message":null}}`, `{"event":"tells/send","payload":{"text":"(hidden)","message":"(hidden)"}}`},
		{`{"event":"tells/send","payload":null}`, `{"event":"tells/send","payload":null}`},
		{`{"event":"tell","payload":{"to":"HUSH","message":"HUSH"}}`, `{"event":"tell","payload":{"to":"…","message":"…"}}`},
		{`{"event":"tells/receive","payload":{"message":"HUSH"}}`, `{"event":"tells/receive","payload":{"message":"…"}}`},
		{`{"event":"heartbeat","payload":{"players":["a"],"client_secret":"HUSH"}}`, `{"event":"heartbeat","payload":{"players":["a"],"client_secret":"…"}}`},
		{`{"event":"heartbeat","client_secret":"HUSH"}`, `{"event":"heartbeat","client_secret":"…"}`},
		{`{"payload":{"client_secret":"HUSH"}}`, `{"payload":{"client_secret":"…"}}`},
		{`{"event":7}`, `{"event":7}`},
		{`hello`, `hello`},
		{`{"client_secret":"HUSH"`, `(23 bytes that are no JSON object)`},
		{"{\"event\":\"heartbeat\",\"payload\":{\"players\":[\"\xff\"]}}", `{"event":"heartbeat","payload":{"players":["` + "\uFFFD" + `"]}}`},
	} {
		got := show(test.message, 1000)
		if got != test.want {
			t.Errorf("%s:\n got %s\nwant %s", test.message, got, test.want)
		}
		if strings.Contains(got, "HUSH") {
			t.Errorf("%s shows the secret", test.message)
		}
	}
	if got, want := show(`{"event":"heartbeat","payload":{"players":["ééé"]}}`, 47), `{"event":"heartbeat","payload":{"players":["é… (54 bytes)`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func FuzzShow(f *testing.F) {
	f.Add(`{"event":"authenticate","payload":{"client_id":"i","client_secret":"s"}}`, 20)
	f.Add(`{"event":"tells/send","ref":1,"payload":{"message":"m"},"x":[{}]}`, 1000)
	f.Add(`nothing`, 3)
	f.Fuzz(func(t *testing.T, message string, most int) {
		most &= 0xfff
		got := show(message, most)
		if !utf8.ValidString(got) || len(got) > 3*most+40 { // an invalid byte becomes three
			t.Errorf("%q: got %d bytes: %q", message, len(got), got)
		}
		// What may be a secret is nowhere in it.
		const secret = "b7qn4k2w9x"
		if quoted, err := json.Marshal(message); err == nil && !strings.Contains(message, secret) {
			for _, one := range []string{
				`{"event":"authenticate","payload":{"client_secret":"` + secret + `",` + string(quoted) + `:"` + secret + `"}}`,
				`{` + string(quoted) + `:"` + secret + `","event":"tells/send","payload":{` + string(quoted) + `:["` + secret + `"],"message":"` + secret + `"}}`,
			} {
				known := message == "client_id" || message == "supports" || message == "channels" || message == "players" || message == "version" ||
					message == "user_agent" || message == "debug" || message == "sync" || message == "from_name" || message == "to_game" ||
					message == "to_name" || message == "sent_at" || message == "event" || message == "events" || message == "ref" || message == "status" || message == "payload"
				if got := show(one, 10000); !known && strings.Contains(got, secret) {
					t.Errorf("%s shows the secret: %s", one, got)
				}
			}
		}
		frame, _ := wire.Decode([]byte(message))
		wire.Mistakes([]byte(message), frame)
	})
}

func TestMistakes(t *testing.T) {
	type m = wire.Mistake
	for _, test := range []struct {
		message string
		want    []m
	}{
		{`{"event":"channels/send","ref":"1","payload":{"channel":"c","name":"n","message":"m"}}`, nil},
		{`{"event":"channels/send","payload":{"chanel":"c","user":"n","text":"m"}}`, []m{
			{wire.UnknownField, "channels/send", "chanel", "channel"},
			{wire.UnknownField, "channels/send", "text", "message"},
			{wire.UnknownField, "channels/send", "user", "name"},
		}},
		{`{"event":"channels/send","payload":{"Channel":"c","name":"n","message":"m"}}`, []m{{wire.UnknownField, "channels/send", "Channel", "channel"}}},
		{`{"event":"channels/send","payload":{"channel":"c","name":"n","zzz":"m"}}`, []m{{wire.UnknownField, "channels/send", "zzz", "message"}}},
		{`{"event":"channels/send","payload":{"channel":"c","name":"n","message":"m","colour":"red"}}`, []m{{wire.UnknownField, "channels/send", "colour", ""}}},
		{`{"event":"channels/send","payload":{"channel":"c","name":7}}`, []m{
			{wire.MistypedField, "channels/send", "name", "text"}, {wire.MissingField, "channels/send", "message", ""}}},
		{`{"event":"channels/send"}`, nil}, // the payload is missing, not a field of it
		{`{"event":"channels/send","data":{"channel":"c"}}`, []m{{wire.UnknownMember, "channels/send", "data", "payload"}}},
		{`{"events":"heartbeat"}`, []m{{wire.UnknownMember, "heartbeat", "events", "event"}}},
		{`{"Event":"heartbeat"}`, []m{{wire.UnknownMember, "", "Event", "event"}}},
		{`{"event":"authenticate","client_id":"i","client_secret":"s"}`, []m{
			{wire.UnknownMember, "authenticate", "client_id", "payload.client_id"}, {wire.UnknownMember, "authenticate", "client_secret", "payload.client_secret"}}},
		{`{"event":"authenticate","payload":{"client-id":"i","secret":"s","supports":"channels","players":null}}`, []m{
			{wire.UnknownField, "authenticate", "client-id", "client_id"}, {wire.UnknownField, "authenticate", "secret", "client_secret"},
			{wire.MistypedField, "authenticate", "supports", "list of texts"}}},
		{`{"event":"channel/send","payload":{}}`, []m{{wire.UnknownEvent, "", "channel/send", "channels/send"}}},
		{`{"event":"channels/broadcast"}`, []m{{wire.UnknownEvent, "", "channels/broadcast", "channels/send"}}},
		{`{"event":"restart"}`, []m{{wire.UnknownEvent, "", "restart", ""}}},
		{`{"event":"players/signin"}`, []m{{wire.UnknownEvent, "", "players/signin", "players/sign-in"}}},
		{`{"event":"` + strings.Repeat("x", 100) + `"}`, []m{{wire.UnknownEvent, "", strings.Repeat("x", 40), ""}}},
		{`{"event":"heartbeat","payload":["a"]}`, nil},
		{`{"event":"heartbeat","payload":{"users":["a"]}}`, []m{{wire.UnknownField, "heartbeat", "users", "players"}}},
		{`{"event":"sync","payload":{"since":null}}`, nil},
		{`[]`, []m{{Kind: wire.NoObject}}},
		{`{`, []m{{Kind: wire.NoObject}}},
	} {
		f, _ := wire.Decode([]byte(test.message))
		got := wire.Mistakes([]byte(test.message), f)
		if len(got) != len(test.want) {
			t.Errorf("%s:\n got %+v\nwant %+v", test.message, got, test.want)
			continue
		}
		for i := range got {
			if got[i] != test.want[i] {
				t.Errorf("%s:\n got %+v\nwant %+v", test.message, got[i], test.want[i])
			}
		}
	}
	many := `{"event":"channels/send","payload":{`
	for c := 'a'; c <= 'z'; c++ {
		many += `"x` + string(c) + `":1,`
	}
	f, _ := wire.Decode([]byte(many + `"y":1}}`))
	if got := wire.Mistakes([]byte(many+`"y":1}}`), f); len(got) != 8 {
		t.Errorf("got %d mistakes of one message", len(got))
	}
}
