package hub

import (
	"cmp"
	"net/netip"
	"slices"
	"time"

	"hearsay/hub/store"
	"hearsay/hub/wire"
)

// chartSockets is how many sockets a chart shows.
const chartSockets = 40

// A Chart is all that the hub knows of a game or application and its client: what the
// doctor looks at. It is a copy.
type Chart struct {
	At        time.Time
	Online    bool // it has a socket, or had one a moment ago
	Sockets   []SocketChart
	More      int          // sockets that are not shown
	Last      *SocketChart // the one that was closed last, if it is remembered
	Endings   []Ending     // the newest first, as all lists here
	Failures  []Failure
	Mistakes  []CountedMistake
	Refused   []Refused
	Denials   []CountedDenial
	Drops     Tally
	Overflows Tally
	Strangers []Failure // authentications that failed and were nobody's
}

// A SocketChart is what one socket is, or was like.
type SocketChart struct {
	Remote     netip.Addr
	Opened     time.Time // when it authenticated
	Supports   []string
	Channels   []string
	Players    int
	Unanswered int           // heartbeats in a row, the last may be under way
	Waiting    int           // bytes
	Highest    int           // most bytes that ever waited
	SyncForm   string        // of an application
	Skew       time.Duration // of the clock that its last tell was dated by
	Console    bool          // it is a browser's
	Frames     []FrameChart  // the oldest first
}

// A FrameChart is a frame as operators may see it, or a run of heartbeats.
type FrameChart struct {
	At        time.Time // of a run that of the last
	Received  bool      // from the client
	Published bool      // it went to many
	Heartbeat bool      // a run; Text is the last answer
	Asked     int       // heartbeats of a run; beyond 65,534 nobody counts
	Answered  int
	Text      string
	Refused   string // the error that the hub refused it with; "": it did not
}

// A CountedMistake is something that a client misunderstands again and again.
type CountedMistake struct {
	wire.Mistake
	Tally
}

// A sight is a socket at one moment; its frames are made into text later, under no lock.
type sight struct {
	SocketChart
	frames []moment
	dated  bool
}

// A moment is a frame of a sight: a take or something said.
type moment struct {
	take
	said func(dated bool) []byte // nil: the take
}

// GameChart gives the chart of a game.
func (h *Hub) GameChart(id store.GameID) Chart { return h.chart(owner{id: int64(id)}) }

// ApplicationChart gives the chart of an application.
func (h *Hub) ApplicationChart(id int64) Chart { return h.chart(owner{application: true, id: id}) }

// Strangers are authentications that failed and were nobody's: with a client id that
// does not exist, or none. The newest come first.
func (h *Hub) Strangers() []Failure {
	h.memories.mu.Lock()
	defer h.memories.mu.Unlock()
	return backwards(h.memories.strangers)
}

func (h *Hub) chart(o owner) Chart {
	c := Chart{At: time.Now(), Strangers: h.Strangers()}
	var sights []*sight
	h.mu.Lock()
	if on := h.presence[o]; on != nil {
		c.Online = true
		for i, s := range on.sessions {
			if i == chartSockets {
				c.More = len(on.sessions) - i
				break
			}
			sights = append(sights, s.sight())
		}
	}
	h.mu.Unlock()
	for _, s := range sights {
		s.settle()
		c.Sockets = append(c.Sockets, s.chart())
	}
	if last := h.memories.copy(o, &c); last != nil {
		chart := last.chart()
		c.Last = &chart
	}
	return c
}

// copy fills a chart with what is remembered, and gives the last closed socket.
func (m *memories) copy(o owner, c *Chart) *sight {
	m.mu.Lock()
	defer m.mu.Unlock()
	one := m.of[o]
	if one == nil {
		return nil
	}
	c.Endings, c.Failures = backwards(one.endings), backwards(one.failures)
	c.Refused, c.Denials = backwards(one.refused), backwards(one.denials)
	c.Drops, c.Overflows = one.drops, one.overflows
	for mistake, tally := range one.mistakes {
		c.Mistakes = append(c.Mistakes, CountedMistake{mistake, *tally})
	}
	slices.SortFunc(c.Mistakes, func(a, b CountedMistake) int {
		return cmp.Or(b.Last.Compare(a.Last), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Event, b.Event), cmp.Compare(a.Name, b.Name))
	})
	return one.last
}

