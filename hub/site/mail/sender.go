package mail

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/mail"
	"strings"
	"time"
	"unicode"

	gomail "github.com/wneessen/go-mail"

	"hearsay/hub/store"
)

// mostWaiting is how many mails wait at most; more are dropped, and logged.
const mostWaiting = 100

// Options says where mail goes and what stands in it.
type Options struct {
	Store *store.Store
	// Server is the mail server: see [Check].
	Server string
	// From returns the sender's address; default, also for an empty one: the user of Server
	// if that is an address, else hearsay@ and its host.
	From func() string
	// Site is the address of the pages, to which links lead: "https://hub.example". It is
	// no request's, because whoever sends one chooses its host.
	Site string
	// Heading returns what people read as the network's name. Default: "Hearsay".
	Heading func() string
	// Log hears of mails that could not be sent. Default: nobody.
	Log *slog.Logger
}

// A Sender sends mails while it runs. All methods may be called on a nil one, which sends none.
type Sender struct {
	Options
	server server
	queue  chan work
}

// work is what a mail is made by, when its turn has come.
type work struct {
	kind  string // what it is about, for the log
	write func(context.Context) (letter, error)
	ctx   context.Context // has the actor
}

// A letter is a mail in plain text.
type letter struct{ to, subject, text string }

// New makes a Sender.
func New(o Options) (*Sender, error) {
	at, err := parse(o.Server)
	if err != nil {
		return nil, err
	}
	if o.From == nil {
		o.From = func() string { return "" }
	}
	if o.Heading == nil {
		o.Heading = func() string { return "Hearsay" }
	}
	o.Log = cmp.Or(o.Log, slog.New(slog.DiscardHandler))
	o.Site = strings.TrimSuffix(o.Site, "/")
	return &Sender{Options: o, server: at, queue: make(chan work, mostWaiting)}, nil
}

// Works reports whether mail is sent at all.
func (s *Sender) Works() bool { return s != nil }

// Run sends what is to be sent until ctx ends; what waits then is dropped.
func (s *Sender) Run(ctx context.Context) {
	if s == nil {
		return
	}
	for {
		select {
		case <-ctx.Done():
			return
		case one := <-s.queue:
			s.do(ctx, one)
		}
	}
}

// do writes and sends one mail. There may be nobody to send it to.
func (s *Sender) do(ctx context.Context, one work) {
	making, cancel := context.WithCancel(one.ctx)
	defer context.AfterFunc(ctx, cancel)()
	defer cancel()
	l, err := one.write(making)
	if err == nil {
		err = s.send(ctx, l)
	}
	switch {
	case err == nil:
		s.Log.Info("sent a mail", "about", one.kind)
	case errors.Is(err, store.ErrNotFound), ctx.Err() != nil:
	default:
		s.Log.Error("a mail was not sent", "about", one.kind, "server", s.server.address(), "err", discreet(err))
	}
}

// later has a mail written and sent, and does not wait.
func (s *Sender) later(ctx context.Context, kind string, write func(context.Context) (letter, error)) {
	if s == nil {
		return
	}
	select {
	case s.queue <- work{kind, write, context.WithoutCancel(ctx)}:
	default:
		s.Log.Warn("too many mails wait; one was dropped", "about", kind)
	}
}

// ProveEmail sends a user the link that verifies the account's address. It does not wait.
func (s *Sender) ProveEmail(ctx context.Context, username string) {
	s.later(ctx, "address", func(ctx context.Context) (l letter, err error) {
		token, err := s.Store.CreateEmailLink(ctx, username, time.Now())
		if err != nil {
			return l, err
		}
		u, err := s.Store.User(ctx, username)
		if err != nil {
			return l, err
		}
		return letter{u.Email, "Is this your address?", fmt.Sprintf(
			"Somebody, most likely you, has given this address for the account %s at %s.\n\nOpen this link within %s to say that it is yours:\n\n%s\n\nIf it was not you, do nothing.\n",
			u.Username, s.Heading(), hours(store.EmailLinkLasts), s.Site+"/email/"+token)}, nil
	})
}

