package page

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/a-h/templ"

	"hearsay/hub/store"
)

// A score is what the tests show: a number that they change.
type score struct {
	n              atomic.Int64
	loaded, shown  atomic.Int64
	fault          atomic.Pointer[error]
	faultyRenderer bool
}

func (sc *score) topic() Topic {
	return Showing(func(_ context.Context, q url.Values) (string, error) {
		sc.loaded.Add(1)
		if err := sc.fault.Load(); err != nil {
			return "", *err
		}
		return fmt.Sprint(q.Get("unit"), sc.n.Load()), nil
	}, func(text string) templ.Component {
		sc.shown.Add(1)
		if sc.faultyRenderer {
			panic("no such score")
		}
		return templ.Raw("<b>" + text + "</b>")
	}, "unit")
}

// ask makes of who may listen what serve takes.
func ask(allowed func(Access) bool) func(Access) error {
	return func(who Access) error {
		if !allowed(who) {
			return errSignedOut
		}
		return nil
	}
}

func liveHandler(l *Topics, allowed func(Access) bool) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /admin/live/{topic}", func(w http.ResponseWriter, r *http.Request) {
		if err := l.serve(w, r, r.URL.Query().Get("from"), ask(allowed)); err != nil {
			http.Error(w, err.Error(), http.StatusNotFound)
		}
	})
	return mux
}

func always(Access) bool { return true }

var quiet = slog.New(slog.DiscardHandler)

// TestLive: a hundred browsers see every change, which is rendered once.
func TestLive(t *testing.T) {
	const browsers, changes = 100, 20
	sc := &score{}
	scores := sc.topic()
	scores.Every = time.Millisecond
	l := NewTopics(map[string]Topic{"score": scores}, nil, quiet)
	srv := httptest.NewServer(liveHandler(l, always))
	defer srv.Close()

	var heard [changes + 1]sync.WaitGroup
	for i := range heard {
		heard[i].Add(browsers)
	}
	ctx, leave := context.WithCancel(t.Context())
	var running sync.WaitGroup
	for range browsers {
		running.Go(func() {
			r, _ := http.NewRequestWithContext(ctx, "GET", srv.URL+"/admin/live/score?unit=EUR", nil)
			resp, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Error(err)
				return
			}
			defer resp.Body.Close()
			if got := resp.Header.Get("Content-Type"); got != "text/event-stream" {
				t.Errorf("Content-Type: got %q", got)
			}
			next := 0
			for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
				var n int
				if _, err := fmt.Sscanf(lines.Text(), "data: <b>EUR%d</b>", &n); err == nil {
					if n < next {
						t.Errorf("got %d again, after %d", n, next-1)
					}
					for ; next <= n; next++ {
						heard[next].Done()
					}
				}
			}
		})
	}
	for i := range heard {
		sc.n.Store(int64(i))
		heard[i].Wait()
	}
	if got := sc.shown.Load(); got != changes+1 {
		t.Errorf("rendered %d times for %d browsers, want %d", got, browsers, changes+1)
	}
	leave()
	running.Wait()
	http.DefaultClient.CloseIdleConnections()
	srv.Close() // waits for the handlers
	if len(l.streams) != 0 || l.listeners != 0 {
		t.Errorf("%d streams and %d listeners are left", len(l.streams), l.listeners)
	}
}

// A screen is a browser's end in a bubble.
type screen struct {
	http.ResponseWriter
	frames chan string // unbuffered: a browser that does not read is slow
	ctx    context.Context
	leave  context.CancelFunc
	left   chan struct{} // closed when the handler has returned
}

func (s *screen) Write(p []byte) (int, error) {
	select {
	case s.frames <- string(p):
		return len(p), nil
	case <-s.ctx.Done():
		return 0, s.ctx.Err()
	}
}

func (s *screen) Flush() {}

func look(t *testing.T, l *Topics, path string, allowed func(Access) bool) *screen {
	return lookAs(t, l, path, allowed, Visitor{})
}

