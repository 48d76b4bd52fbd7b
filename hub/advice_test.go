package hub

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"hearsay/hub/wire"
)

func TestDiagnose(t *testing.T) {
	now := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	at := func(minutes int) time.Time { return now.Add(-time.Duration(minutes) * time.Minute) }
	pointer := func(t time.Time) *time.Time { return &t }
	home := netip.MustParseAddr("192.0.2.1")
	here := SocketChart{Remote: home, Opened: at(60), Channels: []string{"gossip"}, Unanswered: 1}
	seen := Patient{LastSeen: pointer(at(1))}
	with := func(change func(*SocketChart)) []SocketChart {
		s := here
		change(&s)
		return []SocketChart{s}
	}
	cut := func(ago int, age, quiet time.Duration) Ending {
		return Ending{Opened: at(ago).Add(-age), At: at(ago), Code: codeCut, ByClient: true, Quiet: quiet}
	}
	failure := func(why Why, count int) Chart {
		return Chart{Failures: []Failure{{Count: count, First: at(9), Last: at(2), Remote: home, Why: why, Ended: at(30)}}}
	}
	denied := func(event, reason string, count, ago int) CountedDenial {
		return CountedDenial{newDenial(event, reason), Tally{Count: count, Last: at(ago)}}
	}
	for _, test := range []struct {
		name    string
		chart   Chart
		patient Patient
		state   State
		verdict string   // a part
		advice  []string // a part of each What or Do
	}{
		{"well", Chart{Sockets: []SocketChart{here}}, seen, Well, "It is connected, and nothing is wrong.", nil},
		{"never", Chart{}, Patient{}, Grave, "It is not connected. It has never connected", []string{"nobody has tried with its client id"}},
		{"never, but a stranger", Chart{Strangers: []Failure{{Last: at(1), Remote: home, Why: UnknownClient}}}, Patient{}, Grave, "",
			[]string{"But somebody else came from 192.0.2.1, at 2026-03-04 11:59:00 UTC: no game or application has this client id."}},
		{"since the start", Chart{}, seen, Grave, "has not tried since the hub started. It was last here at 2026-03-04 11:59:00 UTC.", nil},
		{"gone", Chart{Endings: []Ending{{Opened: at(9), At: at(3), Code: 1001, ByClient: true}}}, seen, Grave,
			"It is not connected. The last socket ended at 2026-03-04 11:57:00 UTC with 1001: the client closed the socket: it went away", nil},
		{"only a browser", Chart{Sockets: with(func(s *SocketChart) { s.Console = true })}, seen, Grave, "It is not connected", nil},

		{"suspended", Chart{}, Patient{LastSeen: pointer(at(1)), Suspended: true, SuspendedReason: "spam", SuspendedUntil: pointer(at(-60))}, Grave,
			"It is suspended until 2026-03-04 13:00:00 UTC (spam)", []string{"End the suspension"}},
		{"wrong secret", failure(WrongSecret, 3), seen, Grave, "It is not connected. The secret was wrong: 3 times from 192.0.2.1, last at 2026-03-04 11:58:00 UTC.", []string{"Compare what the client has set"}},
		{"old secret", failure(EndedSecret, 1), seen, Grave, "the old one, which ended at 2026-03-04 11:30:00 UTC: once", []string{"Set the new secret"}},
		{"no credentials", failure(NoCredentials, 2), Patient{}, Grave, "had no client id, or no secret", []string{"twice"}},
		{"no supports", failure(NoSupports, 1), Patient{}, Grave, "The list supports was missing", []string{`["channels"]`}},
		{"no channels", failure(NoChannels, 1), Patient{}, Grave, "flag channels", []string{`Put "channels"`}},
		{"unknown supports", failure(UnknownSupports, 1), Patient{}, Grave, "none that the hub knows", []string{"Leave out"}},
		{"too many failures", failure(TooManyFailures, 1), seen, Grave, "was not looked at", []string{"wait for a minute"}},
		{"too many sockets", Chart{Sockets: []SocketChart{{Remote: netip.MustParseAddr("192.0.2.2"), Opened: at(60), Channels: []string{"gossip"}}}, Failures: failure(TooManySockets, 9).Failures}, seen,
			Fair, "too many sockets", []string{"raise the limit"}},
		{"suspended before", failure(Suspended, 1), seen, Grave, "its owner is suspended", []string{"will be let in"}},
		{"wrong secret, mended", Chart{Sockets: with(func(s *SocketChart) { s.Opened = at(1) }), Failures: failure(WrongSecret, 3).Failures}, seen, Well, "", nil},
		{"wrong secret, long ago", Chart{Sockets: []SocketChart{here}, Failures: []Failure{{Last: at(60 * 25), Count: 3, Why: WrongSecret}}}, seen, Well, "", nil},

		{"misspelt field", Chart{Sockets: []SocketChart{here}, Mistakes: []CountedMistake{{wire.Mistake{Kind: wire.UnknownField, Event: "channels/send", Name: "chanel", Means: "channel"}, Tally{Count: 3, Last: at(1)}}}}, seen,
			Grave, "It is connected. In `channels/send` the client sends `chanel`; the field is `channel`.", []string{"Send `channel` in the place of `chanel`."}},
		{"misspelt field, mended", Chart{Sockets: []SocketChart{here}, Mistakes: []CountedMistake{{wire.Mistake{Kind: wire.UnknownField, Event: "channels/send", Name: "chanel", Means: "channel"}, Tally{Count: 3, Last: at(61)}}}}, seen, Well, "", nil},
		{"a field too many", Chart{Sockets: []SocketChart{here}, Mistakes: []CountedMistake{{wire.Mistake{Kind: wire.UnknownField, Event: "channels/send", Name: "colour"}, Tally{Count: 3, Last: at(1)}}}}, seen, Well, "", nil},
		{"a wrong type", Chart{Sockets: []SocketChart{here}, Mistakes: []CountedMistake{{wire.Mistake{Kind: wire.MistypedField, Event: "tells/send", Name: "sent_at", Means: "instant"}, Tally{Count: 1, Last: at(1)}}}}, seen,
			Fair, "as something else than an instant", []string{"Send `sent_at` as an instant."}},

		{"refused requests", Chart{Sockets: []SocketChart{here}, Denials: []CountedDenial{denied("channels/send", wire.ErrorNotSubscribed("rp"), 4, 1)}}, seen,
			Grave, "It is connected. The hub refused `channels/send` 4 times with the error `not subscribed to \"rp\"`, last at 2026-03-04 11:59:00 UTC.", []string{"send channels/subscribe for it"}},
		{"refused requests, mended", Chart{Sockets: []SocketChart{here}, Denials: []CountedDenial{denied("channels/send", wire.ErrorNotSubscribed("gossip"), 4, 1), denied("tells/send", wire.ErrorInvalidPayload, 4, 61)}}, seen, Well, "", nil},
		{"refused in normal play", Chart{Sockets: []SocketChart{here}, Denials: []CountedDenial{denied("tells/send", wire.ErrorReceiverOffline, 4, 1), denied("channels/send", wire.ErrorSlow(time.Minute), 4, 1)}}, seen, Well, "", nil},
		{"muted", Chart{Sockets: []SocketChart{here}, Denials: []CountedDenial{denied("channels/send", wire.ErrorMuted, 1, 1)}}, seen, Fair, "once with the error `muted`", []string{"on the page Rules"}},
		{"a new error", Chart{Sockets: []SocketChart{here}, Denials: []CountedDenial{denied("channels/send", "no such luck", 1, 1)}}, seen, Fair, "`no such luck`", []string{"Correct what"}},
		{"refused for a mistake", Chart{Sockets: []SocketChart{here}, Denials: []CountedDenial{denied("channel/send", wire.ErrorUnknown, 1, 1)},
			Mistakes: []CountedMistake{{wire.Mistake{Kind: wire.UnknownEvent, Name: "channel/send", Means: "channels/send"}, Tally{Count: 1, Last: at(1)}}}}, seen, Grave, "It is connected. The client sends the event `channel/send`", nil},

		{"heartbeats", Chart{Sockets: with(func(s *SocketChart) { s.Unanswered = 2 })}, seen, Grave, "2 heartbeats in a row unanswered", []string{"Answer each heartbeat"}},
		{"heartbeats before", Chart{Endings: []Ending{{Opened: at(10), At: at(9), Code: wire.CloseHeartbeat}}}, seen, Grave, "after 1m0s, had left its heartbeats unanswered", []string{"Answer each heartbeat"}},
		{"too large", Chart{Endings: []Ending{{At: at(9), Code: wire.CloseTooLarge}}}, seen, Grave, "larger than the hub takes", []string{"Send less"}},
		{"flood", Chart{Endings: []Ending{{At: at(9), Code: wire.CloseRemoved, Reason: "too many messages over the rate limit"}}, Drops: Tally{120, at(9), "x"}}, seen, Grave,
			"too many messages over the rate limit", []string{"wait for the answer", "120 events were dropped"}},
		{"slow", Chart{Sockets: []SocketChart{here}, Overflows: Tally{2, at(9), ""}}, seen, Fair, "Too much was waiting for it, twice", []string{"a thread of its own"}},
		{"idle proxy", Chart{Sockets: []SocketChart{here}, Endings: []Ending{cut(1, time.Minute, 10*time.Second), cut(2, 90*time.Second, 10*time.Second), cut(4, 2*time.Minute, 11*time.Second)}}, seen, Fair,
			"3 times without a close frame, each time when nothing had gone over it for about 10s", []string{"proxy_read_timeout"}},
		{"proxy", Chart{Sockets: []SocketChart{here}, Endings: []Ending{cut(1, time.Minute, time.Second), cut(2, time.Minute, 9*time.Second), cut(4, 61*time.Second, 3*time.Second)}}, seen, Fair,
			"each time about 1m0s after it began", []string{"no link last longer than 1m0s"}},
		{"cuts", Chart{Sockets: []SocketChart{here}, Endings: []Ending{cut(1, time.Minute, time.Second), cut(2, time.Hour, 9*time.Second), cut(4, time.Second, 3*time.Second)}}, seen, Fair, "after different times", []string{"Look whether"}},
		{"refused", Chart{Sockets: []SocketChart{here}, Refused: []Refused{{"Gossip", true, at(1)}, {"a b", false, at(2)}, {"old", false, at(60 * 30)}}}, seen, Fair, `names are refused: "a b".`, []string{"3 to 15 letters", `only by case: "Gossip".`}},
		{"no channel", Chart{Sockets: with(func(s *SocketChart) { s.Channels = nil })}, seen, Fair, "It hears no channel.", []string{"channels/subscribe"}},
		{"an application needs none", Chart{Sockets: with(func(s *SocketChart) { s.Channels = nil })}, Patient{Application: true, LastSeen: seen.LastSeen}, Well, "", nil},
		{"drops", Chart{Sockets: []SocketChart{here}, Drops: Tally{7, at(1), "channels/send"}}, seen, Fair, "7 events were dropped, the last, `channels/send`", []string{"Send less often"}},
		{"still the old secret", Chart{Sockets: []SocketChart{here}}, Patient{LastSeen: seen.LastSeen, OldSecretUsed: pointer(at(1)), SecretUsed: nil, OldSecretEnds: pointer(at(-60))}, Fair, "still comes in with the old secret, which ends at 2026-03-04 13:00:00 UTC", []string{"before then"}},
		{"the new secret", Chart{Sockets: []SocketChart{here}}, Patient{LastSeen: seen.LastSeen, OldSecretUsed: pointer(at(9)), SecretUsed: pointer(at(1)), OldSecretEnds: pointer(at(-60))}, Well, "", nil},
		{"clock", Chart{Sockets: with(func(s *SocketChart) { s.Skew = -time.Hour })}, seen, Fair, "1h0m0s behind", []string{"NTP"}},
		{"clock ahead", Chart{Sockets: with(func(s *SocketChart) { s.Skew = 5 * time.Minute })}, seen, Fair, "5m0s ahead", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.chart.At = now
			d := test.chart.Diagnose(test.patient)
			if d.State != test.state || !strings.Contains(d.Verdict, test.verdict) {
				t.Errorf("got %s %q, want %s %q", d.State, d.Verdict, test.state, test.verdict)
			}
			all := ""
			for i, a := range d.Advice {
				all += a.What + " " + a.Do + "\n"
				if !strings.HasSuffix(a.What, ".") || !strings.HasSuffix(a.Do, ".") {
					t.Errorf("no sentences: %+v", a)
				}
				if i > 0 && a.Grave && !d.Advice[i-1].Grave {
					t.Errorf("the gravest come first: %+v", d.Advice)
				}
			}
			for _, want := range test.advice {
				if !strings.Contains(all, want) {
					t.Errorf("got the advice\n%swant %q in it", all, want)
				}
			}
			if test.state == Well && all != "" {
				t.Errorf("got the advice\n%swant none", all)
			}
		})
	}
}

