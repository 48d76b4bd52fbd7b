package admin

import (
	"errors"
	"net/http"
	"strconv"

	"hearsay/hub/page"
	"hearsay/hub/store"
)

// gameCharacters is the list of a game's characters.
type gameCharacters struct {
	page.Frame
	page.Listing
	Game string // its short name
	List []store.Character
}

var characterFilters = []page.Choice{
	{Value: "", Label: "All"}, {Value: string(store.Pending), Label: "Pending"}, {Value: string(store.Approved), Label: "Approved"},
	{Value: string(store.Vetoed), Label: "Vetoed"}, {Value: string(store.Denied), Label: "Denied"}, {Value: string(store.Withdrawn), Label: "Withdrawn"},
}

func charactersPath(shortName string) string { return gameKind.path(shortName) + "/characters" }

func characterPath(c store.Character) string {
	return charactersPath(c.Game) + "/" + strconv.FormatInt(int64(c.ID), 10)
}

// serveGameCharacters lists them, the newest first.
func (s *server) serveGameCharacters(w http.ResponseWriter, r *http.Request) error {
	g, err := s.Store.Game(r.Context(), r.PathValue("name"))
	if err != nil {
		return err
	}
	p := gameCharacters{Listing: page.ReadListing(r), Game: g.ShortName}
	if p.Sort == "" {
		p.Listing = p.Sorted("created").At(p.Number)
	}
	if p.List, p.Total, err = s.Store.CharactersOfGame(r.Context(), g.ID, p.Page()); err != nil {
		return err
	}
	p.Frame = s.Frame(r, "Characters of "+g.ShortName)
	return s.Show(w, r, gameCharactersPage(p))
}

// gameCharacter is the page of one.
type gameCharacter struct {
	page.Frame
	page.Form
	store.Character
}

func (s *server) serveGameCharacter(w http.ResponseWriter, r *http.Request) error {
	c, err := s.gameCharacter(r)
	if err != nil {
		return err
	}
	return s.Show(w, r, gameCharacterPage(gameCharacter{s.Frame(r, c.String()), page.Form{}, c}))
}

// gameCharacter is the character in the path: one of that game, or it is not there.
func (s *server) gameCharacter(r *http.Request) (c store.Character, err error) {
	g, err := s.Store.Game(r.Context(), r.PathValue("name"))
	if err != nil {
		return c, err
	}
	id, _ := strconv.ParseInt(r.PathValue("id"), 10, 64) // 0, which no character has, if it is no number
	c, err = s.Store.Character(r.Context(), store.CharacterID(id))
	if errors.Is(err, store.ErrNotFound) || err == nil && c.GameID != g.ID {
		return store.Character{}, store.Missing{Noun: "character of " + g.ShortName, Key: r.PathValue("id")}
	}
	return c, err
}

func (s *server) serveVeto(w http.ResponseWriter, r *http.Request) error {
	f := page.Posted(r)
	c, err := s.gameCharacter(r)
	if err != nil {
		return err
	}
	_, err = s.Store.VetoCharacter(r.Context(), c.ID, c.GameID, f.Text("reason"))
	if f.Fault(err) {
		s.Render(w, r, http.StatusUnprocessableEntity, gameCharacterPage(gameCharacter{s.Frame(r, c.String()), f, c}))
		return nil
	}
	if err != nil {
		return err
	}
	return s.Done(w, r, characterPath(c), "Vetoed "+c.Name+": who plays it is told the reason.")
}

func (s *server) serveVetoLift(w http.ResponseWriter, r *http.Request) error {
	c, err := s.gameCharacter(r)
	if err != nil {
		return err
	}
	if c, err = s.Store.LiftVeto(r.Context(), c.ID, c.GameID); err != nil {
		return err
	}
	return s.Done(w, r, characterPath(c), "Lifted the veto: "+c.Name+" is "+string(c.State)+" again.")
}

// stateKind is which mark a state has.
func stateKind(state store.CharacterState) string {
	switch state {
	case store.Approved:
		return "good"
	case store.Pending:
		return "warn"
	case store.Vetoed:
		return "bad"
	}
	return ""
}
