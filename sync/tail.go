package backbone

import (
	"cmp"
	"context"
	"slices"
	"sync"

	"hearsay/hub/store"
)

// tailMost is how many versions are kept for streams that follow closely.
const tailMost = 1000

// A tail is the end of the log in memory, so that a change costs one query however
// many applications follow. Streams that are further behind read the log itself.
type tail struct {
	mu       sync.Mutex // guards what follows, and keeps to one query at a time
	versions []store.Version
	after    store.VersionID // the tail holds all that follows this
	last     store.VersionID // up to this
	looked   uint64          // the store's count of commits before the last look
	begun    bool
}

// next gives versions after a place in the log, up to limit.
func (t *tail) next(ctx context.Context, st *store.Store, after store.VersionID, limit int) ([]store.Version, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.begun || after > t.last { // nobody is at its end any more
		t.begun, t.after, t.last, t.versions, t.looked = true, after, after, nil, 0
	}
	if after < t.after {
		return st.Versions(ctx, after, limit)
	}
	if commits := st.Commits(); after == t.last && commits != t.looked {
		news, err := st.Versions(ctx, t.last, readBatch)
		if err != nil {
			return nil, err
		}
		if len(news) < readBatch { // else there is more to see
			t.looked = commits
		}
		t.extend(news)
	}
	i, _ := slices.BinarySearchFunc(t.versions, after+1, func(v store.Version, id store.VersionID) int { return cmp.Compare(v.ID, id) })
	end := min(i+limit, len(t.versions))
	return t.versions[i:end:end], nil
}

func (t *tail) extend(news []store.Version) {
	if len(news) == 0 {
		return
	}
	t.versions = append(t.versions, news...)
	t.last = news[len(news)-1].ID
	if over := len(t.versions) - tailMost; over > 0 {
		t.after = t.versions[over-1].ID
		t.versions = slices.Clone(t.versions[over:]) // streams hold parts of the old one
	}
}
