package mirror

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"

	"hearsay/hub/client"
	"hearsay/hub/wire"
)

const (
	// mostBatches is how many frames of records wait for the file; more wait at the hub.
	mostBatches = 256
	// together is how many of them go into one transaction at most.
	together = 100
	// quiet is after how long without records a hub that does not answer requests for a
	// sync counts as level.
	quiet = time.Minute
	// userAgent differs from the one of older mirrors, to which hubs give other digests.
	userAgent = "hearsay-mirror/2"
)

// Run keeps the copy level with the hub until ctx ends, whose error it then reports. It goes
// on whatever happens to the hub, the network or the file, but ends with ErrTaken when
// another Run has begun on the same tables, with ErrNoRecords, with client.ErrOptions, or with a
// *client.Failure when the hub refuses the credentials.
func (m *Mirror) Run(ctx context.Context) error {
	err := m.run(ctx)
	if ctx.Err() != nil { // whatever it interrupted
		return context.Cause(ctx)
	}
	return err
}

// run is Run, but for its error when ctx has ended.
func (m *Mirror) run(ctx context.Context) error {
	conn, err := m.pool.Take(ctx)
	if err != nil {
		return err
	}
	defer m.pool.Put(conn)
	w := &writer{Mirror: m, conn: conn, owner: uuid.NewString()}
	if err := w.takeOver(); err != nil {
		return err
	}
	least, most := m.o.RetryLeast, m.o.RetryMost
	wait := least
	for {
		before := w.levels
		err := w.session(ctx)
		if w.levels > before {
			wait = least
		}
		switch {
		case ctx.Err() != nil, isFinal(err):
			return err
		case errors.Is(err, errDiffers):
			m.log.Warn("a full resync begins", "hub", m.o.URL, "err", err)
			if err = w.beginRepair(err); err == nil && wait == least {
				wait = min(2*wait, most) // at once, but not again and again
				continue
			}
		}
		if err != nil {
			m.log.Error("the copy cannot go on", "hub", m.o.URL, "err", err, "again", wait)
		}
		if !pause(ctx, wait/2+rand.N(wait)) {
			return err
		}
		wait = min(2*wait, most)
	}
}

func isFinal(err error) bool {
	return errors.Is(err, ErrTaken) || errors.Is(err, ErrNoRecords) || errors.Is(err, client.ErrOptions) || client.Refused(err)
}

func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// A session is one client, through as many sockets as it takes, until something has to
// begin anew.
type session struct {
	*writer
	client *client.Client
	news   chan any  // in the order in which the hub sent it: the types below
	tell   func(any) // puts something there, unless the session has ended

	attempt    int       // which socket this is
	catchingUp bool      // a level is awaited
	given      bool      // of this catch-up: the hub has sent records
	heard      time.Time // when it did, or the catch-up began
	received   int
	total      int // how many there may be; 0: nobody knows
}

type (
	connected struct{}
	lost      struct {
		err   error
		again time.Duration
	}
	refused struct { // the request for a sync
		attempt int
		err     error
	}
	heartbeat struct{}
)

// session fills the tables until ctx ends or something has to begin anew.
func (w *writer) session(ctx context.Context) error {
	ctx, end := context.WithCancel(ctx)
	s := &session{writer: w, news: make(chan any, mostBatches)}
	s.tell = func(news any) {
		select {
		case s.news <- news:
		case <-ctx.Done():
		}
	}
	c, err := client.Dial(ctx, client.Options{
		URL: w.o.URL, ClientID: w.o.ClientID, ClientSecret: w.o.ClientSecret, SyncForm: "versions",
		UserAgent: userAgent, Log: w.log, HTTPClient: w.o.HTTPClient, RetryLeast: w.o.RetryLeast, RetryMost: w.o.RetryMost,
		Handlers: client.Handlers{
			Connected:    func(wire.Welcome) { s.tell(connected{}) },
			Disconnected: func(err error, again time.Duration) { s.tell(lost{err, again}) },
			Sync:         func(b wire.SyncBatch) { s.tell(b) },
			Level:        func(l wire.SyncLevel) { s.tell(l) },
			Heartbeat:    func() { s.tell(heartbeat{}) },
		},
	})
	if err != nil {
		end()
		return err
	}
	s.client = c
	defer func() {
		end()
		<-c.Done()
	}()
	for {
		select {
		case news := <-s.news:
			if err := s.handle(ctx, news); err != nil {
				return err
			}
		case <-c.Done():
			return c.Err()
		}
	}
}

// handle takes what has come, and what has come behind it if that goes well together.
func (s *session) handle(ctx context.Context, news any) error {
	switch news := news.(type) {
	case connected:
		return s.begin(ctx)
	case lost:
		if s.o.Disconnected != nil {
			s.o.Disconnected(news.err, news.again)
		}
	case wire.SyncBatch:
		return s.take(ctx, news)
	case wire.SyncLevel:
		return s.finish(news)
	case refused:
		return s.refuse(news)
	case heartbeat:
		return s.hear()
	}
	return nil
}

