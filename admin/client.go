package admin

import (
	"strings"

	"hearsay/hub/page"
)

// A client is a known client of the protocol, and what somebody who runs a game gives to it.
type client struct {
	Name    string
	For     string // the games that use it
	Address string // how it takes the address of the socket, as the README says it

	where string // to do with the text
	text  string // with {socket}, {id}, {secret} and {game}, the short name
	uuid  bool   // it takes no secret but a UUID
}

// clients are those that are known to work unchanged. The README lists the same.
var clients = []client{
	{
		Name: "gossip-elixir", For: "ExVenture, Militerm, Spigot, Apathy Drive", Address: "setting `url`",
		where: "In config/config.exs. With a wrong secret it may not come back: start the game again.",
		text: `config :gossip, :url, "{socket}"
config :gossip, :client_id, "{id}"
config :gossip, :client_secret, "{secret}"`,
	},
	{
		Name: "gossiphaus", For: "Node.js games", Address: "setting `url`; name the channels, or it never hears `gossip`",
		where: "Where the game starts. connect() waits for another game to be on.",
		text:  nodeOptions("gossiphaus"),
	},
	{
		Name: "grapevinejs", For: "Node.js games", Address: "setting `url`; name the channels, or it never hears `gossip`",
		where: "Where the game starts. connect() waits for another game to be on.",
		text:  nodeOptions("grapevinejs"),
	},
	{
		Name: "Ranvier bundle", For: "Ranvier", Address: "setting `gossip.url` in `ranvier.json`",
		where: "In ranvier.json; the keys count with their letter case.",
		text: `"gossip": {
  "url": "{socket}",
  "clientId": "{id}",
  "clientSecret": "{secret}"
}`,
	},
	{
		Name: "grapevine (Racket)", For: "Racket games", Address: "argument `#:url`, in later versions",
		where: "Where the game connects; the callbacks are the game's. A tell that comes in stops its reader.",
		text: `(grapevine-connect! "{id}" "{secret}" "{game}"
                    players broadcast tell response error
                    #:url (string->url "{socket}") #:channels '("gossip"))`,
	},
	{
		Name: "cljgossip", For: "Clojure games", Address: "`:gossip-uri` of `connect`",
		where: "Where the game connects.",
		text: `(def env {:gossip-uri "{socket}"
          :gossip-client-id "{id}"
          :gossip-client-hash "{secret}"
          :gossip-client-agent "{game}"})
(def conn (gossip/connect env {}))`,
	},
	{
		Name: "World of Pain snippet", For: "CircleMUD, tbaMUD", Address: "a parameter of the constructor; `GVGAME` must be the short name",
		where: "GVGAME in grapevine.cpp, the rest in comm.c.",
		text: `#define GVGAME "{game}"

GvChat = new ix::GvChat("{socket}", "{id}", "{secret}", "1.0.0", "{game}");`,
	},
	{
		Name: "Dark Pawns", For: "Go", Address: "environment `GRAPEVINE_URL`; `GRAPEVINE_MODE=full`, or it joins no channel",
		where: "In the environment of the server.",
		text: `GRAPEVINE_URL={socket}
GRAPEVINE_MODE=full
GRAPEVINE_CLIENT_ID={id}
GRAPEVINE_CLIENT_SECRET={secret}`,
	},
	{
		Name: "MOOVine", For: "ToastStunt MOO", Address: "the `websocat` line that carries it; add the game with `--uuid-secret`: it wants 36 characters",
		where: "The first line in a terminal, the others in the MOO, as a wizard.",
		text: `websocat tcp-l:127.0.0.1:8081 {socket}
;$grapevine.host = "127.0.0.1"
;$grapevine.port = 8081
;$grapevine.client_id = "{id}"
;$grapevine.client_secret = "{secret}"`,
		uuid: true,
	},
	{
		Name: "Evennia", For: "Evennia", Address: "one constant in `server/portal/grapevine.py`; then `evennia reboot`",
		where: "The settings in server/conf/secret_settings.py, the address in the library. Then run evennia reboot: its Portal reads them. " +
			"Link a channel in the game with the last line. After a stop of the hub it stays away until evennia reload.",
		text: `GRAPEVINE_ENABLED = True
GRAPEVINE_CHANNELS = ["gossip", "testing"]
GRAPEVINE_CLIENT_ID = "{id}"
GRAPEVINE_CLIENT_SECRET = "{secret}"

# evennia/server/portal/grapevine.py
GRAPEVINE_URI = "{socket}"

grapevine2chan public = gossip`,
	},
	{
		Name: "CoffeeMud", For: "CoffeeMud", Address: "one constant in `Libraries/intermud/GrapevineClient.java`; needs TLS",
		where: "The settings in coffeemud.ini. In GrapevineClient.java the host and port, and the line Host of the request, instead of grapevine.haus and 443. " +
			"It speaks TLS alone, so the hub needs a certificate.",
		text: `RUNGVSERVER=TRUE
GVCLIENTID={id}
GVCLIENTSECRET={secret}

// the address, for GrapevineClient.java
{socket}`,
	},
	{
		Name: "MudForge", For: "MudForge", Address: "one constant in `src/network/grapevine-client.ts`",
		where: "The settings in .env, the address in src/network/grapevine-client.ts.",
		text: `GRAPEVINE_ENABLED=true
GRAPEVINE_CLIENT_ID={id}
GRAPEVINE_CLIENT_SECRET={secret}
GRAPEVINE_GAME_NAME={game}
GRAPEVINE_CHANNELS=gossip

// the address, instead of wss://grapevine.haus/socket
{socket}`,
	},
	{
		Name: "Pinwheel", For: "Node.js games", Address: "one constant in `GrapevineClient.js`",
		where: "The settings in pinwheel.json; the address in bundles/pinwheel-communication/lib/GrapevineClient.js. It joins the channel grapevine, so add that to the hub.",
		text: `"grapevine": {
  "clientId": "{id}",
  "clientSecret": "{secret}"
}

// GrapevineClient.js
const grapevineUrl = '{socket}';`,
	},
	{
		Name: "typevine", For: "Node.js games", Address: "one constant",
		where: "The address in setupSocket of src/index.ts; the rest where the game starts. It does not come back by itself after a close.",
		text: `this.socket = new WebSocket("{socket}");

typevine.setChannels(["gossip"]);
await typevine.authenticate("{id}", "{secret}");`,
	},
	{
		Name: "node-grapevine", For: "Node.js games", Address: "one constant; it answers no heartbeat, so it is closed after 45 seconds",
		where: "The address in src/backend.js, the rest where the game starts.",
		text: `let ws = new WebSocket("{socket}");

new Grapevine("{id}", "{secret}", {supports: ["channels"], channels: ["gossip"], user_agent: "{game}"});`,
	},
	{
		Name: "SMAUG and Maelstrom snippets", For: "SMAUG, C games", Address: "one constant in `gossip.c`; behind TLS it sends no SNI",
		where: "The address in gossip.c, the credentials in gossip.h. It does not come back by itself after a close.",
		text: `gossip_ws = libwsclient_new("{socket}");

#define GOSSIP_CLIENT_ID "{id}"
#define GOSSIP_CLIENT_SECRET "{secret}"`,
	},
	{
		Name: "Akrios", For: "Akrios", Address: "one constant in `grapevine.py`",
		where: "The credentials in src/keys.py; in src/grapevine.py the address, instead of wss://grapevine.haus/socket. It does not come back by itself after a close.",
		text: `CLIENT_ID = "{id}"
SECRET_KEY = "{secret}"

# grapevine.py
{socket}`,
	},
	{
		Name: "gossip-crystal", For: "Crystal games", Address: "one constant",
		where: "The address in src/gossip.cr of the shard, the rest where the game starts. It does not come back by itself after a close.",
		text: `ws = HTTP::WebSocket.new(URI.parse("{socket}"))

client = Gossip::Client.new "{game}", "{id}", "{secret}"
spawn client.run`,
	},
	{
		Name: "NetMud.Gossip", For: "NetMud", Address: "one constant; its tells are of an older draft and are refused",
		where: "The credentials in the settings of Gossip, on NetMud's pages of administration; the address in its source, instead of wss://grapevine.haus/socket.",
		text: `{socket}
ClientName    {game}
ClientId      {id}
ClientSecret  {secret}`,
	},
	{
		Name: "Snowcrash", For: "Go", Address: "one constant; it lower-cases what it sends, which our secrets survive",
		where: "The address in its source, the credentials in two files beside the program. It joins the channel grapevine, so add that to the hub.",
		text: `grapevine = "{socket}"

echo '{id}' > client
echo '{secret}' > secret`,
	},
}