func lookAs(t *testing.T, l *Topics, path string, allowed func(Access) bool, v Visitor) *screen {
	ctx, cancel := context.WithCancel(context.WithValue(t.Context(), visitorKey{}, v))
	s := &screen{httptest.NewRecorder(), make(chan string), ctx, cancel, make(chan struct{})}
	go func() {
		defer close(s.left)
		liveHandler(l, allowed).ServeHTTP(s, httptest.NewRequestWithContext(ctx, "GET", path, nil))
	}()
	return s
}

func (s *screen) end() {
	s.leave()
	<-s.left
}

// next gives the next frame that is no keep-alive.
func (s *screen) next() string {
	for frame := range s.frames {
		if frame != string(keepAlive) {
			return frame
		}
	}
	panic("unreachable")
}

// TestLive_slow: who does not read for an hour gets the newest, and costs nothing.
func TestLive_slow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sc := &score{}
		l := NewTopics(map[string]Topic{"score": sc.topic()}, nil, quiet)
		s := look(t, l, "/admin/live/score", always)
		if got := s.next(); got != "data: <b>0</b>\n\n" {
			t.Errorf("first: got %q", got)
		}
		for range 3600 {
			sc.n.Add(1)
			time.Sleep(time.Second)
		}
		time.Sleep(2 * time.Second) // until the last of them has been looked at
		late := s.next()            // perhaps the one that was being written
		if late != "data: <b>3600</b>\n\n" {
			late = s.next()
		}
		if late != "data: <b>3600</b>\n\n" {
			t.Errorf("after an hour: got %q, want the newest", late)
		}
		s.end()
	})
}

// TestLive_unchanged: what does not change is rendered once, what nobody looks at never.
func TestLive_unchanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sc := &score{}
		l := NewTopics(map[string]Topic{"score": sc.topic()}, nil, quiet)
		time.Sleep(time.Hour)
		if sc.loaded.Load() != 0 {
			t.Error("somebody looked though nobody listens")
		}
		s := look(t, l, "/admin/live/score", always)
		s.next()
		began := time.Now()
		for range 4 * 60 { // an hour
			if got := <-s.frames; got != string(keepAlive) {
				t.Errorf("got %q, want only keep-alives", got)
			}
		}
		if took := time.Since(began); took != time.Hour {
			t.Errorf("the keep-alives of an hour came in %v", took)
		}
		if sc.shown.Load() != 1 {
			t.Errorf("rendered %d times, want once", sc.shown.Load())
		}
		s.end()
		loaded := sc.loaded.Load()
		time.Sleep(time.Hour)
		if sc.loaded.Load() != loaded {
			t.Error("somebody looks though all have left")
		}
	})
}

// TestLive_watch: a topic that is woken is not looked at in between, and not too often.
func TestLive_watch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sc := &score{}
		wake, ended := make(chan struct{}, 1), false
		scores := sc.topic()
		scores.Every = time.Minute
		scores.Watch = func() (<-chan struct{}, func()) { return wake, func() { ended = true } }
		l := NewTopics(map[string]Topic{"score": scores}, nil, quiet)
		s := look(t, l, "/admin/live/score", always)
		s.next()
		for i := range 3 {
			began := time.Now()
			sc.n.Add(1)
			wake <- struct{}{}
			if got, want := s.next(), fmt.Sprintf("data: <b>%d</b>\n\n", i+1); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
			if took := time.Since(began); took > time.Minute {
				t.Errorf("it took %v", took)
			}
		}
		if sc.loaded.Load() != 4 {
			t.Errorf("looked %d times, want 4", sc.loaded.Load())
		}
		s.end()
		if !ended {
			t.Error("the watch has not ended")
		}
	})
}

// TestLive_revoked: who may not listen any more is told within a keep-alive's time, and
// told to stop.
func TestLive_revoked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var revoked atomic.Bool
		l := NewTopics(map[string]Topic{"score": (&score{}).topic()}, nil, quiet)
		s := look(t, l, "/admin/live/score", func(Access) bool { return !revoked.Load() })
		s.next()
		time.Sleep(20 * time.Second)
		revoked.Store(true)
		began := time.Now()
		got := s.next()
		if !strings.Contains(got, "You are signed out") || !strings.HasSuffix(got, "event: end\ndata: \n\n") {
			t.Errorf("got %q", got)
		}
		if took := time.Since(began); took > 2*liveAlive {
			t.Errorf("it took %v", took)
		}
		<-s.left
	})
}

