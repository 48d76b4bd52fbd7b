package hubtest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
)

func send(event string) string { return `{"send":"a","frame":{"event":"` + event + `","ref":"r"}}` }

const (
	right    = `{"expect":"a","frame":{"event":"right","ref":"r"}}`
	quiet    = `{"quiet":"a"}`
	stranger = `{"connect":{"id":"b"}}`
)

func TestPerform(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(serveFake))
	t.Cleanup(server.Close)
	for _, test := range []struct {
		name  string
		steps []string
		want  string // in the error
	}{
		{"the wanted frame", []string{send("right"), right, quiet}, ""},
		{"heartbeats are passed over", []string{send("beats"), right, quiet}, ""},
		{"a wanted heartbeat is not", []string{send("beats"), `{"expect":"a","frame":{"event":"heartbeat"}}`, right}, ""},
		{"a heartbeat before authenticate is not", []string{stranger, `{"send":"b","frame":{"event":"beats"}}`, `{"quiet":"b"}`}, `want b quiet, got {"event":"heartbeat"}`},
		{"a wrong frame", []string{send("wrong"), right}, `step 2 (expect): frame.ref: want "r", got "other"`},
		{"a missing frame", []string{send("nothing"), right}, `step 2 (expect): want {"event":"right","ref":"r"}, but a: nothing came`},
		{"an extra frame", []string{send("twice"), right, quiet}, `step 3 (quiet): want a quiet, got {"event":"right"`},
		{"any order", []string{send("right"), send("wrong"), `{"expect":"a","frames":[{"event":"right","ref":"other"},{"event":"right","ref":"r"}]}`, quiet}, ""},
		{"any order, one wrong", []string{send("right"), send("wrong"), `{"expect":"a","frames":[{"event":"right","ref":"x"},{"event":"right","ref":"r"}]}`}, `got {"event":"right","ref":"other"}`},
		{"letters", []string{send("right"), `{"expect":"a","frame":{"$more":true},"contains":["\"ref\":\"r\""]}`}, ""},
		{"missing letters", []string{send("right"), `{"expect":"a","frame":{"$more":true},"contains":["\"ref\":\"x\""]}`}, "want the letters"},

		{"a frame that is not compact", []string{send("spaced"), right}, "want compact JSON"},
		{"a line too many", []string{send("lines"), right}, "want one line"},
		{"a list", []string{send("list"), right}, "want one JSON object"},
		{"a null", []string{send("null"), right}, "want one JSON object"},
		{"a null ref", []string{send("nullRef"), right}, "want no ref that is null"},
		{"broken JSON", []string{send("broken"), right}, "want JSON"},
		{"broken UTF-8", []string{send("latin"), right}, "want valid UTF-8"},
		{"a big frame", []string{send("big"), right}, "want less than 16 KiB"},
		{"a binary frame", []string{send("binary"), right}, "want a text frame"},
		{"a ping before authenticate", []string{stranger, `{"send":"b","frame":{"event":"ping"}}`, `{"expect":"b","frame":{"event":"right"}}`}, "ping before authenticate"}, // it comes when it comes
		{"a ping after authenticate", []string{send("ping"), quiet}, ""},

		{"the close code", []string{send("bye"), `{"close":"a","code":4001,"reason":"goodbye"}`}, ""},
		{"a wrong close code", []string{send("bye"), `{"close":"a","code":4000}`}, `want close 4000, but a was closed with 4001 "goodbye"`},
		{"a wrong reason", []string{send("bye"), `{"close":"a","code":4001,"reason":"x"}`}, `want close 4001 "x"`},
		{"a close instead of a frame", []string{send("bye"), right}, `a was closed with 4001 "goodbye"`},
		{"a frame instead of a close", []string{send("right"), `{"close":"a","code":4001}`}, `want close 4001, got {"event":"right"`},
		{"no close", []string{`{"close":"a","code":4001}`}, "want close 4001, but a: nothing came"},
		{"no close frame", []string{send("cut"), `{"close":"a","code":4001}`}, "a was cut off"},
		{"a close is not quiet", []string{send("bye"), quiet}, "a was closed with 4001"},
		{"a lost message", []string{send("bye"), `{"close":"a","code":4001}`, `{"sendText":"a","text":"x","lost":true}`}, ""},
		{"a message to nobody", []string{send("bye"), `{"close":"a","code":4001}`, send("right")}, "step 3 (send): send on a"},
		{"hangup", []string{`{"hangup":"a"}`, `{"close":"a","code":1000}`}, ""},
		{"drop", []string{`{"drop":"a"}`, `{"close":"a","code":1000}`}, "a was cut off"},
		{"ping", []string{`{"ping":"a"}`, quiet}, ""},

		{"size and binary", []string{`{"sendText":"a","text":"{\"event\":\"size\"}","size":70000,"binary":true}`, `{"expect":"a","frame":{"event":"size","n":70000,"binary":true}}`}, ""},
		{"bytes", []string{`{"sendBytes":"a","base64":"eyJldmVudCI6InNpemUifQ=="}`, `{"expect":"a","frame":{"event":"size","n":16,"binary":false}}`}, ""},
		{"saved values", []string{send("size"), `{"expect":"a","frame":{"n":"$save:n","$more":true}}`, `{"sendText":"a","text":"${n}"}`, send("size"), `{"expect":"a","frame":{"event":"size","n":"${n}","binary":false}}`}, ""},
		{"an unknown peer", []string{`{"quiet":"z"}`}, `no peer "z"`},
		{"an unknown value", []string{`{"sendText":"a","text":"${z}"}`}, "nothing is saved as ${z}"},

		{"until", []string{`{"until":"a","event":"count","frames":[{"event":"count","n":3}]}`}, ""},
		{"until never", []string{`{"until":"a","event":"count","frames":[{"event":"count","n":"x"}]}`}, "step 1 (until): frames: want"},
		{"drain", []string{send("records"), send("right"), `{"drain":"a","frame":{"event":"right","ref":"r"},"once":true}`, `{"mirror":"a","kind":"games","count":2}`}, ""},
		{"drain, another frame", []string{send("records"), send("wrong"), `{"drain":"a","frame":{"event":"right","ref":"r"}}`}, `want "r", got "other"`},
		{"drain to a fence", []string{send("records"), `{"drain":"a"}`, quiet}, ""},
		{"drain to a fence, another frame", []string{send("right"), `{"drain":"a"}`}, "want sync frames only"},
		{"drain, a record twice", []string{send("versions"), `{"drain":"a","frame":{"$more":true},"once":true}`}, "got 2 times games 1"},
		{"a bad sync frame", []string{send("badSync"), `{"drain":"a"}`}, "integer id"},
		{"mirror", []string{send("records"), `{"mirror":"a","kind":"games","records":[{"id":2,"game":"B"},{"id":"$int","game":"A"}]}`}, ""},
		{"mirror, others", []string{send("records"), `{"mirror":"a","kind":"games","records":[{"id":2,"game":"B"}]}`}, "nothing came"},
		{"mirror, another frame", []string{send("right"), `{"mirror":"a","kind":"games","count":2}`}, "want sync frames only"},

		{"rounds", []string{`{"repeat":3,"steps":[{"connect":{"id":"p${i}","as":"Alpha","authenticate":{}}},{"quiet":["a","p${i}"]}]}`, `{"quiet":"p3"}`}, ""},
		{"a round that fails", []string{`{"repeat":3,"steps":[` + send("wrong") + `,` + right + `]}`}, "step 1 (repeat): round 1: step 2 (expect)"},
		{"branches", []string{`{"parallel":[[` + send("right") + `,` + right + `],[` + stranger + `,{"quiet":"b"}]]}`}, ""},
		{"a branch that fails", []string{`{"parallel":[[],[` + send("wrong") + `,` + right + `]]}`}, "step 1 (parallel): branch 2: step 2 (expect)"},

		{"get", []string{`{"get":"/healthz","status":200,"answer":{"x-path":"/healthz"},"absent":["Location"]}`}, ""},
		{"get, another status", []string{`{"get":"/healthz","status":404}`}, "want status 404"},
		{"get, another header", []string{`{"get":"/healthz","status":200,"answer":{"X-Path":"/"}}`}, "want X-Path"},
		{"get, a header too many", []string{`{"get":"/healthz","status":200,"absent":["X-Path"]}`}, "want no X-Path"},
		{"get, an upgrade", []string{`{"get":"/socket","headers":{"Upgrade":"websocket","Connection":"Upgrade","Sec-WebSocket-Key":"dGhlIHNhbXBsZSBub25jZQ==","Sec-WebSocket-Version":"13"},"status":101,"answer":{"Upgrade":"websocket"}}`}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := decodeCase(t, `{"peers":[{"id":"a","as":"Alpha","authenticate":{"supports":["channels"]}}],"steps":[`+strings.Join(test.steps, ",")+`]}`)
			p := newPerformance(newScope(map[string]credential{"Alpha": {"id", "secret"}}), "ws"+strings.TrimPrefix(server.URL, "http")+"/socket")
			p.patience = 300 * time.Millisecond
			err := p.perform(t.Context(), c)
			switch {
			case test.want == "" && err != nil:
				t.Errorf("got %v, want no error", err)
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func TestPerform_bigFrames(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(serveFake))
	t.Cleanup(server.Close)
	c := decodeCase(t, `{"big_frames":true,"peers":[{"id":"a"}],"steps":[`+send("big")+`,{"expect":"a","frame":{"$more":true}}]}`)
	if err := newPerformance(newScope(nil), server.URL+"/socket").perform(t.Context(), c); err != nil {
		t.Errorf("got %v, want no error", err)
	}
}

func TestPeer_checkUnread(t *testing.T) {
	for _, test := range []struct{ raw, want string }{
		{`{"event":"right"}`, ""},
		{`{"event": "right"}`, "want compact JSON"},
	} {
		one := &peer{id: "a", inbox: inbox{news: make(chan struct{}, 1)}}
		one.inbox.put(arrival{kind: websocket.MessageText, raw: []byte(test.raw)})
		one.inbox.put(arrival{end: io.EOF})
		err := one.checkUnread()
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", test.raw, err, test.want)
		}
	}
}

func decodeCase(t testing.TB, text string) *testCase {
	t.Helper()
	c := new(testCase)
	if err := decodeStrict([]byte(text), c); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return c
}
