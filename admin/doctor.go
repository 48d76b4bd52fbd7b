package admin

import (
	"context"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"hearsay/hub"
	"hearsay/hub/wire"

	"hearsay/hub/page"
)

// doctor is the page on which an operator finds out why a game or application is not
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

// examine looks at a game or application.
func (s *server) examine(ctx context.Context, k peerKind, shortName string, socket int64) (f finding, access peerAccess, err error) {
	var p hub.Patient
	f = finding{path: k.path(shortName) + "/doctor", at: socket}
	if k.noun == applicationKind.noun {
		a, err := s.Store.Application(ctx, shortName)
		if err != nil {
			return f, access, err
		}
		access = application{Application: a}.Access()
		p.Application, p.LastSeen = true, a.LastSeenAt
		f.Chart = s.Hub.ApplicationChart(a.ID)
	} else {
		g, err := s.Store.Game(ctx, shortName)
		if err != nil {
			return f, access, err
		}
		access = game{Game: g}.Access()
		p.LastSeen = g.LastSeenAt
		f.Chart = s.Hub.GameChart(g.ID)
	}
	p.Suspended, p.SuspendedReason, p.SuspendedUntil = access.Suspended, access.SuspendedReason, access.SuspendedUntil
	p.SecretUsed, p.OldSecretUsed, p.OldSecretEnds = access.SecretUsedAt, access.OldSecretUsedAt, access.OldSecretEndsAt
	f.Diagnosis = f.Chart.Diagnose(p)
	return f, access, nil
}

func (s *server) serveDoctor(k peerKind) page.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		socket, _ := strconv.ParseInt(r.URL.Query().Get("socket"), 10, 64) // 0: the newest
		f, access, err := s.examine(r.Context(), k, r.PathValue("name"), socket)
		if err != nil {
			return err
		}
		f.path = k.path(access.ShortName) + "/doctor"
		return s.Show(w, r, doctorPage(doctor{
			Frame: s.Frame(r, "Doctor: "+access.ShortName), kind: k, ShortName: access.ShortName, ClientID: access.ClientID,
			Socket: s.Socket(r), Finding: f,
			Live: "/admin/live/doctor?" + url.Values{"kind": {k.noun}, "name": {access.ShortName}, "socket": {strconv.FormatInt(socket, 10)}}.Encode(),
		}))
	}
}

// doctorTopic keeps the page up to date.
func (s *server) doctorTopic() page.Topic {
	t := page.Showing(func(ctx context.Context, q url.Values) (finding, error) {
		k := gameKind
		if q.Get("kind") == applicationKind.noun {
			k = applicationKind
		}
		socket, _ := strconv.ParseInt(q.Get("socket"), 10, 64)
		f, _, err := s.examine(ctx, k, q.Get("name"), socket)
		return f, err
	}, func(f finding) templ.Component { return findings(f) })
	t.Who, t.Every = page.Admin, 2*time.Second
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
	return page.Count(f.Asked, "heartbeat") + ", " + page.Count(f.Answered, "answer")
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
