package admin

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"hearsay/hub/page"
	"hearsay/hub/store"
)

// transfer is to whom a game is offered; zero: to nobody.
func (s *server) transfer(r *http.Request, shortName string) (store.Transfer, error) {
	t, err := s.Store.Transfer(r.Context(), shortName, time.Now())
	if errors.Is(err, store.ErrNotFound) {
		err = nil
	}
	return t, err
}

func (s *server) offerGame(r *http.Request, shortName string, f page.Form) (page.Flash, error) {
	to := f.Text("to")
	if err := s.Store.OfferGame(r.Context(), shortName, to, time.Now()); err != nil {
		return page.Flash{}, err
	}
	if s.mails.Take(s.mailKeys(r, "offer "+strings.ToLower(to)), mailWindow, time.Now()) { // else it stands under My games alone
		s.Mail.GameOffered(r.Context(), to, shortName)
	}
	return page.Flash{Text: "Offered " + shortName + " to " + to + ", who has to accept it within 7 days."}, nil
}

func (s *server) withdrawGame(r *http.Request, shortName string, _ page.Form) (page.Flash, error) {
	return page.Flash{Text: "Took the offer back."}, s.Store.WithdrawGame(r.Context(), shortName, time.Now())
}

// serveAccept makes the visitor the owner of a game that is offered to them.
func (s *server) serveAccept(w http.ResponseWriter, r *http.Request) error {
	name := page.Posted(r).Text("game")
	if err := s.Store.AcceptGame(r.Context(), name, page.Who(r).Username, time.Now()); err != nil {
		return err
	}
	return s.Done(w, r, gameKind.path(name), "You are the owner of "+name+" now. Make a new secret if the one before you may still know it.")
}

func (s *server) serveDecline(w http.ResponseWriter, r *http.Request) error {
	name := page.Posted(r).Text("game")
	if err := s.Store.DeclineGame(r.Context(), name, page.Who(r).Username, time.Now()); err != nil {
		return err
	}
	return s.Done(w, r, minePath, "Declined "+name+".")
}
