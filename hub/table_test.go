package hub

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hearsay/hub/hubtest"
	"hearsay/hub/store"
	"hearsay/hub/wire"
)

// TestHandlers: what clients may send and what is served is the same.
func TestHandlers(t *testing.T) {
	for name, h := range handlers {
		if h.Event == nil || h.Name != name || h.Request == nil {
			t.Errorf("%s is served, but has no row with a request", name)
		}
	}
	for _, e := range wire.Events {
		_, served := handlers[e.Name]
		apart := e.Name == wire.Authenticate || e.Name == wire.Heartbeat
		if (e.Request != nil) != (served || apart) {
			t.Errorf("%s: served is %t, against its row", e.Name, served || apart)
		}
	}
}

const everySupport = `["channels","players","tells","games","history","achievements","characters"]`

// conform fails the test if a frame of the hub is not as its row says. It gives the frame.
func conform(t testing.TB, text string) wire.Frame {
	t.Helper()
	f, err := wire.Decode([]byte(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	row := wire.Find(f.Event)
	if row == nil {
		t.Fatalf("%s has no row", text)
	}
	switch f.Status {
	case wire.StatusSuccess:
		err = hubtest.Conforms(row.Answer, f.Payload)
	case wire.StatusFailure:
		if !slices.ContainsFunc(slices.Concat(row.Failures, wire.CommonFailures), func(l wire.Failure) bool { return l.Error == f.Error }) && f.Payload == nil {
			t.Errorf("%s: its row does not know this failure", text)
		}
	default:
		err = hubtest.Conforms(row.Notice, f.Payload)
	}
	if err != nil {
		t.Errorf("%s is not as its row says: %v", text, err)
	}
	return f
}

// TestExamples plays every example of the table against a hub, and looks that what the
// hub says is what the table says it says.
func TestExamples(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, Options{Limits: unlimited()})
		words := wire.Words{Channel: "gossip", Player: "Bob", Game: "Alpha", Other: "Beta", Hub: Name}
		beta := w.join(w.game("Beta"), `,"channels":["gossip"],"players":["Eve"]`)
		alpha := w.game("Alpha")
		words.ClientID, words.ClientSecret = alpha.ClientID, alpha.Secret
		seen := map[string]bool{}
		hear := func(texts ...string) {
			for _, text := range texts {
				f := conform(t, text)
				seen[f.Event+" "+f.Status] = true
			}
		}

		plain := w.dial() // with the example's own flags
		plain.beats.Store(true)
		hear(string(heartbeatFrame))
		w.do(plain.conn.Write(t.Context(), 1, []byte(wire.Find(wire.Authenticate).Example("", words))))
		hear(plain.next())
		settle(time.Second)
		hear(plain.texts()...)
		all := w.dial()
		all.beats.Store(true)
		all.send(wire.Authenticate, "", credentials(alpha, everySupport, `,"channels":["gossip"],"players":["Bob"]`))
		hear(all.next())
		site := w.dial()
		site.beats.Store(true)
		site.send(wire.Authenticate, "", credentials(w.application("Site", "versions"), allSupports, ""))
		hear(site.next())
		_, err := w.st.CreateEvent(t.Context(), store.Event{Game: "Alpha", Title: "Midsummer", StartDate: "2026-06-20", EndDate: "2026-06-22"})
		w.do(err)

		person := w.person("ann")
		allowed := true
		w.do(w.st.UpdateGame(t.Context(), "Alpha", store.GameEdit{AllowCharacterRegistration: &allowed}))
		_, err = w.st.Register(t.Context(), store.GameID(alpha.ID), "Bob", w.key(person), time.Now())
		w.do(err)
		beta.send(wire.ChannelsSend, "", `{"channel":"gossip","name":"Eve","message":"hello"}`)
		beta.send(wire.TellsSend, "1", `{"from_name":"Eve","to_game":"Alpha","to_name":"Bob","message":"hello"}`)
		beta.send(wire.PlayersSignIn, "", `{"name":"Sam"}`)
		beta.send(wire.PlayersSignOut, "", `{"name":"Sam"}`)
		beta.fence()
		key := ""
		for _, e := range wire.Events {
			if e.Request == nil || e.Name == wire.Authenticate {
				continue
			}
			s := all
			if e.For == wire.ApplicationsOnly {
				s = site
			}
			example := e.Example("example", words)
			if key != "" {
				example = strings.Replace(example, "8d1e5c1e-7f3a-4b55-8a3b-5a2f3a9c7e21", key, 1)
			}
			hear(s.texts()...)
			w.do(s.conn.Write(t.Context(), 1, []byte(example)))
			if e.Name == wire.Heartbeat {
				continue
			}
			for {
				text := s.next()
				hear(text)
				f, err := wire.Decode([]byte(text))
				w.do(err)
				if string(f.Ref) == `"example"` {
					if f.Status != wire.StatusSuccess {
						t.Errorf("%s: got %s", example, text)
					}
					if e.Name == wire.AchievementsCreate {
						o, _ := wire.DecodeObject(f.Payload)
						key, _ = o.Text("key")
					}
					break
				}
			}
			for _, undo := range [][2]string{{wire.ChannelsUnsubscribe, wire.ChannelsSubscribe}, {wire.PlayersSignOut, wire.PlayersSignIn}} {
				if e.Name == undo[0] {
					s.send(undo[1], "", words.Fill(wire.Find(undo[1]).Request.Example))
					s.fence()
				}
			}
		}
		hear(site.ask(wire.Sync, `{"after":0,"cursor":true}`))
		_, err = w.st.CreateRule(t.Context(), store.Rule{Kind: store.WordRule, Subject: "darn", Action: store.Hold, Reason: "rude", Enabled: true})
		w.do(err)
		_, err = w.st.CreateAchievement(t.Context(), store.GameID(alpha.ID), store.Achievement{Title: "Last"})
		w.do(err)
		w.join(w.game("Gamma"), "").fence()
		w.do(w.st.DeleteGame(t.Context(), "Beta"))
		settle(time.Second)
		w.Shutdown(t.Context(), Downtime)
		hear(all.wantEnd(wire.ClosePlannedStop)...)
		hear(site.wantEnd(wire.ClosePlannedStop)...)

		for _, e := range wire.Events {
			if e.Notice != nil && !seen[e.Name+" "] {
				t.Errorf("nothing has told of %s", e.Name)
			}
			if e.Answer != nil && !seen[e.Name+" success"] {
				t.Errorf("nothing has answered %s", e.Name)
			}
		}
	})
}

