package mail_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"hearsay/hub/hubtest"
	"hearsay/hub/site/mail"
	"hearsay/hub/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// lines are what was logged.
type lines chan string

func (l lines) Write(text []byte) (int, error) {
	l <- string(text)
	return len(text), nil
}

// newSender makes one that sends to that server when it runs, and knows Ann.
func newSender(t *testing.T, server string) (s *mail.Sender, st *store.Store, log lines) {
	t.Helper()
	st, err := store.Open(t.Context(), hubtest.NewFile(t), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	log = make(lines, 1000)
	s, err = mail.New(mail.Options{
		Store: st, Server: server, From: func() string { return "hub@hub.example" }, Site: "https://hub.example/",
		Heading: func() string { return "Starlight" }, Log: slog.New(slog.NewTextHandler(log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := st.CreateUser(t.Context(), store.User{Username: "Ann", Role: store.Person, Email: "ann@mail.example"}, "correct horse"); err != nil {
		t.Fatal(err)
	}
	return s, st, log
}

// run runs it until the test ends.
func run(t *testing.T, s *mail.Sender) {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { s.Run(ctx) })
	t.Cleanup(func() {
		cancel()
		running.Wait()
	})
}

func TestSender(t *testing.T) {
	post := hubtest.NewPostOffice(t, false)
	s, st, log := newSender(t, post.URL)
	run(t, s)
	s.ResetPassword(t.Context(), "ann@mail.example", "192.0.2.1") // not verified: nothing comes
	s.ProveEmail(t.Context(), "nobody")
	s.ProveEmail(t.Context(), "Ann")
	l := post.Await(t)
	if l.From != "hub@hub.example" || l.To != "ann@mail.example" || l.Subject != "Starlight: Is this your address?" ||
		!strings.Contains(l.Text, "the account Ann at Starlight") || !strings.Contains(l.Text, "https://hub.example/email/") {
		t.Errorf("got %+v", l)
	}
	if _, err := st.VerifyEmail(t.Context(), strings.TrimPrefix(l.Link(t), "/email/"), time.Now()); err != nil {
		t.Fatal(err)
	}
	s.ResetPassword(t.Context(), "nobody@mail.example", "192.0.2.1")
	s.ResetPassword(t.Context(), "ANN@mail.example", "192.0.2.1")
	l = post.Await(t)
	u, err := st.LinkFor(t.Context(), strings.TrimPrefix(l.Link(t), "/password/"), time.Now())
	if err != nil || u.Username != "Ann" || l.To != "ann@mail.example" {
		t.Errorf("got %+v of %+v, %v", u, l, err)
	}
	entries, err := st.Audit(t.Context(), store.AuditQuery{Limit: 1})
	if err != nil || len(entries) != 1 || entries[0].Actor != "Ann" || entries[0].Address != "192.0.2.1" || entries[0].Action != "user link" {
		t.Errorf("on record is %+v, %v", entries, err)
	}
	s.Approved(t.Context(), "nobody")
	s.GameApproved(t.Context(), "Nothing")
	for _, name := range []string{"Bob", "Ann"} { // Bob's address is not verified
		if name == "Bob" {
			if _, err := st.CreateUser(t.Context(), store.User{Username: name, Role: store.Person, Email: "bob@mail.example"}, "correct horse"); err != nil {
				t.Fatal(err)
			}
		}
		s.Approved(t.Context(), name)
		game := name + "Game"
		if _, err := st.CreateGame(t.Context(), store.Game{ShortName: game, Name: game, Owner: name}, store.LongSecret); err != nil {
			t.Fatal(err)
		}
		s.GameApproved(t.Context(), game)
		s.GameOffered(t.Context(), name, "Beta")
	}
	for _, want := range []struct{ subject, text string }{
		{"Starlight: Your account is approved", "Ann, at Starlight:\n\nYou may sign in now, with the name and password that you chose:\n\nhttps://hub.example/login\n"},
		{"Starlight: AnnGame is approved", "https://hub.example/admin/games/AnnGame\n"},
		{"Starlight: Beta is offered to you", "https://hub.example/admin/mine\n"},
	} {
		if l := post.Await(t); l.To != "ann@mail.example" || l.Subject != want.subject || !strings.Contains(l.Text, want.text) {
			t.Errorf("got %+v, want %+v", l, want)
		}
	}
	for range 5 {
		if line := <-log; !strings.Contains(line, "sent a mail") {
			t.Errorf("the log has %s", line)
		}
	}
	if !post.Empty() {
		t.Error("a mail too many was sent")
	}
}

// TestSender_ascii: a domain goes out as every mail server takes it, and what only some take
// before the @ is not sent to another.
func TestSender_ascii(t *testing.T) {
	post := hubtest.NewPostOffice(t, false)
	s, st, log := newSender(t, post.URL)
	run(t, s)
	for _, test := range []struct{ email, to, log string }{
		{"ann@bücher.example", "ann@xn--bcher-kva.example", "sent a mail"},
		{"änn@mail.example", "", "takes no addresses with letters beyond ASCII"},
	} {
		if err := st.SetEmail(t.Context(), "Ann", test.email); err != nil {
			t.Fatal(err)
		}
		s.ProveEmail(t.Context(), "Ann")
		if test.to != "" {
			if l := post.Await(t); l.To != test.to {
				t.Errorf("%s: went to %s, want %s", test.email, l.To, test.to)
			}
		}
		if line := <-log; !strings.Contains(line, test.log) || strings.Contains(line, test.email) {
			t.Errorf("%s: logged %s", test.email, line)
		}
	}
	if !post.Empty() {
		t.Error("a mail too many was sent")
	}
}

// What cannot be sent is in the log, without the address and the link.
func TestSender_refused(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := l.Addr().String()
	l.Close()
	for name, test := range map[string]struct{ server, want string }{
		"by the server": {hubtest.NewPostOffice(t, true).URL, "code 550"},
		"nobody there":  {"smtp://user:horse@" + nobody, "refused"},
	} {
		t.Run(name, func(t *testing.T) {
			s, _, log := newSender(t, test.server)
			run(t, s)
			s.ProveEmail(t.Context(), "Ann")
			line := <-log
			if !strings.Contains(line, "a mail was not sent") || !strings.Contains(line, test.want) {
				t.Errorf("the log has %s", line)
			}
			for _, bad := range []string{"ann@", "/email/", "horse"} {
				if strings.Contains(line, bad) {
					t.Errorf("the log has %q: %s", bad, line)
				}
			}
		})
	}
}

// Who asks never waits, also when nobody sends.
func TestSender_full(t *testing.T) {
	s, _, log := newSender(t, "smtp://127.0.0.1:1")
	for range 101 {
		s.ProveEmail(t.Context(), "Ann")
	}
	if line := <-log; !strings.Contains(line, "too many mails wait") {
		t.Errorf("the log has %s", line)
	}
	var none *mail.Sender
	if none.Works() {
		t.Error("a nil sender works")
	}
	none.ProveEmail(t.Context(), "Ann")
	none.ResetPassword(t.Context(), "ann@mail.example", "")
	none.Run(t.Context())
}

func TestCheck(t *testing.T) {
	for address, want := range map[string]string{
		"smtp://mail.example": "", "smtps://user:p%40ss@mail.example:465": "", "smtp://[::1]:2525/": "",
		"mail.example:25": "neither smtp://", "http://mail.example": "neither smtp://", "smtp://": "no host", "smtp://mail.example/x": "more than a host",
		"smtp://mail.example:99999": "no port", "smtp://u:horse%@mail.example": "no URL",
	} {
		err := mail.Check(address)
		if text := fmt.Sprint(err); want == "" && err != nil || want != "" && (!strings.Contains(text, want) && !strings.Contains(text, "is none") || strings.Contains(text, "horse")) {
			t.Errorf("%s: got %v, want %q", address, err, want)
		}
	}
}
