package wire

// This file has the fields of records and of what is like them, for the table of events.

var connectionFields = []Field{
	{Name: "id", Type: "UUID", Required: true, About: "The connection's id."},
	{Name: "type", Type: "text", Required: true, About: `"web", "telnet" or "secure telnet".`},
	{Name: "url", Type: "text", About: "Of a web client: its address."},
	{Name: "host", Type: "text", About: "Of the others: the host."},
	{Name: "port", Type: "integer", About: "And the port."},
}

var statusFields = []Field{
	{Name: "game", Type: "text", Required: true, About: "The short name."},
	{Name: "display_name", Type: "text", Required: true, About: "The full name."},
	{Name: "description", Type: "text", About: "What the game is about."},
	{Name: "homepage_url", Type: "text", About: "Its home page."},
	{Name: "user_agent", Type: "text", About: "What its client calls itself."},
	{Name: "user_agent_url", Type: "text", About: "Where its client comes from."},
	{Name: "user_agent_repo_url", Type: "text", About: "The same: documents differ in the name."},
	{Name: "connections", Type: "list of objects", Required: true, About: "The ways to play it.", Of: connectionFields},
	{Name: "supports", Type: "list of texts", About: "While it is online: its flags."},
	{Name: "channels", Type: "list of texts", About: "While it is online: what it hears, but no hidden channels."},
	{Name: "player_online_count", Type: "integer", Required: true, About: "How many are signed in."},
	{Name: "players_online_count", Type: "integer", Required: true, About: "The same: documents differ in the name."},
}

const statusExample = `{"game":"OTHER_GAME","display_name":"Another Game","connections":[` +
	`{"id":"1c2d6a58-03ab-44b1-9f7e-2a6d9f3b8c11","type":"telnet","host":"game.example","port":4000}],` +
	`"supports":["channels","games"],"channels":["CHANNEL"],"player_online_count":1,"players_online_count":1}`

// attributeFields are those of an achievement that its game sets.
func attributeFields(create bool) []Field {
	return []Field{
		{Name: "title", Type: "text", Required: create, About: "Up to 255 characters."},
		{Name: "description", Type: "text", About: "Up to 1,000 characters, or null."},
		{Name: "points", Type: "integer", About: "0 to 100, and of all together at most 500; 0 unless set."},
		{Name: "display", Type: "boolean", About: "Whether players may see it before they have it; true unless set."},
		{Name: "partial_progress", Type: "boolean", About: "Whether there is something between nothing and all; false unless set."},
		{Name: "total_progress", Type: "integer", About: "How many steps there are; needed with partial_progress."},
	}
}

var achievementFields = always(append([]Field{keyField}, attributeFields(true)...))

const achievementExample = `{"key":"8d1e5c1e-7f3a-4b55-8a3b-5a2f3a9c7e21","title":"First steps","description":"Leave the village",` +
	`"points":5,"display":true,"partial_progress":false,"total_progress":null}`

// always gives the fields as those of a frame of the hub's, in which each is there.
func always(fields []Field) []Field {
	all := make([]Field, len(fields))
	for i, f := range fields {
		f.Required, f.Mistaken = true, nil
		all[i] = f
	}
	return all
}

// syncEvent is the row of a kind of records.
func syncEvent(kind string, record []Field, example string) Event {
	e := Event{Name: SyncPrefix + kind, For: ApplicationsOnly}
	fields := []Field{
		{Name: "action", Type: "text", Required: true, About: `"create", "update" or "delete"; a delete carries the record's last state.`},
		{Name: "logged_at", Type: "instant", Required: true, About: "When it was logged: unique, and later than that of any version before."},
		{Name: "payload", Type: "object", Required: true, About: "The record.", Of: always(record)},
		{Name: "id", Type: "integer", About: "Extension: the version's id."},
	}
	e.About = "Records of the kind " + kind + ", in the form versions: a list of at most ten, as they were changed."
	e.Notice = &Message{List: true, Fields: fields,
		Example: `[{"action":"update","logged_at":"2026-03-04T05:06:07.890123Z","payload":` + example + `}]`}
	if kind == KindChannels || kind == KindGames {
		e.About += " In the form records the payload is an object instead, whose member " + kind +
			" lists at most ten records as they are now, and deleted, if it is there, the ids of those that are gone."
	}
	if kind == KindRules {
		e.About += " Extension: only sockets that use the extension's cursor get them."
	}
	return e
}

var recordID = Field{Name: "id", Type: "integer", About: "The record's id, never used twice."}

