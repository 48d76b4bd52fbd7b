package admin

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"hearsay/hub"
	"hearsay/hub/page"
	"hearsay/hub/store"
)

const (
	busiestMost = 10 // games that the dashboard lists
	actionsMost = 6  // actions of operators
)

// dashboard is the operators' first page. What is live on it is the overview.
type dashboard struct {
	page.Frame
	overview
}

// An overview is how things are at one moment. It is compared with the next one, so times
// that pass are words.
type overview struct {
	Role         store.Role // of who may see it
	Period       period
	Figures      []figure
	Concerns     []concern
	Online       int // games
	Busiest      []gameLine
	Applications []applicationLine
	Actions      []actionLine // of operators, for admins
}

// Live is the address of its topic.
func (o overview) Live() string {
	name := "overview"
	if o.Role == store.Admin {
		name = "dashboard"
	}
	return "/admin/live/" + name + "?period=" + o.Period.Value
}

// Admin reports whether links to admins' pages help.
func (o overview) Admin() bool { return o.Role == store.Admin }

// A period is how far back the curves go.
type period struct {
	page.Choice
	length time.Duration
	span   store.Span // of their samples
}

var periods = []period{
	{page.Choice{Value: "24h", Label: "24 hours"}, 24 * time.Hour, store.FiveMinutes},
	{page.Choice{Value: "30d", Label: "30 days"}, 30 * 24 * time.Hour, store.Hour},
}

func readPeriod(q url.Values) period {
	for _, one := range periods {
		if q.Get("period") == one.Value {
			return one
		}
	}
	return periods[0]
}

// A figure is a number, and how it was.
type figure struct {
	ID, Label, Value string
	Most             string // in the period
	Curve            page.Sparkline
}

// A gameLine is a game that is online.
type gameLine struct {
	ShortName        string
	Players, Sockets int
	Client           string
	Since            string
}

// An actionLine is something that an operator did.
type actionLine struct{ Actor, Action, Subject, When string }

// An applicationLine is an application, connected or not.
type applicationLine struct {
	ShortName string
	Kind      string // of its mark
	State     string
	Form      string
	Sockets   int
	Since     string          // when it came
	Cursor    store.VersionID // 0: it has none
	Behind    int             // versions
	Lag       string
	Frame     string // when the last one was sent
	Waiting   int    // bytes that it has not taken
}

func (s *server) serveDashboard(w http.ResponseWriter, r *http.Request) error {
	o, err := s.overview(r.Context(), r.URL.Query(), page.Who(r).User.Role)
	if err != nil {
		return err
	}
	return s.Show(w, r, dashboardPage(dashboard{s.Frame(r, "Dashboard"), o}))
}

// overviewTopic is what people of that role see live.
func (s *server) overviewTopic(who page.Access, role store.Role) page.Topic {
	t := page.ShowingParts(func(ctx context.Context, q url.Values) (overview, error) { return s.overview(ctx, q, role) }, overviewParts, "period")
	t.Who = who
	return t
}

// overviewParts are the parts of the page by their ids.
func overviewParts(o overview) (all []page.Part) {
	for _, f := range o.Figures {
		all = append(all, page.Part{ID: f.ID, HTML: figureValue(f)}, page.Part{ID: f.ID + "-curve", HTML: figureCurve(f)})
	}
	if o.Admin() {
		all = append(all, page.Part{ID: "actions", HTML: actionLines(o.Actions)})
	}
	return append(all,
		page.Part{ID: "attention", HTML: attentionList(o.Concerns)},
		page.Part{ID: "busiest", HTML: busiest(o)},
		page.Part{ID: "applications", HTML: applicationLines(o)},
	)
}

func (s *server) overview(ctx context.Context, q url.Values, role store.Role) (o overview, err error) {
	now, st := time.Now(), s.Hub.Status()
	o = overview{Role: role, Period: readPeriod(q), Online: len(st.Games)}
	if o.Concerns, err = s.concerns(ctx, st, role); err != nil {
		return o, err
	}
	if o.Applications, err = s.applicationLines(ctx, now, st); err != nil {
		return o, err
	}
	for _, g := range st.Games[:min(busiestMost, len(st.Games))] {
		o.Busiest = append(o.Busiest, gameLine{g.ShortName, g.Players, g.Sockets, g.UserAgent, page.Ago(now, g.Since)})
	}
	if o.Admin() {
		entries, err := s.Store.Audit(ctx, store.AuditQuery{Limit: actionsMost})
		if err != nil {
			return o, err
		}
		for _, e := range entries {
			o.Actions = append(o.Actions, actionLine{e.Actor, e.Action, e.Subject, page.Ago(now, e.At)})
		}
	}
	o.Figures, err = s.figures(ctx, now, st, o.Period)
	return o, err
}

