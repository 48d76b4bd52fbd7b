package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"hearsay/hub"
	"hearsay/hub/hubtest"
	"hearsay/hub/store"
	backbone "hearsay/sync"
)

// TestListing builds the program of the README, and sees a game on its page as soon as the
// hub has it.
func TestListing(t *testing.T) {
	ctx := t.Context()
	st, err := store.Open(ctx, hubtest.NewFile(t), store.Options{})
	check(t, err)
	h, err := hub.New(ctx, st, hub.Options{Backbone: backbone.New(st)})
	check(t, err)
	server := httptest.NewServer(h)
	running, stop := context.WithCancel(context.Background())
	ran := make(chan struct{})
	go func() {
		defer close(ran)
		h.Run(running)
	}()
	t.Cleanup(func() {
		h.Shutdown(context.Background(), hub.Downtime)
		server.Close()
		stop()
		<-ran
		check(t, st.Close())
	})
	c, err := st.CreateApplication(ctx, store.Application{ShortName: "List", Name: "Listing", SyncForm: "versions"}, store.LongSecret)
	check(t, err)

	dir := t.TempDir()
	program := filepath.Join(dir, "listing.exe")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	addr := l.Addr().String()
	check(t, l.Close())
	cmd := exec.Command(program)
	cmd.Dir, cmd.Stderr = dir, os.Stderr
	cmd.Env = append(os.Environ(), "HUB_URL=ws"+strings.TrimPrefix(server.URL, "http")+"/socket",
		"CLIENT_ID="+c.ClientID, "CLIENT_SECRET="+c.Secret, "LISTEN="+addr)
	check(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended
		_ = cmd.Wait()
	})
	shows := func(text string) func() bool {
		return func() bool {
			answer, err := http.Get("http://" + addr + "/")
			if err != nil {
				return false // it is not there yet
			}
			defer answer.Body.Close()
			page, err := io.ReadAll(answer.Body)
			check(t, err)
			return strings.Contains(string(page), text)
		}
	}
	hubtest.Eventually(t, "the page", shows("<title>Games</title>"))
	_, err = st.CreateGame(ctx, store.Game{ShortName: "Alpha", Name: "Alpha & Omega", Description: "Dragons < tea <b>here</b>", Display: true}, store.LongSecret)
	check(t, err)
	_, err = st.AddConnection(ctx, "Alpha", store.Connection{Type: "telnet", Host: "alpha.example", Port: 4000})
	check(t, err)
	hubtest.Eventually(t, "the game", shows("<h2>Alpha &amp; Omega</h2><p>Dragons &lt; tea here</p>\n<p>telnet alpha.example 4000 </p>"))
}

// The README shows the program as it is.
func TestListing_readme(t *testing.T) {
	source, err := os.ReadFile("main.go")
	check(t, err)
	if n := strings.Count(string(source), "\n"); n > 40 {
		t.Errorf("the program has %d lines", n)
	}
	readme, err := os.ReadFile("../../../README.md")
	check(t, err)
	if !strings.Contains(string(readme), "```go\n"+string(source)+"```\n") {
		t.Error("the README does not show main.go as it is")
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