// TestFailures meets every failure of the table.
func TestFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, Options{Limits: unlimited()})
		long, much := strings.Repeat("x", maxName+1), strings.Repeat("x", DefaultLimits().MaxText+1)
		alpha, beta := w.game("Alpha"), w.game("Beta")
		slow, _ := w.st.CreateChannel(t.Context(), store.Channel{Name: "slowly", SlowSeconds: 5})
		w.do(w.st.PauseChannel(t.Context(), "testing", time.Hour))
		for word, action := range map[string]store.RuleAction{"muteme": store.Mute, "holdme": store.Hold} {
			_, err := w.st.CreateRule(t.Context(), store.Rule{Kind: store.WordRule, Subject: word, Action: action, Enabled: true})
			w.do(err)
		}
		for range store.MostHeld {
			w.do(w.st.Hold(t.Context(), store.Held{Channel: slow.ID, Game: "Alpha", Name: "Bob", Text: "x"}))
		}
		site := w.join(w.application("Site", "versions"), "")
		w.game("Off")
		quiet := w.dial()
		quiet.beats.Store(true)
		quiet.send(wire.Authenticate, "", credentials(beta, `["channels"]`, ""))
		quiet.next()
		game, other := w.dial(), w.dial() // their heartbeats would say that nobody is on
		game.send(wire.Authenticate, "", credentials(alpha, everySupport, `,"channels":["gossip"],"players":["Bob"]`))
		game.next()
		other.send(wire.Authenticate, "", credentials(w.game("Gamma"), everySupport, `,"players":["Eve"]`))
		other.next()
		id := store.GameID(alpha.ID)
		for i := range store.MostAchievements {
			_, err := w.st.CreateAchievement(t.Context(), id, store.Achievement{Title: strings.Repeat("x", i%50+1)})
			w.do(err)
		}
		tell := func(from, game, to, message string) string {
			return `{"from_name":"` + from + `","to_game":"` + game + `","to_name":"` + to + `","message":"` + message + `"}`
		}
		site.fence()
		site.send(wire.ChannelsSend, "", `{"channel":"slowly","name":"Bob","message":"x"}`)
		met := map[string]bool{}
		for _, test := range []struct {
			from           *socket
			event, payload string
			failure        string
		}{
			{game, wire.ChannelsSubscribe, `{"channel":"CHANNEL1"}`, wire.ErrorSubscribe("CHANNEL1", true)},
			{game, wire.ChannelsSend, `{"channel":"CHANNEL","name":"Bob","message":"x"}`, wire.ErrorNotSubscribed("CHANNEL")},
			{site, wire.ChannelsSend, `{"channel":"CHANNEL","name":"Bob","message":"x"}`, wire.ErrorUnknownChannel("CHANNEL")},
			{game, wire.ChannelsSend, `{"channel":"gossip","name":" ","message":"x"}`, wire.ErrorNameEmpty},
			{game, wire.ChannelsSend, `{"channel":"gossip","name":"` + long + `","message":"x"}`, wire.ErrorNameTooLong},
			{game, wire.ChannelsSend, `{"channel":"gossip","name":"Bob","message":" "}`, wire.ErrorMessageEmpty},
			{game, wire.ChannelsSend, `{"channel":"gossip","name":"Bob","message":"` + much + `"}`, wire.ErrorMessageTooLong},
			{site, wire.ChannelsSend, `{"channel":"testing","name":"Bob","message":"x"}`, wire.ErrorPaused},
			{site, wire.ChannelsSend, `{"channel":"slowly","name":"Bob","message":"x"}`, wire.ErrorSlow(5 * time.Second)},
			{game, wire.ChannelsSend, `{"channel":"gossip","name":"Bob","message":"muteme"}`, wire.ErrorMuted},
			{game, wire.ChannelsSend, `{"channel":"gossip","name":"Bob","message":"holdme"}`, wire.ErrorRefused},
			{game, wire.TellsSend, tell("Bob", "Gamma", "Eve", "muteme"), wire.ErrorMuted},
			{game, wire.TellsSend, tell("Bob", "Gamma", "Eve", "holdme"), wire.ErrorRefused},
			{game, wire.ChannelsHistory, `{"channel":"CHANNEL"}`, wire.ErrorNotSubscribed("CHANNEL")},
			{game, wire.PlayersSignIn, `{"name":""}`, wire.ErrorNameEmpty},
			{game, wire.PlayersSignIn, `{"name":"` + long + `"}`, wire.ErrorNameTooLong},
			{game, wire.PlayersSignOut, `{"name":""}`, wire.ErrorNameEmpty},
			{game, wire.PlayersSignOut, `{"name":"` + long + `"}`, wire.ErrorNameTooLong},
			{game, wire.PlayersStatus, `{"game":"None"}`, wire.ErrorUnknownGame},
			{game, wire.CharactersStatus, `{"name":""}`, wire.ErrorNameEmpty},
			{game, wire.CharactersStatus, `{"name":"` + long + `"}`, wire.ErrorNameTooLong},
			{game, wire.TellsSend, `{}`, wire.ErrorInvalidPayload},
			{game, wire.TellsSend, tell("Bob", "Gamma", "Eve", much), wire.ErrorMessageTooLong},
			{game, wire.TellsSend, tell("Bob", "Off", "Eve", "x"), wire.ErrorGameOffline},
			{game, wire.TellsSend, tell("Bob", "Beta", "Eve", "x"), wire.ErrorNotSupported},
			{game, wire.TellsSend, tell("Sam", "Gamma", "Eve", "x"), wire.ErrorSenderOffline},
			{game, wire.TellsSend, tell("Bob", "Gamma", "Sam", "x"), wire.ErrorReceiverOffline},
			{game, wire.GamesStatus, `{"game":"None"}`, wire.ErrorUnknownGame},
			{game, wire.AchievementsCreate, `{"title":"one more"}`, wire.ErrorTooManyAchievements},
			{site, wire.Sync, `{"after":1000000}`, wire.ErrorUnknownCursor},

			{game, "no/such", `{}`, wire.ErrorUnknown},
			{w.dial(), wire.ChannelsSend, `{}`, wire.ErrorUnauthenticated},
			{quiet, wire.PlayersSignIn, `{"name":"Bob"}`, wire.ErrorMissingSupport(wire.SupportPlayers)},
			{game, wire.ChannelsSend, `{}`, wire.ErrorMalformed},
		} {
			f, err := wire.Decode([]byte(test.from.ask(test.event, test.payload)))
			if err != nil || f.Error != test.failure {
				t.Errorf("%s %.40s: got %q, %v, want %q", test.event, test.payload, f.Error, err, test.failure)
			}
			met[test.event+" "+strings.Replace(test.failure, "CHANNEL1", "CHANNEL", 1)] = true
			met[" "+test.failure] = true
		}
		for _, test := range []struct {
			supports, secret, failure string
		}{
			{allSupports, "wrong", wire.ErrorCredentials},
			{`[]`, alpha.Secret, wire.ErrorMissingSupports},
			{`["players"]`, alpha.Secret, wire.ErrorMustSupport},
			{`["channels","none"]`, alpha.Secret, wire.ErrorUnknownSupports},
		} {
			s := w.dial()
			s.send(wire.Authenticate, "", credentials(store.Credential{ClientID: alpha.ClientID, Secret: test.secret}, test.supports, ""))
			if f := conform(t, s.next()); f.Error != test.failure {
				t.Errorf("authenticate with %s: got %q, want %q", test.supports, f.Error, test.failure)
			}
			met[wire.Authenticate+" "+test.failure] = true
		}
		met[" "+wire.ErrorRateLimit] = true // in TestLimit_buckets
		for _, e := range wire.Events {
			for _, f := range e.Failures {
				if !met[e.Name+" "+f.Error] {
					t.Errorf("nobody has met %q of %s", f.Error, e.Name)
				}
			}
		}
		for _, f := range wire.CommonFailures {
			if !met[" "+f.Error] {
				t.Errorf("nobody has met %q", f.Error)
			}
		}
	})
}
