package client_test

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/coder/websocket"

	"hearsay/hub/client"
	"hearsay/hub/hubtest"
	"hearsay/hub/wire"
)

// A peer is a socket to a server of the original network, as far as a test plays it.
type peer struct {
	conn *websocket.Conn
}

func (p *peer) write(text string) {
	_ = p.conn.Write(context.Background(), websocket.MessageText, []byte(text)) // the client may be gone
}

// old serves sockets that let everybody in; then handle gets each frame, until it says
// that the socket ends.
func old(handle func(*peer, wire.Frame) (goOn bool)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer conn.CloseNow()
		p := &peer{conn}
		for {
			_, message, err := conn.Read(context.Background())
			if err != nil {
				return
			}
			f, err := wire.Decode(message)
			if err != nil {
				return
			}
			if f.Event == wire.Authenticate {
				p.write(`{"event":"authenticate","status":"success"}`)
			}
			if !handle(p, f) {
				return
			}
		}
	})
}

// TestClient_original asks nothing of a server that it would not know.
func TestClient_original(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var heard journal
		var asked []string
		server := old(func(p *peer, f wire.Frame) bool {
			asked = append(asked, string(f.Payload))
			switch f.Event {
			case wire.Authenticate:
				p.write(`{"event":"heartbeat"}`)
				p.write(`{"event":"channels/subscribe","status":"failure","error":"Could not subscribe to 'a b'"}`)
				p.write(`{"event":"channels/broadcast","ref":"6b2f5a5e-6a3c-4c93-9d4d-6c2d8f0a7a11","payload":{"channel":"gossip","game":"Old","name":"Eve","message":"hi"}}`)
				p.write(`no JSON`)
				p.write(`{"event":"games/connect","payload":{"game":"Old"}}`)
				p.write(`{"event":"players/sign-in","payload":null}`)
			case wire.PlayersStatus:
				o, _ := wire.DecodeObject(f.Payload)
				if name, one := o.Text("game"); one {
					if name == "?" {
						p.write(`{"event":"players/status","ref":` + string(f.Ref) + `,"status":"failure","error":"unknown game"}`)
					}
				} else {
					p.write(`{"event":"players/status","ref":` + string(f.Ref) + `,"payload":{"game":"Old","players":["Eve"]},"status":"success"}`)
				}
			}
			return true
		})
		c, err := client.Dial(t.Context(), client.Options{
			URL: hubtest.PipeURL, ClientID: "id", ClientSecret: "secret", Supports: []string{"players"}, Channels: []string{"gossip"},
			HTTPClient: hubtest.Pipes(server, "192.0.2.1:1000"), Handlers: heard.handlers(),
		})
		must(t, err)
		must(t, c.Connected(t.Context()))
		all, err := c.Players(t.Context())
		must(t, err)
		want(t, "players", all, []wire.PlayersPayload{{Game: "Old", Players: []string{"Eve"}}})
		want(t, "heard", heard.take(), []string{
			"connected  ", "no: the hub refused channels/subscribe: Could not subscribe to 'a b'",
			"Eve@Old on gossip: hi", "Old is online",
		})
		want(t, "authenticate", asked[0],
			`{"client_id":"id","client_secret":"secret","supports":["channels","players"],"channels":["gossip"],"user_agent":"hearsay-client"}`)
	})
}
