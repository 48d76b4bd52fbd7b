package wire_test

import (
	"encoding/json"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"hearsay/hub/hubtest"
	"hearsay/hub/wire"
)

var someWords = wire.Words{
	Channel: "gossip", Player: `Bob "the" Brave`, Game: "Alpha", Other: "Beta", Hub: "Hearsay",
	ClientID: "5a0b5ffa-6a45-4f1e-9d9d-3f0c4a7f2f11", ClientSecret: "secret",
}

// messages are the payloads of a row, by what they are.
func messages(e wire.Event) map[string]*wire.Message {
	return map[string]*wire.Message{"request": e.Request, "answer": e.Answer, "notice": e.Notice}
}

func TestEvents(t *testing.T) {
	seen := map[string]bool{}
	for _, e := range wire.Events {
		if seen[e.Name] {
			t.Errorf("%s has two rows", e.Name)
		}
		seen[e.Name] = true
		if got := wire.Find(e.Name); got == nil || got.Name != e.Name {
			t.Errorf("Find(%q) = %v", e.Name, got)
		}
		if e.Request == nil && e.Notice == nil {
			t.Errorf("%s: nobody sends it", e.Name)
		}
		sentence(t, e.Name, e.About)
		for _, f := range e.Failures {
			sentence(t, e.Name+" "+f.Error, f.When)
		}
		for what, m := range messages(e) {
			if m == nil {
				continue
			}
			fields(t, e.Name+" "+what, m.Fields)
			if m.Example == "" {
				if what == "request" && !m.Optional || what != "request" && len(m.Fields) > 0 {
					t.Errorf("%s %s has no example", e.Name, what)
				}
				continue
			}
			example := someWords.Fill(m.Example)
			if err := hubtest.Conforms(m, json.RawMessage(example)); err != nil {
				t.Errorf("%s %s: its example does not conform: %v", e.Name, what, err)
			}
			if word := regexp.MustCompile(`[A-Z]{3,}`).FindString(example); word != "" {
				t.Errorf("%s %s: %s is left in its example", e.Name, what, word)
			}
		}
	}
	if wire.Find("") != nil || wire.Find("channels") != nil {
		t.Error("an event that does not exist has a row")
	}
}

func sentence(t *testing.T, where, about string) {
	t.Helper()
	if !strings.HasSuffix(about, ".") || strings.ToUpper(about[:1]) != about[:1] && !strings.HasPrefix(about, `"`) {
		t.Errorf("%s: %q is no sentence", where, about)
	}
}

func fields(t *testing.T, where string, all []wire.Field) {
	t.Helper()
	for _, f := range all {
		sentence(t, where+"."+f.Name, f.About)
		if strings.HasSuffix(f.Type, "objects") != (len(f.Of) > 0) && f.Type != "object" {
			t.Errorf("%s.%s: a %s with %d members", where, f.Name, f.Type, len(f.Of))
		}
		for _, name := range f.Mistaken {
			if slices.ContainsFunc(all, func(other wire.Field) bool { return other.Name == name }) && name != "name" {
				t.Errorf("%s: %s is a field, so nobody means %s by it", where, name, f.Name)
			}
		}
		fields(t, where+"."+f.Name, f.Of)
	}
}

// TestEvents_structs compares the table with what the hub reads and writes.
func TestEvents_structs(t *testing.T) {
	request := func(event string) []wire.Field { return wire.Find(event).Request.Fields }
	answer := func(event string) []wire.Field { return wire.Find(event).Answer.Fields }
	notice := func(event string) []wire.Field { return wire.Find(event).Notice.Fields }
	record := func(kind string) []wire.Field { return wire.Find(wire.SyncPrefix + kind).Notice.Field("payload").Of }
	of := func(fields []wire.Field, name string) []wire.Field {
		return (&wire.Message{Fields: fields}).Field(name).Of
	}
	for _, test := range []struct {
		what   string
		fields []wire.Field
		like   any
	}{
		{"authenticate", request(wire.Authenticate), wire.AuthenticatePayload{}},
		{"welcome", answer(wire.Authenticate), wire.Welcome{}},
		{"restart", notice(wire.Restart), wire.RestartPayload{}},
		{"send", request(wire.ChannelsSend), wire.SendPayload{}},
		{"history", answer(wire.ChannelsHistory), wire.HistoryPayload{}},
		{"messages", of(answer(wire.ChannelsHistory), "messages"), wire.HistoryMessage{}},
		{"sign-in", notice(wire.PlayersSignIn), wire.PlayerPayload{}},
		{"sign-out", notice(wire.PlayersSignOut), wire.PlayerPayload{}},
		{"players", answer(wire.PlayersStatus), wire.PlayersPayload{}},
		{"tell", request(wire.TellsSend), wire.TellPayload{}},
		{"receive", notice(wire.TellsReceive), wire.ReceivePayload{}},
		{"character", answer(wire.CharactersStatus), wire.Character{}},
		{"character changed", notice(wire.CharactersChanged), wire.Character{}},
		{"game", notice(wire.GamesConnect), wire.GamePayload{}},
		{"status", answer(wire.GamesStatus), wire.GameStatus{}},
		{"connections", of(answer(wire.GamesStatus), "connections"), wire.Connection{}},
		{"achievements", answer(wire.AchievementsSync), wire.AchievementsPayload{}},
		{"achievement", answer(wire.AchievementsCreate), wire.Achievement{}},
		{"key", answer(wire.AchievementsDelete), wire.KeyPayload{}},
		{"level", answer(wire.Sync), wire.SyncLevel{}},
		{"channel", record(wire.KindChannels), wire.ChannelRecord{}},
		{"rule", record(wire.KindRules), wire.RuleRecord{}},
		{"game record", record(wire.KindGames), wire.GameRecord{}},
	} {
		var got, want []string
		for _, f := range test.fields {
			got = append(got, f.Name)
		}
		for _, f := range reflect.VisibleFields(reflect.TypeOf(test.like)) {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			want = append(want, name)
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s: the table has %q, the struct %q", test.what, got, want)
		}
	}
}

