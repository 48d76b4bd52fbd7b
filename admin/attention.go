package admin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"hearsay/hub"
	"hearsay/hub/page"
	"hearsay/hub/store"
)

// What is worth an operator's attention.
const (
	silentAfter = 24 * time.Hour // for so long nobody may be away without a word
	secretSoon  = 24 * time.Hour // before an old secret that is in use ends
	lateAfter   = time.Minute    // that an application may be behind
	lateLong    = 10 * time.Minute
	backupOld   = 8 * 24 * time.Hour
	diskLow     = 1 << 30 // bytes that are free
	diskOut     = 256 << 20
	walLarge    = 64 << 20 // bytes
	walHuge     = 1 << 30

	// concernsMost is how many of one sort are named one by one.
	concernsMost = 5
	// attentionEvery is how long a look lasts for all who ask.
	attentionEvery = 5 * time.Second
)

// A concern is something that wants an operator's attention.
type concern struct {
	Kind string      // of its mark: "bad" or "warn"
	Text string      // a sentence
	Path string      // of the page where it is mended; "": none
	who  page.Access // whose it is
}

// concernWord is what its mark means.
func concernWord(kind string) string {
	if kind == "bad" {
		return "Urgent"
	}
	return "Soon"
}

// A source of concerns looks at one sort of them.
type source func(ctx context.Context, now time.Time, st hub.Status) ([]concern, error)

// sources are all sorts of concerns.
func (s *server) sources() []source {
	return []source{s.lossConcerns, s.faultConcerns, s.walConcerns, s.proxyConcerns, s.diskConcerns, s.backupConcerns, s.heldConcerns, s.signUpConcerns, s.registrationConcerns, s.secretConcerns, s.lagConcerns, s.clientConcerns}
}

// attention keeps the last look.
type attention struct {
	mu       sync.Mutex // guards what follows
	at       time.Time
	concerns []concern
}

// concerns are what wants the attention of people with that access, the worst first.
func (s *server) concerns(ctx context.Context, st hub.Status, role store.Role) ([]concern, error) {
	s.attention.mu.Lock()
	defer s.attention.mu.Unlock()
	if now := time.Now(); now.Sub(s.attention.at) >= attentionEvery {
		var all []concern
		for _, look := range s.sources() {
			some, err := look(ctx, now, st)
			if err != nil {
				return nil, err
			}
			all = append(all, some...)
		}
		slices.SortStableFunc(all, func(a, b concern) int { return strings.Compare(a.Kind, b.Kind) }) // "bad" before "warn"
		s.attention.at, s.attention.concerns = now, all
	}
	var mine []concern
	for _, one := range s.attention.concerns {
		if one.who.May(role) {
			mine = append(mine, one)
		}
	}
	return mine, nil
}

// lossConcerns are of a file that is gone; it is saved as a backup, and can be again by hand.
func (s *server) lossConcerns(context.Context, time.Time, hub.Status) ([]concern, error) {
	loss := s.Store.Loss()
	if loss == nil {
		return nil, nil
	}
	c := concern{Kind: "bad", who: page.Admin, Path: "/admin/backups"}
	if b := s.Store.Rescued(); b != nil {
		c.Text = "Nothing is saved any more: " + loss.Error() + ". What was still open is saved as the backup " + b.Name + ". Restore that one."
	} else {
		c.Text = "Nothing is saved any more: " + loss.Error() + ". What is still open must be backed up before the hub stops: use Back up now."
	}
	return []concern{c}, nil
}

// walConcerns are of a WAL that has grown because somebody reads the file for a long time.
func (s *server) walConcerns(_ context.Context, now time.Time, _ hub.Status) ([]concern, error) {
	if s.Store.Loss() != nil {
		return nil, nil
	}
	w, err := s.Store.WAL()
	if err != nil || w.Bytes < walLarge {
		return nil, err
	}
	c := concern{Kind: "warn", who: page.Admin, Text: "The database's write-ahead log takes " + page.Size(w.Bytes) + ". "}
	if w.Bytes >= walHuge {
		c.Kind = "bad"
	}
	if w.Held.IsZero() {
		c.Text += "It shrinks by itself in a moment."
	} else {
		c.Text += "A program has kept it from shrinking for " + page.Span(now.Sub(w.Held)) +
			": a backup, the sqlite3 shell or Litestream reads an old state of the file. End that program."
	}
	return []concern{c}, nil
}

