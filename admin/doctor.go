package admin

import (
	"context"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"hearsay/hub"
	"hearsay/hub/wire"

	"hearsay/hub/page"
)

// doctor is the page on which an operator, or the owner of a game, finds out why a game or application is not
// there, or is not understood.
type doctor struct {
	page.Frame
	kind      peerKind
	ShortName string
	ClientID  string
	Socket    string // address of the hub's socket
	Finding   finding
	Live      string // path of the live part
}

// A finding is what the doctor has found; the live part of the page.
type finding struct {
	hub.Chart
	hub.Diagnosis
	path string // of the page
	at   int64  // when the socket whose frames are shown was opened, in nanoseconds; 0: the newest
}

// Shown is the socket whose frames are shown: the one that was asked for, else the newest,
// else the one that was closed last. It is nil if there was none.
func (f finding) Shown() *hub.SocketChart {
	all := f.Sockets
	if f.Last != nil {
		all = append([]hub.SocketChart{*f.Last}, all...)
	}
	for i := range all {
		if all[i].Opened.UnixNano() == f.at {
			return &all[i]
		}
	}
	if len(all) == 0 {
		return nil
	}
	return &all[len(all)-1]
}

// PathOf is the address of the page with a socket's frames.
func (f finding) PathOf(s hub.SocketChart) string {
	return f.path + "?socket=" + strconv.FormatInt(s.Opened.UnixNano(), 10) + "#frames"
}

// Closed reports whether that socket is the closed one.
func (f finding) Closed(s *hub.SocketChart) bool {
	return f.Last != nil && s.Opened.Equal(f.Last.Opened) && s.Remote == f.Last.Remote
}

// An examination is what is asked of the doctor.
type examination struct {
	kind      peerKind
	shortName string
	socket    int64 // as in a finding
	own       bool  // an owner asks: those who fail with credentials of nobody are no owner's business
}

// readExamination reads what the query of a page or topic asks.
func readExamination(k peerKind, shortName string, q url.Values) examination {
	socket, _ := strconv.ParseInt(q.Get("socket"), 10, 64) // 0: the newest
	return examination{kind: k, shortName: shortName, socket: socket}
}

// live is where the findings are heard.
func (x examination) live() string {
	q := url.Values{"socket": {strconv.FormatInt(x.socket, 10)}}
	if x.own {
		return x.kind.path(x.shortName) + "/live/doctor?" + q.Encode()
	}
	q.Set("kind", x.kind.noun)
	q.Set("name", x.shortName)
	return "/admin/live/doctor?" + q.Encode()
}

// examine looks at a game or application.
func (s *server) examine(ctx context.Context, x examination) (f finding, access peerAccess, err error) {
	var p hub.Patient
	f = finding{path: x.kind.path(x.shortName) + "/doctor", at: x.socket}
	if x.kind.noun == applicationKind.noun {
		a, err := s.Store.Application(ctx, x.shortName)
		if err != nil {
			return f, access, err
		}
		access = application{Application: a}.Access()
		p.Application, p.LastSeen = true, a.LastSeenAt
		f.Chart = s.Hub.ApplicationChart(a.ID)
	} else {
		g, err := s.Store.Game(ctx, x.shortName)
		if err != nil {
			return f, access, err
		}
		access = game{Game: g}.Access()
		p.LastSeen = g.LastSeenAt
		f.Chart = s.Hub.GameChart(g.ID)
	}
	if x.own {
		f.Strangers = nil
	}
	p.Suspended, p.SuspendedReason, p.SuspendedUntil = access.Suspended, access.SuspendedReason, access.SuspendedUntil
	p.SecretUsed, p.OldSecretUsed, p.OldSecretEnds = access.SecretUsedAt, access.OldSecretUsedAt, access.OldSecretEndsAt
	f.Diagnosis = f.Chart.Diagnose(p)
	return f, access, nil
}

func (s *server) serveDoctor(k peerKind) page.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		x := readExamination(k, r.PathValue("name"), r.URL.Query())
		x.own = !page.Admin.May(page.Who(r).User.Role)
		f, access, err := s.examine(r.Context(), x)
		if err != nil {
			return err
		}
		x.shortName = access.ShortName
		f.path = k.path(access.ShortName) + "/doctor"
		return s.Show(w, r, doctorPage(doctor{
			Frame: s.Frame(r, "Doctor: "+access.ShortName), kind: k, ShortName: access.ShortName, ClientID: access.ClientID,
			Socket: s.Socket(r), Finding: f, Live: x.live(),
		}))
	}
}

// doctorTopic keeps the page up to date, for admins.
func (s *server) doctorTopic() page.Topic {
	t := s.findingsTopic([]string{"kind", "name", "socket"}, func(q url.Values) examination {
		k := gameKind
		if q.Get("kind") == applicationKind.noun {
			k = applicationKind
		}
		return readExamination(k, q.Get("name"), q)
	})
	t.Who = page.Admin
	return t
}

// ownDoctorTopic is the same for the owner of a game.
func (s *server) ownDoctorTopic() page.Topic {
	return s.findingsTopic([]string{"name", "socket"}, func(q url.Values) examination {
		x := readExamination(gameKind, q.Get("name"), q)
		x.own = true
		return x
	})
}

func (s *server) findingsTopic(reads []string, read func(url.Values) examination) page.Topic {
	t := page.Showing(func(ctx context.Context, q url.Values) (finding, error) {
		f, _, err := s.examine(ctx, read(q))
		return f, err
	}, func(f finding) templ.Component { return findings(f) }, reads...)
	t.Every = 2 * time.Second
	return t
}

// A piece is a part of a text that is code or not.
type piece struct {
	Text string
	Code bool
}

// pieces takes a text apart at its backticks.
func pieces(text string) (all []piece) {
	code := false
	for part := range strings.SplitSeq(text, "`") {
		if part != "" {
			all = append(all, piece{part, code})
		}
		code = !code
	}
	return all
}

// mistakeWhat is what a client does that the hub does not understand.
func mistakeWhat(m wire.Mistake) string { what, _ := hub.MistakeWords(m); return what }

func mistakeDo(m wire.Mistake) string { _, do := hub.MistakeWords(m); return do }

func addressText(a netip.Addr) string {
	if !a.IsValid() {
		return "unknown"
	}
	return a.String()
}

// clockTime is a moment of today, to the millisecond.
func clockTime(t time.Time) string { return t.UTC().Format("15:04:05.000") }

// heartbeats says how a run of them went.
func heartbeats(f hub.FrameChart) string {
	if f.Asked == 0 {
		return page.Count(f.Answered, "heartbeat") + " of the client, not asked for"
	}
	return page.Count(f.Asked, "heartbeat") + ", " + page.Count(f.Answered, "answer")
}

// denialWhen says in which case the hub refuses a request so, as the documentation does.
func denialWhen(d hub.Denial) string {
	var own []wire.Failure
	if row := wire.Find(d.Event); row != nil {
		own = row.Failures
	}
	for _, f := range slices.Concat(own, wire.CommonFailures) {
		if begins, _, _ := strings.Cut(f.Error, `"`); strings.HasPrefix(d.Error, begins) || strings.HasPrefix(f.Error, d.Error) {
			return f.When
		}
	}
	return ""
}

// closeWords says how a socket ended.
func closeWords(e hub.Ending) string {
	about := wire.FindClose(e.Code).About
	if about == "" {
		about = "The client closed the socket with a code of its own."
	}
	if e.Reason != "" && e.Reason != wire.Goodbye {
		about += " (" + e.Reason + ")"
	}
	return about
}
