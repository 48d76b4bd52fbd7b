package wire_test

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"hearsay/hub/wire"
)

// FuzzDecodeObject proves that objects and lists read as the standard library reads
// them, key by key and byte by byte.
func FuzzDecodeObject(f *testing.F) {
	for _, seed := range []string{
		`{}`, ` {"a":1,"b" : [ {"c":"}"} , -0.5e1 ] ,"a":{"x":null} }` + "\r\n", `{"\u0061\ud800":"\"\\"," ":""}`, "{\"\xff\":\"\xff\"}",
		`["a",1,true,["b"],"\n","\ud83d\ude00"]`, ` [ ]`, `null`, `{"a":1}{"b":2}`, `{"a":1`, `[,]`, `{"":{"":[[],{},""]}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var want map[string]json.RawMessage
		wantErr := json.Unmarshal(raw, &want)
		got, err := wire.DecodeObject(raw)
		if (err == nil) != (wantErr == nil && want != nil) {
			t.Fatalf("%q: got error %v, want %v", raw, err, wantErr)
		}
		if err == nil && !maps.EqualFunc(map[string]json.RawMessage(got), want, func(a, b json.RawMessage) bool { return string(a) == string(b) }) {
			t.Errorf("%q:\n got %s\nwant %s", raw, got, want)
		}
		var items []json.RawMessage
		isList := json.Unmarshal(raw, &items) == nil && items != nil
		texts, ok := wire.Texts(raw)
		if ok != isList {
			t.Fatalf("%q: a list: %t, want %t", raw, ok, isList)
		}
		var wantTexts []string
		for _, item := range items {
			var text string
			if item[0] == '"' && json.Unmarshal(item, &text) == nil {
				wantTexts = append(wantTexts, text)
			}
		}
		if !slices.Equal(texts, wantTexts) {
			t.Errorf("%q: got %q, want %q", raw, texts, wantTexts)
		}
	})
}
