package admin

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"hearsay/hub"
	"hearsay/hub/store"
	"hearsay/hub/wire"

	"hearsay/hub/page"
)

// docs is the protocol for clients' authors, made of the tables that the hub serves by.
type docs struct {
	page.Frame
	hub.Terms
	Socket string // where clients connect
	Origin string // where browsers and games' sites find the hub
	Words  wire.Words
}

// A chapter is the events of one part of the protocol.
type chapter struct {
	ID, Title, About string
	Events           []string
}

// chapters have every event once.
var chapters = []chapter{
	{"connection", "The connection", "What every client does, whatever else it can.", []string{wire.Authenticate, wire.Heartbeat, wire.Restart}},
	{"channels", "Channels", "A channel is a room that players of all games talk in. Names compare by exact case.", []string{
		wire.ChannelsSubscribe, wire.ChannelsUnsubscribe, wire.ChannelsSend, wire.ChannelsBroadcast, wire.ChannelsHistory}},
	{"players", "Players", "Who is signed in where. A game's players are those of all its sockets together; names compare without case.", []string{
		wire.PlayersSignIn, wire.PlayersSignOut, wire.PlayersStatus}},
	{"tells", "Tells", "What one player says to another, in another game.", []string{wire.TellsSend, wire.TellsReceive}},
	{"characters", "Characters", "Which players of a game are people of this network. Names compare without case.", []string{wire.CharactersStatus, wire.CharactersChanged}},
	{"games", "Games", "Which games there are, and which are online.", []string{wire.GamesConnect, wire.GamesDisconnect, wire.GamesStatus}},
	{"achievements", "Achievements", "What players of a game can achieve there.", []string{
		wire.AchievementsSync, wire.AchievementsCreate, wire.AchievementsUpdate, wire.AchievementsDelete}},
	{"sync", "Sync, for applications", "An application keeps a copy of the network's records that is always up to date.", []string{
		wire.Sync, wire.SyncPrefix + wire.KindChannels, wire.SyncPrefix + wire.KindGames, wire.SyncPrefix + wire.KindEvents, wire.SyncPrefix + wire.KindAchievements,
		wire.SyncPrefix + wire.KindRules}},
}

func (s *server) serveDocs(w http.ResponseWriter, r *http.Request) error {
	d := docs{Frame: s.Open(w, r, "The protocol"), Terms: hub.DefaultTerms(), Socket: s.Socket(r), Origin: s.Origin(r)}
	if s.Hub != nil {
		d.Terms = s.Hub.Terms()
	}
	d.Words = wire.Words{
		Channel: "gossip", Player: "Ann", Game: "MyGame", Other: "OtherGame", Hub: d.Terms.Name,
		ClientID: "YOUR-CLIENT-ID", ClientSecret: "YOUR-CLIENT-SECRET",
	}
	return s.Show(w, r, docsPage(d))
}

// Fill puts this hub's words into a text.
func (d docs) Fill(text string) string { return d.Words.Fill(text) }

// Request is an example of what a client sends.
func (d docs) Request(e *wire.Event) string {
	ref := "1"
	if e.Name == wire.Authenticate || e.Name == wire.Heartbeat {
		ref = "" // their answers never have it
	}
	return indented(e.Example(ref, d.Words))
}

// Answer is an example of the answer to it.
func (d docs) Answer(e *wire.Event) string {
	f := wire.Frame{Event: e.Name, Ref: wire.Ref(`"1"`), Status: wire.StatusSuccess}
	if e.Name == wire.Authenticate {
		f.Ref = nil
	}
	if e.Answer != nil && !e.Answer.Optional {
		f.Payload = json.RawMessage(d.Fill(e.Answer.Example))
	}
	return indented(string(f.Encode()))
}

// Notice is an example of what the hub sends unasked.
func (d docs) Notice(e *wire.Event) string {
	f := wire.Frame{Event: e.Name}
	if e.Notice.Example != "" {
		f.Ref, f.Payload = wire.Ref(`"5a0b5ffa-6a45-4f1e-9d9d-3f0c4a7f2f11"`), json.RawMessage(d.Fill(e.Notice.Example))
	}
	return indented(string(f.Encode()))
}

// siteBack is the redirect URI of the examples.
const siteBack = "https://mygame.example/back"

// AuthorizeExample is where a game's site sends a browser.
func (d docs) AuthorizeExample() string {
	return d.Origin + "/oauth/authorize?response_type=code\n  &client_id=" + d.Words.ClientID + "\n  &redirect_uri=" + url.QueryEscape(siteBack) +
		"\n  &scope=profile+email\n  &state=STATE\n  &code_challenge=CHALLENGE&code_challenge_method=S256"
}

