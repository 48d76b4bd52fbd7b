package hubtest

import (
	"bufio"
	"fmt"
	"io"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"net/textproto"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// A PostOffice is a mail server on a loopback address that keeps what it gets.
type PostOffice struct {
	URL string // smtp://HOST:PORT

	refuse  bool
	letters chan Letter
}

// A Letter is a mail that has come.
type Letter struct{ From, To, Subject, Text string }

// NewPostOffice opens one until the test ends. It may refuse each recipient, and say the
// address in its answer.
func NewPostOffice(t testing.TB, refuse bool) *PostOffice {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &PostOffice{URL: "smtp://" + l.Addr().String(), refuse: refuse, letters: make(chan Letter, 100)}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return // the test has ended
			}
			serving.Go(func() {
				defer c.Close()
				_ = c.SetDeadline(time.Now().Add(time.Minute)) // a connection has deadlines
				p.serve(c)
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		serving.Wait()
	})
	return p
}

// serve speaks as much of RFC 5321 as a client needs that only hands mail over.
func (p *PostOffice) serve(c net.Conn) {
	in := textproto.NewReader(bufio.NewReader(c))
	say := func(line string) { fmt.Fprintf(c, "%s\r\n", line) }
	say("220 post.example")
	var l Letter
	for {
		line, err := in.ReadLine()
		if err != nil {
			return
		}
		switch strings.ToUpper(line[:min(4, len(line))]) {
		case "EHLO", "HELO":
			say("250 post.example")
		case "MAIL":
			l = Letter{From: within(line)}
			say("250 ok")
		case "RCPT":
			l.To = within(line)
			if p.refuse {
				say("550 5.1.1 <" + l.To + "> is nobody here")
				continue
			}
			say("250 ok")
		case "DATA":
			say("354 go on")
			m, err := mail.ReadMessage(in.DotReader())
			if err != nil {
				say("554 that is no mail")
				continue
			}
			text, _ := io.ReadAll(quotedprintable.NewReader(m.Body))
			l.Subject, l.Text = m.Header.Get("Subject"), string(text)
			p.letters <- l
			say("250 ok")
		case "QUIT":
			say("221 bye")
			return
		default: // NOOP, RSET
			say("250 ok")
		}
	}
}

func within(line string) string {
	_, rest, _ := strings.Cut(line, "<")
	address, _, _ := strings.Cut(rest, ">")
	return address
}

// Await waits for the next letter.
func (p *PostOffice) Await(t testing.TB) Letter {
	t.Helper()
	select {
	case l := <-p.letters:
		return l
	case <-time.After(20 * time.Second):
		t.Fatal("no mail comes")
		return Letter{}
	}
}

// Empty reports whether all letters that have come were awaited.
func (p *PostOffice) Empty() bool { return len(p.letters) == 0 }

var link = regexp.MustCompile(`https?://\S+?(/\S+)`)

// Link is the path of the first link in a letter.
func (l Letter) Link(t testing.TB) string {
	t.Helper()
	m := link.FindStringSubmatch(l.Text)
	if m == nil {
		t.Fatalf("there is no link in %q", l.Text)
	}
	return m[1]
}