// applicationLines are those that are connected, then the others.
func (s *server) applicationLines(ctx context.Context, now time.Time, st hub.Status) ([]applicationLine, error) {
	known, err := s.Store.Applications(ctx)
	if err != nil {
		return nil, err
	}
	var here, away []applicationLine
	for _, a := range known {
		if line := s.applicationLine(ctx, now, st, a); line.Sockets > 0 {
			here = append(here, line)
		} else {
			away = append(away, line)
		}
	}
	return append(here, away...), nil
}

func (s *server) applicationLine(ctx context.Context, now time.Time, st hub.Status, a store.Application) applicationLine {
	line := applicationLine{ShortName: a.ShortName, State: "never connected", Form: a.SyncForm}
	i := slices.IndexFunc(st.Applications, func(one hub.ApplicationStatus) bool { return one.ID == a.ID && one.Sockets > 0 })
	if i < 0 {
		switch {
		case a.Suspended:
			line.Kind, line.State = "bad", "suspended"
		case a.LastSeenAt != nil:
			line.State = "gone " + page.Ago(now, *a.LastSeenAt)
		}
		return line
	}
	on := st.Applications[i]
	line.Kind, line.Form, line.Sockets, line.Since = "good", on.Form, on.Sockets, page.Ago(now, on.Since)
	line.Cursor, line.Waiting = on.Cursor, on.Waiting
	lag := s.Hub.Lag(ctx, on)
	switch {
	case on.Fed == 0:
		line.State = "has not asked for the sync"
		return line
	case on.Cursor == 0:
		line.State = "is catching up"
	case on.Cursor < st.Newest:
		line.State, line.Behind = "behind", int(st.Newest-on.Cursor)
		if lag >= lateAfter {
			line.Kind = "warn"
		}
	default:
		line.State = "level"
	}
	line.Lag = lagText(lag)
	if !on.SentAt.IsZero() {
		line.Frame = page.Ago(now, on.SentAt)
	}
	return line
}

// lagText is how far something is behind.
func lagText(lag time.Duration) string {
	if lag < 10*time.Second {
		return page.Decimal(lag.Seconds()) + " s"
	}
	return page.Span(lag)
}

// figures are the numbers of the present, with their curves.
func (s *server) figures(ctx context.Context, now time.Time, st hub.Status, p period) ([]figure, error) {
	samples, err := s.history.samples(ctx, s.Store, p, now)
	if err != nil {
		return nil, err
	}
	lag := time.Duration(0)
	for _, a := range st.Applications {
		lag = max(lag, s.Hub.Lag(ctx, a))
	}
	all := []figure{
		samples.figure("games", "Games online", page.Number(len(st.Games)), func(m store.Sample) (float64, float64) { return m.Games, float64(m.GamesMost) }),
		samples.figure("players", "Players", page.Number(st.Players), func(m store.Sample) (float64, float64) { return m.Players, float64(m.PlayersMost) }),
		samples.figure("sockets", "Sockets", page.Number(st.Sockets), func(m store.Sample) (float64, float64) { return m.Sockets, float64(m.SocketsMost) }),
		samples.figure("messages", "Messages/min", page.Number(st.Minute), func(m store.Sample) (float64, float64) {
			v := float64(m.Messages) / time.Duration(p.span).Minutes()
			return v, v
		}),
		samples.figure("lag", "Sync lag", lagText(lag), func(m store.Sample) (float64, float64) {
			v := m.LagMost.Seconds()
			return v, v
		}),
	}
	all[4].Most += " s"
	return all, nil
}

// A stretch is the samples of a period.
type stretch struct {
	period
	from    time.Time
	samples []store.Sample
}

// figure draws what value says of each sample: its average, and the most at once.
func (st stretch) figure(id, label, value string, of func(store.Sample) (average, most float64)) figure {
	var dots []page.Dot
	highest := 0.0
	for _, m := range st.samples {
		average, most := of(m)
		dots = append(dots, page.Dot{At: m.At, Value: average})
		highest = max(highest, most)
	}
	return figure{
		ID: id, Label: label, Value: value, Most: page.Decimal(highest),
		Curve: page.DrawSparkline(label+" in the last "+st.Label, dots, st.from, st.length, time.Duration(st.span)),
	}
}

// history keeps the samples that were read last, which change once a minute at most.
type history struct {
	mu sync.Mutex // guards m
	m  map[store.Span]stretch
}

// samples gives those of the spans of a period that are over.
func (h *history) samples(ctx context.Context, st *store.Store, p period, now time.Time) (stretch, error) {
	span := time.Duration(p.span)
	to := now.Truncate(span)
	h.mu.Lock()
	defer h.mu.Unlock()
	if was, ok := h.m[p.span]; ok && was.from.Equal(to.Add(-p.length)) {
		return was, nil
	}
	s := stretch{period: p, from: to.Add(-p.length)}
	var err error
	if s.samples, err = st.Samples(ctx, p.span, s.from); err != nil {
		return s, err
	}
	for n := len(s.samples); n > 0 && !s.samples[n-1].At.Before(to); n-- {
		s.samples = s.samples[:n-1]
	}
	if h.m == nil {
		h.m = map[store.Span]stretch{}
	}
	h.m[p.span] = s
	return s, nil
}
