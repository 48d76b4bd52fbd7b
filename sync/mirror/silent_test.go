package mirror_test

import (
	"context"
	"net/http"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"hearsay/hub/hubtest"
	"hearsay/hub/wire"
	"hearsay/sync/mirror"
)

// TestMirror_silent copies a server of the original network, which gives versions and
// never answers the request: when it has been quiet for a while, the copy counts as level.
func TestMirror_silent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked []string
		server := http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			conn, err := websocket.Accept(rw, r, nil)
			if err != nil {
				return
			}
			defer conn.CloseNow()
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			write := func(text string) { _ = conn.Write(ctx, websocket.MessageText, []byte(text)) } // the copy may be gone
			go func() {
				for beats := time.NewTicker(15 * time.Second); ; {
					write(`{"event":"heartbeat"}`)
					select {
					case <-beats.C:
					case <-ctx.Done():
						return
					}
				}
			}()
			for {
				_, text, err := conn.Read(ctx)
				if err != nil {
					return
				}
				switch f, _ := wire.Decode(text); f.Event {
				case wire.Authenticate:
					write(`{"event":"authenticate","status":"success"}`)
				case wire.Sync:
					asked = append(asked, string(f.Payload))
					write(`{"event":"sync/games","ref":"1","payload":[{"action":"create","logged_at":"2018-11-25T05:07:47Z","payload":{"id":7,"game":"Old","display_name":"Old","display":true}}]}`)
					time.AfterFunc(40*time.Second, func() {
						write(`{"event":"sync/unheard","ref":"2","payload":[]}`)
						write(`{"event":"sync/channels","ref":"3","payload":[{"action":"create","logged_at":"2018-11-25T05:07:48.5Z","payload":{"id":3,"name":"gossip","hidden":false}}]}`)
					})
				}
			}
		})
		m, err := mirror.Open(t.Context(), filepath.Join(t.TempDir(), "site.db"), mirror.Options{
			URL: hubtest.PipeURL, ClientID: "id", ClientSecret: "secret", HTTPClient: hubtest.Pipes(server, "192.0.2.1:1000"),
		})
		check(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- m.Run(ctx) }()
		began := time.Now()
		status := must(m.Status(ctx))
		for ; status.LevelAt.IsZero() && time.Since(began) < 10*time.Minute; status = must(m.Status(ctx)) {
			time.Sleep(time.Second)
		}
		if took := time.Since(began); took < 100*time.Second || took > 2*time.Minute {
			t.Errorf("it was level after %v", took)
		}
		if status.Form != "since" || status.Counts["games"] != 1 || status.Counts["channels"] != 1 {
			t.Errorf("status: %+v", status)
		}
		game := must(m.Game(ctx, "Old"))
		equal(t, "the game", game, wire.GameRecord{
			ID: 7, Game: "Old", DisplayName: "Old", Display: true, Connections: []wire.Connection{}, RedirectURIs: []string{}, ClientSecret: wire.Redacted,
		})
		cancel()
		<-ended
		check(t, m.Close())
		equal(t, "what it asked", asked, []string{`{"since":null,"cursor":true}`})
	})
}

// TestMirror_neverLevel meets a hub whose digest is never that of its records: the full
// resyncs come ever more seldom.
func TestMirror_neverLevel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		syncs := 0
		server := http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			conn, err := websocket.Accept(rw, r, nil)
			if err != nil {
				return
			}
			defer conn.CloseNow()
			for {
				_, text, err := conn.Read(context.Background())
				if err != nil {
					return
				}
				f, _ := wire.Decode(text)
				answer := `{"event":"authenticate","status":"success"}`
				if f.Event == wire.Sync {
					syncs++
					answer = `{"event":"sync","ref":` + string(f.Ref) + `,"status":"success","payload":{"cursor":7,"counts":{},"digest":{"games":"00"}}}`
				}
				if conn.Write(context.Background(), websocket.MessageText, []byte(answer)) != nil {
					return
				}
			}
		})
		m, err := mirror.Open(t.Context(), filepath.Join(t.TempDir(), "site.db"), mirror.Options{
			URL: hubtest.PipeURL, ClientID: "id", ClientSecret: "secret", HTTPClient: hubtest.Pipes(server, "192.0.2.1:1000"),
		})
		check(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- m.Run(ctx) }()
		time.Sleep(30 * time.Minute)
		cancel()
		<-ended
		check(t, m.Close())
		if syncs < 20 || syncs > 70 {
			t.Errorf("%d syncs in half an hour", syncs)
		}
	})
}
