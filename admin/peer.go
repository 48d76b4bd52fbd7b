package admin

import (
	"context"
	"net/http"
	"strings"
	"time"

	"hearsay/hub/page"
	"hearsay/hub/store"
)

// A peerKind is what games and applications have in common for operators: credentials,
// suspension and removal.
type peerKind struct {
	noun      string
	rotate    func(*store.Store, context.Context, string, store.Rotation) (store.Credential, error)
	endSecret func(*store.Store, context.Context, string) error
	suspend   func(*store.Store, context.Context, string, store.Suspension) error
	resume    func(*store.Store, context.Context, string) error
}

var (
	gameKind = peerKind{
		"game", (*store.Store).RotateGame, (*store.Store).EndGameSecret, (*store.Store).SuspendGame, (*store.Store).ResumeGame,
	}
	applicationKind = peerKind{
		"application", (*store.Store).RotateApplication, (*store.Store).EndApplicationSecret,
		(*store.Store).SuspendApplication, (*store.Store).ResumeApplication,
	}
)

// list is the path of all of that kind; one of them is below it.
func (k peerKind) list() string { return "/admin/" + k.noun + "s" }

func (k peerKind) path(name string) string { return k.list() + "/" + name }

// peerAccess is what the page of a game or application shows of its credentials and
// suspension.
type peerAccess struct {
	kind                                           peerKind
	ShortName, ClientID                            string
	SecretUsedAt, OldSecretUsedAt, OldSecretEndsAt *time.Time
	Suspended                                      bool
	SuspendedReason                                string
	SuspendedUntil                                 *time.Time
	Now                                            time.Time
}

// OldSecret reports whether a second secret is valid.
func (a peerAccess) OldSecret() bool {
	return a.OldSecretEndsAt != nil && a.OldSecretEndsAt.After(a.Now)
}

// How long an old secret may go on.
var keepOld = []page.Choice{{Value: "168h", Label: "for 7 days"}, {Value: "24h", Label: "for a day"}, {Value: "720h", Label: "for 30 days"}, {Value: "0", Label: "not at all"}}

// serveRotate makes a new secret, and shows it.
func (s *server) serveRotate(k peerKind) page.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		keep, err := time.ParseDuration(r.PostFormValue("keep"))
		if err != nil || keep < 0 {
			keep = store.OldSecretKept
		}
		ends := time.Now().Add(keep)
		name := r.PathValue("name")
		c, err := k.rotate(s.Store, r.Context(), name, store.Rotation{Form: store.SecretForm(r.PostFormValue("uuid") != ""), OldEnds: ends})
		if err != nil {
			return err
		}
		s.keepSecret(page.Who(r).ID, page.NewSecret{Credential: c, Noun: k.noun, ShortName: name, Ends: ends})
		http.Redirect(w, r, k.path(name)+"/secret", http.StatusSeeOther)
		return nil
	}
}

func (s *server) serveEndSecret(k peerKind) page.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		name := r.PathValue("name")
		if err := k.endSecret(s.Store, r.Context(), name); err != nil {
			return err
		}
		return s.Done(w, r, k.path(name), "The old secret is refused from now on.")
	}
}

func (s *server) serveSuspend(k peerKind) page.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		name := r.PathValue("name")
		f := page.Posted(r)
		u := store.Suspension{Reason: f.Text("reason")}
		until, err := f.Moment("until")
		if err != nil {
			return err
		}
		if !until.IsZero() {
			u.Until = &until
		}
		if err := k.suspend(s.Store, r.Context(), name, u); err != nil {
			return err
		}
		return s.Done(w, r, k.path(name), "Suspended "+name+": its sockets are closed.")
	}
}

func (s *server) serveResume(k peerKind) page.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		name := r.PathValue("name")
		if err := k.resume(s.Store, r.Context(), name); err != nil {
			return err
		}
		return s.Done(w, r, k.path(name), name+" may connect again.")
	}
}

func (s *server) serveRemove(k peerKind) page.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		name := r.PathValue("name")
		if !strings.EqualFold(strings.TrimSpace(r.PostFormValue("confirm")), name) {
			return page.Invalid("confirm", "type the short name, "+name+", to remove it")
		}
		return s.remove(w, r, k.noun, name, k.list())
	}
}
