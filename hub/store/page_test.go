package store_test

import (
	"testing"

	"hearsay/hub/store"
)

// TestPages_search: lists are searched without regard to case and accents, in every script.
func TestPages_search(t *testing.T) {
	s := open(t)
	ctx := store.WithActor(t.Context(), store.Actor{Name: "ann"})
	for name, title := range map[string]string{"Tales": "Былины", "World": "Nowy Świat", "Heaven": "Les Champs Élysées", "China": "江湖 Online", "Athens": "ΝΙΚΟΣ"} {
		must(s.CreateGame(ctx, store.Game{ShortName: name, Name: title, Display: true}, store.LongSecret))
	}
	for search, want := range map[string]string{
		"былины": "Tales", "БЫЛИНЫ": "Tales", "świat": "World", "swiat": "World", "ELYSEES": "Heaven", "élysée": "Heaven",
		"江": "China", "湖 on": "China", "νικος": "Athens", "TALES": "Tales", "%": "", "_": "",
	} {
		p := store.GamePage{Page: store.Page{Search: search, Limit: 50}}
		for list, find := range map[string]func() ([]store.Game, int, error){
			"all":    func() ([]store.Game, int, error) { return s.GamesPage(ctx, p) },
			"public": func() ([]store.Game, int, error) { return s.PublicGamesPage(ctx, p) },
		} {
			games, total, err := find()
			check(t, err)
			got := ""
			for _, g := range games {
				got += g.ShortName
			}
			if got != want || total != len(games) {
				t.Errorf("%s, %q: got %q of %d, want %q", list, search, got, total, want)
			}
		}
	}
	check(t, s.UpdateChannel(ctx, "gossip", store.ChannelEdit{Description: new("Für Geschwätz")}))
	if all, _, err := s.ChannelsPage(ctx, store.Page{Search: "FUR GESCHWATZ", Limit: 50}); err != nil || len(all) != 1 {
		t.Errorf("channels: got %+v, %v", all, err)
	}
	check(t, s.Note(ctx, "console open", "Geschwätz"))
	if all, err := s.Audit(ctx, store.AuditQuery{Text: "geschwatz", Limit: 9}); err != nil || len(all) != 2 {
		t.Errorf("audit: got %+v, %v", all, err)
	}
}
