package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"hearsay/hub"
	"hearsay/hub/hubtest"
	"hearsay/hub/store"
	"hearsay/hub/wire"
)

// TestChatroom has a person in the room talk with somebody in a game that knows nothing of
// package client.
func TestChatroom(t *testing.T) {
	ctx := t.Context()
	st, err := store.Open(ctx, hubtest.NewFile(t), store.Options{})
	check(t, err)
	h, err := hub.New(ctx, st, hub.Options{})
	check(t, err)
	server := httptest.NewServer(h)
	url := "ws" + strings.TrimPrefix(server.URL, "http") + "/socket"
	add := func(name string) store.Credential {
		c, err := st.CreateGame(ctx, store.Game{ShortName: name, Name: name, Display: true}, store.LongSecret)
		check(t, err)
		return c
	}
	room, other := add("Room"), add("Other")

	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	serving, leave := context.WithCancel(ctx)
	served := make(chan error)
	env := map[string]string{"HUB_URL": url, "CLIENT_ID": room.ClientID, "CLIENT_SECRET": room.Secret}
	go func() { served <- serve(serving, l, func(key string) string { return env[key] }) }()
	defer func() {
		leave()
		l.Close()
		<-served
		h.Shutdown(context.Background(), hub.Downtime)
		server.Close()
		check(t, st.Close())
	}()

	far, err := hubtest.Dial(ctx, url)
	check(t, err)
	defer far.Conn.CloseNow()
	check(t, far.Authenticate(ctx, other, map[string]any{"channels": []string{"gossip"}, "supports": []string{"channels", "players"}}))
	ann, bob := enter(t, l, "Ann"), enter(t, l, "Bob")
	ann.say("hello")
	ann.hear("Ann says: hello")
	bob.hear("Ann says: hello")

	// The hub's own word: before, the room has no socket of which it knows.
	hubtest.Eventually(t, "the room's socket", func() bool {
		ann.say("gossip  ")
		return ann.hear("Nobody hears you: ") == "the hub refused channels/send: message is empty"
	})
	ann.say("gossip Is anybody out there?")
	f, err := far.Read(ctx)
	check(t, err)
	if want := `{"channel":"gossip","game":"Room","name":"Ann","message":"Is anybody out there?"}`; f.Event != wire.ChannelsBroadcast || string(f.Payload) != want {
		t.Errorf("got %s %s, want %s", f.Event, f.Payload, want)
	}
	_, err = far.Ask(ctx, wire.ChannelsSend, wire.SendPayload{Channel: "gossip", Name: "Eve", Message: "Only me."}, nil)
	check(t, err)
	ann.hear("[gossip] Eve@Other: Only me.")
	bob.hear("[gossip] Eve@Other: Only me.")
}

// The example stays as short as it says.
func TestChatroom_short(t *testing.T) {
	text, err := os.ReadFile("main.go")
	check(t, err)
	if n := strings.Count(string(text), "\n"); n > 60 {
		t.Errorf("main.go has %d lines", n)
	}
}

type person struct {
	t    *testing.T
	conn net.Conn
	in   *bufio.Scanner
}

// enter returns when the person is in the room.
func enter(t *testing.T, l net.Listener, name string) *person {
	t.Helper()
	conn, err := net.Dial("tcp", l.Addr().String())
	check(t, err)
	t.Cleanup(func() { conn.Close() })
	p := &person{t, conn, bufio.NewScanner(conn)}
	p.hear("Your name?")
	p.say(name)
	p.say("I am here")
	p.hear(name + " says: I am here")
	return p
}

func (p *person) say(line string) {
	p.t.Helper()
	_, err := fmt.Fprintf(p.conn, "%s\r\n", line)
	check(p.t, err)
}

// hear waits for a line that begins so, and gives the rest of it; what others said before is
// passed over.
func (p *person) hear(want string) (rest string) {
	p.t.Helper()
	for p.in.Scan() {
		if rest, is := strings.CutPrefix(strings.TrimSpace(p.in.Text()), want); is {
			return rest
		}
	}
	p.t.Fatalf("never heard %q: %v", want, p.in.Err())
	return ""
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
