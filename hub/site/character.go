package site

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"hearsay/hub/page"
	"hearsay/hub/store"
)

// characters is the page of a person's own.
type characters struct {
	page.Frame
	own
}

// own is what is live of it.
type own struct {
	Key     store.RegistrationKey
	Address string // whom to tell the key: "system@Hearsay"
	All     []store.Character
}

// In gives those in one of some states.
func (o own) In(states ...store.CharacterState) (all []store.Character) {
	for _, state := range states {
		for _, c := range o.All {
			if c.State == state {
				all = append(all, c)
			}
		}
	}
	return all
}

func (s *Site) serveCharacters(w http.ResponseWriter, r *http.Request) (err error) {
	p := characters{}
	if p.own, err = s.loadOwn(r.Context(), page.Who(r).User.ID); err != nil {
		return err
	}
	p.Frame = s.Frame(r, "Your characters")
	p.Listens = true
	page.Secret(w)
	return s.Show(w, r, charactersPage(p))
}

func (s *Site) loadOwn(ctx context.Context, user int64) (o own, err error) {
	o.Address = "system@" + s.Hub.Terms().Name
	if o.Key, err = s.Store.RegistrationKey(ctx, user, time.Now()); err != nil {
		return o, err
	}
	o.All, err = s.Store.CharactersOf(ctx, user)
	return o, err
}

// ownTopic keeps the page up to date: a key that is told in a game is used up, and the
// character is there.
func (s *Site) ownTopic() page.Topic {
	t := page.ShowingOwn(s.loadOwn, func(o own) []page.Part {
		return []page.Part{{ID: "mine", HTML: mine(o)}, {ID: "key", HTML: registration(o)}}
	})
	t.Watch = s.watchRegistrations
	return t
}

// watchRegistrations wakes when characters may have changed.
func (s *Site) watchRegistrations() (wake <-chan struct{}, end func()) {
	commits, stop := s.Store.Watch()
	changed, done := make(chan struct{}, 1), make(chan struct{})
	seen := s.Store.Registrations()
	go func() {
		for {
			select {
			case <-commits:
			case <-done:
				return
			}
			if now := s.Store.Registrations(); now != seen {
				seen = now
				select {
				case changed <- struct{}{}:
				default: // it has not looked since the last one
				}
			}
		}
	}()
	return changed, func() { stop(); close(done) }
}

// serveDecide makes the handler of what a person says of a character: done tells it of the
// character that is put into it.
func (s *Site) serveDecide(decide func(*store.Store, context.Context, store.CharacterID, int64) (store.Character, error), done string) page.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		id, err := characterID(r)
		if err != nil {
			return err
		}
		c, err := decide(s.Store, r.Context(), id, page.Who(r).User.ID)
		late, isLate := errors.AsType[*store.FieldError](err)
		switch {
		case isLate: // the page was older than what has become of it
			return s.Done(w, r, "/characters", page.Capital("the "+late.Field+" "+late.Reason)+".")
		case errors.Is(err, store.ErrNotFound):
			return errNoCharacter
		case err != nil:
			return err
		}
		return s.Done(w, r, "/characters", fmt.Sprintf(done, named(c)))
	}
}

// withdrawal is the page that asks whether that is meant.
type withdrawal struct {
	page.Frame
	store.Character
}

func (s *Site) serveWithdrawal(w http.ResponseWriter, r *http.Request) error {
	id, err := characterID(r)
	if err != nil {
		return err
	}
	all, err := s.Store.CharactersOf(r.Context(), page.Who(r).User.ID)
	if err != nil {
		return err
	}
	for _, c := range all {
		if c.ID == id && (c.State == store.Pending || c.State == store.Approved) {
			return s.Show(w, r, withdrawalPage(withdrawal{s.Frame(r, "Withdraw "+named(c)), c}))
		}
	}
	return errNoCharacter
}

var errNoCharacter = store.Missing{Noun: "character of yours that you could decide about"}

func characterID(r *http.Request) (store.CharacterID, error) {
	n, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		return 0, errNoCharacter
	}
	return store.CharacterID(n), nil
}

func characterPath(c store.Character, verb string) string {
	return "/characters/" + strconv.FormatInt(int64(c.ID), 10) + "/" + verb
}

// named is a character as people say it.
func named(c store.Character) string { return c.Name + " of " + c.GameName }
