package store_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"hearsay/hub/store"
)

// wantField is for calls that must name a field in their error.
func wantField(t *testing.T, what string, err, kind error, field string) {
	t.Helper()
	var wrong *store.FieldError
	if !errors.Is(err, kind) || !errors.As(err, &wrong) || wrong.Field != field || wrong.Reason == "" {
		t.Errorf("%s: got the error %v, want %v about %s", what, err, kind, field)
	}
}

func TestGames(t *testing.T) {
	s := open(t)
	ctx := t.Context()
	if games, err := s.Games(ctx); err != nil || len(games) > 0 {
		t.Errorf("got %v, %v of a new file", games, err)
	}
	_, err := s.Game(ctx, "Alpha")
	wantErr(t, "a game that is not there", err, store.ErrNotFound)
	in := store.Game{
		ShortName: "Zeta", Name: "Zeta MUD", Display: true, Description: "two\nlines é", HomepageURL: "https://zeta.example/", Tagline: "t",
		UserAgentURL: "http://ua.example", AllowCharacterRegistration: true, Suspended: true,
		UserAgent: "ignored", Version: "ignored", ID: 99, ClientID: "ignored",
	}
	c, err := s.CreateGame(ctx, in, store.UUIDSecret)
	check(t, err)
	got, err := s.Game(ctx, "zETA")
	want := in
	want.ID, want.ClientID, want.UserAgent, want.Version = 1, c.ClientID, "", ""
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	if c.ID != 1 || uuid.Validate(c.ClientID) != nil || uuid.Validate(c.Secret) != nil || c.ClientID != strings.ToLower(c.ClientID) {
		t.Errorf("got %+v", c)
	}
	if u := uuid.MustParse(c.ClientID); u.Version() != 4 || u.Variant() != uuid.RFC4122 {
		t.Errorf("the client id %s is no UUID v4", u)
	}
	long := addGame(t, s, "alpha")
	if len(long.Secret) != 52 || strings.ToLower(long.Secret) != long.Secret {
		t.Errorf("got the secret %q", long.Secret)
	}
	if games, err := s.Games(ctx); err != nil || len(games) != 2 || games[0].ShortName != "alpha" {
		t.Errorf("got %+v, %v", games, err)
	}

	check(t, s.UpdateGame(ctx, "zeta", store.GameEdit{
		Name: pointer("Zeta 2"), Display: pointer(false), Description: pointer(""), Tagline: pointer("T"), Suspended: pointer(false),
	}))
	want.Name, want.Display, want.Description, want.Tagline, want.Suspended = "Zeta 2", false, "", "T", false
	if got, err := s.Game(ctx, "Zeta"); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	check(t, s.SetClient(ctx, 1, "ExVenture 1.0", "7"))
	check(t, s.SetClient(ctx, 1, "", ""))
	want.UserAgent, want.Version = "ExVenture 1.0", "7"
	if got, err := s.Game(ctx, "Zeta"); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}

	for _, test := range []struct {
		field string
		kind  error
		game  store.Game
	}{
		{"short_name", store.ErrInvalid, store.Game{ShortName: "", Name: "x"}},
		{"short_name", store.ErrInvalid, store.Game{ShortName: "a b", Name: "x"}},
		{"short_name", store.ErrInvalid, store.Game{ShortName: "abc\n", Name: "x"}},
		{"short_name", store.ErrInvalid, store.Game{ShortName: "é", Name: "x"}},
		{"short_name", store.ErrInvalid, store.Game{ShortName: strings.Repeat("a", 16), Name: "x"}},
		{"short_name", store.ErrInvalid, store.Game{ShortName: "HearSay", Name: "x"}},
		{"short_name", store.ErrConflict, store.Game{ShortName: "ALPHA", Name: "x"}},
		{"name", store.ErrInvalid, store.Game{ShortName: "x", Name: ""}},
		{"name", store.ErrInvalid, store.Game{ShortName: "x", Name: " \u00a0"}},
		{"name", store.ErrInvalid, store.Game{ShortName: "x", Name: "a\nb"}},
		{"name", store.ErrInvalid, store.Game{ShortName: "x", Name: "a\xff"}},
		{"name", store.ErrInvalid, store.Game{ShortName: "x", Name: "Grapevine"}},
		{"name", store.ErrInvalid, store.Game{ShortName: "x", Name: strings.Repeat("é", 101)}},
		{"name", store.ErrConflict, store.Game{ShortName: "x", Name: "ALPHA mud"}},
		{"description", store.ErrInvalid, store.Game{ShortName: "x", Name: "x", Description: "a\r\nb"}},
		{"description", store.ErrInvalid, store.Game{ShortName: "x", Name: "x", Description: strings.Repeat("é", 2001)}},
		{"homepage_url", store.ErrInvalid, store.Game{ShortName: "x", Name: "x", HomepageURL: "ftp://x"}},
		{"homepage_url", store.ErrInvalid, store.Game{ShortName: "x", Name: "x", HomepageURL: "javascript:alert(1)"}},
		{"homepage_url", store.ErrInvalid, store.Game{ShortName: "x", Name: "x", HomepageURL: "https://" + strings.Repeat("x", 250)}},
		{"user_agent_url", store.ErrInvalid, store.Game{ShortName: "x", Name: "x", UserAgentURL: "x"}},
		{"tagline", store.ErrInvalid, store.Game{ShortName: "x", Name: "x", Tagline: strings.Repeat("é", 201)}},
	} {
		_, err := s.CreateGame(ctx, test.game, store.LongSecret)
		wantField(t, test.field+" "+test.game.ShortName, err, test.kind, test.field)
	}
	most := store.Game{
		ShortName: strings.Repeat("a", 15), Name: strings.Repeat("é", 100), Description: strings.Repeat("é", 2000), Tagline: strings.Repeat("é", 200),
		HomepageURL: "https://x/" + strings.Repeat("x", 245), UserAgentURL: "https://x/" + strings.Repeat("x", 245),
	}
	if _, err := s.CreateGame(ctx, most, store.LongSecret); err != nil {
		t.Errorf("the longest texts: %v", err)
	}
	wantField(t, "a name that is taken", s.UpdateGame(ctx, "alpha", store.GameEdit{Name: pointer("zeta 2")}), store.ErrConflict, "name")
	check(t, s.UpdateGame(ctx, "alpha", store.GameEdit{Name: pointer("ALPHA mud")})) // its own, in another case
	wantErr(t, "edit", s.UpdateGame(ctx, "nobody", store.GameEdit{}), store.ErrNotFound)
	wantErr(t, "remove", s.DeleteGame(ctx, "nobody"), store.ErrNotFound)
	_, err = s.RotateGame(ctx, "nobody", store.Rotation{})
	wantErr(t, "rotate", err, store.ErrNotFound)
	if got := logged(t, s, func() { check(t, s.DeleteGame(ctx, "ALPHA")) }); !slices.Equal(brief(got), []string{"games 2 delete"}) {
		t.Errorf("got %q", brief(got))
	}
	if c := addGame(t, s, "alpha"); c.ID != 4 {
		t.Errorf("got the id %d, want 4: ids are never used twice", c.ID)
	}
}