// begin asks a new socket for what is missing.
func (s *session) begin(ctx context.Context) error {
	s.attempt++
	s.catchingUp, s.given, s.received, s.heard = true, false, 0, time.Now()
	if err := s.resume(); err != nil {
		return err
	}
	if s.o.Progress != nil {
		s.total = s.expect(ctx)
		s.o.Progress(Progress{Total: s.total})
	}
	r := wire.SyncRequest{Since: s.place.since, After: s.place.cursor, Cursor: true}
	attempt := s.attempt
	go func() {
		if _, err := s.client.Sync(ctx, r); err != nil {
			s.tell(refused{attempt, err})
		}
	}()
	return nil
}

// expect asks the hub, on a socket of its own, how much the catch-up may bring; 0: it does
// not say.
func (s *session) expect(ctx context.Context) int {
	ctx, end := context.WithTimeout(ctx, 10*time.Second)
	c, err := client.Dial(ctx, client.Options{
		URL: s.o.URL, ClientID: s.o.ClientID, ClientSecret: s.o.ClientSecret, SyncForm: "versions", UserAgent: userAgent, HTTPClient: s.o.HTTPClient,
	})
	if err != nil {
		end()
		return 0
	}
	defer func() {
		end()
		<-c.Done()
	}()
	if c.Connected(ctx) != nil {
		return 0
	}
	never := time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	level, err := c.Sync(ctx, wire.SyncRequest{Since: never, Cursor: true})
	if err != nil {
		return 0
	}
	records := 0
	for _, n := range level.Counts {
		records += n
	}
	if s.place.cursor > 0 {
		return int(min(int64(records), max(0, level.Cursor-s.place.cursor)))
	}
	return records
}

// take puts a batch into the file, with those that wait behind it.
func (s *session) take(ctx context.Context, first wire.SyncBatch) error {
	batches, next := s.gather(first)
	if s.catchingUp && !s.given && len(first.Versions) == 0 {
		s.full = true // in the form records all comes after each connect: what does not is gone
	}
	if err := s.apply(batches); err != nil {
		return err
	}
	s.given, s.heard = true, time.Now()
	for _, b := range batches {
		s.received += len(b.Versions) + len(b.Records) + len(b.Deleted)
	}
	if s.catchingUp && s.o.Progress != nil {
		s.o.Progress(Progress{Received: s.received, Total: s.total})
	}
	if next != nil {
		return s.handle(ctx, next)
	}
	return nil
}

// gather adds the batches that have come already, and gives what comes behind them.
func (s *session) gather(first wire.SyncBatch) (batches []wire.SyncBatch, next any) {
	batches = []wire.SyncBatch{first}
	for len(batches) < together {
		select {
		case next = <-s.news:
		default:
			return batches, nil
		}
		b, ok := next.(wire.SyncBatch)
		if !ok {
			return batches, next
		}
		batches = append(batches, b)
	}
	return batches, nil
}

// finish ends a catch-up.
func (s *session) finish(hub wire.SyncLevel) error {
	if !s.catchingUp {
		return nil
	}
	level, err := s.level(hub)
	if err != nil {
		return err
	}
	s.catchingUp = false
	if level.Repaired {
		s.log.Warn("the copy was made good with a full resync", "hub", s.o.URL, "why", level.Why)
	}
	s.log.Info("level with the hub", "hub", s.o.URL, "form", level.Form, "verified", level.Verified, "cursor", level.Cursor, "received", s.received)
	if s.o.Level != nil {
		s.o.Level(level)
	}
	return nil
}

// refuse is told that the hub did not take the request for a sync.
func (s *session) refuse(r refused) error {
	switch err := r.err; {
	case r.attempt != s.attempt: // there is another socket by now
		return nil
	case errors.Is(err, client.ErrUnknownCursor):
		return fmt.Errorf("%w: the hub was restored from an older backup", errDiffers)
	case errors.Is(err, client.ErrUnknown) && !s.given:
		return ErrNoRecords
	case errors.Is(err, client.ErrUnknown):
		return s.finish(wire.SyncLevel{}) // of the form records: they come unasked, before this answer
	case errors.Is(err, client.ErrLost), errors.Is(err, client.ErrNotConnected), errors.Is(err, client.ErrClosed), errors.Is(err, context.Canceled):
		return nil // another connect begins again
	default:
		return err
	}
}

// hear is told of a heartbeat: it shows that the link is there, so a hub that says nothing
// else, and has no digest to prove anything by, has said everything.
func (s *session) hear() error {
	if s.catchingUp && time.Since(s.heard) >= quiet && s.place.form != formCursor && (s.given || !s.full) {
		return s.finish(wire.SyncLevel{})
	}
	return nil
}
