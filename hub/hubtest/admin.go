package hubtest

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"maps"
	"net"
	"net/textproto"
	"net/url"
	"slices"
	"strings"
)

// A doStep is what an administrator does, in another process than the hub's.
type doStep struct {
	Do   string         `json:"do"`
	Name word           `json:"name"`
	Set  map[string]any `json:"set"`
}

func (s *doStep) play(ctx context.Context, p *performance, _ *peer) error {
	switch s.Do {
	case "stop":
		return p.hub.stop()
	case "start":
		return p.hub.startAgain(ctx)
	case "restart":
		if err := p.hub.stop(); err != nil {
			return err
		}
		return p.hub.startAgain(ctx)
	}
	c, err := p.hub.administer(ctx, s.Do, string(s.Name), s.Set)
	if err == nil && c != (credential{}) {
		p.learn(string(s.Name), c)
	}
	return err
}

// An sqlStep changes the database behind the back of the hub.
type sqlStep struct {
	SQL string `json:"sql"`
}

func (s *sqlStep) play(ctx context.Context, p *performance, _ *peer) error {
	_, err := p.hub.query(ctx, s.SQL)
	return err
}

// A getStep makes one raw HTTP request and looks at the head of the answer.
type getStep struct {
	Path    string            `json:"get"`
	Headers map[string]string `json:"headers"`
	Status  int               `json:"status"`
	Answer  map[string]string `json:"answer"`
	Absent  []string          `json:"absent"`
}

func (s *getStep) play(ctx context.Context, p *performance, _ *peer) error {
	ctx, cancel := p.patient(ctx, 0)
	defer cancel()
	head, err := s.request(ctx, p.url)
	if err != nil {
		return fmt.Errorf("GET %s: %w", s.Path, err)
	}
	if err := s.check(head); err != nil {
		return fmt.Errorf("GET %s: %w", s.Path, err)
	}
	return nil
}

// request gives the answer up to and with the empty line.
func (s *getStep) request(ctx context.Context, target string) (string, error) {
	u, err := url.Parse(target)
	if err != nil {
		return "", err
	}
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", u.Host)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if end, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(end); err != nil {
			return "", err
		}
	}
	var request strings.Builder
	fmt.Fprintf(&request, "GET %s HTTP/1.1\r\nHost: %s\r\n", s.Path, u.Host)
	for _, key := range slices.Sorted(maps.Keys(s.Headers)) {
		fmt.Fprintf(&request, "%s: %s\r\n", key, s.Headers[key])
	}
	if _, err := io.WriteString(conn, request.String()+"\r\n"); err != nil {
		return "", err
	}
	var head strings.Builder
	for in := bufio.NewReader(conn); !strings.HasSuffix(head.String(), "\r\n\r\n"); {
		line, err := in.ReadString('\n')
		head.WriteString(line)
		if err != nil {
			return "", fmt.Errorf("want an answer, got %q: %w", head.String(), err)
		}
	}
	return head.String(), nil
}

func (s *getStep) check(head string) error {
	first, rest, _ := strings.Cut(head, "\r\n")
	if !strings.HasPrefix(first+" ", fmt.Sprintf("HTTP/1.1 %d ", s.Status)) {
		return fmt.Errorf("want status %d, got %q", s.Status, first)
	}
	if s.Status == 101 && len(head) >= 1024 {
		return fmt.Errorf("want a head under 1,024 bytes, got %d", len(head))
	}
	headers, err := textproto.NewReader(bufio.NewReader(strings.NewReader(rest))).ReadMIMEHeader()
	if err != nil {
		return err
	}
	for key, want := range s.Answer {
		if got := headers.Values(key); len(got) != 1 || got[0] != want {
			return fmt.Errorf("want %s: %q, got %q", key, want, got)
		}
	}
	for _, key := range s.Absent {
		if got := headers.Values(key); len(got) > 0 {
			return fmt.Errorf("want no %s, got %q", key, got)
		}
	}
	return nil
}
