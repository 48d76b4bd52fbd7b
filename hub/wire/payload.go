package wire

import (
	"encoding/json"
	"regexp"
	"time"
)

// This file has the payloads of events, in the order of the protocol. Those that
// the hub reads come from a json.RawMessage, and ok is false when it is missing or
// malformed; those that it writes are structs for Encode.

// AuthenticatePayload asks to come in. Section 3.
type AuthenticatePayload struct {
	ClientID     string   `json:"client_id"`
	ClientSecret string   `json:"client_secret"`
	Supports     []string `json:"supports"` // nil if it was no list of texts
	Channels     []string `json:"channels,omitempty"`
	Players      []string `json:"players,omitempty"`
	Version      string   `json:"version,omitempty"`
	UserAgent    string   `json:"user_agent,omitempty"`
	Debug        bool     `json:"debug,omitempty"`
	Sync         string   `json:"sync,omitempty"` // extension, of applications: "records" or "versions"
}

// maxClientText is how much of user_agent and version is kept, in characters.
const maxClientText = 255

// DecodeAuthenticate is not ok when there can be no valid credentials in it. What
// else has the wrong type is passed over.
func DecodeAuthenticate(raw json.RawMessage) (p AuthenticatePayload, ok bool) {
	o, err := DecodeObject(raw)
	if err != nil {
		return p, false
	}
	p.ClientID, ok = o.Text("client_id")
	secret, okSecret := o.Text("client_secret")
	p.ClientSecret = secret
	if strict := []string(nil); json.Unmarshal(o["supports"], &strict) == nil {
		if texts, isList := o.Texts("supports"); isList && len(texts) == len(strict) {
			p.Supports = texts
		}
	}
	p.Channels, _ = o.Texts("channels")
	p.Players, _ = o.Texts("players")
	version, _ := o.Text("version")
	userAgent, _ := o.Text("user_agent")
	p.Version, p.UserAgent = cut(Clean(version), maxClientText), cut(Clean(userAgent), maxClientText)
	p.Debug, _ = o.Bool("debug")
	if form, _ := o.Text("sync"); form == "records" || form == "versions" {
		p.Sync = form
	}
	return p, ok && okSecret
}

// cut leaves the first characters of a text.
func cut(text string, most int) string {
	n := 0
	for i := range text {
		if n == most {
			return text[:i]
		}
		n++
	}
	return text
}

// A Welcome is the payload of an authenticate that succeeded.
type Welcome struct {
	Unicode string `json:"unicode"`
	Version string `json:"version"`
}

// HeartbeatPayload is the answer to a heartbeat. Section 4.
type HeartbeatPayload struct {
	Players []string `json:"players"` // never nil
}

// HeartbeatPlayers are the players that a client's heartbeat lists, whatever form
// it has. Section 4.
func HeartbeatPlayers(raw json.RawMessage) []string {
	if texts, ok := Texts(raw); ok {
		return texts
	}
	o, err := DecodeObject(raw)
	if err != nil {
		return nil
	}
	texts, _ := o.Texts("players")
	return texts
}

// RestartPayload announces a planned stop. Section 4.
type RestartPayload struct {
	Downtime int `json:"downtime"` // seconds, at least 1
}

// ChannelPayload names a channel.
type ChannelPayload struct {
	Channel string `json:"channel"`
}

// NamePayload names a player.
type NamePayload struct {
	Name string `json:"name"`
}

// DecodeChannel reads the payload of channels/subscribe and channels/unsubscribe.
func DecodeChannel(raw json.RawMessage) (channel string, ok bool) {
	return member(raw, "channel")
}

// DecodeName reads the payload of players/sign-in, players/sign-out and characters/status.
func DecodeName(raw json.RawMessage) (name string, ok bool) {
	return member(raw, "name")
}

// DecodeKey reads the payload of achievements/delete; a missing key is empty.
func DecodeKey(raw json.RawMessage) (key string, ok bool) {
	o, err := DecodeObject(raw)
	if err != nil {
		return "", false
	}
	key, _ = o.Text("key")
	return key, true
}

func member(raw json.RawMessage, key string) (string, bool) {
	o, err := DecodeObject(raw)
	if err != nil {
		return "", false
	}
	return o.Text(key)
}

