package backbone

import (
	"sync"

	"hearsay/hub/store"
)

// A look is all that makes the live frames of one application differ from another's.
type look struct {
	records     bool // the form
	credentials bool // the hashes of secrets are seen
	cursor      bool // versions carry ids
	extended    bool // deletes are told
}

// A stretch of the log, as it looks.
type stretch struct {
	look  look
	after store.VersionID
}

// sharedMost is how many stretches are kept: those that follow are mostly at one place, a
// few are a little behind.
const sharedMost = 32

// Shared are the frames of the end of the log, encoded once for all who follow it closely.
type shared struct {
	mu      sync.RWMutex // guards what follows
	through store.VersionID
	encoded map[stretch][][]byte // each from after through
}

// frames gives those of versions, which follow after; nobody changes them.
func (sh *shared) frames(as look, after store.VersionID, versions []store.Version, encode func([]store.Version) ([][]byte, error)) ([][]byte, error) {
	through, key := versions[len(versions)-1].ID, stretch{as, after}
	sh.mu.RLock()
	all, there := sh.encoded[key]
	there = there && sh.through == through
	sh.mu.RUnlock()
	if there {
		return all, nil
	}
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if through > sh.through || sh.encoded == nil {
		sh.through, sh.encoded = through, map[stretch][][]byte{}
	}
	if all, there := sh.encoded[key]; there && through == sh.through {
		return all, nil
	}
	all, err := encode(versions)
	if err == nil && through == sh.through && len(sh.encoded) < sharedMost {
		sh.encoded[key] = all
	}
	return all, err
}
