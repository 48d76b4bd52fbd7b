package wire_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"hearsay/hub/wire"
)

func TestDecode(t *testing.T) {
	payload := func(text string) json.RawMessage { return json.RawMessage(text) }
	ref := func(text string) wire.Ref { return wire.Ref(text) }
	for _, test := range []struct {
		name, message string
		want          wire.Frame
	}{
		{"plain", `{"event":"heartbeat"}`, wire.Frame{Event: "heartbeat", HasEvent: true}},
		{"any layout, trailing CRLF", "\r\n {\t\"event\" :\n\"a\" ,\"ref\": 1 , \"payload\" : { \"x\" : [ 1 ] } }\r\n",
			wire.Frame{Event: "a", HasEvent: true, Ref: ref("1"), Payload: payload(`{ "x" : [ 1 ] }`)}},
		{"empty object", `{}`, wire.Frame{}},
		{"unknown keys", `{"zzz":{"event":"b"},"event":"a","Zzz":[[]]}`, wire.Frame{Event: "a", HasEvent: true}},
		{"events for event", `{"events":"channels/send"}`, wire.Frame{Event: "channels/send", HasEvent: true}},
		{"event wins over events", `{"event":"a","events":"b"}`, wire.Frame{Event: "a", HasEvent: true}},
		{"event wins in either order", `{"events":"b","event":"a"}`, wire.Frame{Event: "a", HasEvent: true}},
		{"event of the wrong type is there all the same", `{"events":"b","event":7}`, wire.Frame{}},
		{"null event is there all the same", `{"events":"b","event":null}`, wire.Frame{}},
		{"empty event", `{"event":""}`, wire.Frame{HasEvent: true}},
		{"keys are case-sensitive", `{"Event":"a","EVENT":"b","REF":1,"Payload":{},"event":"c"}`, wire.Frame{Event: "c", HasEvent: true}},
		{"no event in another case", `{"Event":"a"}`, wire.Frame{}},
		{"last event", `{"event":"a","event":"b"}`, wire.Frame{Event: "b", HasEvent: true}},
		{"last event is no text", `{"event":"a","event":[]}`, wire.Frame{}},
		{"last ref", `{"ref":1,"ref":"2"}`, wire.Frame{Ref: ref(`"2"`)}},
		{"last ref is null", `{"ref":1,"ref":null}`, wire.Frame{}},
		{"last ref is an object", `{"ref":1,"ref":{}}`, wire.Frame{BadRef: true}},
		{"last payload", `{"payload":{"a":1},"payload":{"b":2}}`, wire.Frame{Payload: payload(`{"b":2}`)}},
		{"escaped key", `{"\u0065vent":"a"}`, wire.Frame{Event: "a", HasEvent: true}},
		{"ref UUID", `{"ref":"b1c3a4f2-0000-4000-8000-0123456789ab"}`, wire.Frame{Ref: ref(`"b1c3a4f2-0000-4000-8000-0123456789ab"`)}},
		{"ref as written", `{"ref":"\u0041\/\u00e9"}`, wire.Frame{Ref: ref(`"\u0041\/\u00e9"`)}},
		{"ref lone surrogate", `{"ref":"\ud800"}`, wire.Frame{Ref: ref(`"\ud800"`)}},
		{"ref number as written", `{"ref":-0.10E+007}`, wire.Frame{Ref: ref(`-0.10E+007`)}},
		{"ref beyond any number type", `{"ref":123456789012345678901234567890e999}`, wire.Frame{Ref: ref(`123456789012345678901234567890e999`)}},
		{"ref true", `{"ref":true}`, wire.Frame{Ref: ref(`true`)}},
		{"ref false", `{"ref":false}`, wire.Frame{Ref: ref(`false`)}},
		{"ref empty text", `{"ref":""}`, wire.Frame{Ref: ref(`""`)}},
		{"ref null", `{"ref": null}`, wire.Frame{}},
		{"ref object", `{"event":"a","ref":{"x":1}}`, wire.Frame{Event: "a", HasEvent: true, BadRef: true}},
		{"ref array", `{"ref":[1]}`, wire.Frame{BadRef: true}},
		{"payload null", `{"event":"a","payload":null}`, wire.Frame{Event: "a", HasEvent: true}},
		{"payload of any type", `{"payload":"x"}`, wire.Frame{Payload: payload(`"x"`)}},
		{"invalid UTF-8", "{\"event\":\"a\xff\xfeb\",\"ref\":\"\xc3\",\"payload\":{\"\xe2\x82\":\"\xf0\"}}",
			wire.Frame{Event: "a\uFFFDb", HasEvent: true, Ref: ref("\"\uFFFD\""), Payload: payload("{\"\uFFFD\":\"\uFFFD\"}")}},
		{"an answer", `{"event":"a","ref":1,"status":"failure","error":"e"}`,
			wire.Frame{Event: "a", HasEvent: true, Ref: ref("1"), Status: "failure", Error: "e"}},
		{"status of the wrong type", `{"status":1,"error":{}}`, wire.Frame{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := wire.Decode([]byte(test.message))
			if err != nil {
				t.Fatalf("%s: %v", test.message, err)
			}
			if !reflect.DeepEqual(got, test.want) {
				t.Errorf("%s:\n got %+v\nwant %+v", test.message, got, test.want)
			}
		})
	}
}

