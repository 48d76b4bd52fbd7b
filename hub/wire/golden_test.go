package wire_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"hearsay/hub/wire"
)

var update = flag.Bool("update", false, "write the golden files anew")

const ref = `"5a0b5ffa-6a45-4f1e-9d9d-3f0c4a7f2f11"`

func text(s string) *string { return &s }

// answer is a success to a request with a ref.
func answer(event string, payload any) wire.Frame {
	f := wire.Frame{Event: event, HasEvent: true, Ref: wire.Ref(ref), Status: wire.StatusSuccess}
	if payload != nil {
		f.Payload = wire.Encode(payload)
	}
	return f
}

func refusal(event, reason string) wire.Frame {
	return wire.Frame{Event: event, HasEvent: true, Ref: wire.Ref(ref), Status: wire.StatusFailure, Error: reason}
}

// notice is what nobody asked for.
func notice(event string, payload any) wire.Frame {
	return wire.Frame{Event: event, HasEvent: true, Ref: wire.Ref(ref), Payload: wire.Encode(payload)}
}

// frames are one of each that the hub sends.
func frames() map[string]wire.Frame {
	at := time.Date(2026, 3, 4, 5, 6, 7, 890_123_000, time.UTC)
	broadcast := wire.Broadcast{Channel: "gossip", Game: "ExVenture", Name: "Eric", Message: `Hello <3 "world" \o/ é`}
	withID := broadcast
	withID.ID, withID.SentAt = 1234, at
	progress := int64(10)
	achievement := wire.Achievement{Key: "3a8cbb8b-3f0e-4d4b-9b0d-0c8f8a6e2d10", Title: "First steps", Points: 5, Display: true}
	full := wire.Achievement{
		Key: "8d1e5c1e-7f3a-4b55-8a3b-5a2f3a9c7e21", Title: "Ten dragons", Description: text("Slay ten of them"), Points: 100,
		PartialProgress: true, TotalProgress: &progress,
	}
	channel := wire.ChannelRecord{ID: 1, Name: "gossip", Description: text("Chat about anything")}
	game := wire.GameRecord{
		ID: 7, Game: "ExVenture", DisplayName: "ExVenture MUD", Display: true, Description: text("A MUD\nin Elixir"), HomepageURL: text("https://exventure.example/?a=1&b=2"),
		Tagline: text("Play it"), UserAgent: text("ExVenture 1.0"), UserAgentURL: text("https://github.com/oestrich/ex_venture"),
		Connections: []wire.Connection{
			{ID: "0e8e1b49-94cc-4ee0-a6c6-8f9f5d1d4b5a", Type: "web", URL: "https://exventure.example/play"},
			{ID: "1c2d6a58-03ab-44b1-9f7e-2a6d9f3b8c11", Type: "secure telnet", Host: "exventure.example", Port: 5556},
		},
		RedirectURIs: []string{"https://exventure.example/auth"}, AllowCharacterRegistration: true,
		ClientID: "f5a7b4d2-2e38-4a52-9d55-3a0b8c6e7f10", ClientSecret: wire.Redacted,
		LastSeenAt: text("2026-03-04T05:06:07Z"), MSSPLastSeenAt: text("2026-03-04T05:00:00Z"),
	}
	bare := wire.GameRecord{
		ID: 8, Game: "Bare", DisplayName: "Bare MUD", Connections: []wire.Connection{}, RedirectURIs: []string{},
		ClientID: "0b7e0c6c-4b0e-4d9f-8a45-6f4f2c1d3e21", ClientSecret: wire.Redacted,
	}
	versions := wire.AppendVersion([]byte{'['}, wire.SyncVersion{Action: wire.ActionCreate, LoggedAt: at, Payload: wire.Encode(channel), ID: 41})
	versions = wire.AppendVersion(append(versions, ','), wire.SyncVersion{Action: wire.ActionDelete, LoggedAt: at.Add(time.Microsecond), Payload: wire.Encode(channel)})
	versions = append(versions, ']')

	return map[string]wire.Frame{
		"authenticate-success":      {Event: wire.Authenticate, Status: wire.StatusSuccess, Payload: wire.Encode(wire.Welcome{Unicode: "✔️", Version: wire.Version})},
		"authenticate-failure":      {Event: wire.Authenticate, Status: wire.StatusFailure, Error: wire.ErrorCredentials},
		"heartbeat":                 {Event: wire.Heartbeat},
		"restart":                   notice(wire.Restart, wire.RestartPayload{Downtime: 15}),
		"unknown":                   {Status: wire.StatusFailure, Error: wire.ErrorUnknown},
		"unknown-event":             refusal("no/such", wire.ErrorUnknown),
		"unauthenticated":           {Event: wire.ChannelsSend, Status: wire.StatusFailure, Error: wire.ErrorUnauthenticated},
		"success":                   answer(wire.ChannelsSend, nil),
		"failure":                   refusal(wire.PlayersStatus, wire.ErrorMissingSupport(wire.SupportPlayers)),
		"failure-number-ref":        {Event: wire.ChannelsSend, Ref: wire.Ref("-1.50e+3"), Status: wire.StatusFailure, Error: wire.ErrorRateLimit},
		"subscribe-failure":         refusal(wire.ChannelsSubscribe, wire.ErrorSubscribe(`a"b`, true)),
		"subscribe-failure-unasked": {Event: wire.ChannelsSubscribe, Status: wire.StatusFailure, Error: wire.ErrorSubscribe("a b", false)},
		"broadcast":                 {Event: wire.ChannelsBroadcast, Ref: wire.Ref(ref), Payload: broadcast.Encode()},
		"broadcast-id":              {Event: wire.ChannelsBroadcast, Ref: wire.Ref(ref), Payload: withID.Encode()},
		"history": answer(wire.ChannelsHistory, wire.HistoryPayload{Channel: "gossip", Total: 2, Messages: []wire.HistoryMessage{
			{ID: 1233, Game: "ExVenture", Name: "Eric", Message: "Hello", SentAt: wire.Micros(at.Add(-time.Second))},
			{ID: 1234, Game: "ExVenture", Name: "Eric", Message: "1 < 2 & \"so on\"", SentAt: wire.Micros(at)},
		}}),
		"history-empty":   answer(wire.ChannelsHistory, wire.HistoryPayload{Channel: "gossip", Messages: []wire.HistoryMessage{}}),
		"players-sign-in": notice(wire.PlayersSignIn, wire.PlayerPayload{Game: "ExVenture", Name: "Eric"}),
		"players-sign-out": notice(wire.PlayersSignOut, wire.PlayerPayload{Game: "ExVenture",
			Name: "Eric"}),
		"players-status":       answer(wire.PlayersStatus, wire.PlayersPayload{Game: "ExVenture", Players: []string{"Eric", "Sam"}}),
		"players-status-empty": answer(wire.PlayersStatus, wire.PlayersPayload{Game: "ExVenture", Players: []string{}}),
		"tells-receive": notice(wire.TellsReceive, wire.ReceivePayload{
			FromGame: "ExVenture", FromName: "Eric", ToName: "Sam", SentAt: "2026-03-04T05:06:07.8Z", Message: "hi"}),
		"characters-status":         answer(wire.CharactersStatus, wire.Character{Name: "Eric", Registered: true, Approved: true, Username: "ann"}),
		"characters-status-pending": answer(wire.CharactersStatus, wire.Character{Name: "Eric", Registered: true}),
		"characters-changed":        notice(wire.CharactersChanged, wire.Character{Name: "Eric"}),
		"games-connect":             notice(wire.GamesConnect, wire.GamePayload{Game: "ExVenture"}),
		"games-disconnect":          notice(wire.GamesDisconnect, wire.GamePayload{Game: "ExVenture"}),
		"games-status-full": answer(wire.GamesStatus, wire.GameStatus{
			Game: game.Game, DisplayName: game.DisplayName, Description: game.Description, HomepageURL: game.HomepageURL,
			UserAgent: game.UserAgent, UserAgentURL: game.UserAgentURL, UserAgentRepoURL: game.UserAgentURL, Connections: game.Connections,
			Supports: (wire.SupportChannels | wire.SupportGames | wire.SupportPlayers).Names(), Channels: &[]string{"gossip", "testing"},
			PlayerOnlineCount: 2, PlayersOnline: 2,
		}),
		"games-status-minimal": answer(wire.GamesStatus, wire.GameStatus{Game: "Bare", DisplayName: "Bare MUD", Connections: []wire.Connection{}}),
		"games-status-no-channels": answer(wire.GamesStatus, wire.GameStatus{
			Game: "Bare", DisplayName: "Bare MUD", Connections: []wire.Connection{}, Supports: []string{"channels"}, Channels: &[]string{}}),
		"achievements-sync":       answer(wire.AchievementsSync, wire.AchievementsPayload{Total: 2, Achievements: []wire.Achievement{achievement, full}}),
		"achievements-sync-empty": answer(wire.AchievementsSync, wire.AchievementsPayload{Achievements: []wire.Achievement{}}),
		"achievements-create":     answer(wire.AchievementsCreate, full),
		"achievements-delete":     answer(wire.AchievementsDelete, wire.KeyPayload{Key: full.Key}),
		"achievements-failure": {Event: wire.AchievementsUpdate, Ref: wire.Ref(ref), Status: wire.StatusFailure, Payload: wire.Encode(wire.ErrorsPayload{
			Errors: map[string][]string{"title": {"can't be blank"}, "points": {"would go over 500 points"}}})},
		"sync-channels":         notice(wire.SyncPrefix+wire.KindChannels, map[string]any{wire.KindChannels: []wire.ChannelRecord{channel, {ID: 2, Name: "testing", Hidden: true}}}),
		"sync-games":            notice(wire.SyncPrefix+wire.KindGames, map[string]any{wire.KindGames: []wire.GameRecord{game, bare}}),
		"sync-channels-deleted": {Event: wire.SyncPrefix + wire.KindChannels, Ref: wire.Ref(ref), Payload: json.RawMessage(`{"channels":[` + string(wire.Encode(channel)) + `],"deleted":[1]}`)},
		"sync-versions":         {Event: wire.SyncPrefix + wire.KindChannels, Ref: wire.Ref(ref), Payload: versions},
		"sync-answer":           answer(wire.Sync, nil),
		"sync-answer-cursor": answer(wire.Sync, wire.SyncLevel{Cursor: 42, Counts: map[string]int{"channels": 2, "games": 0, "events": 0, "achievements": 0},
			Digest: map[string]string{"channels": strings.Repeat("0f", 32)}}),
		"sync-failure": refusal(wire.Sync, wire.ErrorUnknownCursor),
	}
}

