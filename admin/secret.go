package admin

import (
	"net/http"
	"strings"

	"hearsay/hub/page"
	"hearsay/hub/store"
)

// keepSecret puts a credential into a session's drawer, for the page that shows it.
func (s *server) keepSecret(session int64, c page.NewSecret) {
	s.Drawer(session, func(d *page.Drawer) { d.Secret = c })
}

// secret is the page that shows a credential that was just made.
type secret struct {
	page.Frame
	page.NewSecret
	Socket   string
	Snippets []snippet
}

// kind is of whom it is.
func (p secret) kind() peerKind {
	if p.Noun == applicationKind.noun {
		return applicationKind
	}
	return gameKind
}

// serveSecret shows it until it is put away, or forgotten after some minutes.
func (s *server) serveSecret(w http.ResponseWriter, r *http.Request) error {
	var c page.NewSecret
	s.Drawer(page.Who(r).ID, func(d *page.Drawer) { c = d.Secret })
	if c.Secret == "" || c.ShortName != r.PathValue("name") {
		return s.Done(w, r, home(r), "The secret is not shown any more. Rotate it to get another.")
	}
	p := secret{Frame: s.Frame(r, "Credentials of "+c.ShortName), NewSecret: c, Socket: s.Socket(r)}
	if c.Noun == "game" {
		p.Snippets = snippets(p.Socket, c.Credential)
	}
	page.Secret(w)
	return s.Show(w, r, secretPage(p))
}

// serveSecretPut puts it away.
func (s *server) serveSecretPut(w http.ResponseWriter, r *http.Request) error {
	var c page.NewSecret
	s.Drawer(page.Who(r).ID, func(d *page.Drawer) { c, d.Secret = d.Secret, page.NewSecret{} })
	path := home(r)
	if c.ShortName != "" {
		path = "/admin/" + c.Noun + "s/" + c.ShortName
	}
	http.Redirect(w, r, path, http.StatusSeeOther)
	return nil
}

// A snippet is what somebody gives to a known client.
type snippet struct{ Client, Where, Text string }

// snippets are for the clients that most games use.
func snippets(socket string, c store.Credential) []snippet {
	fill := strings.NewReplacer("{socket}", socket, "{id}", c.ClientID, "{secret}", c.Secret).Replace
	return []snippet{
		{"Try it in a terminal", "With Node.js; paste the second line when it is connected.", fill(`npx --yes wscat -c {socket}
{"event":"authenticate","payload":{"client_id":"{id}","client_secret":"{secret}","supports":["channels"],"channels":["gossip"]}}`)},
		{"Elixir: gossip (ExVenture and others)", "In config/config.exs.", fill(`config :gossip, :url, "{socket}"
config :gossip, :client_id, "{id}"
config :gossip, :client_secret, "{secret}"`)},
		{"Evennia", "In server/conf/secret_settings.py, and the address in evennia/server/portal/grapevine.py, which has no setting for it.", fill(`GRAPEVINE_ENABLED = True
GRAPEVINE_CHANNELS = ["gossip", "testing"]
GRAPEVINE_CLIENT_ID = "{id}"
GRAPEVINE_CLIENT_SECRET = "{secret}"

# evennia/server/portal/grapevine.py
GRAPEVINE_URI = "{socket}"`)},
		{"JavaScript: grapevinejs, gossiphaus, Ranvier", "The options of the client; in Ranvier they are the bundle's part of ranvier.json.", fill(`{
  "url": "{socket}",
  "client_id": "{id}",
  "client_secret": "{secret}"
}`)},
		{"Any other client", "It needs the address and the two texts. Where its address is fixed, change that line in its source.", fill(`{socket}
{id}
{secret}`)},
	}
}
