package hub

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"hearsay/hub/store"
	"hearsay/hub/wire"
)

const (
	// LoanFor is how long a Loan lasts.
	LoanFor = 15 * time.Minute
	// loansMost is how many there are at once; one more ends the oldest.
	loansMost = 100
	// loanPrefix begins the client ids of loans.
	loanPrefix = "console-"
)

// A Loan lets a browser in as a game for a while, beside the game's own credentials. It
// is in memory alone: the game's record, its secrets and when it was last seen do not
// change, so that no application hears of it.
type Loan struct {
	ClientID string
	Secret   string
	Ends     time.Time
}

// A loan is what is kept of a Loan.
type loan struct {
	clientID string
	hash     [sha256.Size]byte
	peer     store.Peer
	ends     time.Time
}

type loans struct {
	mu  sync.Mutex // guards all; a leaf
	all []*loan    // the oldest first
}

// Lend makes a loan of a game. It reports store.ErrNotFound if there is no such game.
func (h *Hub) Lend(ctx context.Context, game store.GameID) (Loan, error) {
	if err := h.follow(ctx); err != nil { // it may be newer than the last look
		return Loan{}, err
	}
	h.mu.Lock()
	record := h.directory.games[game]
	h.mu.Unlock()
	if record == nil {
		return Loan{}, store.Missing{Noun: "game", Key: fmt.Sprint(game)}
	}
	now := time.Now()
	out := Loan{ClientID: loanPrefix + uuid.NewString(), Secret: strings.ToLower(rand.Text()), Ends: now.Add(LoanFor)}
	l := &loan{out.ClientID, sha256.Sum256([]byte(out.Secret)), store.Peer{ID: int64(game), ShortName: record.Game}, out.Ends}
	h.loans.mu.Lock()
	defer h.loans.mu.Unlock()
	h.loans.all = slices.DeleteFunc(h.loans.all, func(l *loan) bool { return !now.Before(l.ends) })
	if len(h.loans.all) == loansMost {
		h.loans.all = slices.Delete(h.loans.all, 0, 1)
	}
	h.loans.all = append(h.loans.all, l)
	return out, nil
}

// find gives the loan with these credentials, or nil.
func (all *loans) find(clientID, secret string, now time.Time) *loan {
	if !strings.HasPrefix(clientID, loanPrefix) {
		return nil
	}
	sum := sha256.Sum256([]byte(secret))
	all.mu.Lock()
	defer all.mu.Unlock()
	for _, l := range all.all {
		if l.clientID == clientID && subtle.ConstantTimeCompare(sum[:], l.hash[:]) == 1 && now.Before(l.ends) {
			return l
		}
	}
	return nil
}

// A Prompt is what a browser's socket can be sent for a trial.
type Prompt string

// The prompts. Each goes to that socket alone.
const (
	PromptTell      Prompt = "tell"      // to one of its players, from the hub's own
	PromptBroadcast Prompt = "broadcast" // what another voice says in one of its channels
	PromptRestart   Prompt = "restart"   // a notice that nothing follows
)

// Prompt sends something to the socket of a loan. It reports store.ErrNotFound if there
// is none, and a store.FieldError if the socket is not ready for it.
func (h *Hub) Prompt(clientID string, p Prompt) error {
	h.mu.Lock()
	s := h.borrower(clientID)
	if s == nil {
		h.mu.Unlock()
		return store.Missing{Noun: "socket of", Key: clientID}
	}
	player, channel := "", ""
	if len(s.players.order) > 0 {
		player = s.players.shown[s.players.order[0]]
	}
	for _, id := range s.channels {
		if c, there := h.directory.channels[id]; there && channel == "" {
			channel = c.Name
		}
	}
	h.mu.Unlock()
	now := time.Now()
	switch {
	case p == PromptTell && !s.supports.Has(wire.SupportTells):
		return &store.FieldError{Field: "supports", Reason: "has no tells; connect with that flag first"}
	case p == PromptTell && player == "":
		return &store.FieldError{Field: "player", Reason: "nobody is signed in on this socket; send players/sign-in, or a heartbeat with players, first"}
	case p == PromptTell:
		s.tell(wire.ReceivePayload{
			FromGame: h.o.Name, FromName: systemPlayer, ToName: player, SentAt: wire.Micros(now), Message: "This is a tell, for a trial.",
		})
	case p == PromptBroadcast && channel == "":
		return &store.FieldError{Field: "channel", Reason: "this socket hears none; send channels/subscribe first"}
	case p == PromptBroadcast:
		s.send(notice(wire.ChannelsBroadcast, wire.Broadcast{
			Channel: channel, Game: h.o.Name, Name: systemPlayer, Message: "This is a broadcast, for a trial. Only this socket hears it.",
		}.Encode()))
	case p == PromptRestart:
		s.send(restartFrame(Downtime))
	default:
		return &store.FieldError{Field: "prompt", Reason: fmt.Sprintf("there is no %q", p)}
	}
	return nil
}

// borrower finds the newest socket of a loan, or nil; under Hub.mu.
func (h *Hub) borrower(clientID string) (found *session) {
	for _, on := range h.presence {
		for _, s := range on.sessions {
			if s.loan != nil && s.loan.clientID == clientID {
				found = s
			}
		}
	}
	return found
}

// borrow sees to it that the socket ends with its loan.
func (s *session) borrow() {
	over := time.AfterFunc(time.Until(s.loan.ends), func() {
		s.end(ending{code: wire.CloseRemoved, reason: "the console's credential has ended"})
	})
	context.AfterFunc(s.ctx, func() { over.Stop() })
}
