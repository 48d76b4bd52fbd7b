package hub

import (
	"sync"
	"sync/atomic"
	"time"

	"hearsay/hub/fold"
	"hearsay/hub/store"
	"hearsay/hub/wire"
)

// Restraints are what operators have put on channels: pauses and slow modes. While there
// are none, a message costs one look at a pointer.
type restraints struct {
	now atomic.Pointer[map[store.ChannelID]store.Restraint] // never changed in place; nil: there are none

	mu    sync.Mutex // guards what follows; a leaf
	spoke map[speaker]time.Time
	sweep int // how many of spoke are worth a sweep
}

// A speaker is a player on a slow channel.
type speaker struct {
	channel store.ChannelID
	owner   owner
	name    string // its key
}

// mostSpeakers bounds what is remembered of slow modes.
const mostSpeakers = 50000

// set takes what the store has.
func (r *restraints) set(all map[store.ChannelID]store.Restraint) {
	if len(all) > 0 {
		r.now.Store(&all)
		return
	}
	if r.now.Swap(nil) != nil {
		r.mu.Lock()
		r.spoke = nil
		r.mu.Unlock()
	}
}

// refuse says why a player may not say something on a channel now, or nothing: then he
// has said it.
func (r *restraints) refuse(channel store.ChannelID, from owner, player string) (reason string) {
	all := r.now.Load()
	if all == nil {
		return ""
	}
	one, restrained := (*all)[channel]
	if !restrained {
		return ""
	}
	now := time.Now()
	if now.Before(one.PausedUntil) {
		return wire.ErrorPaused
	}
	if one.Slow == 0 {
		return ""
	}
	if wait := r.speak(speaker{channel, from, fold.Key(player)}, now, *all); wait > 0 {
		return wire.ErrorSlow(wait)
	}
	return ""
}

// speak notes that somebody speaks, or says how long he has to wait.
func (r *restraints) speak(who speaker, now time.Time, all map[store.ChannelID]store.Restraint) (wait time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.spoke == nil {
		r.spoke, r.sweep = map[speaker]time.Time{}, 64
	}
	if wait = r.spoke[who].Add(all[who.channel].Slow).Sub(now); wait > 0 {
		return wait
	}
	if len(r.spoke) >= r.sweep {
		r.forget(now, all)
	}
	r.spoke[who] = now
	return 0
}

// forget forgets those who may speak again, and everybody if that is not enough.
func (r *restraints) forget(now time.Time, all map[store.ChannelID]store.Restraint) {
	for who, at := range r.spoke {
		if now.Sub(at) >= all[who.channel].Slow {
			delete(r.spoke, who)
		}
	}
	if len(r.spoke) >= mostSpeakers {
		clear(r.spoke)
	}
	r.sweep = min(max(64, 2*len(r.spoke)), mostSpeakers)
}
