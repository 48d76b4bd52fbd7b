package client_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"

	"hearsay/hub"
	"hearsay/hub/client"
	"hearsay/hub/store"
	"hearsay/hub/wire"
)

// A game that hears a channel, speaks in it, and asks about another game.
func Example() {
	ctx, stop := context.WithCancel(context.Background())
	url, credentials, end := exampleHub("MyGame", "OtherGame")
	defer end()

	heard := make(chan string)
	other, err := client.Dial(ctx, client.Options{
		URL: url, ClientID: credentials[1].ClientID, ClientSecret: credentials[1].Secret,
		Channels: []string{"gossip"},
		Handlers: client.Handlers{
			Broadcast: func(b wire.Broadcast) { heard <- b.Name + "@" + b.Game + ": " + b.Message },
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	mine, err := client.Dial(ctx, client.Options{
		URL: url, ClientID: credentials[0].ClientID, ClientSecret: credentials[0].Secret,
		Supports: []string{"players"}, Players: func() []string { return []string{"Ann"} },
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, c := range []*client.Client{other, mine} {
		if err := c.Connected(ctx); err != nil {
			log.Fatal(err)
		}
	}

	if err := mine.Subscribe(ctx, "gossip"); err != nil {
		log.Fatal(err)
	}
	if err := mine.Send(ctx, "gossip", "Ann", "Hello, network!"); err != nil {
		log.Fatal(err)
	}
	fmt.Println(<-heard)
	if _, err := mine.PlayersOf(ctx, "NoGame"); errors.Is(err, client.ErrUnknownGame) {
		fmt.Println(err)
	}

	stop()
	<-mine.Done()
	<-other.Done()
	// Output:
	// Ann@MyGame: Hello, network!
	// the hub refused players/status: unknown game
}

// exampleHub serves a hub that has some games, until end.
func exampleHub(games ...string) (url string, credentials []store.Credential, end func()) {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	st, err := store.Open(ctx, filepath.Join(dir, "hearsay.db"), store.Options{})
	if err != nil {
		log.Fatal(err)
	}
	h, err := hub.New(ctx, st, hub.Options{})
	if err != nil {
		log.Fatal(err)
	}
	for _, name := range games {
		c, err := st.CreateGame(ctx, store.Game{ShortName: name, Name: name, Display: true}, store.LongSecret)
		if err != nil {
			log.Fatal(err)
		}
		credentials = append(credentials, c)
	}
	server := httptest.NewServer(h)
	return "ws" + strings.TrimPrefix(server.URL, "http") + "/socket", credentials, func() {
		h.Shutdown(ctx, hub.Downtime)
		server.Close()
		st.Close()
		os.RemoveAll(dir)
	}
}