// DecodeGame reads the optional payload of players/status and games/status: all
// games, or one.
func DecodeGame(raw json.RawMessage) (game string, all, ok bool) {
	if raw == nil {
		return "", true, true
	}
	o, err := DecodeObject(raw)
	if err != nil {
		return "", false, false
	}
	if !o.Has("game") {
		return "", true, true
	}
	game, ok = o.Text("game")
	return game, false, ok
}

// SendPayload is what a player says in a channel. Section 5.
type SendPayload struct {
	Channel string `json:"channel"`
	Name    string `json:"name"`
	Message string `json:"message"`
}

// DecodeSend reads the payload of channels/send; name and message are as they came.
func DecodeSend(raw json.RawMessage) (p SendPayload, ok bool) {
	o, err := DecodeObject(raw)
	if err != nil {
		return p, false
	}
	var okName, okMessage bool
	p.Channel, ok = o.Text("channel")
	p.Name, okName = o.Text("name")
	p.Message, okMessage = o.Text("message")
	return p, ok && okName && okMessage
}

// A Broadcast is a message on its way to subscribers. ID and SentAt go only to
// sockets with the flag history.
type Broadcast struct {
	Channel string
	Game    string
	Name    string
	Message string
	ID      int64     // 0: left out; the channel keeps no log
	SentAt  time.Time // zero: left out
}

// Encode makes the payload. It is written by hand because it is what the hub
// encodes most.
func (p Broadcast) Encode() json.RawMessage {
	b := make([]byte, 0, 96+len(p.Name)+len(p.Message))
	b = append(b, `{"channel":`...)
	b = AppendText(b, p.Channel)
	b = append(b, `,"game":`...)
	b = AppendText(b, p.Game)
	b = append(b, `,"name":`...)
	b = AppendText(b, p.Name)
	b = append(b, `,"message":`...)
	b = AppendText(b, p.Message)
	if p.ID != 0 {
		b = append(b, `,"id":`...)
		b = appendInt(b, p.ID)
	}
	if !p.SentAt.IsZero() {
		b = append(b, `,"sent_at":`...)
		b = AppendText(b, Micros(p.SentAt))
	}
	return append(b, '}')
}

// DecodeBroadcast reads the payload, as a client does; what is no moment is no SentAt.
func DecodeBroadcast(raw json.RawMessage) (p Broadcast, ok bool) {
	o, err := DecodeObject(raw)
	if err != nil {
		return p, false
	}
	p.Channel, ok = o.Text("channel")
	p.Game, _ = o.Text("game") // the first server could leave these out
	p.Name, _ = o.Text("name")
	p.Message, _ = o.Text("message")
	p.ID, _ = o.Int("id")
	at, _ := o.Text("sent_at")
	p.SentAt, _ = time.Parse(time.RFC3339Nano, at)
	return p, ok
}

// PlayerPayload tells that a player signed in or out. Section 6.
type PlayerPayload struct {
	Game string `json:"game"`
	Name string `json:"name"`
}

// PlayersPayload tells who is on in a game. Section 6.
type PlayersPayload struct {
	Game    string   `json:"game"`
	Players []string `json:"players"` // never nil
}

// TellPayload is a private message from one game. Section 7.
type TellPayload struct {
	FromName string `json:"from_name"`
	ToGame   string `json:"to_game"`
	ToName   string `json:"to_name"`
	SentAt   string `json:"sent_at,omitempty"`
	Message  string `json:"message"`
}

var sentAtForm = regexp.MustCompile(`\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z\z`)

// DecodeTell reads the payload of tells/send; texts are as they came.
func DecodeTell(raw json.RawMessage) (p TellPayload, ok bool) {
	o, err := DecodeObject(raw)
	if err != nil {
		return p, false
	}
	for key, field := range map[string]*string{
		"from_name": &p.FromName, "to_game": &p.ToGame, "to_name": &p.ToName, "message": &p.Message,
	} {
		if *field, ok = o.Text(key); !ok {
			return p, false
		}
	}
	if !o.Has("sent_at") {
		return p, true
	}
	p.SentAt, ok = o.Text("sent_at")
	if !ok || !sentAtForm.MatchString(p.SentAt) {
		return p, false
	}
	_, err = time.Parse(time.RFC3339Nano, p.SentAt)
	return p, err == nil
}

