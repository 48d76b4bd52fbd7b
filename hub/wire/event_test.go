package wire_test

import (
	"slices"
	"testing"

	"hearsay/hub/wire"
)

func TestSupports(t *testing.T) {
	all := []string{"achievements", "channels", "characters", "games", "history", "players", "tells"}
	var set wire.Supports
	for _, name := range all {
		flag := wire.Support(name)
		if flag == 0 || set.Has(flag) {
			t.Errorf("%s: got flag %b beside %b", name, flag, set)
		}
		set |= flag
		if got := flag.Names(); !slices.Equal(got, []string{name}) {
			t.Errorf("%s: got the names %q", name, got)
		}
	}
	if got := set.Names(); !slices.Equal(got, all) {
		t.Errorf("got %q, want %q", got, all)
	}
	if got := wire.Supports(0).Names(); got == nil || len(got) > 0 {
		t.Errorf("no flags have the names %#v", got)
	}
	for _, name := range []string{"", "Channels", "channel", "channels ", "sync"} {
		if wire.Support(name) != 0 {
			t.Errorf("%q is a flag", name)
		}
	}
	two := wire.SupportChannels | wire.SupportTells
	if !two.Has(wire.SupportTells) || !two.Has(0) || two.Has(wire.SupportTells|wire.SupportGames) {
		t.Errorf("%b has the wrong flags", two)
	}
}

func TestNeeds(t *testing.T) {
	for event, want := range map[string]wire.Supports{
		wire.PlayersSignIn: wire.SupportPlayers, wire.PlayersSignOut: wire.SupportPlayers, wire.PlayersStatus: wire.SupportPlayers,
		wire.TellsSend: wire.SupportTells, wire.GamesStatus: wire.SupportGames,
		wire.AchievementsSync: wire.SupportAchievements, wire.AchievementsCreate: wire.SupportAchievements,
		wire.AchievementsUpdate: wire.SupportAchievements, wire.AchievementsDelete: wire.SupportAchievements,
		wire.ChannelsHistory: wire.SupportHistory, wire.CharactersStatus: wire.SupportCharacters,
		wire.ChannelsSend: 0, wire.ChannelsSubscribe: 0, wire.ChannelsUnsubscribe: 0, wire.Authenticate: 0, wire.Heartbeat: 0, wire.Sync: 0, "": 0, "players/other": 0,
	} {
		if got := wire.Needs(event); got != want {
			t.Errorf("%q needs %b, want %b", event, got, want)
		}
	}
}

func TestErrors(t *testing.T) {
	for _, test := range []struct{ got, want string }{
		{wire.ErrorMissingSupport(wire.SupportPlayers), `missing support for "players"`},
		{wire.ErrorMissingSupport(wire.SupportAchievements), `missing support for "achievements"`},
		{wire.ErrorSubscribe("a b", true), `Could not subscribe to "a b"`},
		{wire.ErrorSubscribe("a b", false), `Could not subscribe to 'a b'`},
		{wire.ErrorNotSubscribed("gossip"), `not subscribed to "gossip"`},
		{wire.ErrorUnknownChannel("gossip"), `unknown channel "gossip"`},
	} {
		if test.got != test.want {
			t.Errorf("got %s, want %s", test.got, test.want)
		}
	}
}
