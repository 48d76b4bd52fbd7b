package hub

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"hearsay/hub/store"
	"hearsay/hub/wire"
)

var welcome = wire.Frame{
	Event: wire.Authenticate, Status: wire.StatusSuccess,
	Payload: wire.Encode(wire.Welcome{Unicode: "✔️", Version: wire.Version}),
}.Encode()

var (
	welcomePacket = newPacket(welcome)
	welcomeText   = string(welcome)
)

// maxClientID is how long the id of a game or application may be, in bytes.
const maxClientID = 255

func countAuthentication(result string) {
	metrics.GetOrCreateCounter(fmt.Sprintf("hearsay_authentications_total{result=%q}", result)).Inc()
}

// handleAuthenticate serves authenticate. Some clients never come back after its
// failure, so that is only for what is wrong in the request; whatever else stands
// in the way closes the socket without it. Section 3.
func (s *session) handleAuthenticate(ctx context.Context, f wire.Frame, message []byte) {
	now := time.Now()
	p, ok := wire.DecodeAuthenticate(f.Payload)
	if len(p.ClientID) > maxClientID {
		p.ClientID = "" // nobody's; what failures are counted by must not fill the memory
	}
	s.heed(p.UserAgent, "")
	try := Failure{Last: now, Remote: s.remote, ClientID: p.ClientID, Frame: wire.Show(message, f, nil, takeBytes)}
	if most := s.hub.Limits().Failures; s.hub.failures.over(try.key(), most, now) {
		countAuthentication("throttled")
		try.Why = TooManyFailures
		n := s.countRefusal(s.hub.memories.throttled(try), try, tooManyFailures)
		s.hold(min(time.Duration(n-most)*time.Second, holdMost))
		return
	}
	try.Mistakes = wire.Mistakes(message, f)
	admissions := s.hub.store.Admissions()
	peer, err := s.identify(ctx, p, now)
	if !ok && err == nil {
		err = &store.Refusal{Reason: store.ErrUnauthorized, Peer: peer}
	}
	supports, problem := parseSupports(p.Supports)
	if r, refused := errors.AsType[*store.Refusal](err); refused {
		peer, try.Why, try.Ended = r.Peer, whyRefused(ok, r), r.Ended
	}
	switch {
	case errors.Is(err, store.ErrUnauthorized):
		s.refuse(wire.ErrorCredentials, peer, try)
	case errors.Is(err, store.ErrBarred):
		s.bar("suspended", peer, try)
	case err != nil:
		s.unanswered(try, err)
	case problem != "":
		try.Why = whySupports(problem)
		s.refuse(problem, peer, try)
	default:
		s.named.Store(&peer)
		s.admit(ctx, admission{&peer, supports, admissions, try}, p)
	}
}

// identify finds whose credentials these are.
func (s *session) identify(ctx context.Context, p wire.AuthenticatePayload, now time.Time) (store.Peer, error) {
	if s.loan = s.hub.loans.find(p.ClientID, p.ClientSecret, now); s.loan != nil {
		return s.loan.peer, nil
	}
	if p.ClientID == "" {
		return store.Peer{}, &store.Refusal{Reason: store.ErrUnauthorized}
	}
	return s.hub.store.Authenticate(ctx, p.ClientID, p.ClientSecret, now)
}

// whyRefused is the reason of a refusal; whole tells whether there was an id and a secret.
func whyRefused(whole bool, r *store.Refusal) Why {
	switch {
	case errors.Is(r, store.ErrBarred):
		return Suspended
	case !whole:
		return NoCredentials
	case r.Peer.ID == 0:
		return UnknownClient
	case !r.Ended.IsZero():
		return EndedSecret
	}
	return WrongSecret
}

func kindOf(p store.Peer) string {
	if p.Application {
		return "application"
	}
	return "game"
}

// key is what a failure is counted by.
func (f *Failure) key() failure { return failure{network(f.Remote), f.ClientID} }

// countRefusal counts a refusal for the address and client id, and for the address, and logs it.
// peer is whose client id it is; its ID is 0 if nobody knows. It returns how many refusals
// the address and client id have had within a minute.
func (s *session) countRefusal(peer store.Peer, try Failure, reason string) (n int) {
	s.hub.addresses.fail(network(s.remote), try.Last)
	args := []any{"reason", reason}
	if peer.ID != 0 {
		s.named.Store(&peer)
	} else {
		args = append(args, "client_id", beginning(try.ClientID))
	}
	s.log(slog.LevelWarn, "authentication failed", args...)
	return s.hub.failures.fail(try.key(), try.Last)
}

// refuse answers with a failure, and closes.
func (s *session) refuse(reason string, peer store.Peer, try Failure) {
	countAuthentication(reason)
	s.failed(peer, try)
	s.countRefusal(peer, try, reason)
	s.send(wire.Frame{Event: wire.Authenticate, Status: wire.StatusFailure, Error: reason}.Encode())
	s.end(ending{code: wire.CloseAuthentication, reason: wire.Goodbye})
}

