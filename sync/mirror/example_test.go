package mirror_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"hearsay/sync/mirror"
)

// An application that keeps a copy, and is told when it is level. The hub of this example
// is not there, so that the copy stays empty.
func Example() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	ctx, stop := context.WithCancel(context.Background())
	m, err := mirror.Open(ctx, filepath.Join(dir, "site.db"), mirror.Options{
		URL: "ws://127.0.0.1:1/socket", ClientID: "ID", ClientSecret: "SECRET",
		Level: func(l mirror.Level) { fmt.Println("level:", l.Counts["games"], "games") },
		Changed: func(all []mirror.Change) {
			for _, c := range all {
				fmt.Println(c.Action, c.Kind, c.Name)
			}
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()
	ended := make(chan error)
	go func() { ended <- m.Run(ctx) }()

	games, err := m.Games(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(games), "games")
	stop()
	fmt.Println(<-ended)
	// Output:
	// 0 games
	// context canceled
}