// TestLive_revokedBefore: who may not listen any more gets nothing that is new.
func TestLive_revokedBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var revoked atomic.Bool
		sc := &score{}
		l := NewTopics(map[string]Topic{"score": sc.topic()}, nil, quiet)
		s := look(t, l, "/admin/live/score", func(Access) bool { return !revoked.Load() })
		s.next()
		revoked.Store(true)
		sc.n.Add(1)
		if got := s.next(); !strings.Contains(got, "You are signed out") || strings.Contains(got, "<b>1</b>") {
			t.Errorf("got %q", got)
		}
		<-s.left
	})
}

// TestLive_faultWatched: a topic that waits to be woken does not wait for that after a fault.
func TestLive_faultWatched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sc := &score{}
		fault := errors.New("out of ink")
		sc.fault.Store(&fault)
		scores := sc.topic()
		scores.Watch = func() (<-chan struct{}, func()) { return make(chan struct{}), func() {} }
		l := NewTopics(map[string]Topic{"score": scores}, nil, quiet)
		s := look(t, l, "/admin/live/score", always)
		time.Sleep(time.Minute)
		sc.fault.Store(nil)
		time.AfterFunc(time.Minute, s.leave)
		if got := s.next(); got != "data: <b>0</b>\n\n" {
			t.Errorf("got %q", got)
		}
		s.end()
	})
}

// TestLive_fault: what cannot be shown ends nothing; it is shown when it can be.
func TestLive_fault(t *testing.T) {
	for _, renderer := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			var logged strings.Builder
			sc := &score{faultyRenderer: renderer}
			fault := errors.New("out of ink")
			if !renderer {
				sc.fault.Store(&fault)
			}
			l := NewTopics(map[string]Topic{"score": sc.topic()}, nil, slog.New(slog.NewTextHandler(&logged, nil)))
			s := look(t, l, "/admin/live/score", always)
			for range 10 {
				if got := <-s.frames; got != string(keepAlive) {
					t.Errorf("got %q", got)
				}
			}
			if n := strings.Count(logged.String(), "\n"); n != 1 {
				t.Errorf("%d lines in the log, want one:\n%s", n, &logged)
			}
			if !renderer {
				sc.fault.Store(nil)
				if got := s.next(); got != "data: <b>0</b>\n\n" {
					t.Errorf("got %q", got)
				}
			}
			s.end()
		})
	}
}

// TestLive_over: what is done is shown, and the page told to listen no more; so is who
// comes later.
func TestLive_over(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sc := &score{}
		scores := sc.topic()
		scores.Over = func(data any) bool { return data == "3" }
		l := NewTopics(map[string]Topic{"score": scores}, nil, quiet)
		var screens []*screen
		for range 3 {
			screens = append(screens, look(t, l, "/admin/live/score", always))
		}
		for range 3 {
			for _, s := range screens {
				s.next()
			}
			sc.n.Add(1)
		}
		for _, s := range screens {
			if got := s.next(); got != "data: <b>3</b>\n\nevent: end\ndata: \n\n" {
				t.Errorf("got %q", got)
			}
			<-s.left
		}
		late := look(t, l, "/admin/live/score", always)
		if got := late.next(); !strings.HasSuffix(got, "event: end\ndata: \n\n") {
			t.Errorf("later: got %q", got)
		}
		<-late.left
		if len(l.streams) != 0 {
			t.Errorf("%d streams are left", len(l.streams))
		}
	})
}

