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
	tailRead  = 500  // as many versions at once are too many
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

// follow reads what was logged since, on the writer's connection. It passes over much at
// once, such as an import, which would keep the writer from its work: then all who follow
// read the file.
func (t *tail) follow(conn *sqlite.Conn) error {
	news, err := versionsAfter(conn, t.last, tailRead) // last is changed by this goroutine alone
	if err == nil && len(news) == tailRead {
		end, err := newest(conn)
		t.jump(end, err != nil)
		return err
	}
	t.extend(news, err != nil)
	return err
}

func (t *tail) jump(end VersionID, behind bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.versions, t.behind = nil, behind
	if !behind {
		t.after, t.last = end, end
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
