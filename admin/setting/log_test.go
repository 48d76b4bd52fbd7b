package setting_test

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"hearsay/admin/setting"
)

// A page is a writer for many.
type page struct {
	mu sync.Mutex // guards text
	bytes.Buffer
}

func (p *page) Write(text []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.Buffer.Write(text)
}

// lines takes what was written, without times.
func (p *page) lines() (all []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for line := range strings.Lines(p.String()) {
		_, line, _ = strings.Cut(line, " ") // the time
		all = append(all, strings.TrimSpace(line))
	}
	p.Reset()
	return all
}

// TestLogger_repeated: what a peer or a fault repeats is a line a minute, with how often.
func TestLogger_repeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out page
		c := setting.Default()
		log, flush, err := c.Logger(&out)
		if err != nil {
			t.Fatal(err)
		}
		want := func(what string, want ...string) {
			t.Helper()
			synctest.Wait()
			if got := out.lines(); strings.Join(got, "\n") != strings.Join(want, "\n") {
				t.Errorf("%s: got\n%s\nwant\n%s", what, strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		}
		refuse := func(game, address string) {
			log.With("remote", netip.MustParseAddr(address)).With("game", game).Warn("refused", "client_id", fmt.Sprint(time.Now()), "reason", "why")
		}
		for i := range 1000 {
			refuse("G1", "192.0.2.1")
			log.Error("messages were refused", "messages", i, "err", fmt.Errorf("write page %d: %w", i, errors.New("disk full")))
		}
		refuse("G2", "192.0.2.1")
		refuse("G1", "192.0.2.2")
		now := fmt.Sprintf("%q", time.Now().String())
		want("at once",
			`level=WARN msg=refused remote=192.0.2.1 game=G1 client_id=`+now+` reason=why`,
			`level=ERROR msg="messages were refused" messages=0 err="write page 0: disk full"`,
			`level=WARN msg=refused remote=192.0.2.1 game=G2 client_id=`+now+` reason=why`,
			`level=WARN msg=refused remote=192.0.2.2 game=G1 client_id=`+now+` reason=why`)
		time.Sleep(time.Minute - 1)
		want("before the minute is over")
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		got := out.lines()
		if len(got) != 2 || !strings.Contains(strings.Join(got, "\n"), `game=G1 client_id=`+now+` reason=why repeated=999`) ||
			!strings.Contains(strings.Join(got, "\n"), `messages=999 err="write page 999: disk full" repeated=999`) {
			t.Errorf("after a minute: got\n%s", strings.Join(got, "\n"))
		}
		time.Sleep(time.Minute)
		want("after another minute, in which nothing came")
		log.Error("it comes again")
		log.Error("it comes again")
		flush()
		want("at the end", `level=ERROR msg="it comes again"`, `level=ERROR msg="it comes again" repeated=1`)
	})
}

// TestLogger_flood: however many peers there are, the memory of the lines is bounded, and so
// is what is written.
func TestLogger_flood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out page
		log, flush, err := setting.Default().Logger(&out)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 20_000 {
			log.Warn("refused", "game", fmt.Sprint("G", i))
		}
		if n := len(out.lines()); n != 5001 {
			t.Errorf("%d lines, want 5,001", n)
		}
		flush()
		if got := out.lines(); len(got) != 1 || got[0] != "level=WARN msg=refused game=G19999 repeated=14999" {
			t.Errorf("got %q", got)
		}
	})
}

// TestLogger_debug: who wants everything gets everything.
func TestLogger_debug(t *testing.T) {
	var out page
	c := setting.Default()
	c.LogLevel = "debug"
	log, _, err := c.Logger(&out)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		log.Debug("frame")
	}
	if n := len(out.lines()); n != 3 {
		t.Errorf("%d lines, want 3", n)
	}
}