func (s *server) faultConcerns(context.Context, time.Time, hub.Status) (all []concern, err error) {
	for _, f := range s.Store.Faults() {
		all = append(all, concern{
			Kind: "bad", who: page.Admin,
			Text: "The maintenance of the database fails (" + f.Task + ": " + f.Reason + "). Run hearsay check on the file, and look at the hub's log.",
		})
	}
	return all, nil
}

func (s *server) proxyConcerns(context.Context, time.Time, hub.Status) ([]concern, error) {
	if s.UndeclaredProxy == nil {
		return nil, nil
	}
	at := s.UndeclaredProxy()
	if !at.IsValid() {
		return nil, nil
	}
	return []concern{{
		Kind: "warn", who: page.Admin,
		Text: fmt.Sprintf("Requests come through a proxy at %s that the hub does not trust. So all its clients count as one, and pages may say ws:// in place of wss://. "+
			"If it is yours, start the hub with --trusted-proxies %s.", at, at),
	}}, nil
}

func (s *server) diskConcerns(context.Context, time.Time, hub.Status) ([]concern, error) {
	d, err := s.Store.Disk()
	if errors.Is(err, errors.ErrUnsupported) {
		return nil, nil
	}
	c := concern{Kind: "warn", who: page.Admin, Text: "The disk of the database has " + page.Size(d.Free) + " left; a backup takes about " + page.Size(d.Used) + "."}
	switch {
	case err != nil:
		c.Text = "How much room the disk of the database has cannot be told: " + err.Error() + "."
	case d.Free < max(diskOut, d.Used):
		c.Kind = "bad"
	case d.Free >= max(diskLow, 2*d.Used):
		return nil, nil
	}
	return []concern{c}, nil
}

func (s *server) backupConcerns(ctx context.Context, now time.Time, _ hub.Status) ([]concern, error) {
	if s.LastBackup == nil {
		return nil, nil
	}
	c := concern{Kind: "warn", who: page.Admin, Path: "/admin/backups"}
	switch at, err := s.LastBackup(ctx); {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		c.Kind, c.Text = "bad", "The last backup failed: "+err.Error()+"."
	case at.IsZero():
		c.Text = "There is no backup."
	case now.Sub(at) > backupOld:
		c.Text = "The last backup is " + page.Span(now.Sub(at)) + " old."
	default:
		return nil, nil
	}
	return []concern{c}, nil
}

func (s *server) heldConcerns(ctx context.Context, _ time.Time, _ hub.Status) ([]concern, error) {
	n, err := s.Store.Waiting(ctx)
	c := concern{Kind: "warn", who: page.Moderator, Path: "/admin/review", Text: waits(n, "message") + " for review."}
	switch {
	case err != nil || n == 0:
		return nil, err
	case n >= store.MostHeld:
		c.Kind = "bad"
		c.Text += " No more are held until some are decided on."
	}
	return []concern{c}, nil
}

func (s *server) signUpConcerns(ctx context.Context, _ time.Time, _ hub.Status) ([]concern, error) {
	n, err := s.Store.WaitingUsers(ctx)
	if err != nil || n == 0 {
		return nil, err
	}
	return []concern{{Kind: "warn", who: page.Admin, Path: "/admin/people?filter=waiting", Text: waits(n, "account") + " for approval."}}, nil
}

func (s *server) registrationConcerns(ctx context.Context, _ time.Time, _ hub.Status) ([]concern, error) {
	all, err := s.Store.WaitingGames(ctx)
	switch {
	case err != nil || len(all) == 0:
		return nil, err
	case len(all) == 1:
		return []concern{{Kind: "warn", who: page.Admin, Path: gameKind.path(all[0]), Text: "The game " + all[0] + " waits for approval."}}, nil
	}
	return []concern{{Kind: "warn", who: page.Admin, Path: "/admin/games?filter=waiting", Text: waits(len(all), "game") + " for approval."}}, nil
}

// waits is how many of something wait.
func waits(n int, noun string) string {
	if n == 1 {
		return "1 " + noun + " waits"
	}
	return page.Count(n, noun) + " wait"
}