// bar closes the socket of a peer that is suspended or removed.
func (s *session) bar(reason string, peer store.Peer, try Failure) {
	countAuthentication("suspended")
	s.failed(peer, try)
	s.countRefusal(peer, try, reason)
	s.end(endingRemoved(reason))
}

const (
	tooManyFailures = "too many failed authentications"
	// holdMost is how long the answer to a client waits at most that has too many refusals.
	holdMost = 10 * time.Second
)

// hold closes the socket after a while. A client that tries again at once so tries a few
// times a minute only, and does not use up what its address may do for the other games there.
func (s *session) hold(d time.Duration) {
	s.buckets.held = true
	time.AfterFunc(d, func() { s.end(ending{code: wire.CloseTryLater, reason: tooManyFailures}) })
}

// unanswered closes the socket because of a fault of the hub's own. That counts for the
// address and client id alone, so that a client which tries again at once is slowed down.
func (s *session) unanswered(try Failure, err error) {
	s.hub.failures.fail(try.key(), try.Last)
	s.log(slog.LevelError, "authentication impossible", "err", err)
	s.tryLater("the database does not answer")
}

// failed remembers a failed authentication with the client id of a peer, or of nobody.
func (s *session) failed(peer store.Peer, try Failure) {
	switch {
	case s.loan != nil:
	case peer.ID == 0:
		s.hub.memories.strange(try)
	default:
		s.hub.memories.failed(peer, try)
	}
}

func (s *session) tryLater(reason string) {
	countAuthentication("try later")
	s.end(ending{code: wire.CloseTryLater, reason: reason})
}

// parseSupports gives the flags, or says what is wrong with them.
func parseSupports(names []string) (all wire.Supports, problem string) {
	if len(names) == 0 {
		return 0, wire.ErrorMissingSupports
	}
	for _, name := range names {
		flag := wire.Support(name)
		if flag == 0 {
			problem = wire.ErrorUnknownSupports
		}
		all |= flag
	}
	if !all.Has(wire.SupportChannels) {
		problem = wire.ErrorMustSupport
	}
	return all, problem
}

// An admission is what is known of a peer with good credentials.
type admission struct {
	peer     *store.Peer
	supports wire.Supports
	counted  uint64  // the store's Admissions, before it was asked
	try      Failure // what it is remembered as if it fails after all
}

// admit lets the peer in.
func (s *session) admit(ctx context.Context, a admission, p wire.AuthenticatePayload) {
	o := owner{a.peer.Application, a.peer.ID}
	if !s.reserve(o) {
		a.try.Why = TooManySockets
		s.failed(*a.peer, a.try)
		s.countRefusal(*a.peer, a.try, tooManySockets)
		s.tryLater(tooManySockets)
		return
	}
	channels, refused, err := s.wanted(ctx, o, p.Channels)
	if err == nil && s.loan == nil { // a browser's is no client of the game's
		err = s.hub.noteClient(ctx, *a.peer, p)
	}
	reason := ""
	if err == nil {
		reason, err = s.suspended(ctx, a)
	}
	switch {
	case err != nil:
		s.unanswered(a.try, err)
		return
	case reason != "":
		a.try.Why = Suspended
		s.bar(reason, *a.peer, a.try)
		return
	}
	if a.peer.Application {
		a.peer.UserAgent = p.UserAgent // of which the file knows nothing
	}
	s.tape = newTape(a.try.Frame)
	if s.loan == nil {
		s.hub.memories.mistaken(o, a.try.Mistakes)
	} else {
		s.borrow()
	}
	if p.Debug {
		s.debugUntil = time.Now().Add(s.hub.o.DebugFor)
	}
	first := []packet{welcomePacket}
	for _, name := range refused {
		failure := wire.Frame{Event: wire.ChannelsSubscribe, Status: wire.StatusFailure, Error: wire.ErrorSubscribe(name, false)}.Encode()
		s.tape.sent(failure, takeBytes)
		first = append(first, newPacket(failure))
	}
	if a.peer.Application {
		s.form = a.peer.SyncForm
		if p.Sync != "" {
			s.form = p.Sync
		}
		s.push(slices.Concat(first...))
		first = nil
		if s.form == "records" && !s.startRecords(*a.peer) {
			return
		}
	}
	s.activate(a, slices.Concat(append(first, heartbeatPacket)...), channels, newRoster(p.Players))
}

// suspended says why a peer that had good credentials may not come in after all. The
// store is asked only if something has changed since; what changes later, the follower
// sees, and ends this socket too, because it is reserved.
func (s *session) suspended(ctx context.Context, a admission) (reason string, err error) {
	if s.hub.store.Admissions() == a.counted && s.loan == nil {
		return "", nil
	}
	now, err := s.hub.store.Admission(ctx)
	return barred(now, *s.reserved), err
}