func backwards[T any](list []T) []T {
	list = slices.Clone(list)
	slices.Reverse(list)
	return list
}

// sight is under Hub.mu, of a socket that is or was active.
func (s *session) sight() *sight {
	h, t := s.hub, s.tape
	v := &sight{dated: s.supports.Has(wire.SupportHistory)}
	v.Remote, v.Supports, v.Players, v.SyncForm, v.Console = s.remote, s.supports.Names(), len(s.players.order), s.form, s.loan != nil
	for _, id := range s.channels {
		if c, there := h.directory.channels[id]; there {
			v.Channels = append(v.Channels, c.Name)
		}
	}
	slices.Sort(v.Channels)
	v.Waiting, v.Highest = s.link.waiting(), s.link.highest()
	if !s.answered.Load() {
		v.Unanswered = s.pulse.unanswered()
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	v.Opened = time.Unix(0, t.opened)
	var spans []span
	if t.rare != nil {
		v.Skew, spans = t.rare.skew, t.rare.spans
	}
	heard := s.heard(spans)
	v.frames = make([]moment, 0, len(t.takes)+len(heard))
	for _, one := range t.takes {
		v.frames = append(v.frames, moment{take: one})
	}
	for _, one := range heard {
		v.frames = append(v.frames, moment{take: take{at: one.at}, said: one.text})
	}
	return v
}

// settle leaves the last frames, in order; under no lock.
func (v *sight) settle() {
	slices.SortStableFunc(v.frames, func(a, b moment) int { return cmp.Compare(a.at, b.at) })
	if drop := len(v.frames) - tapeMost; drop > 0 {
		v.frames = slices.Clone(v.frames[drop:])
	}
}

// heard is what was published last and came to the socket; under Hub.mu and tape.mu.
func (s *session) heard(spans []span) (all []said) {
	echoes, o, opened := s.hub.echoes, s.owner(), s.tape.opened
	whole := []topic{}
	if s.peer.Application {
		whole = append(whole, topic{kind: topicAllChannels})
	} else {
		for _, id := range s.channels {
			whole = append(whole, topic{topicChannel, id})
		}
	}
	if s.supports.Has(wire.SupportPlayers) {
		whole = append(whole, topic{kind: topicPlayers})
	}
	if s.supports.Has(wire.SupportGames) {
		whole = append(whole, topic{kind: topicGames})
	}
	for _, span := range spans {
		whole = slices.DeleteFunc(whole, func(t topic) bool { return t == span.topic })
		all = echoes.heard(all, span.topic, o, span.from, span.until)
	}
	for _, t := range whole {
		all = echoes.heard(all, t, o, opened, 0)
	}
	return all
}

// chart makes texts of the frames; under no lock.
func (v *sight) chart() SocketChart {
	c := v.SocketChart
	c.Frames = make([]FrameChart, 0, len(v.frames))
	for _, m := range v.frames {
		f := FrameChart{
			At: time.Unix(0, m.at), Received: m.received, Heartbeat: m.heartbeat,
			Asked: int(m.asked), Answered: int(m.take.answered),
		}
		end := len(m.text) - int(m.refused)
		f.Text, f.Refused = m.text[:end], m.text[end:]
		if m.said != nil {
			f.Published, f.Text = true, string(m.said(v.dated))
		}
		c.Frames = append(c.Frames, f)
	}
	return c
}

// remember keeps how an active socket ended.
func (s *session) remember(e ending) {
	h, now := s.hub, time.Now()
	if !s.active() {
		if e.code == wire.CloseHeartbeat {
			h.memories.strange(Failure{Last: now, Remote: s.remote, Why: NeverAuthenticated})
		}
		return
	}
	if s.loan != nil {
		return
	}
	h.mu.Lock()
	if h.stopping { // nobody will ask
		h.mu.Unlock()
		return
	}
	last := s.sight()
	h.mu.Unlock()
	last.settle()
	one := Ending{Opened: last.Opened, At: now, Remote: s.remote, Code: e.code, Reason: e.reason}
	if e.code == 0 {
		one.Code, one.ByClient = cmp.Or(e.clients, codeCut), true
	}
	if n := len(last.frames); n > 0 {
		one.Quiet = now.Sub(time.Unix(0, last.frames[n-1].at))
	}
	h.memories.ended(s.owner(), one, last)
}

// codeCut stands for the close code of a link that was cut without one. RFC 6455, 7.1.5.
const codeCut = 1006