// ReceivePayload is a private message to a game. Section 7.
type ReceivePayload struct {
	FromGame string `json:"from_game"`
	FromName string `json:"from_name"`
	ToName   string `json:"to_name"`
	SentAt   string `json:"sent_at"`
	Message  string `json:"message"`
}

// A Character tells what a player of the game is on this network. Section 11.
type Character struct {
	Name       string `json:"name"`
	Registered bool   `json:"registered"`
	Approved   bool   `json:"approved"`
	Username   string `json:"username,omitempty"` // of those that are approved
}

// GamePayload names a game that came or went. Section 8.
type GamePayload struct {
	Game string `json:"game"`
}

// GameStatus is what games/status tells of a game. Section 8.
type GameStatus struct {
	Game              string       `json:"game"`
	DisplayName       string       `json:"display_name"`
	Description       *string      `json:"description,omitempty"`
	HomepageURL       *string      `json:"homepage_url,omitempty"`
	UserAgent         *string      `json:"user_agent,omitempty"`
	UserAgentURL      *string      `json:"user_agent_url,omitempty"`
	UserAgentRepoURL  *string      `json:"user_agent_repo_url,omitempty"` // the same: servers and documents differ in the name
	Connections       []Connection `json:"connections"`                   // never nil
	Supports          []string     `json:"supports,omitempty"`            // of online games
	Channels          *[]string    `json:"channels,omitempty"`            // of online games; may be empty
	PlayerOnlineCount int          `json:"player_online_count"`
	PlayersOnline     int          `json:"players_online_count"` // the same: servers and documents differ in the name
}

// An Achievement is one of a game's. Section 8.
type Achievement struct {
	Key             string  `json:"key"`
	Title           string  `json:"title"`
	Description     *string `json:"description"`
	Points          int     `json:"points"`
	Display         bool    `json:"display"`
	PartialProgress bool    `json:"partial_progress"`
	TotalProgress   *int64  `json:"total_progress"`
}

// AchievementsPayload is a part of a game's achievements. Section 8.
type AchievementsPayload struct {
	Total        int           `json:"total"`
	Achievements []Achievement `json:"achievements"` // never nil
}

// KeyPayload names an achievement that was deleted.
type KeyPayload struct {
	Key string `json:"key"`
}

// ErrorsPayload says what is wrong with each attribute.
type ErrorsPayload struct {
	Errors map[string][]string `json:"errors"`
}

// DecodeErrors reads what is wrong with each attribute, from the payload of a failure; nil
// if that says nothing of the kind.
func DecodeErrors(raw json.RawMessage) map[string][]string {
	var p ErrorsPayload
	if raw == nil || json.Unmarshal(raw, &p) != nil {
		return nil
	}
	return p.Errors
}

// HistoryRequest asks for a part of a channel's log. Section 11.
type HistoryRequest struct {
	Channel string `json:"channel"`
	After   *int64 `json:"after,omitempty"`
	Limit   int    `json:"limit,omitempty"` // 0: not given
}

// DecodeHistory reads the payload of channels/history.
func DecodeHistory(raw json.RawMessage) (p HistoryRequest, ok bool) {
	o, err := DecodeObject(raw)
	if err != nil {
		return p, false
	}
	if p.Channel, ok = o.Text("channel"); !ok {
		return p, false
	}
	if o.Has("after") {
		n, ok := o.Int("after")
		if !ok {
			return p, false
		}
		p.After = &n
	}
	if o.Has("limit") {
		n, ok := o.Int("limit")
		if !ok || n < 1 {
			return p, false
		}
		p.Limit = int(min(n, 1<<30))
	}
	return p, true
}

// HistoryPayload is a part of a channel's log. Section 11.
type HistoryPayload struct {
	Channel  string           `json:"channel"`
	Total    int              `json:"total"`
	Messages []HistoryMessage `json:"messages"` // never nil
}

// A HistoryMessage is a message as the log keeps it.
type HistoryMessage struct {
	ID      int64  `json:"id"`
	Game    string `json:"game"`
	Name    string `json:"name"`
	Message string `json:"message"`
	SentAt  string `json:"sent_at"`
}

// Micros writes an instant as UTC with six decimals.
func Micros(t time.Time) string { return t.UTC().Format(microsLayout) }

const microsLayout = "2006-01-02T15:04:05.000000Z"
