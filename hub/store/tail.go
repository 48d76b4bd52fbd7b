package store

import (
	"cmp"
	"slices"
	"sync"

	"zombiezen.com/go/sqlite"
)

const (
	tailMost  = 1000 // versions that the tail keeps at least, once there were so many
	tailSlack = 250  // and more than that it may have
	tailRead  = 500  // versions that are read at once
)

// A tail is the end of the log in memory, so that whoever follows it, however many they
// are, costs no query: the writer reads each version once, on its own connection, whose
// pages are in memory. Those that are further behind read the file.
type tail struct {
	mu       sync.RWMutex // guards what follows
	versions []Version    // never changed in place: readers hold parts of it
	after    VersionID    // the tail holds all that follows this
	last     VersionID    // up to this
	behind   bool         // there may be more that could not be read
}

func (t *tail) begin(end VersionID) { t.after, t.last = end, end }

// versionsAfter is Recent, if the tail reaches back so far.
func (t *tail) versionsAfter(after VersionID, limit int) (all []Version, there bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if after < t.after || t.behind {
		return nil, false
	}
	i, _ := slices.BinarySearchFunc(t.versions, after+1, func(v Version, id VersionID) int { return cmp.Compare(v.ID, id) })
	end := min(i+limit, len(t.versions))
	return t.versions[i:end:end], true
}

// follow reads what was logged since, on the writer's connection.
func (t *tail) follow(conn *sqlite.Conn) error {
	for {
		news, err := versionsAfter(conn, t.last, tailRead) // last is changed by this goroutine alone
		t.extend(news, err != nil)
		if err != nil || len(news) < tailRead {
			return err
		}
	}
}

func (t *tail) extend(news []Version, behind bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.behind = behind
	if len(news) == 0 {
		return
	}
	t.versions = append(t.versions, news...)
	t.last = news[len(news)-1].ID
	if over := len(t.versions) - tailMost; over > tailSlack {
		t.after = t.versions[over-1].ID
		t.versions = slices.Clone(t.versions[over:])
	}
}