// nodeOptions is how a game in Node.js starts one of two clients that are alike.
func nodeOptions(name string) string {
	return `const client = require("` + name + `")
const emitter = client.init({
  "url": "{socket}",
  "client_id": "{id}",
  "client_secret": "{secret}",
  "channels": ["gossip"],
  "user_agent": "{game}"
})
emitter.on("error", console.error)
client.connect()`
}

// A snippet is what somebody gives to a client, with the credentials filled in.
type snippet struct {
	Client, For, Where, Text string
	WantsUUID                bool // the client will not take this secret
}

// snippets are those for all clients, and one to try the credentials with.
func snippets(socket string, c page.NewSecret) []snippet {
	fill := strings.NewReplacer("{socket}", socket, "{id}", c.ClientID, "{secret}", c.Secret, "{game}", c.ShortName).Replace
	all := []snippet{{
		Client: "Try it in a terminal", For: "with Node.js", Where: "Paste the second line when it is connected.",
		Text: fill(`npx --yes wscat -c {socket}
{"event":"authenticate","payload":{"client_id":"{id}","client_secret":"{secret}","supports":["channels"],"channels":["gossip"]}}`),
	}}
	const uuidLength = 36
	for _, one := range clients {
		all = append(all, snippet{
			Client: one.Name, For: one.For, Where: one.where, Text: fill(one.text), WantsUUID: one.uuid && len(c.Secret) != uuidLength,
		})
	}
	return append(all, snippet{
		Client: "Any other client", Where: "It needs the address and the two texts. Where its address is fixed, change that line in its source.",
		Text: fill("{socket}\n{id}\n{secret}"),
	})
}
