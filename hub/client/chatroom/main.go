// Chatroom is a chat room over telnet whose command gossip talks to the network, which
// HUB_URL, CLIENT_ID and CLIENT_SECRET name.
package main

import (
	"bufio"
	"context"
	"fmt"
	"log"
	"net"
	"os"
	"strings"
	"sync"

	"hearsay/hub/client"
	"hearsay/hub/wire"
)

func main() {
	l, err := net.Listen("tcp", "127.0.0.1:4000")
	if err == nil {
		err = serve(context.Background(), l, os.Getenv)
	}
	log.Fatal(err)
}

func serve(ctx context.Context, l net.Listener, env func(string) string) error {
	var people sync.Map // by connection: names
	tell := func(format string, args ...any) {
		people.Range(func(to, _ any) bool { fmt.Fprintf(to.(net.Conn), format+"\r\n", args...); return true })
	}
	hub, err := client.Dial(ctx, client.Options{
		URL: env("HUB_URL"), ClientID: env("CLIENT_ID"), ClientSecret: env("CLIENT_SECRET"), Channels: []string{"gossip"},
		Supports: []string{"players"}, Players: func() (names []string) {
			people.Range(func(_, name any) bool { names = append(names, name.(string)); return true })
			return names
		}, Handlers: client.Handlers{Broadcast: func(b wire.Broadcast) { tell("[%s] %s@%s: %s", b.Channel, b.Name, b.Game, b.Message) }},
	})
	for err == nil {
		var person net.Conn
		if person, err = l.Accept(); err == nil {
			go func() { // one person's, until they leave
				defer func() { people.Delete(person); person.Close() }()
				fmt.Fprint(person, "Your name?\r\n")
				in := bufio.NewScanner(person)
				in.Scan()
				name := in.Text()
				people.Store(person, name)
				for in.Scan() {
					if text, gossip := strings.CutPrefix(in.Text(), "gossip "); !gossip {
						tell("%s says: %s", name, in.Text())
					} else if err := hub.Send(ctx, "gossip", name, text); err != nil {
						fmt.Fprintf(person, "Nobody hears you: %v\r\n", err)
					}
				}
			}()
		}
	}
	return err
}