func (s *server) secretConcerns(ctx context.Context, now time.Time, _ hub.Status) (all []concern, err error) {
	old, err := s.Store.OldSecrets(ctx, now)
	for i, o := range old {
		c := concern{
			Kind: "warn", who: page.Admin, Path: "/admin/" + o.Noun + "s/" + o.ShortName,
			Text: "The " + o.Noun + " " + o.ShortName + " still uses its old secret, which ends " + page.Ago(now, o.EndsAt) + ".",
		}
		if o.EndsAt.Sub(now) < secretSoon {
			c.Kind = "bad"
		}
		if i == concernsMost {
			c.Text, c.Path = page.Count(len(old)-i, "other")+" still use an old secret.", "/admin/games"
			all = append(all, c)
			break
		}
		all = append(all, c)
	}
	return all, err
}

func (s *server) lagConcerns(ctx context.Context, _ time.Time, st hub.Status) (all []concern, err error) {
	for _, a := range st.Applications {
		lag := s.Hub.Lag(ctx, a)
		if lag < lateAfter {
			continue
		}
		c := concern{
			Kind: "warn", who: page.Admin, Path: applicationKind.path(a.ShortName),
			Text: "The application " + a.ShortName + " is " + page.Span(lag) + " behind: it does not take what it is sent.",
		}
		if lag >= lateLong {
			c.Kind = "bad"
		}
		all = append(all, c)
	}
	return all, ctx.Err()
}

// clientConcerns are about games and applications that try to be here in vain, and about those
// that used to be here and have been silent since.
func (s *server) clientConcerns(ctx context.Context, now time.Time, st hub.Status) (all []concern, err error) {
	silent, err := s.Store.Silent(ctx, now.Add(-silentAfter))
	if err != nil {
		return nil, err
	}
	troubles, err := s.troubles(ctx)
	if err != nil {
		return nil, err
	}
	since := map[string]time.Time{} // by path
	for _, one := range silent {
		since[silentPath(one)] = one.LastSeenAt
	}
	named := map[string]bool{} // by path
	for _, one := range troubles {
		if len(all) == concernsMost {
			break
		}
		named[one.path] = true
		all = append(all, concern{Kind: "warn", who: page.Admin, Path: one.path + "/doctor", Text: one.words(now, since[one.path])})
	}
	for _, one := range st.Games {
		named[gameKind.path(one.ShortName)] = true
	}
	for _, one := range st.Applications {
		named[applicationKind.path(one.ShortName)] = true
	}
	silent = slices.DeleteFunc(silent, func(one store.Silence) bool { return named[silentPath(one)] })
	for i, one := range silent {
		if i == concernsMost {
			return append(all, concern{
				Kind: "warn", who: page.Admin, Path: "/admin/games?desc=on&filter=offline&sort=seen",
				Text: page.Count(len(silent)-i, "other") + " that used to be connected are silent too.",
			}), nil
		}
		all = append(all, concern{
			Kind: "warn", who: page.Admin, Path: silentPath(one) + "/doctor",
			Text: "The " + one.Noun + " " + one.ShortName + " has been silent for " + page.Span(now.Sub(one.LastSeenAt)) + ".",
		})
	}
	return all, nil
}

// silentPath is that of the page of a game or application.
func silentPath(one store.Silence) string {
	if one.Noun == applicationKind.noun {
		return applicationKind.path(one.ShortName)
	}
	return gameKind.path(one.ShortName)
}

// A trouble is one of the hub's, of a game or application that is still there.
type trouble struct {
	hub.Trouble
	noun, shortName, path string
}

func (s *server) troubles(ctx context.Context) (all []trouble, err error) {
	applications := map[int64]string{} // not read yet: empty
	for _, one := range s.Hub.Troubles() {
		kind, name := gameKind, ""
		if one.Application {
			kind = applicationKind
			if len(applications) == 0 {
				list, err := s.Store.Applications(ctx)
				if err != nil {
					return nil, err
				}
				for _, a := range list {
					applications[a.ID] = a.ShortName
				}
			}
			name = applications[one.ID]
		} else {
			name = s.Hub.TroubledGame(one)
		}
		if name != "" {
			all = append(all, trouble{one, kind.noun, name, kind.path(name)})
		}
	}
	return all, nil
}

// words say what is the matter; silent is since when it has not been here; zero: it was here
// within a day, or never.
func (t trouble) words(now, silent time.Time) string {
	text := "The " + t.noun + " " + t.shortName
	switch {
	case t.Stays:
		text += " does not stay connected: "
	case silent.IsZero():
		text += " cannot connect: "
	default:
		text += " has been silent for " + page.Span(now.Sub(silent)) + ": "
	}
	return text + t.Cause + ", " + page.Count(t.Count, "time") + ", last " + page.Ago(now, t.Last) + "."
}
