package backbone_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"hearsay/hub/hubtest"
	"hearsay/hub/store"
	"hearsay/hub/wire"
	backbone "hearsay/sync"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t testing.TB) *store.Store {
	t.Helper()
	st, err := store.Open(t.Context(), hubtest.NewFile(t), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	return st
}

func addGame(t testing.TB, st *store.Store, g store.Game) store.Credential {
	t.Helper()
	c, err := st.CreateGame(t.Context(), g, store.LongSecret)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// A feed is one fed socket: its frames come one by one.
type feed struct {
	frames chan wire.Frame
	level  chan json.RawMessage
	stop   func() error
}

// start feeds a socket until stop, in the form versions if r is given.
func start(t testing.TB, st *store.Store, p store.Peer, r *wire.SyncRequest) *feed {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	f := &feed{frames: make(chan wire.Frame, 10000), level: make(chan json.RawMessage, 1)}
	ended := make(chan error, 1)
	send := func(_ store.VersionID, frames ...[]byte) error {
		for _, frame := range frames {
			if len(frame) >= wire.MaxFrame {
				t.Errorf("a frame of %d bytes", len(frame))
			}
			decoded, err := wire.Decode(slices.Clone(frame)) // it is not ours to keep
			if err != nil {
				t.Errorf("%v: %s", err, frame)
			}
			f.frames <- decoded
		}
		return nil
	}
	go func() {
		b := backbone.New(st)
		if r == nil {
			ended <- b.Records(ctx, p, send, func() { f.level <- nil })
		} else {
			ended <- b.Versions(ctx, p, *r, send, func(payload json.RawMessage) { f.level <- payload })
		}
	}()
	f.stop = func() error {
		cancel()
		return <-ended
	}
	return f
}

func (f *feed) next(t testing.TB) wire.SyncBatch {
	t.Helper()
	frame := <-f.frames
	b, err := wire.DecodeSync(frame.Event, frame.Payload)
	if err != nil {
		t.Fatalf("%v: %s", err, frame.Payload)
	}
	return b
}

// Only an application with the scope sees the hash of a secret, and nobody the secret.
func TestCredentials(t *testing.T) {
	st := open(t)
	c := addGame(t, st, store.Game{ShortName: "Alpha", Name: `"client_secret":"redacted"`, Display: true})
	sum := sha256.Sum256([]byte(c.Secret))
	for _, test := range []struct {
		scope bool
		want  string
	}{{false, "redacted"}, {true, "sha256:" + hex.EncodeToString(sum[:])}} {
		for _, r := range []*wire.SyncRequest{nil, {}} {
			f := start(t, st, store.Peer{Application: true, Credentials: test.scope}, r)
			<-f.level
			f.next(t) // channels
			b := f.next(t)
			record := wire.GameRecord{}
			raw := append(b.Records, nil)[0]
			if r != nil {
				raw = b.Versions[0].Payload
			}
			if err := json.Unmarshal(raw, &record); err != nil {
				t.Fatal(err)
			}
			if record.ClientSecret != test.want || record.DisplayName != `"client_secret":"redacted"` {
				t.Errorf("scope %t: got %q of %q, want %q", test.scope, record.ClientSecret, record.DisplayName, test.want)
			}
			if strings.Contains(string(raw), c.Secret) {
				t.Error("a record holds the secret itself")
			}
			if err := f.stop(); !errors.Is(err, context.Canceled) {
				t.Errorf("the feed ended with %v", err)
			}
		}
	}
}

// Large records make frames of fewer than ten, and no frame is over the limit.
func TestFrames_large(t *testing.T) {
	st := open(t)
	for i := range 25 {
		addGame(t, st, store.Game{
			ShortName: fmt.Sprintf("G%d", i), Name: fmt.Sprintf("Game %d", i), Display: true,
			Description: strings.Repeat("漢", 1000),
		})
	}
	for _, r := range []*wire.SyncRequest{nil, {}} {
		f := start(t, st, store.Peer{Application: true}, r)
		<-f.level
		games := 0
		for len(f.frames) > 0 {
			if b := f.next(t); b.Kind == wire.KindGames {
				games += len(b.Records) + len(b.Versions)
				if n := len(b.Records) + len(b.Versions); n > 5 {
					t.Errorf("%d games of 3 kB in a frame", n)
				}
			}
		}
		if games != 25 {
			t.Errorf("%d games came, want 25", games)
		}
		f.stop()
	}
}

// What is committed while nobody waits, and what is committed while the feed waits,
// comes once and in order.
func TestLive(t *testing.T) {
	st := open(t)
	addGame(t, st, store.Game{ShortName: "Alpha", Name: "Alpha", Display: true})
	f := start(t, st, store.Peer{Application: true}, &wire.SyncRequest{Cursor: true, Extended: true})
	var level wire.SyncLevel
	if err := json.Unmarshal(<-f.level, &level); err != nil || level.Counts[wire.KindGames] != 1 || level.Counts[wire.KindChannels] != 2 {
		t.Fatalf("got %+v, %v", level, err)
	}
	f.next(t)
	f.next(t)
	last := level.Cursor
	for i := range 200 {
		text := fmt.Sprintf("edit %d", i)
		if err := st.UpdateGame(t.Context(), "Alpha", store.GameEdit{Description: &text}); err != nil {
			t.Fatal(err)
		}
	}
	for seen := 0; seen < 200; {
		for _, v := range f.next(t).Versions {
			if v.ID != last+1 || !strings.Contains(string(v.Payload), fmt.Sprintf(`"edit %d"`, seen)) {
				t.Fatalf("version %d after %d: %s", v.ID, last, v.Payload)
			}
			last = v.ID
			seen++
		}
	}
	f.stop()
	if st.Watchers() != 0 {
		t.Errorf("%d watchers are left", st.Watchers())
	}
}

// A socket that is gone ends its feed; an unknown cursor never begins one.
// TestVersions_oldMirror: the digest of a mirror that knows nothing of logs has no line of it.
func TestVersions_oldMirror(t *testing.T) {
	st := open(t)
	const nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	for agent, want := range map[string]string{"hearsay-mirror": "", "hearsay-mirror/2": st.LogID(), "": st.LogID()} {
		f := start(t, st, store.Peer{Application: true, UserAgent: agent}, &wire.SyncRequest{Cursor: true, Extended: true})
		var level wire.SyncLevel
		if err := json.Unmarshal(<-f.level, &level); err != nil || level.Log != want || (level.Digest[wire.KindGames] == nothing) != (want == "") {
			t.Errorf("%q: got %+v, %v, want the log %q", agent, level, err, want)
		}
		f.stop()
	}
}

func TestVersions_errors(t *testing.T) {
	st := open(t)
	b := backbone.New(st)
	gone := errors.New("gone")
	level := func(json.RawMessage) { t.Error("level was called") }
	err := b.Versions(t.Context(), store.Peer{}, wire.SyncRequest{}, func(store.VersionID, ...[]byte) error { return gone }, level)
	if !errors.Is(err, gone) {
		t.Errorf("got %v, want the socket's error", err)
	}
	err = b.Versions(t.Context(), store.Peer{}, wire.SyncRequest{After: 1000}, func(store.VersionID, ...[]byte) error { return nil }, level)
	if !errors.Is(err, store.ErrNotFound) {
		t.Errorf("got %v, want %v", err, store.ErrNotFound)
	}
	err = b.Records(t.Context(), store.Peer{}, func(store.VersionID, ...[]byte) error { return gone }, func() { t.Error("level was called") })
	if !errors.Is(err, gone) {
		t.Errorf("got %v, want the socket's error", err)
	}
}

func BenchmarkCatchUp(b *testing.B) {
	st := open(b)
	for i := range 1000 {
		addGame(b, st, store.Game{ShortName: fmt.Sprintf("G%d", i), Name: fmt.Sprintf("Game %d", i), Display: true, Description: "Dragons, and tea"})
	}
	server := backbone.New(st)
	for name, feed := range map[string]func(context.Context, func(store.VersionID, ...[]byte) error, func()) error{
		"records": func(ctx context.Context, send func(store.VersionID, ...[]byte) error, level func()) error {
			return server.Records(ctx, store.Peer{}, send, level)
		},
		"versions": func(ctx context.Context, send func(store.VersionID, ...[]byte) error, level func()) error {
			return server.Versions(ctx, store.Peer{}, wire.SyncRequest{Cursor: true}, send, func(json.RawMessage) { level() })
		},
	} {
		b.Run(name, func(b *testing.B) {
			bytes := 0
			for b.Loop() {
				ctx, cancel := context.WithCancel(b.Context())
				if err := feed(ctx, func(_ store.VersionID, frames ...[]byte) error {
					for _, frame := range frames {
						bytes += len(frame)
					}
					return nil
				}, cancel); !errors.Is(err, context.Canceled) {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/game")
			b.SetBytes(int64(bytes / b.N))
		})
	}
}

// BenchmarkLive edits a record again and again, and waits each time until every
// application has its frame.
func BenchmarkLive(b *testing.B) {
	for _, applications := range []int{1, 1000} {
		b.Run(fmt.Sprint(applications), func(b *testing.B) {
			st := open(b)
			server := backbone.New(st)
			var level, heard, running sync.WaitGroup
			ctx, cancel := context.WithCancel(b.Context())
			level.Add(applications)
			for range applications {
				live := false
				running.Go(func() {
					send := func(_ store.VersionID, frames ...[]byte) error {
						if live {
							heard.Add(-len(frames))
						}
						return nil
					}
					at := func(json.RawMessage) { live = true; level.Done() }
					if err := server.Versions(ctx, store.Peer{}, wire.SyncRequest{}, send, at); ctx.Err() == nil {
						b.Error(err)
					}
				})
			}
			level.Wait()
			for i := 0; b.Loop(); i++ {
				heard.Add(applications)
				text := fmt.Sprint("edit ", i)
				if err := st.UpdateChannel(b.Context(), "gossip", store.ChannelEdit{Description: &text}); err != nil {
					b.Fatal(err)
				}
				heard.Wait()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*applications), "ns/application")
			cancel()
			running.Wait()
		})
	}
}