// TokenExample is how a site's server exchanges a code.
func (d docs) TokenExample() string {
	return "curl " + d.Origin + "/oauth/token \\\n  -u " + d.Words.ClientID + ":" + d.Words.ClientSecret +
		" \\\n  -d grant_type=authorization_code -d code=CODE \\\n  -d redirect_uri=" + siteBack + " \\\n  -d code_verifier=VERIFIER"
}

// tokensExample is the answer to it.
func tokensExample() string {
	return fmt.Sprintf(`{"access_token": "...", "token_type": "Bearer",
 "expires_in": %d, "refresh_token": "...",
 "scope": "profile email"}`, int(store.AccessLasts/time.Second))
}

// UserExample is how a site asks who has signed in.
func (d docs) UserExample() string {
	return "curl " + d.Origin + "/users/me \\\n  -H 'Authorization: Bearer ACCESS-TOKEN'"
}

// userExample is the answer to it.
const userExample = `{"uid": "f0c3a1d2-5b7e-4c1f-9a52-7d3f6e0b8c41",
 "username": "ann", "email": "ann@example.org"}`

// lineMost is how long an example may be to stand on one line.
const lineMost = 68

// indented is an example as people read it: the members of a payload each on a line, if
// they are not few.
func indented(example string) string {
	breaks := len(example) > lineMost
	var b strings.Builder
	depth, quoted := 0, false
	for i := 0; i < len(example); i++ {
		c := example[i]
		switch {
		case quoted && c == '\\':
			b.WriteByte(c)
			i++
			c = example[i]
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth == 2 && breaks {
				b.WriteByte(c)
				b.WriteString("\n  ")
				continue
			}
		case c == '}' || c == ']':
			if depth == 2 && breaks {
				b.WriteByte('\n')
			}
			depth--
		case c == ',':
			b.WriteByte(c)
			if depth == 2 && breaks {
				b.WriteString("\n  ")
			} else {
				b.WriteByte(' ')
			}
			continue
		case c == ':':
			b.WriteString(": ")
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}

// anchor is the id of an event's section.
func anchor(event string) string { return "event-" + strings.ReplaceAll(event, "/", "-") }

// needs says which flag an event is of, and who may send it.
func needs(e *wire.Event) (all []string) {
	if e.Needs != 0 {
		all = append(all, "flag "+e.Needs.Names()[0])
	}
	switch e.For {
	case wire.GamesOnly:
		all = append(all, "games only")
	case wire.ApplicationsOnly:
		all = append(all, "applications only")
	}
	if e.NeedsRef {
		all = append(all, "needs ref")
	}
	return all
}

// A term is a limit, in words.
type term struct{ What, Value string }

// Limited lists the limits as they are set here.
func (d docs) Limited() []term {
	l := d.Terms.Limits
	all := []term{
		{"A message from a client", page.Size(int64(l.MaxMessage))},
		{"What a player says, once it is cleaned", page.Number(l.MaxText) + " characters and " + page.Number(l.MaxTextBytes) + " bytes"},
		{"A player's name, once it is cleaned", page.Number(d.MaxName) + " characters"},
		{"All events of a game's socket", rateText(l.Events)},
		{wire.ChannelsSend, rateText(l.Sends)},
		{wire.ChannelsSubscribe + " and " + wire.ChannelsUnsubscribe + " together", rateText(l.Subscribes)},
		{wire.TellsSend, rateText(l.Tells)},
		{"Those of them to the hub's own player", rateText(l.System)},
		{"All frames of a socket before it has authenticated; over it the socket is closed with " + strconv.Itoa(wire.CloseRemoved), rateText(l.Unauthenticated)},
		{"An application's socket", strconv.Itoa(max(1, l.ApplicationFactor)) + " times that"},
		{"Dropped events within a minute, after which the socket is closed with " + strconv.Itoa(wire.CloseRemoved), most(l.Drops)},
		{"Sockets of one game or application", most(l.Sockets)},
		{"Refused authentications a minute from one address with one client id; after that each refusal comes later, up to 10 seconds", most(l.Failures)},
		{"Refused authentications a minute from one address; after that the upgrade is answered with 429 for up to a minute", most(l.FailuresAddress)},
		{"What may wait for a socket that reads slowly", page.Size(int64(l.MaxQueue))},
		{"Messages that one " + wire.ChannelsHistory + " gives", page.Number(l.History)},
	}
	return all
}

func rateText(r hub.Rate) string {
	if r.Burst == 0 {
		return "no limit"
	}
	return fmt.Sprintf("%s at once, then %s a second", page.Number(r.Burst), strconv.FormatFloat(r.PerSecond, 'f', -1, 64))
}

func most(n int) string {
	if n == 0 {
		return "no limit"
	}
	return page.Number(n)
}

// seconds is a duration of the protocol.
func seconds(d time.Duration) string {
	switch {
	case d >= 2*time.Minute && d%time.Minute == 0:
		return page.Count(int(d/time.Minute), "minute")
	case d%time.Second == 0:
		return page.Count(int(d/time.Second), "second")
	}
	return d.String()
}
