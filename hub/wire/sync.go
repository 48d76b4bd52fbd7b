package wire

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// This file has the sync of records with applications. Section 9.

// The kinds of records, as in the events "sync/KIND".
const (
	KindChannels     = "channels"
	KindGames        = "games"
	KindEvents       = "events"
	KindAchievements = "achievements"
	KindRules        = "rules" // extension
)

var kinds = []string{KindChannels, KindGames, KindEvents, KindAchievements, KindRules}

// The actions of a version.
const (
	ActionCreate = "create"
	ActionUpdate = "update"
	ActionDelete = "delete"
)

// MaxBatch is how many records or versions a frame has at most.
const MaxBatch = 10

// A ChannelRecord is a channel as applications get it.
type ChannelRecord struct {
	ID          int64   `json:"id"`
	Name        string  `json:"name"`
	Description *string `json:"description"`
	Hidden      bool    `json:"hidden"`
}

// A GameRecord is a game as applications get it.
type GameRecord struct {
	ID                         int64        `json:"id"`
	Game                       string       `json:"game"` // short name
	DisplayName                string       `json:"display_name"`
	Display                    bool         `json:"display"`
	Description                *string      `json:"description"`
	HomepageURL                *string      `json:"homepage_url"`
	Tagline                    *string      `json:"tagline"`
	UserAgent                  *string      `json:"user_agent"`
	UserAgentURL               *string      `json:"user_agent_url"`
	Connections                []Connection `json:"connections"`
	RedirectURIs               []string     `json:"redirect_uris"`
	AllowCharacterRegistration bool         `json:"allow_character_registration"`
	ClientID                   string       `json:"client_id"`
	ClientSecret               string       `json:"client_secret"` // never the secret: "redacted", or "sha256:" and the hash
	LastSeenAt                 *string      `json:"last_seen_at"`
	MSSPLastSeenAt             *string      `json:"mssp_last_seen_at"`
}

// An EventRecord is something that a game announces, as applications get it.
type EventRecord struct {
	ID          int64   `json:"id"`
	GameID      int64   `json:"game_id"`
	Title       string  `json:"title"`
	Description *string `json:"description"`
	StartDate   string  `json:"start_date"` // YYYY-MM-DD
	EndDate     string  `json:"end_date"`
}

// An AchievementRecord is an achievement as applications get it.
type AchievementRecord struct {
	ID     int64 `json:"id"`
	GameID int64 `json:"game_id"`
	Achievement
}

// A RuleRecord is a rule of moderation as applications get it. Extension.
type RuleRecord struct {
	ID          int64   `json:"id"`
	Kind        string  `json:"kind"`        // "player", "word" or "pattern"
	Subject     string  `json:"subject"`     // NAME@GAME, *@GAME or NAME@*; a word; RE2
	Channel     *string `json:"channel"`     // null: every channel, and tells
	Action      string  `json:"action"`      // "warn", "replace", "hold", "drop" or "mute"
	Replacement *string `json:"replacement"` // of replace
	Reason      *string `json:"reason"`
	EndsAt      *string `json:"ends_at"` // from then on the rule does nothing; no version tells of that
	Enabled     bool    `json:"enabled"`
	CreatedBy   *string `json:"created_by"`
	CreatedAt   string  `json:"created_at"`
}

// A Connection is a way to play a game.
type Connection struct {
	ID   string `json:"id"`   // UUID
	Type string `json:"type"` // "web", "telnet" or "secure telnet"
	URL  string `json:"url,omitempty"`
	Host string `json:"host,omitempty"`
	Port int    `json:"port,omitempty"`
}

// Redacted stands for a secret.
const Redacted = "redacted"

// RemovedName is the short name that a game that is gone has for applications
// which cannot delete it.
func RemovedName(id int64) string { return "removed-" + strconv.FormatInt(id, 10) }

// A SyncVersion is one logged change of a record.
type SyncVersion struct {
	Action   string          `json:"action"`
	LoggedAt time.Time       `json:"-"`
	Payload  json.RawMessage `json:"payload"`
	ID       int64           `json:"id,omitempty"` // extension

	Record Object `json:"-"` // the members of Payload, when it was decoded
}

// AppendVersion appends the version as JSON, as it stands in a frame's list.
func AppendVersion(b []byte, v SyncVersion) []byte {
	b = append(b, `{"action":`...)
	b = AppendText(b, v.Action)
	b = append(b, `,"logged_at":"`...)
	b = v.LoggedAt.UTC().AppendFormat(b, microsLayout)
	b = append(b, `","payload":`...)
	b = append(b, v.Payload...)
	if v.ID != 0 {
		b = append(b, `,"id":`...)
		b = appendInt(b, v.ID)
	}
	return append(b, '}')
}

func appendInt(b []byte, n int64) []byte { return strconv.AppendInt(b, n, 10) }

// A SyncRequest asks for the versions since an instant or after one.
type SyncRequest struct {
	Since  time.Time // zero: from the beginning
	After  int64     // extension; 0: from the beginning
	Cursor bool      // extension: versions carry ids, the answer says how far it went

	Extended bool // the extension is in use
}

// DecodeSyncRequest reads the payload of sync.
func DecodeSyncRequest(raw json.RawMessage) (p SyncRequest, ok bool) {
	o, err := DecodeObject(raw)
	if err != nil {
		return p, false
	}
	p.Cursor, _ = o.Bool("cursor")
	p.Extended = p.Cursor
	if o.Has("after") && !o.Null("after") {
		p.After, ok = o.Int("after")
		p.Extended = true
		return p, ok && p.After >= 0
	}
	if !o.Has("since") || o.Null("since") {
		return p, true
	}
	since, ok := o.Text("since")
	if !ok {
		return p, false
	}
	p.Since, ok = parseInstant(since)
	return p, ok
}

