package admin_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"hearsay/hub/store"
)

// openGame adds a game that lets characters be registered.
func (s *site) openGame(t testing.TB, shortName string) store.Credential {
	t.Helper()
	c, err := s.Store.CreateGame(t.Context(), store.Game{ShortName: shortName, Name: shortName + " MUD", Display: true, AllowCharacterRegistration: true}, store.LongSecret)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// inList finds the names of characters in a list.
var inList = regexp.MustCompile(`/characters/\d+">([^<]+)<`)

// TestCharacters: a game's characters are listed, and vetoed; only those of that game.
func TestCharacters(t *testing.T) {
	s := newSite(t)
	b := s.signedIn(t, store.Admin)
	s.user(t, store.Person)
	alpha, beta := s.openGame(t, "Alpha"), s.openGame(t, "Beta")
	b.get(t, "/admin/games/Alpha/characters").want(t, http.StatusOK, "Nobody has registered a character here yet.")
	ann := s.register(t, "person", store.GameID(alpha.ID), "Ann")
	bob := s.register(t, "person", store.GameID(alpha.ID), "Bob")
	s.register(t, "person", store.GameID(beta.ID), "Cat")
	if _, err := s.Store.ApproveCharacter(t.Context(), ann, 0); err != nil {
		t.Fatal(err)
	}
	for query, want := range map[string]string{
		"": "Bob Ann", "?sort=name": "Ann Bob", "?filter=pending": "Bob", "?q=an": "Ann", "?q=person": "Bob Ann", "?filter=vetoed": "",
	} {
		text := b.get(t, "/admin/games/Alpha/characters"+query).want(t, http.StatusOK, `aria-current="page"`).text
		var names []string
		for _, match := range inList.FindAllStringSubmatch(text, -1) {
			names = append(names, match[1])
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%q: lists %q, want %q", query, got, want)
		}
	}

	of := func(game string, c store.CharacterID) string {
		return fmt.Sprintf("/admin/games/%s/characters/%d", game, c)
	}
	b.get(t, of("Alpha", ann)).want(t, http.StatusOK, "approved", "person", "Veto Ann")
	b.post(t, of("Alpha", ann)+"/veto").want(t, http.StatusUnprocessableEntity, "Reason is missing; say why", "Veto Ann")
	b.post(t, of("Alpha", ann)+"/veto", "reason", "An impostor").want(t, http.StatusSeeOther, of("Alpha", ann))
	b.get(t, of("Alpha", ann)).want(t, http.StatusOK, "Vetoed Ann", "An impostor", "by admin", "Lift the veto")
	b.post(t, of("Alpha", ann)+"/lift-veto").want(t, http.StatusSeeOther)
	b.get(t, of("Alpha", ann)).want(t, http.StatusOK, "Ann is approved again")
	if _, err := s.Store.DenyCharacter(t.Context(), bob, 0); err != nil {
		t.Fatal(err)
	}
	b.post(t, of("Alpha", bob)+"/veto", "reason", "Late").want(t, http.StatusUnprocessableEntity, "The state of Bob@Alpha is denied")

	// Through another game's path nothing is seen or changed.
	for _, path := range []string{of("Beta", ann), of("Nowhere", ann), of("Alpha", 999), "/admin/games/Alpha/characters/x"} {
		b.get(t, path).want(t, http.StatusNotFound, "is not there")
		b.post(t, path+"/veto", "reason", "Mine").want(t, http.StatusNotFound)
		b.post(t, path+"/lift-veto").want(t, http.StatusNotFound)
	}
	if c, err := s.Store.Character(t.Context(), ann); err != nil || c.State != store.Approved {
		t.Errorf("it is %+v, %v", c, err)
	}
}
