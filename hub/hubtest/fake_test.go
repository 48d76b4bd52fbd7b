package hubtest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"

	"github.com/coder/websocket"
)

// said is what the fake hub answers to an event; RAW stands for the request's ref.
var said = map[string][]string{
	"authenticate": {`{"event":"authenticate","status":"success","payload":{"unicode":"✔️","version":"2.3.0"}}`, `{"event":"heartbeat"}`},
	"fence":        {`{"event":"fence","ref":RAW,"status":"failure","error":"unknown"}`},
	"right":        {`{"event":"right","ref":"r"}`},
	"wrong":        {`{"event":"right","ref":"other"}`},
	"twice":        {`{"event":"right","ref":"r"}`, `{"event":"right","ref":"r"}`},
	"beats":        {`{"event":"heartbeat"}`, `{"event":"right","ref":"r"}`, `{"event":"heartbeat"}`},
	"spaced":       {`{"event": "right","ref":"r"}`},
	"lines":        {"{\"event\":\"right\",\"ref\":\"r\"}\n"},
	"list":         {`["right"]`},
	"null":         {`null`},
	"nullRef":      {`{"event":"right","ref":null}`},
	"broken":       {`{"event":"right"`},
	"latin":        {"{\"event\":\"right\",\"ref\":\"\xe9\"}"},
	"big":          {`{"event":"right","ref":"` + strings.Repeat("x", 16<<10) + `"}`},
	"records":      {records("games", `{"id":1,"game":"A"},{"id":2,"game":"B"}`)},
	"versions":     {versions("games", version("create", "01", `{"id":1}`), version("update", "02", `{"id":1}`)), `{"event":"versions","ref":RAW,"status":"success"}`},
	"badSync":      {records("games", `{"id":"1"}`)},
}

// serveFake is a hub that does as it is told, right or wrong.
func serveFake(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/socket" {
		w.Header().Set("X-Path", r.URL.Path)
		return
	}
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	defer conn.CloseNow()
	conn.SetReadLimit(1 << 20)
	for n := 0; ; n++ {
		kind, raw, err := conn.Read(r.Context())
		if err != nil {
			return
		}
		var request struct {
			Event string
			Ref   json.RawMessage
		}
		_ = json.Unmarshal(raw, &request) // a test may send what is no JSON
		say := func(text string) {
			_ = conn.Write(r.Context(), websocket.MessageText, []byte(text)) // the peer may be gone
		}
		for _, text := range said[request.Event] {
			say(strings.ReplaceAll(text, "RAW", string(request.Ref)))
		}
		switch request.Event {
		case "count":
			say(fmt.Sprintf(`{"event":"count","n":%d}`, n))
		case "size":
			say(fmt.Sprintf(`{"event":"size","n":%d,"binary":%t}`, len(raw), kind == websocket.MessageBinary))
		case "binary":
			_ = conn.Write(r.Context(), websocket.MessageBinary, []byte(`{"event":"right","ref":"r"}`))
		case "bye":
			_ = conn.Close(4001, "goodbye")
		case "cut":
			_ = conn.CloseNow()
		case "ping":
			go func() { _ = conn.Ping(context.WithoutCancel(r.Context())) }()
		case "panic":
			fmt.Fprintln(os.Stderr, "panic: it fell")
			os.Exit(2)
		case "exit":
			os.Exit(0)
		case "race":
			fmt.Println("==================\nWARNING: DATA RACE")
			say(`{"event":"race"}`)
		}
	}
}