// Encode makes the payload of the request. With After it says Since as well, for hubs
// without the extension.
func (p SyncRequest) Encode() json.RawMessage {
	b := []byte(`{"since":null`)
	if !p.Since.IsZero() {
		b = AppendText([]byte(`{"since":`), Micros(p.Since))
	}
	if p.After > 0 {
		b = appendInt(append(b, `,"after":`...), p.After)
	}
	if p.Cursor {
		b = append(b, `,"cursor":true`...)
	}
	return append(b, '}')
}

// instantForms differ in the zone, which ISO 8601 writes as Z, +01:00, +0100 or +01, and in
// whether there are seconds. Parsing takes decimals of the second with each.
var instantForms = []string{
	"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05Z07",
	"2006-01-02T15:04Z07:00", "2006-01-02T15:04Z0700", "2006-01-02T15:04Z07",
}

// parseInstant reads an instant in ISO 8601, also with a space or t for T, and z for Z.
func parseInstant(text string) (at time.Time, ok bool) {
	const date = len(time.DateOnly)
	if len(text) > date && strings.IndexByte(" t", text[date]) >= 0 {
		text = text[:date] + "T" + text[date+1:]
	}
	if rest, lower := strings.CutSuffix(text, "z"); lower {
		text = rest + "Z"
	}
	for _, form := range instantForms {
		if at, err := time.Parse(form, text); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}

// A SyncLevel is the payload of the answer to a sync with cursor. A hub without rules
// leaves out their kind, and an older hub the log.
type SyncLevel struct {
	Cursor int64             `json:"cursor"`
	Log    string            `json:"log,omitempty"` // a UUID; each digest begins with the line "log:UUID"
	Counts map[string]int    `json:"counts"`
	Digest map[string]string `json:"digest"`
}

// DecodeLevel reads the payload of the answer to a sync; not ok: it has none, as the
// answers of hubs without the extension.
func DecodeLevel(raw json.RawMessage) (l SyncLevel, ok bool) {
	if raw == nil || json.Unmarshal(raw, &l) != nil || l.Digest == nil {
		return SyncLevel{}, false
	}
	return l, true
}

// A SyncBatch is what an application gets in one frame: in the form records Records
// and Deleted, in the form versions Versions.
type SyncBatch struct {
	Kind     string
	Records  []json.RawMessage
	Members  []Object // of Records
	Deleted  []int64
	Versions []SyncVersion
}

// ErrNoSync says that an event brings no records, or those of a kind that is not known.
var ErrNoSync = errors.New("no event of sync")

// DecodeSync reads a frame's payload, as an application does. Every record is an
// object with an integer id.
func DecodeSync(event string, raw json.RawMessage) (b SyncBatch, err error) {
	kind, ok := strings.CutPrefix(event, SyncPrefix)
	if !ok || !slices.Contains(kinds, kind) {
		return b, fmt.Errorf("%q: %w", event, ErrNoSync)
	}
	b.Kind = kind
	if len(raw) > 0 && raw[0] == '[' {
		b.Versions, err = decodeVersions(raw)
		return b, err
	}
	o, err := DecodeObject(raw)
	if err != nil {
		return b, err
	}
	if err := json.Unmarshal(o[kind], &b.Records); err != nil {
		return b, fmt.Errorf("%s: %w", kind, err)
	}
	for _, record := range b.Records {
		members, _, err := idOf(part(record))
		if err != nil {
			return b, err
		}
		b.Members = append(b.Members, members)
	}
	if o.Has("deleted") {
		err = json.Unmarshal(o["deleted"], &b.Deleted)
	}
	return b, err
}

func decodeVersions(raw json.RawMessage) (all []SyncVersion, err error) {
	in, ok := open(raw, '[')
	if !ok {
		return nil, errors.New("not a JSON list")
	}
	for in.more() {
		o, err := part(in.value())
		if err != nil {
			return nil, err
		}
		var v SyncVersion
		if v.Action, _ = o.Text("action"); v.Action != ActionCreate && v.Action != ActionUpdate && v.Action != ActionDelete {
			return nil, fmt.Errorf("no action %q", v.Action)
		}
		at, _ := o.Text("logged_at")
		if v.LoggedAt, err = time.Parse(time.RFC3339Nano, at); err != nil {
			return nil, fmt.Errorf("logged_at: %w", err)
		}
		v.LoggedAt = v.LoggedAt.UTC()
		if year := v.LoggedAt.Year(); year < 0 || year > 9999 { // it cannot be written again
			return nil, fmt.Errorf("logged_at: %s is in the year %d", at, year)
		}
		if v.Payload = o["payload"]; len(v.Payload) == 0 {
			return nil, errNotObject
		}
		if v.Record, _, err = idOf(part(v.Payload)); err != nil {
			return nil, err
		}
		v.ID, _ = o.Int("id")
		all = append(all, v)
	}
	return all, nil
}

// RecordID is the id of a record.
func RecordID(record json.RawMessage) (int64, error) {
	_, id, err := idOf(DecodeObject(record))
	return id, err
}

func idOf(o Object, err error) (Object, int64, error) {
	if err != nil {
		return nil, 0, err
	}
	id, ok := o.Int("id")
	if !ok {
		return nil, 0, errors.New("a record without an integer id")
	}
	return o, id, nil
}
