package admin

import (
	"cmp"
	"context"
	"net/url"
	"strconv"
	"time"

	"hearsay/hub/page"
	"hearsay/hub/store"
)

// syncedEvery is how often the page looks whether applications have a change. Most have it
// before the page is there.
const syncedEvery = 250 * time.Millisecond

// synced says how many of the applications that are connected have a change of a record.
type synced struct {
	Version store.VersionID // of the change; 0: there is none to speak of
	N, Of   int
	at      string // where topics are heard; "": where operators hear them
}

// Done reports whether nothing more is to be expected.
func (s synced) Done() bool { return s.N == s.Of }

// Path is where the rest is heard.
func (s synced) Path() string {
	return cmp.Or(s.at, "/admin/live") + "/synced?version=" + strconv.FormatInt(int64(s.Version), 10)
}

// synced is for the version that a query names.
func (s *server) synced(q url.Values) (p synced) {
	id, err := strconv.ParseInt(q.Get("version"), 10, 64)
	if err != nil || id <= 0 {
		return synced{}
	}
	p.Version = store.VersionID(id)
	p.N, p.Of = s.Hub.Synced(p.Version)
	return p
}

func (s *server) syncedTopic() page.Topic {
	t := page.Showing(func(_ context.Context, q url.Values) (synced, error) { return s.synced(q), nil }, syncedText, "version")
	t.Every = syncedEvery
	t.Over = func(data any) bool { return data.(synced).Done() }
	return t
}
