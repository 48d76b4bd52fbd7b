package store

import (
	"cmp"
	"slices"
	"sync"
	"time"
)

// A Fault is a task of the maintenance that failed the last time.
type Fault struct {
	Task   string // "compact"
	Reason string
	Since  time.Time // when it first did, of the times in a row
}

// faults are kept in memory: after a restart the tasks are tried again.
type faults struct {
	mu sync.Mutex // guards m
	m  map[string]Fault
}

func (f *faults) note(task string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err == nil {
		delete(f.m, task)
		return
	}
	since := time.Now()
	if was, there := f.m[task]; there {
		since = was.Since
	}
	if f.m == nil {
		f.m = map[string]Fault{}
	}
	f.m[task] = Fault{task, err.Error(), since}
}

// Faults lists what fails at present, the longest first.
func (s *Store) Faults() (all []Fault) {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	for _, one := range s.faults.m {
		all = append(all, one)
	}
	slices.SortFunc(all, func(a, b Fault) int { return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.Task, b.Task)) })
	return all
}
