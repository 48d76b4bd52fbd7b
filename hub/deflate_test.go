package hub

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"hearsay/hub/hubtest"
	"hearsay/hub/store"
	"hearsay/hub/wire"
)

// TestCompression: a client that offers it gets the same messages as one that does
// not, and only if the operator wants it.
func TestCompression(t *testing.T) {
	for _, on := range []bool{false, true} {
		st, err := store.Open(t.Context(), hubtest.NewFile(t), store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		h, err := New(t.Context(), st, Options{Compression: on})
		if err != nil {
			t.Fatal(err)
		}
		server := httptest.NewServer(h)
		join := func(name string, mode websocket.CompressionMode) *hubtest.Socket {
			c, err := st.CreateGame(t.Context(), store.Game{ShortName: name, Name: name, Display: true}, store.LongSecret)
			if err != nil {
				t.Fatal(err)
			}
			conn, answer, err := websocket.Dial(t.Context(), server.URL, &websocket.DialOptions{CompressionMode: mode})
			if err != nil {
				t.Fatal(err)
			}
			offered := mode != websocket.CompressionDisabled
			equal(t, "compressed", answer.Header.Get("Sec-WebSocket-Extensions") != "", on && offered)
			s := &hubtest.Socket{Conn: conn}
			if err := s.Authenticate(t.Context(), c, map[string]any{"channels": []string{"gossip"}}); err != nil {
				t.Fatal(err)
			}
			return s
		}
		plain := join("Plain", websocket.CompressionDisabled)
		small := join("Small", websocket.CompressionNoContextTakeover)
		for i, text := range []string{"short", strings.Repeat("long and dull ", 100), strings.Repeat("漢", 2000)} {
			for _, pair := range [][2]*hubtest.Socket{{plain, small}, {small, plain}} {
				said := wire.SendPayload{Channel: "gossip", Name: "Ann", Message: strings.TrimSpace(text)}
				f, err := pair[0].Ask(t.Context(), wire.ChannelsSend, said, nil)
				if err != nil || f.Status != wire.StatusSuccess {
					t.Fatalf("message %d: %+v, %v", i, f, err)
				}
				heard, err := pair[1].Read(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				got, _ := wire.DecodeSend(heard.Payload)
				equal(t, "heard", got, said)
			}
		}
		plain.Conn.CloseNow()
		small.Conn.CloseNow()
		h.Shutdown(t.Context(), Downtime)
		server.Close()
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	}
}