// TestLive_parts: only what has changed is sent, and all of that to who missed some.
func TestLive_parts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var numbers [3]atomic.Int64
		l := NewTopics(map[string]Topic{"numbers": ShowingParts(func(context.Context, url.Values) (all [3]int64, err error) {
			for i := range all {
				all[i] = numbers[i].Load()
			}
			return all, nil
		}, func(all [3]int64) (parts []Part) {
			for i, n := range all {
				parts = append(parts, Part{fmt.Sprint("n", i), templ.Raw(fmt.Sprint(n))})
			}
			return parts
		})}, nil, quiet)
		s := look(t, l, "/admin/live/numbers", always)
		is := func(i int) string {
			return fmt.Sprintf("data: <hx-partial hx-target=\"#n%d\" hx-swap=\"innerMorph\">%d</hx-partial>\n\n", i, numbers[i].Load())
		}
		want := func(parts ...int) {
			t.Helper()
			text := ""
			for _, i := range parts {
				text += is(i)
			}
			if got := s.next(); got != text {
				t.Errorf("got %q, want %q", got, text)
			}
		}
		want(0, 1, 2)
		numbers[1].Add(1)
		want(1)
		numbers[0].Add(1)
		numbers[2].Add(1)
		want(0, 2)
		synctest.Wait()
		numbers[1].Add(1)
		old := is(1)
		time.Sleep(2 * time.Second) // that is being written while these come
		numbers[0].Add(1)
		time.Sleep(2 * time.Second)
		numbers[2].Add(1)
		time.Sleep(2 * time.Second)
		if got := s.next(); got != old {
			t.Errorf("got %q, want %q", got, old)
		}
		want(0, 2)
		s.end()
	})
}

func TestLive_refused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewTopics(map[string]Topic{"score": (&score{}).topic()}, nil, quiet)
		w := httptest.NewRecorder()
		err := l.serve(w, httptest.NewRequest("GET", "/", nil), "", ask(always))
		if !errors.Is(err, store.ErrNotFound) {
			t.Errorf("unknown topic: got %v", err)
		}
		var screens []*screen
		for i := range liveMost {
			from := fmt.Sprint("from=", i/liveNetwork)
			s := look(t, l, fmt.Sprintf("/admin/live/score?unit=%d-&", i%7)+from, always)
			s.next()
			screens = append(screens, s)
			if i%liveNetwork < liveNetwork-1 {
				continue
			}
			w := httptest.NewRecorder() // others come in still
			liveHandler(l, always).ServeHTTP(w, httptest.NewRequest("GET", "/admin/live/score?"+from, nil))
			if w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") == "" {
				t.Errorf("one too many of a network: got %d", w.Code)
			}
		}
		if len(l.streams) != 7 {
			t.Errorf("%d streams, want one for each query", len(l.streams))
		}
		w = httptest.NewRecorder()
		liveHandler(l, always).ServeHTTP(w, httptest.NewRequest("GET", "/admin/live/score", nil))
		if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
			t.Errorf("one too many: got %d", w.Code)
		}
		for _, s := range screens {
			s.end()
		}
		if len(l.networks) != 0 {
			t.Errorf("%d networks are kept when nobody listens", len(l.networks))
		}
	})
}

// TestLive_parameters: addresses that differ in what a topic does not read are one topic.
func TestLive_parameters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sc := &score{}
		l := NewTopics(map[string]Topic{"score": sc.topic()}, nil, quiet)
		var screens []*screen
		for i := range 100 {
			s := look(t, l, fmt.Sprintf("/admin/live/score?j=%d&unit=p&unit=%d", i, i), always)
			s.next()
			screens = append(screens, s)
		}
		if len(l.streams) != 1 || sc.loaded.Load() != 1 {
			t.Errorf("%d streams looked %d times", len(l.streams), sc.loaded.Load())
		}
		for _, s := range screens {
			s.end()
		}
	})
}