func TestMistakeWords(t *testing.T) {
	for m, want := range map[wire.Mistake]string{
		{Kind: wire.NoObject}: "is no JSON object. Send each event",
		{Kind: wire.UnknownEvent, Name: "channel/send", Means: "channels/send"}:                "`channel/send`, which the hub does not know. The event is `channels/send`.",
		{Kind: wire.UnknownEvent, Name: "x"}:                                                   "The documentation lists all events.",
		{Kind: wire.UnknownMember, Name: "events", Means: "event"}:                             "`events` beside `event` and `payload`. The member is `event`.",
		{Kind: wire.UnknownMember, Name: "client_id", Means: "payload.client_id"}:              "Put `client_id` into `payload`.",
		{Kind: wire.UnknownField, Event: "channels/send", Name: "user", Means: "name"}:         "`user`; the field is `name`. Send `name` in the place of `user`.",
		{Kind: wire.UnknownField, Event: "channels/send", Name: "colour"}:                      "The hub passes it over.",
		{Kind: wire.MissingField, Event: "channels/send", Name: "message"}:                     "leaves out `message`. Send `message` with every `channels/send`.",
		{Kind: wire.MistypedField, Event: "channels/history", Name: "limit", Means: "integer"}: "Send `limit` as an integer.",
	} {
		what, do := MistakeWords(m)
		if got := what + " " + do; !strings.Contains(got, want) {
			t.Errorf("%+v: got %q, want %q in it", m, got, want)
		}
	}
}