// Names compare ignoring case beyond ASCII too.
func TestGames_namesOfOtherLetters(t *testing.T) {
	s := open(t)
	_, err := s.CreateGame(t.Context(), store.Game{ShortName: "a", Name: "ÄÖÜ"}, store.LongSecret)
	check(t, err)
	_, err = s.CreateGame(t.Context(), store.Game{ShortName: "b", Name: "äöü"}, store.LongSecret)
	wantField(t, "äöü", err, store.ErrConflict, "name")
}

func TestApplications(t *testing.T) {
	s := open(t)
	ctx := t.Context()
	c := addApplication(t, s, "Site")
	addGame(t, s, "Alpha")
	in := store.Application{ShortName: "bot", Name: "Bot", SyncForm: "versions", Credentials: true, Suspended: true}
	bot, err := s.CreateApplication(ctx, in, store.UUIDSecret)
	check(t, err)
	in.ID, in.ClientID = bot.ID, bot.ClientID
	want := []store.Application{in, {ID: c.ID, ShortName: "Site", Name: "Site site", SyncForm: "records", ClientID: c.ClientID}}
	if got, err := s.Applications(ctx); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v\nwant %+v", got, err, want)
	}
	for _, test := range []struct {
		field string
		kind  error
		a     store.Application
	}{
		{"short_name", store.ErrInvalid, store.Application{ShortName: "a-b", Name: "x", SyncForm: "records"}},
		{"short_name", store.ErrConflict, store.Application{ShortName: "ALPHA", Name: "x", SyncForm: "records"}},
		{"short_name", store.ErrConflict, store.Application{ShortName: "SITE", Name: "x", SyncForm: "records"}},
		{"short_name", store.ErrInvalid, store.Application{ShortName: "System", Name: "x", SyncForm: "records"}},
		{"name", store.ErrInvalid, store.Application{ShortName: "x", SyncForm: "records"}},
		{"name", store.ErrConflict, store.Application{ShortName: "x", Name: "BOT", SyncForm: "records"}},
		{"sync_form", store.ErrInvalid, store.Application{ShortName: "x", Name: "x"}},
		{"sync_form", store.ErrInvalid, store.Application{ShortName: "x", Name: "x", SyncForm: "both"}},
	} {
		_, err := s.CreateApplication(ctx, test.a, store.LongSecret)
		wantField(t, test.a.ShortName, err, test.kind, test.field)
	}
	_, err = s.CreateGame(ctx, store.Game{ShortName: "BOT", Name: "x"}, store.LongSecret)
	wantField(t, "an application's name", err, store.ErrConflict, "short_name")

	wake, stop := s.Watch()
	defer stop()
	if got := logged(t, s, func() {
		check(t, s.UpdateApplication(ctx, "BOT", store.ApplicationEdit{Name: pointer("Bot 2"), SyncForm: pointer("records"), Credentials: pointer(false), Suspended: pointer(false)}))
	}); len(got) > 0 {
		t.Errorf("an application's change is in the log: %+v", got)
	}
	<-wake
	in.Name, in.SyncForm, in.Credentials, in.Suspended = "Bot 2", "records", false, false
	if got, err := s.Applications(ctx); err != nil || !reflect.DeepEqual(got[0], in) {
		t.Errorf("got %+v, %v, want %+v", got, err, in)
	}
	wantField(t, "edit", s.UpdateApplication(ctx, "bot", store.ApplicationEdit{Name: pointer("site SITE")}), store.ErrConflict, "name")
	wantField(t, "edit", s.UpdateApplication(ctx, "bot", store.ApplicationEdit{SyncForm: pointer("")}), store.ErrInvalid, "sync_form")
	wantErr(t, "edit", s.UpdateApplication(ctx, "alpha", store.ApplicationEdit{}), store.ErrNotFound)
	wantErr(t, "remove", s.DeleteApplication(ctx, "alpha"), store.ErrNotFound)
	_, err = s.RotateApplication(ctx, "alpha", store.Rotation{})
	wantErr(t, "rotate", err, store.ErrNotFound)
	check(t, s.DeleteApplication(ctx, "BOT"))
	if again := addApplication(t, s, "bot"); again.ID <= bot.ID {
		t.Errorf("got the id %d after %d", again.ID, bot.ID)
	}
}