func TestFrames(t *testing.T) {
	all := frames()
	for name, frame := range all {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join("testdata", "frames", name+".json")
			got := frame.Encode()
			if *update {
				if err := os.WriteFile(path, append(got, '\n'), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatalf("%v; write it with -update", err)
			}
			if want = bytes.TrimSuffix(want, []byte("\n")); !bytes.Equal(got, want) {
				t.Errorf("\n got %s\nwant %s", got, want)
			}
			var compact bytes.Buffer
			if err := json.Compact(&compact, got); err != nil || !bytes.Equal(compact.Bytes(), got) {
				t.Errorf("%s is not compact: %v", got, err)
			}
			back, err := wire.Decode(got)
			frame.HasEvent = frame.Event != ""
			if err != nil || !reflect.DeepEqual(back, frame) {
				t.Errorf("decoded:\n got %+v, %v\nwant %+v", back, err, frame)
			}
			if strings.HasPrefix(frame.Event, wire.SyncPrefix) {
				if _, err := wire.DecodeSync(frame.Event, frame.Payload); err != nil {
					t.Error(err)
				}
			}
		})
	}
	files, err := filepath.Glob("testdata/frames/*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if _, ok := all[strings.TrimSuffix(filepath.Base(file), ".json")]; !ok {
			t.Errorf("%s is of no frame; remove it", file)
		}
	}
}