func TestDecode_notAnObject(t *testing.T) {
	for _, message := range []string{
		"", " ", "\r\n", "null", "true", "7", `"event"`, "[]", `[{"event":"a"}]`, "{", "}", `{"event":"a"`, `{"event":"a"}}`,
		`{"event":"a"}{"event":"b"}`, `{'event':'a'}`, `{event:"a"}`, `{"event":"a",}`, `{"event":"a` + "\n" + `"}`, `{"ref":01}`, `{"ref":NaN}`,
		"\x00\x01\x02\xff", "\uFEFF{}", "hello", "\x1f\x8b\x08\x00", strings.Repeat("[", 20_000), strings.Repeat(`{"a":`, 20_000),
	} {
		if f, err := wire.Decode([]byte(message)); err == nil {
			t.Errorf("%.60q: got %+v, want an error", message, f)
		}
	}
}

func TestFrame_Encode(t *testing.T) {
	for _, test := range []struct {
		frame wire.Frame
		want  string
	}{
		{wire.Frame{}, `{}`},
		{wire.Frame{HasEvent: true}, `{"event":""}`},
		{wire.Frame{Event: "a"}, `{"event":"a"}`},
		{wire.Frame{Ref: wire.Ref("1e5")}, `{"ref":1e5}`},
		{wire.Frame{BadRef: true, Status: "failure", Error: "e"}, `{"status":"failure","error":"e"}`},
		{wire.Frame{Event: "<&>\u2028", Ref: wire.Ref(`"\u0041"`), Status: "success", Payload: json.RawMessage(`{}`)},
			"{\"event\":\"<&>\u2028\",\"ref\":\"\\u0041\",\"status\":\"success\",\"payload\":{}}"},
	} {
		if got := string(test.frame.Encode()); got != test.want {
			t.Errorf("%+v: got %s, want %s", test.frame, got, test.want)
		}
	}
}

// FuzzDecode proves that reading never panics, and that what was read and written
// again, with the payload made compact, reads the same.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"event":"channels/send","ref":"1","payload":{"channel":"gossip","name":"a","message":"b"}}`))
	f.Fuzz(func(t *testing.T, message []byte) {
		got, err := wire.Decode(message)
		if err != nil {
			if !reflect.DeepEqual(got, wire.Frame{}) {
				t.Errorf("%q: got %+v with error %v", message, got, err)
			}
			return
		}
		got.BadRef = false // no answer carries it
		if got.Payload != nil {
			var compact bytes.Buffer
			if err := json.Compact(&compact, got.Payload); err != nil {
				t.Fatalf("%q: payload %q: %v", message, got.Payload, err)
			}
			got.Payload = compact.Bytes()
		}
		line := got.Encode()
		if !utf8.Valid(line) || !json.Valid(line) || bytes.ContainsAny(line, "\r\n") {
			t.Fatalf("%q: encoded as %q", message, line)
		}
		again, err := wire.Decode(line)
		if err != nil || !reflect.DeepEqual(again, got) {
			t.Errorf("%q:\n  got %+v\nagain %+v, %v", message, got, again, err)
		}
	})
}