func TestAdmission(t *testing.T) {
	s := open(t)
	addGame(t, s, "Alpha")
	addGame(t, s, "Beta")
	addApplication(t, s, "Site")
	addApplication(t, s, "Bot")
	check(t, s.UpdateGame(t.Context(), "Beta", store.GameEdit{Suspended: pointer(true)}))
	check(t, s.UpdateApplication(t.Context(), "Bot", store.ApplicationEdit{Suspended: pointer(true)}))
	check(t, s.UpdateChannel(t.Context(), "testing", store.ChannelEdit{SlowSeconds: pointer(5)}))
	check(t, s.UpdateGame(t.Context(), "Alpha", store.GameEdit{HidePlayers: pointer(true)}))
	got, err := s.Admission(t.Context())
	want := store.Admission{
		Suspended: map[store.GameID]bool{2: true}, Applications: map[int64]bool{1: true}, Hiding: map[store.GameID]bool{1: true},
		Restraints: map[store.ChannelID]store.Restraint{2: {Slow: 5 * time.Second}},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
}

func TestChannels(t *testing.T) {
	s := open(t)
	ctx := t.Context()
	in := store.Channel{Name: "a-b_C", Description: "d", KeepDays: 7}
	got, err := s.CreateChannel(ctx, in)
	in.ID = 3
	if err != nil || got != in {
		t.Errorf("got %+v, %v", got, err)
	}
	for _, name := range []string{"", "ab", strings.Repeat("a", 16), "a b c", "abc\n", "abc1", "äbc", "abc.", "All"} {
		_, err := s.CreateChannel(ctx, store.Channel{Name: name})
		wantField(t, name, err, store.ErrInvalid, "name")
		_, err = s.EnsureChannel(ctx, name)
		wantField(t, name, err, store.ErrInvalid, "name")
		if name != "All" && store.ChannelNameOK(name) {
			t.Errorf("%q is a good name", name)
		}
	}
	for _, name := range []string{"GOSSIP", "A-B_c"} {
		_, err := s.CreateChannel(ctx, store.Channel{Name: name})
		wantField(t, name, err, store.ErrConflict, "name")
		_, err = s.EnsureChannel(ctx, name)
		wantErr(t, name, err, store.ErrConflict)
	}
	for _, days := range []int{-1, 36501} {
		_, err := s.CreateChannel(ctx, store.Channel{Name: "fine", KeepDays: days})
		wantField(t, "keep_days", err, store.ErrInvalid, "keep_days")
		wantField(t, "keep_days", s.UpdateChannel(ctx, "gossip", store.ChannelEdit{KeepDays: &days}), store.ErrInvalid, "keep_days")
		wantField(t, "slow_seconds", s.UpdateChannel(ctx, "gossip", store.ChannelEdit{SlowSeconds: &days}), store.ErrInvalid, "slow_seconds")
	}
	wantField(t, "description", s.UpdateChannel(ctx, "gossip", store.ChannelEdit{Description: pointer("a\r")}), store.ErrInvalid, "description")
	if got := logged(t, s, func() {
		c, err := s.EnsureChannel(ctx, "gossip")
		if err != nil || c.ID != 1 || c.Hidden {
			t.Errorf("got %+v, %v", c, err)
		}
	}); len(got) > 0 {
		t.Errorf("logged %q", brief(got))
	}
	c, err := s.EnsureChannel(ctx, "fresh")
	if want := (store.Channel{ID: 4, Name: "fresh", Hidden: true, KeepDays: store.KeepDays}); err != nil || c != want {
		t.Errorf("got %+v, %v, want %+v", c, err, want)
	}
	check(t, s.UpdateChannel(ctx, "a-b_C", store.ChannelEdit{Description: pointer(""), Hidden: pointer(true), KeepDays: pointer(0)}))
	all, err := s.Channels(ctx)
	want := []store.Channel{
		{ID: 3, Name: "a-b_C", Hidden: true},
		c,
		{ID: 1, Name: "gossip", Description: "Chat about anything, with everybody on the network", Readable: true, KeepDays: 30},
		{ID: 2, Name: "testing", Description: "For trying things out", Readable: true, KeepDays: 30},
	}
	if err != nil || !slices.Equal(all, want) {
		t.Errorf("got %+v, %v\nwant %+v", all, err, want)
	}
	wantErr(t, "another case", s.UpdateChannel(ctx, "Gossip", store.ChannelEdit{}), store.ErrNotFound)
	wantErr(t, "another case", s.DeleteChannel(ctx, "Gossip"), store.ErrNotFound)
	check(t, s.DeleteChannel(ctx, "fresh"))
	if c, err := s.EnsureChannel(ctx, "fresh"); err != nil || c.ID != 5 {
		t.Errorf("got %+v, %v, want the id 5", c, err)
	}
}

func TestChannelsPage(t *testing.T) {
	s := open(t)
	ctx := t.Context()
	for _, c := range []store.Channel{{Name: "slow", SlowSeconds: 5, Hidden: true}, {Name: "paused", Description: "50% off"}, {Name: "busy_one"}} {
		must(s.CreateChannel(ctx, c))
	}
	check(t, s.PauseChannel(ctx, "paused", time.Hour))
	now := time.Now()
	conn := connect(t, s.Path())
	for i, hours := range []int{48, 25, 24, 23, 1, 0} {
		for range i {
			run(t, conn, `INSERT INTO messages (channel_id, game, name, message, sent_at) VALUES (?1, 'Alpha', 'Ann', 'x', ?2)`, 5-i%2, now.Add(-time.Duration(hours)*time.Hour-time.Second).UnixMicro())
		}
	}
	for _, test := range []struct {
		p    store.Page
		want string
	}{
		{store.Page{}, "busy_one:4 gossip:0 paused:8 slow:0 testing:0"},
		{store.Page{Desc: true}, "testing:0 slow:0 paused:8 gossip:0 busy_one:4"},
		{store.Page{Sort: "day", Desc: true}, "paused:8 busy_one:4 gossip:0 slow:0 testing:0"},
		{store.Page{Filter: "hidden"}, "slow:0"},
		{store.Page{Filter: "public", Search: "%"}, "paused:8"},
		{store.Page{Filter: "paused"}, "paused:8"},
		{store.Page{Filter: "slow"}, "slow:0"},
		{store.Page{Search: "_"}, "busy_one:4"},
		{store.Page{Search: "SLO"}, "slow:0"},
		{store.Page{Search: "nothing"}, ""},
	} {
		test.p.Limit = 50
		all, total, err := s.ChannelsPage(ctx, test.p)
		check(t, err)
		var got []string
		for _, one := range all {
			got = append(got, fmt.Sprintf("%s:%d", one.Name, one.Day))
		}
		if strings.Join(got, " ") != test.want || total != len(all) {
			t.Errorf("%+v: got %q, %d in all, want %q", test.p, got, total, test.want)
		}
	}
}

func TestChannels_most(t *testing.T) {
	s := open(t)
	conn := connect(t, s.Path())
	run(t, conn, `
		INSERT INTO channels (name)
		WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 997)
		SELECT 'x' || char(97 + i / 100) || char(97 + i / 10 % 10) || char(97 + i % 10) FROM n`)
	_, err := s.EnsureChannel(t.Context(), "onemore")
	wantErr(t, "the 1001st channel", err, store.ErrConflict)
	if errors.Is(err, store.ErrInvalid) {
		t.Errorf("got %v", err)
	}
	if _, err := s.EnsureChannel(t.Context(), "gossip"); err != nil {
		t.Error(err)
	}
}

func TestConnections(t *testing.T) {
	s := open(t)
	ctx := t.Context()
	addGame(t, s, "Alpha")
	addGame(t, s, "Beta")
	var want []store.Connection
	for _, c := range []store.Connection{
		{Type: "web", URL: "https://x.example/play"}, {Type: "telnet", Host: "x.example", Port: 1}, {Type: "secure telnet", Host: "::1", Port: 65535},
	} {
		got, err := s.AddConnection(ctx, "alpha", c)
		c.ID = got.ID
		if err != nil || got != c || uuid.Validate(c.ID) != nil {
			t.Errorf("got %+v, %v", got, err)
		}
		want = append(want, c)
	}
	if got, err := s.Connections(ctx, "ALPHA"); err != nil || !slices.Equal(got, want) {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	for _, test := range []struct {
		field string
		c     store.Connection
	}{
		{"type", store.Connection{}},
		{"type", store.Connection{Type: "ssh", Host: "x", Port: 1}},
		{"url", store.Connection{Type: "web"}},
		{"url", store.Connection{Type: "web", URL: "x"}},
		{"url", store.Connection{Type: "web", URL: "http://" + strings.Repeat("x", 250)}},
		{"host", store.Connection{Type: "web", URL: "http://x", Host: "x"}},
		{"host", store.Connection{Type: "web", URL: "http://x", Port: 1}},
		{"url", store.Connection{Type: "telnet", URL: "http://x", Host: "x", Port: 1}},
		{"host", store.Connection{Type: "telnet", Port: 1}},
		{"host", store.Connection{Type: "telnet", Host: "a b", Port: 1}},
		{"host", store.Connection{Type: "telnet", Host: strings.Repeat("x", 256), Port: 1}},
		{"host", store.Connection{Type: "telnet", Host: "[2001:db8::2]", Port: 1}},
		{"host", store.Connection{Type: "telnet", Host: "[2001:db8::2]:4000", Port: 1}},
		{"host", store.Connection{Type: "telnet", Host: "fe80::1%eth0", Port: 1}},
		{"host", store.Connection{Type: "telnet", Host: "mud.example:4000", Port: 1}},
		{"host", store.Connection{Type: "telnet", Host: "user@mud.example", Port: 1}},
		{"host", store.Connection{Type: "telnet", Host: "mud.example?x#y", Port: 1}},
		{"host", store.Connection{Type: "telnet", Host: "telnet://mud.example", Port: 1}},
		{"host", store.Connection{Type: "telnet", Host: "mud..example", Port: 1}},
		{"host", store.Connection{Type: "telnet", Host: "-mud.example", Port: 1}},
		{"host", store.Connection{Type: "telnet", Host: "mud\u202eelpmaxe", Port: 1}},
		{"host", store.Connection{Type: "telnet", Host: "192.0.2.256", Port: 1}},
		{"url", store.Connection{Type: "web", URL: "https://good.example@evil.example/"}},
		{"port", store.Connection{Type: "secure telnet", Host: "x"}},
		{"port", store.Connection{Type: "telnet", Host: "x", Port: 65536}},
	} {
		_, err := s.AddConnection(ctx, "Alpha", test.c)
		wantField(t, test.c.Type, err, store.ErrInvalid, test.field)
	}
	_, err := s.AddConnection(ctx, "nobody", want[0])
	wantErr(t, "add", err, store.ErrNotFound)
	_, err = s.Connections(ctx, "nobody")
	wantErr(t, "list", err, store.ErrNotFound)
	wantErr(t, "another game's", s.RemoveConnection(ctx, "Beta", want[0].ID), store.ErrNotFound)
	wantErr(t, "no game's", s.RemoveConnection(ctx, "nobody", want[0].ID), store.ErrNotFound)
	check(t, s.RemoveConnection(ctx, "Alpha", want[0].ID))
	wantErr(t, "again", s.RemoveConnection(ctx, "Alpha", want[0].ID), store.ErrNotFound)
	for range 8 {
		must(s.AddConnection(ctx, "Alpha", store.Connection{Type: "web", URL: "http://x"}))
	}
	_, err = s.AddConnection(ctx, "Alpha", store.Connection{Type: "web", URL: "http://x"})
	wantField(t, "the eleventh", err, store.ErrInvalid, "type")
}

// A host is kept as clients can look it up.
func TestAddConnection_host(t *testing.T) {
	s := open(t)
	addGame(t, s, "Alpha")
	for host, want := range map[string]string{
		"Mud.Example": "mud.example", "bücher.example": "xn--bcher-kva.example", "my_mud.example": "my_mud.example", "localhost": "localhost",
		"192.0.2.7": "192.0.2.7", "2001:db8::2": "2001:db8::2",
	} {
		if got, err := s.AddConnection(t.Context(), "Alpha", store.Connection{Type: "telnet", Host: host, Port: 4000}); err != nil || got.Host != want {
			t.Errorf("%s: got %+v, %v, want %s", host, got, err, want)
		}
	}
}

// TestGame_homepage: a reader of an address knows where it leads.
func TestGame_homepage(t *testing.T) {
	s := open(t)
	addGame(t, s, "Alpha")
	for _, address := range []string{"https://mud.example", "http://mud.example:8080/a?b#c", "https://bücher.example/ä", "http://[2001:db8::2]:80/", "http://192.0.2.7/"} {
		if err := s.UpdateGame(t.Context(), "Alpha", store.GameEdit{HomepageURL: &address}); err != nil {
			t.Errorf("%s: %v", address, err)
		}
	}
	for address, mend := range map[string]string{
		"https://good.example@evil.example/": "which is evil.example; leave out what comes before @", "https://u:p@mud.example/": "leave out what comes before @",
		"https://mud.example/a b": "write it as %20", "https://mud.example/\u00a0": "write it as %20", "https://mud.example/\u202egnp.exe": "a character that nobody sees",
		"https://mud.example:99999/": "use 1 to 65535", "https://mud..example/": "no host name", "https://-/": "no host name", "https://1.2.3.4.5/": "no host name",
	} {
		err := s.UpdateGame(t.Context(), "Alpha", store.GameEdit{HomepageURL: &address})
		wantField(t, address, err, store.ErrInvalid, "homepage_url")
		if !strings.Contains(fmt.Sprint(err), mend) {
			t.Errorf("%s: got %v, want %q", address, err, mend)
		}
	}
}

func TestRedirectURIs(t *testing.T) {
	s := open(t)
	ctx := t.Context()
	addGame(t, s, "Alpha")
	addGame(t, s, "Beta")
	want := []string{"https://z.example/", "http://localhost:4000/b?c=d"}
	for _, uri := range want {
		check(t, s.AddRedirectURI(ctx, "alpha", uri))
	}
	check(t, s.AddRedirectURI(ctx, "Beta", want[0]))
	if got, err := s.RedirectURIs(ctx, "ALPHA"); err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
	wantField(t, "twice", s.AddRedirectURI(ctx, "Alpha", want[0]), store.ErrConflict, "uri")
	for _, uri := range []string{"", "x", "ftp://x", "https://x/#f", "https://x/a b", "https://u@x/", "https://" + strings.Repeat("x", 250)} {
		wantField(t, uri, s.AddRedirectURI(ctx, "Alpha", uri), store.ErrInvalid, "uri")
	}
	wantErr(t, "add", s.AddRedirectURI(ctx, "nobody", want[0]), store.ErrNotFound)
	_, err := s.RedirectURIs(ctx, "nobody")
	wantErr(t, "list", err, store.ErrNotFound)
	check(t, s.RemoveRedirectURI(ctx, "Alpha", want[0]))
	wantErr(t, "again", s.RemoveRedirectURI(ctx, "Alpha", want[0]), store.ErrNotFound)
	for i := range 9 {
		check(t, s.AddRedirectURI(ctx, "Alpha", "https://x.example/"+strings.Repeat("x", i)))
	}
	wantField(t, "the eleventh", s.AddRedirectURI(ctx, "Alpha", "https://y"), store.ErrInvalid, "uri")
}

func TestEvents(t *testing.T) {
	s := open(t)
	ctx := t.Context()
	addGame(t, s, "Alpha")
	addGame(t, s, "Beta")
	late := must(s.CreateEvent(ctx, store.Event{Game: "ALPHA", Title: "Late", Description: "d", StartDate: "2026-12-24", EndDate: "2026-12-24"}))
	early := must(s.CreateEvent(ctx, store.Event{Game: "Beta", Title: "Early", StartDate: "2026-01-01", EndDate: "2026-02-28"}))
	if late.Game != "Alpha" || late.ID != 1 || early.ID != 2 {
		t.Errorf("got %+v, %+v", late, early)
	}
	for game, want := range map[string][]store.Event{"": {early, late}, "alpha": {late}, "Beta": {early}} {
		if got, err := s.Events(ctx, game); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: got %+v, %v, want %+v", game, got, err, want)
		}
	}
	_, err := s.Events(ctx, "nobody")
	wantErr(t, "list", err, store.ErrNotFound)
	for _, test := range []struct {
		field string
		e     store.Event
	}{
		{"title", store.Event{StartDate: "2026-01-01", EndDate: "2026-01-01"}},
		{"title", store.Event{Title: strings.Repeat("é", 256), StartDate: "2026-01-01", EndDate: "2026-01-01"}},
		{"description", store.Event{Title: "x", Description: "\r", StartDate: "2026-01-01", EndDate: "2026-01-01"}},
		{"start_date", store.Event{Title: "x", EndDate: "2026-01-01"}},
		{"start_date", store.Event{Title: "x", StartDate: "2026-02-30", EndDate: "2026-03-01"}},
		{"end_date", store.Event{Title: "x", StartDate: "2026-01-01", EndDate: "1.1.2026"}},
		{"end_date", store.Event{Title: "x", StartDate: "2026-01-02", EndDate: "2026-01-01"}},
	} {
		test.e.Game = "Alpha"
		_, err := s.CreateEvent(ctx, test.e)
		wantField(t, test.e.Title, err, store.ErrInvalid, test.field)
	}
	_, err = s.CreateEvent(ctx, store.Event{Game: "nobody", Title: "x", StartDate: "2026-01-01", EndDate: "2026-01-01"})
	wantErr(t, "add", err, store.ErrNotFound)
	wantField(t, "edit", s.UpdateEvent(ctx, 1, store.EventEdit{StartDate: pointer("2027-01-01")}), store.ErrInvalid, "end_date")
	check(t, s.UpdateEvent(ctx, 1, store.EventEdit{Title: pointer("Later"), Description: pointer(""), EndDate: pointer("2027-01-01")}))
	late.Title, late.Description, late.EndDate = "Later", "", "2027-01-01"
	if got, err := s.Events(ctx, "Alpha"); err != nil || !slices.Equal(got, []store.Event{late}) {
		t.Errorf("got %+v, %v, want %+v", got, err, late)
	}
	wantErr(t, "edit", s.UpdateEvent(ctx, 99, store.EventEdit{}), store.ErrNotFound)
	wantErr(t, "remove", s.DeleteEvent(ctx, 99), store.ErrNotFound)
	check(t, s.DeleteEvent(ctx, 2))
	if e := must(s.CreateEvent(ctx, early)); e.ID != 3 {
		t.Errorf("got the id %d, want 3", e.ID)
	}
}

func TestAchievements(t *testing.T) {
	s := open(t)
	ctx := t.Context()
	alpha, beta := store.GameID(addGame(t, s, "Alpha").ID), store.GameID(addGame(t, s, "Beta").ID)
	add := func(id store.GameID, a store.Achievement) store.Achievement {
		t.Helper()
		a, err := s.CreateAchievement(ctx, id, a)
		check(t, err)
		return a
	}
	z := add(alpha, store.Achievement{Key: "ignored", Title: "z", Points: 100, Display: true, Description: pointer("")})
	a := add(alpha, store.Achievement{Title: "a", Points: 100, PartialProgress: true, TotalProgress: pointer(int64(1 << 40)), Description: pointer("d")})
	if uuid.Validate(z.Key) != nil || z.Key == a.Key {
		t.Errorf("got the keys %q and %q", z.Key, a.Key)
	}
	if got, err := s.Achievements(ctx, alpha); err != nil || !reflect.DeepEqual(got, []store.Achievement{a, z}) {
		t.Errorf("got %+v, %v", got, err)
	}
	if got, err := s.Achievement(ctx, alpha, z.Key); err != nil || !reflect.DeepEqual(got, z) {
		t.Errorf("got %+v, %v", got, err)
	}
	for _, do := range []func(store.GameID, string) error{
		func(id store.GameID, key string) error { _, err := s.Achievement(ctx, id, key); return err },
		func(id store.GameID, key string) error {
			_, err := s.UpdateAchievement(ctx, id, key, func(a *store.Achievement) error { t.Error("changed"); return nil })
			return err
		},
		func(id store.GameID, key string) error { return s.DeleteAchievement(ctx, id, key) },
	} {
		wantErr(t, "another game's", do(beta, z.Key), store.ErrNotFound)
		wantErr(t, "no key", do(alpha, ""), store.ErrNotFound)
	}
	for range 3 {
		add(alpha, store.Achievement{Title: "m", Points: 100})
	}
	_, err := s.CreateAchievement(ctx, alpha, store.Achievement{Title: "x", Points: 1})
	wantErr(t, "501 points", err, store.ErrPoints)
	add(alpha, store.Achievement{Title: "free"})
	give := func(title string, points int) error {
		_, err := s.UpdateAchievement(ctx, alpha, z.Key, func(a *store.Achievement) error {
			*a = store.Achievement{Title: title, Points: points}
			return nil
		})
		return err
	}
	wantErr(t, "501 points", give("z", 101), store.ErrPoints)
	check(t, give("zz", 99))
	add(alpha, store.Achievement{Title: "x", Points: 1})
	add(beta, store.Achievement{Title: "x", Points: 100})
	check(t, s.DeleteAchievement(ctx, alpha, a.Key))
	wantErr(t, "again", s.DeleteAchievement(ctx, alpha, a.Key), store.ErrNotFound)
	if got, err := s.Achievements(ctx, alpha); err != nil || len(got) != 6 || got[5].Title != "zz" || got[5].Description != nil {
		t.Errorf("got %+v, %v", got, err)
	}

	run(t, connect(t, s.Path()), `
		INSERT INTO achievements (game_id, title)
		WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
		SELECT 2, i FROM n`)
	_, err = s.CreateAchievement(ctx, beta, store.Achievement{Title: "x"})
	wantErr(t, "the 1001st achievement", err, store.ErrConflict)
}

func TestBlocks(t *testing.T) {
	s := open(t)
	ctx := t.Context()
	check(t, s.AddBlock(ctx, store.Block{Kind: "channel", Word: "Secret"}))
	check(t, s.AddBlock(ctx, store.Block{Kind: "channel", Word: "SECRET"}))
	_, err := s.EnsureChannel(ctx, "sECRET")
	wantErr(t, "a blocked channel", err, store.ErrInvalid)
	for word, want := range map[string]bool{"secret": true, "ALL": true, "system": false, "gossip": false} {
		if got, err := s.BlockedChannel(ctx, word); err != nil || got != want {
			t.Errorf("%s: got %t, %v", word, got, err)
		}
	}
	addGame(t, s, "Alpha")
	check(t, s.AddBlock(ctx, store.Block{Kind: "name", Word: "Alpha"}))
	check(t, s.AddBlock(ctx, store.Block{Kind: "name", Word: "alpha mud"}))
	check(t, s.UpdateGame(ctx, "Alpha", store.GameEdit{Tagline: pointer("it keeps its name")}))
	check(t, s.RemoveBlock(ctx, store.Block{Kind: "channel", Word: "secret"}))
	wantErr(t, "again", s.RemoveBlock(ctx, store.Block{Kind: "channel", Word: "secret"}), store.ErrNotFound)
	for field, b := range map[string]store.Block{"kind": {"game", "x"}, "word": {"name", ""}} {
		wantField(t, field, s.AddBlock(ctx, b), store.ErrInvalid, field)
	}
	wantField(t, "word", s.AddBlock(ctx, store.Block{Kind: "name", Word: strings.Repeat("x", 101)}), store.ErrInvalid, "word")
	check(t, s.Reserve(ctx, "OurHub"))
	check(t, s.Reserve(ctx, "ourhub"))
	wantErr(t, "a name that is taken", s.Reserve(ctx, "ALPHA"), store.ErrConflict)
	wantErr(t, "no name", s.Reserve(ctx, "our hub"), store.ErrInvalid)
	got, err := s.Blocks(ctx)
	want := []store.Block{{"channel", "all"}, {"name", "Alpha"}, {"name", "alpha mud"}, {"name", "gossip"}, {"name", "grapevine"},
		{"name", "hearsay"}, {"name", "OurHub"}, {"name", "raisin"}, {"name", "system"}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
}

func TestAudit(t *testing.T) {
	s := open(t)
	conn := connect(t, s.Path())
	ctx := store.WithActor(t.Context(), store.Actor{Name: "cli:ann", Address: "203.0.113.9"})
	began := time.Now().UnixMicro()
	must(s.CreateGame(ctx, store.Game{ShortName: "Alpha", Name: "Alpha"}, store.LongSecret))
	check(t, s.UpdateChannel(ctx, "gossip", store.ChannelEdit{KeepDays: pointer(3)}))
	wantErr(t, "edit", s.UpdateGame(ctx, "Beta", store.GameEdit{}), store.ErrNotFound)
	check(t, s.DeleteGame(t.Context(), "Alpha")) // by the program
	_, err := s.EnsureChannel(ctx, "fresh")      // by a game
	check(t, err)
	want := []string{`cli:ann|game add|Alpha|203.0.113.9||Alpha`, `cli:ann|channel edit|gossip|203.0.113.9|{"keep_days":30}|{"keep_days":3}`}
	if got := ask(t, conn, `
		SELECT actor, action, subject, address, coalesce(before_state, ''), coalesce(after_state ->> 'name', after_state)
		FROM audit ORDER BY id`); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := ask(t, conn, `SELECT count(*) FROM audit WHERE at BETWEEN ?1 AND ?2`, began, time.Now().UnixMicro()); got[0] != "2" {
		t.Errorf("%s of 2 rows have the time", got[0])
	}
}

// The payloads of records, with every field and with as few as can be.
func TestRecords_payload(t *testing.T) {
	s := open(t)
	conn := connect(t, s.Path())
	run(t, conn, `
		INSERT INTO games (id, short_name, name, display, description, homepage_url, tagline, user_agent, user_agent_url, version,
			allow_character_registration, client_id, last_seen_at, mssp_last_seen_at)
		VALUES (5, 'Full', 'Full "MUD" <é>', 1, 'two'||char(10)||'lines', 'https://x.example/?a=1&b=2', 'tag', 'ua', 'https://ua.example', 'v', 1, 'c', 1772600767890123, 0);
		INSERT INTO games (id, short_name, name, display, allow_character_registration, client_id) VALUES (6, 'Bare', 'Bare', 0, 0, 'd');
		INSERT INTO connections (id, game_id, type, url) VALUES ('k1', 5, 'web', 'https://x.example/play');
		INSERT INTO connections (id, game_id, type, host, port) VALUES ('a2', 5, 'secure telnet', 'x.example', 4000);
		INSERT INTO redirect_uris (game_id, uri) VALUES (5, 'https://z.example'), (5, 'https://a.example');
		INSERT INTO channels (id, name) VALUES (9, 'bare');
		INSERT INTO events (id, game_id, title, description, start_date, end_date) VALUES (3, 5, 't', 'd', '2026-01-01', '2026-01-02'), (4, 5, 't', NULL, '2026-01-01', '2026-01-01');
		INSERT INTO achievements (id, game_id, key, title, description, points, display, partial_progress, total_progress)
		VALUES (7, 5, 'k', 't', 'd', 100, 0, 1, 10), (8, 5, 'l', 't', NULL, 0, 1, 0, NULL)`)
	want := map[string]string{
		"channels 1": `{"id":1,"name":"gossip","description":"Chat about anything, with everybody on the network","hidden":false}`,
		"channels 9": `{"id":9,"name":"bare","description":null,"hidden":true}`,
		"games 5": `{"id":5,"game":"Full","display_name":"Full \"MUD\" <é>","display":true,"description":"two\nlines","homepage_url":"https://x.example/?a=1&b=2",` +
			`"tagline":"tag","user_agent":"ua","user_agent_url":"https://ua.example","connections":[{"id":"k1","type":"web","url":"https://x.example/play"},` +
			`{"id":"a2","type":"secure telnet","host":"x.example","port":4000}],"redirect_uris":["https://z.example","https://a.example"],` +
			`"allow_character_registration":true,"client_id":"c","client_secret":"redacted","last_seen_at":"2026-03-04T05:06:07Z","mssp_last_seen_at":"1970-01-01T00:00:00Z"}`,
		"games 6": `{"id":6,"game":"Bare","display_name":"Bare","display":false,"description":null,"homepage_url":null,"tagline":null,"user_agent":null,"user_agent_url":null,` +
			`"connections":[],"redirect_uris":[],"allow_character_registration":false,"client_id":"d","client_secret":"redacted","last_seen_at":null,"mssp_last_seen_at":null}`,
		"events 3":       `{"id":3,"game_id":5,"title":"t","description":"d","start_date":"2026-01-01","end_date":"2026-01-02"}`,
		"events 4":       `{"id":4,"game_id":5,"title":"t","description":null,"start_date":"2026-01-01","end_date":"2026-01-01"}`,
		"achievements 7": `{"id":7,"game_id":5,"key":"k","title":"t","description":"d","points":100,"display":false,"partial_progress":true,"total_progress":10}`,
		"achievements 8": `{"id":8,"game_id":5,"key":"l","title":"t","description":null,"points":0,"display":true,"partial_progress":false,"total_progress":null}`,
	}
	got := map[string]string{}
	for _, v := range versions(t, s, 0) {
		if !json.Valid([]byte(v.Payload)) {
			t.Errorf("%q is no JSON", v.Payload)
		}
		got[strings.Join(strings.Fields(brief([]store.Version{v})[0])[:2], " ")] = v.Payload
	}
	for record, payload := range want {
		if got[record] != payload {
			t.Errorf("%s:\n got %s\nwant %s", record, got[record], payload)
		}
	}
}
