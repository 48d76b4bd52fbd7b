package wire

import (
	"strconv"
	"time"
)

// The names of events.
const (
	Authenticate = "authenticate"
	Heartbeat    = "heartbeat"
	Restart      = "restart"

	ChannelsSubscribe   = "channels/subscribe"
	ChannelsUnsubscribe = "channels/unsubscribe"
	ChannelsSend        = "channels/send"
	ChannelsBroadcast   = "channels/broadcast"
	ChannelsHistory     = "channels/history"

	PlayersSignIn  = "players/sign-in"
	PlayersSignOut = "players/sign-out"
	PlayersStatus  = "players/status"

	TellsSend    = "tells/send"
	TellsReceive = "tells/receive"

	CharactersStatus  = "characters/status"
	CharactersChanged = "characters/changed"

	GamesConnect    = "games/connect"
	GamesDisconnect = "games/disconnect"
	GamesStatus     = "games/status"

	AchievementsSync   = "achievements/sync"
	AchievementsCreate = "achievements/create"
	AchievementsUpdate = "achievements/update"
	AchievementsDelete = "achievements/delete"

	Sync       = "sync"
	SyncPrefix = "sync/" // and a kind of record
)

// Supports is a set of flags that a socket names when it authenticates.
type Supports uint8

// The flags.
const (
	SupportChannels Supports = 1 << iota
	SupportPlayers
	SupportTells
	SupportGames
	SupportAchievements
	SupportHistory    // extension
	SupportCharacters // extension
)

// A Flag is a name in supports.
type Flag struct {
	Bit       Supports
	Name      string
	About     string // a sentence
	Extension bool   // of this hub
}

// Flags are in the order in which lists show them.
var Flags = []Flag{
	{SupportAchievements, "achievements", "The game keeps its achievements here. Games only.", false},
	{SupportChannels, "channels", "Chat in channels. Every socket must have it.", false},
	{SupportCharacters, "characters", "May ask who of the game's players is whose character on this network, and hears when that changes. Games only.", true},
	{SupportGames, "games", "Hears of games that come and go, and may ask about them.", false},
	{SupportHistory, "history", "May read the channels' logs, and gets id and sent_at with what is said live.", true},
	{SupportPlayers, "players", "Tells who is signed in, hears of others, and may ask.", false},
	{SupportTells, "tells", "Sends and receives tells.", false},
}

// Support finds the flag of that name, or 0.
func Support(name string) Supports {
	for _, f := range Flags {
		if f.Name == name {
			return f.Bit
		}
	}
	return 0
}

// Has reports whether s has all flags of other.
func (s Supports) Has(other Supports) bool { return s&other == other }

// Names lists the flags by their names.
func (s Supports) Names() []string {
	names := []string{}
	for _, f := range Flags {
		if s.Has(f.Bit) {
			names = append(names, f.Name)
		}
	}
	return names
}

// Needs is the flag that a socket must have named to send the event; 0: none.
func Needs(event string) Supports {
	if e := Find(event); e != nil {
		return e.Needs
	}
	return 0
}

// The errors of failures. Those with a name in them are functions.
const (
	ErrorUnknown         = "unknown"
	ErrorUnauthenticated = "unauthenticated"
	ErrorMalformed       = "an error occurred, try again"
	ErrorRateLimit       = "rate limit exceeded"

	ErrorCredentials     = "invalid credentials"
	ErrorMissingSupports = "missing supports"
	ErrorMustSupport     = "must support channels"
	ErrorUnknownSupports = "includes unknown supports"

	ErrorNameEmpty      = "name is empty"
	ErrorNameTooLong    = "name is too long"
	ErrorMessageEmpty   = "message is empty"
	ErrorMessageTooLong = "message is too long"
	ErrorPaused         = "channel is paused"

	ErrorMuted   = "muted"           // by a rule of the hub
	ErrorRefused = "message refused" // because a person would have to look at it, and cannot

	ErrorUnknownGame     = "unknown game"
	ErrorInvalidPayload  = "invalid payload"
	ErrorGameOffline     = "game offline"
	ErrorNotSupported    = "not supported"
	ErrorSenderOffline   = "sending player offline"
	ErrorReceiverOffline = "receiving player offline"

	ErrorUnknownCursor       = "unknown cursor"
	ErrorTooManyAchievements = "too many achievements"
)

// ErrorMissingSupport is the answer to an event whose flag the socket did not name.
func ErrorMissingSupport(flag Supports) string {
	return `missing support for "` + flag.Names()[0] + `"`
}

// ErrorSubscribe is the answer to channels/subscribe; the one that nobody asked
// for, after authenticate, has other quotes, as clients know it.
func ErrorSubscribe(channel string, asked bool) string {
	if asked {
		return `Could not subscribe to "` + channel + `"`
	}
	return `Could not subscribe to '` + channel + `'`
}

// ErrorNotSubscribed is the answer to a game that sends to a channel unheard.
func ErrorNotSubscribed(channel string) string { return `not subscribed to "` + channel + `"` }

// ErrorUnknownChannel is the answer to an application that sends to no channel.
func ErrorUnknownChannel(channel string) string { return `unknown channel "` + channel + `"` }

// ErrorSlow is the answer to a player who speaks too soon in a channel with slow mode.
// It says "seconds" of one second too: clients compare it with what the protocol says.
func ErrorSlow(wait time.Duration) string {
	return "slow mode: wait " + strconv.Itoa(int((wait+time.Second-1)/time.Second)) + " seconds"
}

// CommonFailures are answers to any event.
var CommonFailures = []Failure{
	{ErrorUnknown, "The message is no JSON object, or its event is none that the hub knows, or not from this socket. This answer comes without a ref too."},
	{ErrorUnauthenticated, "The socket has not authenticated. This answer comes without a ref too."},
	{ErrorMissingSupport(SupportPlayers), "The event is of a flag that the socket did not name when it authenticated; the answer names the flag."},
	{ErrorMalformed, "The payload is missing or malformed, or the hub has a problem, which its operator sees in its log."},
	{ErrorRateLimit, "There were too many events; this one was dropped."},
}

// Version is what the hub says it speaks.
const Version = "2.3.0"