// reserve counts the socket as its owner's, unless that has too many.
func (s *session) reserve(o owner) bool {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	if most := s.hub.Limits().Sockets; most > 0 && s.hub.sockets[o] >= most {
		return false
	}
	s.hub.sockets[o]++
	s.reserved = &o
	return true
}

// wanted finds or makes the channels that an authenticate names, and lists those
// whose name cannot be. One that differs from a channel only by case is passed
// over: a failure that nobody asked for crashes some clients.
func (s *session) wanted(ctx context.Context, o owner, names []string) (ids []store.ChannelID, refused []string, err error) {
	for _, name := range names {
		id, err := s.hub.ensureChannel(ctx, name)
		switch {
		case errors.Is(err, store.ErrInvalid):
			if !slices.Contains(refused, name) { // one failure for each name
				refused = append(refused, name)
			}
			s.misnamed(o, name, false)
		case errors.Is(err, store.ErrConflict):
			s.misnamed(o, name, true)
		case err != nil:
			return nil, nil, err
		default:
			ids = append(ids, id)
		}
	}
	return ids, refused, nil
}

// misnamed remembers a name that no channel can have.
func (s *session) misnamed(o owner, channel string, byCase bool) {
	if s.loan == nil {
		s.hub.memories.refused(o, channel, byCase)
	}
}

// noteClient stores what a game's client calls itself, if that is new, and sees to
// it that the directory knows the game, which may be newer than the last look.
func (h *Hub) noteClient(ctx context.Context, peer store.Peer, p wire.AuthenticatePayload) error {
	if peer.Application {
		return nil
	}
	h.mu.Lock()
	current := h.directory.games[store.GameID(peer.ID)] != nil
	h.mu.Unlock()
	if p.UserAgent != "" && p.UserAgent != peer.UserAgent || p.Version != "" && p.Version != peer.Version {
		current = false
		if err := h.store.SetClient(ctx, store.GameID(peer.ID), p.UserAgent, p.Version); err != nil {
			h.log.Warn("what a client calls itself cannot be noted", "game", peer.ShortName, "err", err) // which is no reason to refuse it
		}
	}
	if current {
		return nil
	}
	if err := h.follow(ctx); err != nil {
		return err
	}
	return h.admit(ctx) // which knows whether a new game hides its players
}

// activate makes the socket one of its owner's. The first frames go through the shard,
// right before it begins to listen: nothing comes before them, and nothing after them
// is missed.
func (s *session) activate(a admission, first packet, channels []store.ChannelID, players roster) {
	if s.join(a, first, channels, players) {
		s.shard.settle(s)
		countAuthentication("success")
		s.log(slog.LevelInfo, "authenticated", "supports", a.supports.Names())
	}
}

// join is the part of activate that is under Hub.mu.
func (s *session) join(a admission, first packet, channels []store.ChannelID, players roster) bool {
	h, peer, supports := s.hub, a.peer, a.supports
	h.mu.Lock()
	defer h.mu.Unlock()
	game := h.directory.games[store.GameID(peer.ID)]
	switch {
	case s.left || s.ctx.Err() != nil:
		return false
	case h.stopping:
		s.end(ending{code: wire.ClosePlannedStop, reason: "restarting"})
		return false
	case !peer.Application && game == nil:
		s.end(endingRemoved("removed"))
		return false
	}
	h.pending.remove(s)
	s.tape.beat()
	s.shard.put(operation{session: s, call: func() { s.push(first) }})
	s.peer, s.supports, s.players = peer, supports, players
	s.link.early.Store(0)
	for _, id := range channels {
		s.subscribe(id)
	}
	if peer.Application {
		h.listen(topic{kind: topicAllChannels}, s)
	}
	if supports.Has(wire.SupportPlayers) {
		h.listen(topic{kind: topicPlayers}, s)
	}
	if supports.Has(wire.SupportGames) {
		h.listen(topic{kind: topicGames}, s)
	}
	if came := h.presence.join(s); came && !peer.Application && game.Display {
		h.announce(wire.GamesConnect, s.owner(), game.Game)
	}
	s.pulse.begin(h.o.Heartbeat)
	return true
}

// leave undoes what activate and reserve did. It may be called twice.
func (h *Hub) leave(s *session) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if s.left {
		return
	}
	s.left = true
	if s.reserved != nil {
		if h.sockets[*s.reserved]--; h.sockets[*s.reserved] <= 0 {
			delete(h.sockets, *s.reserved)
		}
	}
	if !s.active() {
		h.pending.remove(s)
		return
	}
	if s.loan == nil {
		h.store.Touch(*s.peer, time.Now())
	}
	for _, kind := range []topicKind{topicAllChannels, topicPlayers, topicGames} {
		h.unlisten(topic{kind: kind}, s)
	}
	o := s.owner()
	h.presence.leave(s, h.o.OfflineAfter, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if on := h.presence[o]; on != nil && !on.own() {
			h.offline(o)
		}
	})
	for _, id := range s.channels {
		h.unlisten(topic{topicChannel, id}, s)
	}
}