// TestServeLive_closed: nobody listens whose session cannot be read, not even for a moment, and
// who listens already is neither told anything more nor signed out.
func TestServeLive_closed(t *testing.T) {
	st, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "x.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	topics := NewTopics(map[string]Topic{"score": (&score{}).topic()}, nil, quiet)
	serve := New(Options{Store: st}, nil).ServeLive(topics, Person)
	r := httptest.NewRequest("GET", "/admin/live/score", nil)
	r.SetPathValue("topic", "score")
	r.AddCookie(&http.Cookie{Name: "hearsay", Value: "x"})
	w := httptest.NewRecorder()
	if err := serve(w, r); err == nil || refused(err) || w.Body.Len() > 0 {
		t.Errorf("got %v and %q", err, w.Body)
	}
	synctest.Test(t, func(t *testing.T) {
		sc := &score{}
		l := NewTopics(map[string]Topic{"score": sc.topic()}, nil, quiet)
		var fault atomic.Pointer[error]
		ctx, leave := context.WithCancel(t.Context())
		s := &screen{httptest.NewRecorder(), make(chan string), ctx, leave, make(chan struct{})}
		go func() {
			defer close(s.left)
			r := httptest.NewRequestWithContext(ctx, "GET", "/admin/live/score", nil)
			r.SetPathValue("topic", "score")
			err := l.serve(s, r, "", func(Access) error {
				if err := fault.Load(); err != nil {
					return *err
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		}()
		s.next()
		synctest.Wait()
		err := errors.New("the database is busy")
		fault.Store(&err)
		sc.n.Add(1)
		<-s.left
		leave()
	})
}

// TestLive_own: a topic of one's own is that of who is signed in, whatever the address says.
func TestLive_own(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mine := ShowingOwn(func(_ context.Context, user int64) (int64, error) { return user, nil },
			func(user int64) []Part { return []Part{{HTML: templ.Raw(fmt.Sprint(user))}} })
		l := NewTopics(map[string]Topic{"mine": mine}, nil, quiet)
		ann, bob := Visitor{Session: store.Session{ID: 1, User: store.User{ID: 7}}}, Visitor{Session: store.Session{ID: 2, User: store.User{ID: 8}}}
		var screens []*screen
		for _, path := range []string{"/admin/live/mine", "/admin/live/mine?user=8", "/admin/live/mine?user=8&user=7&x=1"} {
			for _, v := range []Visitor{ann, bob} {
				s := lookAs(t, l, path, always, v)
				if got, want := s.next(), fmt.Sprintf("data: %d\n\n", v.User.ID); got != want {
					t.Errorf("%s of %d: got %q", path, v.User.ID, got)
				}
				screens = append(screens, s)
			}
		}
		if len(l.streams) != 2 {
			t.Errorf("%d streams, want one for each user", len(l.streams))
		}
		for _, s := range screens {
			s.end()
		}
		for name, test := range map[string]struct {
			allowed func(Access) bool
			want    error
		}{"signed out": {always, errSignedOut}, "may not": {func(a Access) bool { return a != Person }, ErrForbidden}} {
			r := httptest.NewRequest("GET", "/admin/live/mine?user=7", nil)
			r.SetPathValue("topic", "mine")
			if err := l.serve(httptest.NewRecorder(), r, "", ask(test.allowed)); !errors.Is(err, test.want) {
				t.Errorf("%s: got %v", name, err)
			}
		}
	})
}

// TestLive_stop: listeners do not keep the server from stopping.
func TestLive_stop(t *testing.T) {
	stop := make(chan struct{})
	l := NewTopics(map[string]Topic{"score": (&score{}).topic()}, stop, quiet)
	srv := httptest.NewServer(liveHandler(l, always))
	srv.Config.RegisterOnShutdown(func() { close(stop) })
	var bodies []io.ReadCloser
	for range 10 {
		resp, err := http.Get(srv.URL + "/admin/live/score")
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		bodies = append(bodies, resp.Body)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := srv.Config.Shutdown(ctx); err != nil {
		t.Errorf("the server does not stop: %v", err)
	}
	for _, body := range bodies {
		if _, err := io.Copy(io.Discard, body); err != nil {
			t.Errorf("a stream did not end but break: %v", err)
		}
	}
	srv.Close()
}

func TestEvent(t *testing.T) {
	for _, tt := range []struct{ name, data, want string }{
		{"", "one", "data: one\n\n"},
		{"", "", "data: \n\n"},
		{"", "one\ntwo\r\nthree\rfour", "data: one\ndata: two\ndata: three\ndata: four\n\n"},
		{"", "event: end", "data: event: end\n\n"},
		{"", "\n\nevent: end\n\n", "data: \ndata: \ndata: event: end\ndata: \ndata: \n\n"},
		{"end", "", "event: end\ndata: \n\n"},
	} {
		if got := string(event(tt.name, []byte(tt.data))); got != tt.want {
			t.Errorf("event(%q, %q) = %q, want %q", tt.name, tt.data, got, tt.want)
		}
	}
}