var channelRecordFields = []Field{
	recordID,
	{Name: "name", Type: "text", About: "The channel's name."},
	{Name: "description", Type: "text", About: "What it is for, or null."},
	{Name: "hidden", Type: "boolean", About: "Whether lists leave it out."},
}

const channelRecordExample = `{"id":1,"name":"CHANNEL","description":"Chat about anything","hidden":false}`

var gameRecordFields = []Field{
	recordID,
	{Name: "game", Type: "text", About: "The short name, which never changes."},
	{Name: "display_name", Type: "text", About: "The full name."},
	{Name: "display", Type: "boolean", About: "Whether lists and notices tell of it."},
	{Name: "description", Type: "text", About: "What the game is about, or null."},
	{Name: "homepage_url", Type: "text", About: "Its home page, or null."},
	{Name: "tagline", Type: "text", About: "A line about it, or null."},
	{Name: "user_agent", Type: "text", About: "What its client calls itself, or null."},
	{Name: "user_agent_url", Type: "text", About: "Where its client comes from, or null."},
	{Name: "connections", Type: "list of objects", About: "The ways to play it.", Of: connectionFields},
	{Name: "redirect_uris", Type: "list of texts", About: "Where a login may lead back to."},
	{Name: "allow_character_registration", Type: "boolean", About: "Whether characters can be registered."},
	{Name: "client_id", Type: "text", About: "What it authenticates with."},
	{Name: "client_secret", Type: "text", About: `Never the secret: "redacted", or for applications that may see it sha256: and its hash in hex.`},
	{Name: "last_seen_at", Type: "instant", About: "When it was last connected, or null; this alone makes no version."},
	{Name: "mssp_last_seen_at", Type: "instant", About: "When it last answered MSSP, or null."},
}

const gameRecordExample = `{"id":7,"game":"GAME","display_name":"My Game","display":true,"description":null,"homepage_url":null,"tagline":null,` +
	`"user_agent":null,"user_agent_url":null,"connections":[],"redirect_uris":[],"allow_character_registration":true,` +
	`"client_id":"CLIENT_ID","client_secret":"redacted","last_seen_at":null,"mssp_last_seen_at":null}`

var eventRecordFields = []Field{
	recordID,
	{Name: "game_id", Type: "integer", About: "The id of its game."},
	{Name: "title", Type: "text", About: "What it is called."},
	{Name: "description", Type: "text", About: "What happens, or null."},
	{Name: "start_date", Type: "date", About: "Its first day."},
	{Name: "end_date", Type: "date", About: "Its last day."},
}

const eventRecordExample = `{"id":3,"game_id":7,"title":"Midsummer","description":null,"start_date":"2026-06-20","end_date":"2026-06-22"}`

var achievementRecordFields = append([]Field{recordID, {Name: "game_id", Type: "integer", About: "The id of its game."}}, achievementFields...)

const achievementRecordExample = `{"id":5,"game_id":7,"key":"8d1e5c1e-7f3a-4b55-8a3b-5a2f3a9c7e21","title":"First steps","description":null,` +
	`"points":5,"display":true,"partial_progress":false,"total_progress":null}`

var ruleRecordFields = []Field{
	recordID,
	{Name: "kind", Type: "text", About: `"player", "word" or "pattern".`},
	{Name: "subject", Type: "text", About: "NAME@GAME, *@GAME or NAME@*, with a backslash before a star, at sign or backslash of a name; a word; or a pattern in the syntax of RE2."},
	{Name: "channel", Type: "text", About: "The only channel that it holds for, or null: every channel, and tells."},
	{Name: "action", Type: "text", About: `"warn", "replace", "hold", "drop" or "mute".`},
	{Name: "replacement", Type: "text", About: "What is put in place of the words, or null."},
	{Name: "reason", Type: "text", About: "Why, or null."},
	{Name: "ends_at", Type: "instant", About: "From then on the rule does nothing, or null; no version tells of that."},
	{Name: "enabled", Type: "boolean", About: "Whether it does something."},
	{Name: "created_by", Type: "text", About: "Who made it, or null."},
	{Name: "created_at", Type: "instant", About: "When it was made."},
}

const ruleRecordExample = `{"id":3,"kind":"word","subject":"darn","channel":null,"action":"hold","replacement":null,"reason":"rude",` +
	`"ends_at":null,"enabled":true,"created_by":"ann","created_at":"2026-03-04T05:06:07Z"}`
