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
	SupportHistory // extension
)

// flags are in the order in which lists show them.
var flags = []struct {
	bit  Supports
	name string
}{
	{SupportAchievements, "achievements"},
	{SupportChannels, "channels"},
	{SupportGames, "games"},
	{SupportHistory, "history"},
	{SupportPlayers, "players"},
	{SupportTells, "tells"},
}

// Support finds the flag of that name, or 0.
func Support(name string) Supports {
	for _, f := range flags {
		if f.name == name {
			return f.bit
		}
	}
	return 0
}

// Has reports whether s has all flags of other.
func (s Supports) Has(other Supports) bool { return s&other == other }

// Names lists the flags by their names.
func (s Supports) Names() []string {
	names := []string{}
	for _, f := range flags {
		if s.Has(f.bit) {
			names = append(names, f.name)
		}
	}
	return names
}

// Needs is the flag that a socket must have named to send the event; 0: none.
func Needs(event string) Supports {
	switch event {
	case PlayersSignIn, PlayersSignOut, PlayersStatus:
		return SupportPlayers
	case TellsSend:
		return SupportTells
	case GamesStatus:
		return SupportGames
	case AchievementsSync, AchievementsCreate, AchievementsUpdate, AchievementsDelete:
		return SupportAchievements
	case ChannelsHistory:
		return SupportHistory
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
func ErrorSlow(wait time.Duration) string {
	seconds := int((wait + time.Second - 1) / time.Second)
	if seconds == 1 {
		return "slow mode: wait 1 second"
	}
	return "slow mode: wait " + strconv.Itoa(seconds) + " seconds"
}

// The close codes of the hub. Section 1.
const (
	ClosePlannedStop    = 1012
	CloseTooLarge       = 1009
	CloseRemoved        = 1008 // removed, suspended or flooding
	CloseTryLater       = 1013 // queue overflow, too many sockets
	CloseAuthentication = 4000
	CloseHeartbeat      = 4001
)

// Goodbye is the reason of CloseAuthentication and CloseHeartbeat.
const Goodbye = "goodbye"

// Version is what the hub says it speaks.
const Version = "2.3.0"