// ResetPassword sends the link for a new password to whoever has verified that address, if
// there is somebody. It does not wait. remote is who has asked, for the audit log.
func (s *Sender) ResetPassword(ctx context.Context, email, remote string) {
	s.later(ctx, "password", func(ctx context.Context) (l letter, err error) {
		u, err := s.Store.UserByEmail(ctx, email)
		if err != nil {
			return l, err
		}
		token, err := s.Store.CreatePasswordLink(store.WithActor(ctx, store.Actor{Name: u.Username, Address: remote}), u.Username, time.Now())
		if err != nil {
			return l, err
		}
		return letter{u.Email, "A new password", fmt.Sprintf(
			"Somebody, most likely you, wants a new password for the account %s at %s.\n\nOpen this link within %s to choose it:\n\n%s\n\nIf it was not you, do nothing: the password stays as it is.\n",
			u.Username, s.Heading(), hours(store.PasswordLinkLasts), s.Site+"/password/"+token)}, nil
	})
}

// Approved tells somebody who has signed up that they may sign in. Like [Sender.GameApproved]
// and [Sender.GameOffered] it goes to an address that is verified, else nowhere, and does not
// wait.
func (s *Sender) Approved(ctx context.Context, username string) {
	s.later(ctx, "approval", func(ctx context.Context) (letter, error) {
		return s.news(ctx, username, "Your account is approved", "You may sign in now, with the name and password that you chose:", "/login")
	})
}

// GameApproved tells the owner of a game that it may connect.
func (s *Sender) GameApproved(ctx context.Context, game string) {
	s.later(ctx, "approval", func(ctx context.Context) (l letter, err error) {
		g, err := s.Store.Game(ctx, game)
		if err != nil {
			return l, err
		}
		return s.news(ctx, g.Owner, g.ShortName+" is approved", "Your game "+g.ShortName+" may connect now, and is in the lists. What is to be seen of it:", "/admin/games/"+g.ShortName)
	})
}

// GameOffered tells somebody that they may become the owner of a game.
func (s *Sender) GameOffered(ctx context.Context, username, game string) {
	s.later(ctx, "offer", func(ctx context.Context) (letter, error) {
		return s.news(ctx, username, game+" is offered to you", "You may become the owner of the game "+game+", within a week. Accept or decline it:", "/admin/mine")
	})
}

// news is a letter to a user whose address is verified.
func (s *Sender) news(ctx context.Context, username, subject, text, path string) (l letter, err error) {
	u, err := s.Store.User(ctx, username)
	if err == nil && u.EmailVerifiedAt == nil {
		err = store.ErrNotFound
	}
	return letter{u.Email, subject, fmt.Sprintf("%s, at %s:\n\n%s\n\n%s\n", u.Username, s.Heading(), text, s.Site+path)}, err
}

func hours(d time.Duration) string { return fmt.Sprintf("%d hours", d/time.Hour) }

// send hands a mail over to the server.
func (s *Sender) send(ctx context.Context, l letter) error {
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	m := gomail.NewMsg()
	from, to := inASCII(s.from()), inASCII(l.to)
	if err := m.FromFormat(s.Heading(), from); err != nil {
		return errors.New("mail-from is no address that can be sent from")
	}
	if err := m.To(to); err != nil {
		return errors.New("the account's address is none that can be sent to")
	}
	m.Subject(s.Heading() + ": " + l.subject)
	m.SetDate()
	m.SetMessageID()
	m.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no machine answers
	m.SetBodyString(gomail.TypeTextPlain, l.text)
	c, err := s.server.client()
	if err != nil {
		return err
	}
	server, err := c.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return err
	}
	if takes, _ := server.Extension("SMTPUTF8"); !takes && strings.ContainsFunc(from+to, func(r rune) bool { return r > unicode.MaxASCII }) {
		return errors.Join(errors.New("the mail server takes no addresses with letters beyond ASCII before the @"), c.CloseWithSMTPClient(server))
	}
	return errors.Join(c.SendWithSMTPClient(server, m), c.CloseWithSMTPClient(server))
}

// inASCII is an address whose domain every mail server takes: ann@bücher.example is
// ann@xn--bcher-kva.example. What is no address stays as it is.
func inASCII(address string) string {
	local, domain, _ := strings.Cut(address, "@")
	if name, ok := store.ASCIIHost(domain); ok {
		return local + "@" + name
	}
	return address
}

func (s *Sender) from() string {
	if from := s.From(); from != "" {
		return from
	}
	if address, err := mail.ParseAddress(s.server.user); err == nil {
		return address.Address
	}
	return "hearsay@" + s.server.host
}

// discreet is an error without what a server says, who likes to repeat the address.
func discreet(err error) error {
	var refused *gomail.SendError
	if errors.As(err, &refused) {
		return fmt.Errorf("%v (code %d %s)", refused.Reason, refused.ErrorCode(), refused.EnhancedStatusCode())
	}
	return err
}
