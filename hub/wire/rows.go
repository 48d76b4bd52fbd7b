package wire

import "time"

// Events is the table of events, in the order in which a client's author meets them.
var Events = []Event{
	{
		Name: Authenticate,
		About: "The first event of every socket. It is always answered and never with its ref: " +
			"with success, and then the first heartbeat, or with a failure, after which the socket closes with 4000.",
		Request: &Message{Fields: []Field{
			{Name: "client_id", Type: "text", Required: true, About: "Names the game or application; the operator gives it out.", Mistaken: []string{"id", "client", "clientid"}},
			{Name: "client_secret", Type: "text", Required: true, Hidden: true, About: "Proves that it is the one; the operator gives it out, once.", Mistaken: []string{"secret", "password", "token", "clientsecret"}},
			{Name: "supports", Type: "list of texts", Required: true, About: "The flags that the socket uses. The flag channels must be one of them.", Mistaken: []string{"flags", "features"}},
			{Name: "channels", Type: "list of texts", About: "Channels to subscribe to at once. One that does not exist is made, hidden."},
			{Name: "players", Type: "list of texts", About: "Who is signed in now. Nobody hears of it as news."},
			{Name: "version", Type: "text", About: "The newest version of the protocol that the client knows, cut to 255 characters."},
			{Name: "user_agent", Type: "text", About: "What the client calls itself, cut to 255 characters.", Mistaken: []string{"agent", "useragent"}},
			{Name: "debug", Type: "boolean", About: "With true every request is answered for a while, with or without ref."},
			{Name: "sync", Type: "text", About: `Extension, of applications: "records" or "versions", in place of what the operator has set.`},
		}, Example: `{"client_id":"CLIENT_ID","client_secret":"CLIENT_SECRET","supports":["channels","players","tells","games"],` +
			`"channels":["CHANNEL"],"players":["PLAYER"],"version":"1.0.0","user_agent":"MyClient 1.0"}`},
		Answer: &Message{Fields: []Field{
			{Name: "unicode", Type: "text", Required: true, About: "A check mark outside ASCII: who shows it right reads UTF-8 right."},
			{Name: "version", Type: "text", Required: true, About: "The version of the protocol."},
		}, Example: `{"unicode":"✔️","version":"` + Version + `"}`},
		Failures: []Failure{
			{ErrorCredentials, "The payload, the id or the secret is missing, malformed or wrong."},
			{ErrorMissingSupports, "The list supports is missing, is empty, or has something else than texts in it."},
			{ErrorMustSupport, "The flag channels is not in supports."},
			{ErrorUnknownSupports, "A flag in supports is none that the hub knows."},
		},
	},
	{
		Name: Heartbeat,
		About: "The hub asks each socket in turn, without a payload, and the client answers with the same event. " +
			"Neither is ever answered otherwise. A socket that leaves three unanswered is closed with 4001.",
		Request: &Message{Optional: true, Fields: []Field{
			{Name: "players", Type: "list of texts", About: "Everyone who is signed in on this socket: it replaces what the socket said before.", Mistaken: []string{"player", "users", "names"}},
		}, Example: `{"players":["PLAYER"]}`},
		Notice: &Message{},
	},
	{
		Name:  Restart,
		About: "The hub stops as planned and will be back: the socket closes with 1012 right after. The time differs a little from socket to socket, so that not all come back at once.",
		Notice: &Message{Fields: []Field{
			{Name: "downtime", Type: "integer", Required: true, About: "After how many seconds to connect again; at least 1."},
		}, Example: `{"downtime":15}`},
	},
	{
		Name: ChannelsSubscribe, Bucket: BucketSubscribes,
		About:    "Begins to hear a channel. One that does not exist is made, hidden; to subscribe twice changes nothing.",
		Request:  &Message{Fields: []Field{channelField}, Example: `{"channel":"CHANNEL"}`},
		Failures: []Failure{{ErrorSubscribe("CHANNEL", true), "The name has other characters than letters, - and _, is not of 3 to 15 of them, is blocked, or differs only by case from the name of a channel that exists."}},
	},
	{
		Name: ChannelsUnsubscribe, Bucket: BucketSubscribes,
		About:   "Ceases to hear a channel; without a subscription that is a success too.",
		Request: &Message{Fields: []Field{channelField}, Example: `{"channel":"CHANNEL"}`},
	},
	{
		Name: ChannelsSend, Bucket: BucketSends,
		About: "Says something in a channel that the socket has subscribed to. Success means that the message is in the channel's log, if it keeps one, and on its way to everyone who hears the channel. " +
			"Applications may send to any channel that exists.",
		Request: &Message{Fields: []Field{
			channelField,
			{Name: "name", Type: "text", Required: true, About: "Which player speaks.", Mistaken: []string{"user", "username", "player", "from", "from_name"}},
			{Name: "message", Type: "text", Required: true, About: "What the player says, without colour codes.", Mistaken: []string{"text", "msg", "body", "content"}},
		}, Example: `{"channel":"CHANNEL","name":"PLAYER","message":"Hello there!"}`},
		Failures: []Failure{
			{ErrorNotSubscribed("CHANNEL"), "The socket of a game has not subscribed to the channel."},
			{ErrorUnknownChannel("CHANNEL"), "An application names a channel that does not exist."},
			{ErrorNameEmpty, "Nothing is left of the name once it is cleaned."},
			{ErrorNameTooLong, "The cleaned name is too long."},
			{ErrorMessageEmpty, "Nothing is left of the message once it is cleaned."},
			{ErrorMessageTooLong, "The cleaned message is too long."},
			{ErrorPaused, "The operators have closed the channel for a while."},
			{ErrorSlow(5 * time.Second), "The channel has slow mode, and the player spoke a moment ago; the answer names the seconds."},
			{ErrorMuted, "A rule of the hub keeps the player, the game or the words off the channel."},
			{ErrorRefused, "A person would have to look at the message, and too many wait already."},
		},
	},
	{
		Name:  ChannelsBroadcast,
		About: "Somebody said something in a channel. All sockets that have subscribed to it hear it, in the same order, but none of the game that it came from. Applications hear every channel.",
		Notice: &Message{Fields: []Field{
			{Name: "channel", Type: "text", Required: true, About: "In which channel."},
			{Name: "game", Type: "text", Required: true, About: "The short name of the game or application that it came from."},
			{Name: "name", Type: "text", Required: true, About: "Who speaks."},
			{Name: "message", Type: "text", Required: true, About: "What was said."},
			{Name: "id", Type: "integer", About: "With the flag history: the message's id, which grows from message to message; none where the channel keeps no log."},
			{Name: "sent_at", Type: "instant", About: "With the flag history: when it was said."},
		}, Example: `{"channel":"CHANNEL","game":"OTHER_GAME","name":"PLAYER","message":"Hello there!"}`},
	},
	{
		Name: ChannelsHistory, Needs: SupportHistory, NeedsRef: true,
		About: "Extension: asks for what was said in a channel, in frames of at most ten messages, by rising id. A client that keeps the last id it saw misses nothing over a reconnect.",
		Request: &Message{Fields: []Field{
			channelField,
			{Name: "after", Type: "integer", About: "The id after which to begin; without it come the newest messages."},
			{Name: "limit", Type: "integer", About: "How many at most; at least 1."},
		}, Example: `{"channel":"CHANNEL","limit":20}`},
		Answer: &Message{Fields: []Field{
			{Name: "channel", Type: "text", Required: true, About: "Of which channel."},
			{Name: "total", Type: "integer", Required: true, About: "How many messages are kept after that id, or at all. Where the game ignores players and there is more than is given, some of theirs may be counted."},
			{Name: "messages", Type: "list of objects", Required: true, About: "The messages; an empty list when there are none.", Of: []Field{
				{Name: "id", Type: "integer", Required: true, About: "The message's id."},
				{Name: "game", Type: "text", Required: true, About: "Where it came from."},
				{Name: "name", Type: "text", Required: true, About: "Who spoke."},
				{Name: "message", Type: "text", Required: true, About: "What was said."},
				{Name: "sent_at", Type: "instant", Required: true, About: "When it was said."},
			}},
		}, Example: `{"channel":"CHANNEL","total":1,"messages":[{"id":41,"game":"OTHER_GAME","name":"PLAYER","message":"Hello there!","sent_at":"2026-03-04T05:06:07.890123Z"}]}`},
		Failures: []Failure{{ErrorNotSubscribed("CHANNEL"), "The socket has not subscribed to the channel, or an application names one that does not exist."}},
	},
	{
		Name: PlayersSignIn, Needs: SupportPlayers,
		About:   "A player comes. A player who is signed in already causes no notice; the request still succeeds. A game that is not displayed, or hides its players, is not told of.",
		Request: &Message{Fields: []Field{playerField}, Example: `{"name":"PLAYER"}`},
		Notice:  &Message{About: "A player came to another game.", Fields: playerNotice, Example: `{"game":"OTHER_GAME","name":"PLAYER"}`},
		Failures: []Failure{
			{ErrorNameEmpty, "Nothing is left of the name once it is cleaned."},
			{ErrorNameTooLong, "The cleaned name is too long."},
		},
	},
	{
		Name: PlayersSignOut, Needs: SupportPlayers,
		About:   "A player goes, from all sockets of the game. Who is not known is no news.",
		Request: &Message{Fields: []Field{playerField}, Example: `{"name":"PLAYER"}`},
		Notice:  &Message{About: "A player left another game.", Fields: playerNotice, Example: `{"game":"OTHER_GAME","name":"PLAYER"}`},
		Failures: []Failure{
			{ErrorNameEmpty, "Nothing is left of the name once it is cleaned."},
			{ErrorNameTooLong, "The cleaned name is too long."},
		},
	},
	{
		Name: PlayersStatus, Needs: SupportPlayers, NeedsRef: true,
		About:   "Asks who is signed in elsewhere. Without a game comes one answer for each displayed game that is online, but the own: none when there is none. With a game comes that one.",
		Request: &Message{Optional: true, Fields: []Field{gameField}},
		Answer: &Message{Fields: []Field{
			{Name: "game", Type: "text", Required: true, About: "The game's short name."},
			{Name: "players", Type: "list of texts", Required: true, About: "Who is signed in there; an empty list when nobody is, or when the game hides its players."},
		}, Example: `{"game":"OTHER_GAME","players":["PLAYER"]}`},
		Failures: []Failure{{ErrorUnknownGame, "There is no such game, it is not displayed, or it is not online."}},
	},
	{
		Name: TellsSend, Needs: SupportTells, Bucket: BucketTells,
		About: "Says something to one player of another game. Success means that it is on its way to that game. " +
			"Without ref it goes there all the same, but nobody says so. Tells are neither kept nor logged. system at HUB, the hub itself, is always there and answers.",
		Request: &Message{Fields: []Field{
			{Name: "from_name", Type: "text", Required: true, About: "Which player speaks; signed in here.", Mistaken: []string{"from", "name", "sender", "player"}},
			{Name: "to_game", Type: "text", Required: true, About: "The other game's short name, in any case.", Mistaken: []string{"game"}},
			{Name: "to_name", Type: "text", Required: true, About: "The player there, in any case.", Mistaken: []string{"to", "recipient", "target"}},
			{Name: "sent_at", Type: "instant", About: "When it was said, in UTC with Z; without it, now. It is passed on letter by letter.", Mistaken: []string{"time", "date", "timestamp"}},
			{Name: "message", Type: "text", Required: true, Hidden: true, About: "What the player says.", Mistaken: []string{"text", "msg", "body", "content"}},
		}, Example: `{"from_name":"PLAYER","to_game":"HUB","to_name":"system","sent_at":"2026-03-04T05:06:07Z","message":"Are you there?"}`},
		Failures: []Failure{
			{ErrorInvalidPayload, "A field is missing or malformed, or a cleaned name or message is empty, or a name too long."},
			{ErrorMessageTooLong, "The cleaned message is too long."},
			{ErrorGameOffline, "The sending or the receiving game is not online."},
			{ErrorNotSupported, "The receiving game does not have the flag tells, or it hides its players."},
			{ErrorSenderOffline, "The sending player is not signed in here."},
			{ErrorReceiverOffline, "The receiving player is not signed in there."},
			{ErrorMuted, "A rule of the hub is against it."},
			{ErrorRefused, "A rule would have a person look at it first; tells are never kept, so nobody can."},
		},
	},
	{
		Name: TellsReceive, Needs: SupportTells,
		About: "Somebody tells a player something. It goes to one socket of the game: one that has the player, or else the newest.",
		Notice: &Message{Fields: []Field{
			{Name: "from_game", Type: "text", Required: true, About: "The short name of the game that it came from."},
			{Name: "from_name", Type: "text", Required: true, About: "Who speaks."},
			{Name: "to_name", Type: "text", Required: true, About: "To which player."},
			{Name: "sent_at", Type: "instant", Required: true, About: "When it was said, as the sender's client says."},
			{Name: "message", Type: "text", Required: true, Hidden: true, About: "What was said."},
		}, Example: `{"from_game":"OTHER_GAME","from_name":"PLAYER","to_name":"PLAYER","sent_at":"2026-03-04T05:06:07Z","message":"Are you there?"}`},
	},
	{
		Name: CharactersStatus, Needs: SupportCharacters, NeedsRef: true, For: GamesOnly,
		About: "Extension: asks whether one of the game's own players is registered as somebody's character. A player registers by a tell to system at HUB, \"register KEY\", " +
			"with the key that the person's profile shows; then the person approves it there. The game's owner may veto it.",
		Request: &Message{Fields: []Field{playerField}, Example: `{"name":"PLAYER"}`},
		Answer:  &Message{Fields: characterFields, Example: `{"name":"PLAYER","registered":true,"approved":true,"username":"ann"}`},
		Failures: []Failure{
			{ErrorNameEmpty, "Nothing is left of the name once it is cleaned."},
			{ErrorNameTooLong, "The cleaned name is too long."},
		},
	},
	{
		Name: CharactersChanged, Needs: SupportCharacters,
		About: "Extension: one of the game's own players was registered, approved, denied, withdrawn or vetoed, or a veto was lifted. All sockets of the game that have the flag hear it. " +
			"What happens while the game has no socket it does not hear: a game that keeps this asks again after it has connected.",
		Notice: &Message{Fields: characterFields, Example: `{"name":"PLAYER","registered":true,"approved":false}`},
	},
	{
		Name: GamesConnect, Needs: SupportGames,
		About:  "A displayed game came online. A link that was down for less than a minute is no news, and nobody hears of the own game.",
		Notice: &Message{Fields: []Field{{Name: "game", Type: "text", Required: true, About: "The game's short name."}}, Example: `{"game":"OTHER_GAME"}`},
	},
	{
		Name: GamesDisconnect, Needs: SupportGames,
		About:  "A displayed game has been gone for a while, or was hidden or removed.",
		Notice: &Message{Fields: []Field{{Name: "game", Type: "text", Required: true, About: "The game's short name."}}, Example: `{"game":"OTHER_GAME"}`},
	},
	{
		Name: GamesStatus, Needs: SupportGames, NeedsRef: true,
		About:    "Asks about games. Without a game comes one answer for each displayed game that is online, but the own: none when there is none. With a game comes that one, online or not.",
		Request:  &Message{Optional: true, Fields: []Field{gameField}},
		Answer:   &Message{Fields: statusFields, Example: statusExample},
		Failures: []Failure{{ErrorUnknownGame, "There is no such game, or it is not displayed."}},
	},
	{
		Name: AchievementsSync, Needs: SupportAchievements, NeedsRef: true, For: GamesOnly,
		About:   "Asks for the game's own achievements, in frames of at most ten, by title.",
		Request: &Message{Optional: true},
		Answer: &Message{Fields: []Field{
			{Name: "total", Type: "integer", Required: true, About: "How many there are in all frames."},
			{Name: "achievements", Type: "list of objects", Required: true, About: "Some of them; an empty list when there are none.", Of: achievementFields},
		}, Example: `{"total":1,"achievements":[` + achievementExample + `]}`},
	},
	{
		Name: AchievementsCreate, Needs: SupportAchievements, NeedsRef: true, For: GamesOnly,
		About: "Adds an achievement. What is wrong with it comes as a failure without error, whose payload has errors: for each field a list of sentences.",
		Request: &Message{Fields: attributeFields(true),
			Example: `{"title":"First steps","description":"Leave the village","points":5}`},
		Answer:   &Message{Fields: achievementFields, Example: achievementExample},
		Failures: []Failure{{ErrorTooManyAchievements, "The game has as many as it may have."}},
	},
	{
		Name: AchievementsUpdate, Needs: SupportAchievements, NeedsRef: true, For: GamesOnly,
		About: "Changes what is named in an achievement, and leaves the rest. What is wrong comes as with achievements/create.",
		Request: &Message{Fields: append([]Field{keyField}, attributeFields(false)...),
			Example: `{"key":"8d1e5c1e-7f3a-4b55-8a3b-5a2f3a9c7e21","points":10}`},
		Answer: &Message{Fields: achievementFields, Example: achievementExample},
	},
	{
		Name: AchievementsDelete, Needs: SupportAchievements, NeedsRef: true, For: GamesOnly,
		About:   "Takes an achievement away.",
		Request: &Message{Fields: []Field{keyField}, Example: `{"key":"8d1e5c1e-7f3a-4b55-8a3b-5a2f3a9c7e21"}`},
		Answer:  &Message{Fields: []Field{keyField}, Example: `{"key":"8d1e5c1e-7f3a-4b55-8a3b-5a2f3a9c7e21"}`},
	},
	{
		Name: Sync, For: ApplicationsOnly,
		About: "On a socket whose form is versions: asks for what changed, and then for every change as it happens, until the next sync. With ref the answer comes after the last version of what was asked for.",
		Request: &Message{Fields: []Field{
			{Name: "since", Type: "instant", About: "From when on, as logged_at of the last version that was received; null or left out: everything."},
			{Name: "after", Type: "integer", About: "Extension: the id of the last version that was received; it wins over since."},
			{Name: "cursor", Type: "boolean", About: "Extension: with true each version has an id, and the answer says how far it went."},
		}, Example: `{"since":null}`},
		Answer: &Message{Optional: true, About: "Only with cursor.", Fields: []Field{
			{Name: "cursor", Type: "integer", Required: true, About: "The id of the newest version, for after."},
			{Name: "log", Type: "UUID", Required: true, About: "A UUID made with the hub's file. When it differs from the one that was stored, it is another hub's log: begin from nothing."},
			{Name: "counts", Type: "object", Required: true, About: "How many records of each kind there are."},
			{Name: "digest", Type: "object", Required: true, About: "For each kind the SHA-256, in hex, of the line log:UUID and a line ID:VERSION for each record by rising id: so both sides can prove that they hold the same."},
		}, Example: `{"cursor":42,"log":"8f14e45f-ceea-467f-9c1d-1b0c6a5c2e10","counts":{"channels":2,"games":0,"events":0,"achievements":0},"digest":{"channels":"0f0f…"}}`},
		Failures: []Failure{{ErrorUnknownCursor, "The id in after is beyond the log: the hub was restored from a backup. Begin from nothing."}},
	},
	syncEvent(KindChannels, channelRecordFields, channelRecordExample),
	syncEvent(KindGames, gameRecordFields, gameRecordExample),
	syncEvent(KindEvents, eventRecordFields, eventRecordExample),
	syncEvent(KindAchievements, achievementRecordFields, achievementRecordExample),
	syncEvent(KindRules, ruleRecordFields, ruleRecordExample),
}