// TestEvents_errors: every error is in the table.
func TestEvents_errors(t *testing.T) {
	all := slices.Clone(wire.CommonFailures)
	for _, e := range wire.Events {
		all = append(all, e.Failures...)
	}
	for _, want := range []string{
		wire.ErrorUnknown, wire.ErrorUnauthenticated, wire.ErrorMalformed, wire.ErrorRateLimit, wire.ErrorMissingSupport(wire.SupportPlayers),
		wire.ErrorCredentials, wire.ErrorMissingSupports, wire.ErrorMustSupport, wire.ErrorUnknownSupports,
		wire.ErrorNameEmpty, wire.ErrorNameTooLong, wire.ErrorMessageEmpty, wire.ErrorMessageTooLong,
		wire.ErrorUnknownGame, wire.ErrorInvalidPayload, wire.ErrorGameOffline, wire.ErrorNotSupported, wire.ErrorSenderOffline, wire.ErrorReceiverOffline,
		wire.ErrorPaused, wire.ErrorSlow(5 * time.Second), wire.ErrorMuted, wire.ErrorRefused,
		wire.ErrorUnknownCursor, wire.ErrorTooManyAchievements,
		wire.ErrorSubscribe("CHANNEL", true), wire.ErrorNotSubscribed("CHANNEL"), wire.ErrorUnknownChannel("CHANNEL"),
	} {
		if !slices.ContainsFunc(all, func(f wire.Failure) bool { return f.Error == want }) {
			t.Errorf("%q is in no row", want)
		}
	}
}

func TestWords(t *testing.T) {
	for _, test := range []struct {
		words         wire.Words
		example, want string
	}{
		{wire.Words{}, `{"channel":"CHANNEL","game":"OTHER_GAME"}`, `{"channel":"CHANNEL","game":"OTHER_GAME"}`},
		{wire.Words{Game: "Alpha"}, `GAME, OTHER_GAME`, `Alpha, OTHER_GAME`},
		{wire.Words{Game: "Alpha", Other: "Beta"}, `GAME, OTHER_GAME`, `Alpha, Beta`},
		{wire.Words{Player: `a"b\` + "\n"}, `{"name":"PLAYER"}`, `{"name":"a\"b\\\n"}`},
		{wire.Words{Channel: "PLAYER", Player: "x"}, `CHANNEL`, `PLAYER`},
	} {
		if got := test.words.Fill(test.example); got != test.want {
			t.Errorf("%+v in %s: got %s, want %s", test.words, test.example, got, test.want)
		}
	}
	for event, want := range map[string]string{
		wire.ChannelsSubscribe: `{"event":"channels/subscribe","ref":"1","payload":{"channel":"gossip"}}`,
		wire.GamesStatus:       `{"event":"games/status","ref":"1"}`,
	} {
		if got := wire.Find(event).Example("1", someWords); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if got := wire.Find(wire.Heartbeat).Example("", wire.Words{Player: "Bob"}); got != `{"event":"heartbeat","payload":{"players":["Bob"]}}` {
		t.Errorf("got %s", got)
	}
}

func TestCloses(t *testing.T) {
	for _, code := range []int{wire.ClosePlannedStop, wire.CloseTooLarge, wire.CloseRemoved, wire.CloseTryLater, wire.CloseAuthentication, wire.CloseHeartbeat} {
		c := wire.FindClose(code)
		sentence(t, "close", c.About)
		sentence(t, "close", c.Do)
		if !slices.Contains(wire.Closes, c) {
			t.Errorf("%d is not among the hub's", code)
		}
	}
	for _, code := range []int{1000, 1001, 1002, 1005, 1006, 1007, 1011} {
		sentence(t, "close", wire.FindClose(code).About)
	}
	if got := wire.FindClose(3999); got != (wire.Close{Code: 3999}) {
		t.Errorf("got %+v", got)
	}
	for _, f := range wire.Flags {
		sentence(t, f.Name, f.About)
	}
}