func TestAppendText(t *testing.T) {
	texts := []string{"", "plain", `"\/`, "<b>&amp;</b>", "é✔️😀", "\u2028\u2029", "\x7f\u0080\u009b", "\xff", "a\xffb", "\xff\xfe", "\xed\xa0\x80", "\xf0\x9f\x98", "\uFFFD"}
	for c := range rune(0x20) {
		texts = append(texts, "a"+string(c)+"b")
	}
	for _, text := range texts {
		got := wire.AppendText([]byte("before"), text)
		if !bytes.HasPrefix(got, []byte("before")) {
			t.Errorf("%q: the prefix is gone: %q", text, got)
		}
		got = got[len("before"):]
		standard, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		var back, want string
		if err := json.Unmarshal(got, &back); err != nil {
			t.Fatalf("%q: %q: %v", text, got, err)
		}
		if err := json.Unmarshal(standard, &want); err != nil {
			t.Fatal(err)
		}
		if back != want || !utf8.Valid(got) {
			t.Errorf("%q: got %q, which reads %q, want %q", text, got, back, want)
		}
		if len(got) > len(standard) && !strings.ContainsAny(text, "\b\f") {
			t.Errorf("%q: got %q, longer than %q", text, got, standard)
		}
	}
	if got := string(wire.AppendText(nil, "\x00\x1f\"\\/\n\r\t<\u2028")); got != `"\u0000\u001f\"\\/\n\r\t<`+"\u2028\"" {
		t.Errorf("got %s", got)
	}
}

func TestEncode(t *testing.T) {
	got := wire.Encode(map[string]any{"a": "<&>", "b": nil, "c": []int{}})
	if want := `{"a":"<&>","b":null,"c":[]}`; string(got) != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestObject(t *testing.T) {
	o, err := wire.DecodeObject([]byte(`{"text":"t","int":-7,"big":9223372036854775808,"float":1.5,"bool":true,"no":false,"null":null,
		"list":["a",1,null,"",["b"],"\u0063"],"object":{},"Text":"T"}`))
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{"text": "t", "Text": "T"} {
		if got, ok := o.Text(key); !ok || got != want {
			t.Errorf("%s: got %q, %t", key, got, ok)
		}
	}
	for _, key := range []string{"int", "bool", "null", "list", "object", "TEXT", "absent"} {
		if got, ok := o.Text(key); ok || got != "" {
			t.Errorf("%s is a text %q", key, got)
		}
	}
	if n, ok := o.Int("int"); !ok || n != -7 {
		t.Errorf("got %d, %t", n, ok)
	}
	for _, key := range []string{"text", "big", "float", "bool", "null", "list", "absent"} {
		if n, ok := o.Int(key); ok {
			t.Errorf("%s is an integer %d", key, n)
		}
	}
	if v, ok := o.Bool("bool"); !ok || !v {
		t.Errorf("got %t, %t", v, ok)
	}
	if v, ok := o.Bool("no"); !ok || v {
		t.Errorf("got %t, %t", v, ok)
	}
	for _, key := range []string{"text", "int", "null", "absent"} {
		if _, ok := o.Bool(key); ok {
			t.Errorf("%s is a boolean", key)
		}
	}
	if !o.Null("null") || o.Null("absent") || o.Null("text") || !o.Has("null") || o.Has("absent") {
		t.Error("null and absent are mixed up")
	}
	if texts, ok := o.Texts("list"); !ok || !slices.Equal(texts, []string{"a", "", "c"}) {
		t.Errorf("got %q, %t", texts, ok)
	}
	for _, key := range []string{"text", "object", "null", "absent"} {
		if texts, ok := o.Texts(key); ok || texts != nil {
			t.Errorf("%s is a list %q", key, texts)
		}
	}
	for _, raw := range []string{"", "null", "[]", "7", "{"} {
		if o, err := wire.DecodeObject([]byte(raw)); err == nil || o != nil {
			t.Errorf("%q: got %v", raw, o)
		}
	}
}