var (
	channelField = Field{Name: "channel", Type: "text", Required: true, About: "The channel's name, in exactly its case.", Mistaken: []string{"name", "room", "chan"}}
	playerField  = Field{Name: "name", Type: "text", Required: true, About: "The player.", Mistaken: []string{"player", "user", "username"}}
	gameField    = Field{Name: "game", Type: "text", About: "A game's short name, in exactly its case.", Mistaken: []string{"name", "game_name"}}
	keyField     = Field{Name: "key", Type: "UUID", Required: true, About: "The achievement's key, which the hub has given it.", Mistaken: []string{"id", "uuid"}}

	characterFields = []Field{
		{Name: "name", Type: "text", Required: true, About: "The player, as the name was registered, or else as it was asked for."},
		{Name: "registered", Type: "boolean", Required: true, About: "Whether the name is somebody's, or waits for that, or was vetoed: nobody else can register it."},
		{Name: "approved", Type: "boolean", Required: true, About: "Whether the person has approved it, and no veto is against it: then everybody may see it."},
		{Name: "username", Type: "text", About: "Whose it is, if it is approved."},
	}

	playerNotice = []Field{
		{Name: "game", Type: "text", Required: true, About: "The game's short name."},
		{Name: "name", Type: "text", Required: true, About: "The player."},
	}
)
