package site

import (
	"cmp"
	"net/http"
	"time"

	"hearsay/hub"
	"hearsay/hub/page"
	"hearsay/hub/quota"
	"hearsay/hub/site/mail"
	"hearsay/hub/site/oauth"
	"hearsay/hub/store"
)

// Options says what the pages show and how they learn it.
type Options struct {
	page.Options
	Hub *hub.Hub
	// Mail sends what people get by mail. Default: nothing is sent.
	Mail *mail.Sender
	// FillTime is how long a person takes to fill in a form at least: a program is faster.
	// Default: 3 s.
	FillTime time.Duration
	// Texts returns what operators have written for the pages. Default: nothing.
	Texts func() Texts
}

// Texts are what operators write for the public pages.
type Texts struct {
	Welcome       string   // about the network; paragraphs are apart by an empty line
	Conduct       string   // the code of conduct, so too
	WidgetOrigins []string // of sites that may show a channel in a frame
}

// A Site is the public pages.
type Site struct {
	Options
	*page.Pages
	live  *page.Topics
	oauth *oauth.Server

	forms   forms
	signUps quota.Quota
}

// New makes it.
func New(o Options) *Site {
	o.Options = o.Options.Filled()
	if o.Texts == nil {
		o.Texts = func() Texts { return Texts{} }
	}
	o.FillTime = cmp.Or(o.FillTime, fillTime)
	s := &Site{Options: o, Pages: page.New(o.Options, nil), forms: newForms()}
	s.live = page.NewTopics(map[string]page.Topic{
		"channel":    page.Showing(s.loadChannel, conversation, "name"),
		"characters": s.ownTopic(),
		"widget":     page.Showing(s.loadChannel, frameTalk, "name"),
		"network":    page.ShowingParts(s.loadNetwork, network),
	}, o.Stopping, o.Log)
	s.oauth = oauth.New(oauth.Options{Store: o.Store, Log: o.Log, Issuer: s.Origin, Remote: o.Remote})
	return s
}

// Register adds the pages to a server's routes.
func (s *Site) Register(mux *http.ServeMux) { s.Pages.Register(mux, s.routes()) }

func (s *Site) routes() []page.Route {
	return []page.Route{
		page.To("GET /{$}", page.Anyone, s.serveHome),
		page.To("GET /live/{topic}", page.Anyone, s.ServeLive(s.live, page.Anyone)),
		page.To("GET /games", page.Anyone, s.serveGames),
		page.To("GET /games/{name}", page.Anyone, s.serveGame),
		page.To("GET /channels", page.Anyone, s.serveChannels),
		page.To("GET /channels/{name}", page.Anyone, s.serveChannel),
		page.To("POST /channels/{name}", page.Person, s.serveSay),
		page.To("GET /events", page.Anyone, s.serveEvents),
		page.To("GET /events.atom", page.Anyone, s.serveFeed),
		page.To("GET /sign-up", page.Anyone, s.serveSignUp),
		page.To("POST /sign-up", page.Anyone, s.serveSignUpMake),
		page.To("GET /sign-up/waiting", page.Anyone, s.serveSignUpWaiting),
		page.To("GET /sign-up/{token}", page.Anyone, s.serveSignUp),
		page.To("POST /sign-up/{token}", page.Anyone, s.serveSignUpMake),
		page.To("GET /conduct", page.Anyone, s.serveConduct),

		page.To("GET /people/{username}", page.Anyone, s.servePerson),
		page.To("GET /characters", page.Person, s.serveCharacters),
		page.To("POST /characters/{id}/approve", page.Person, s.serveDecide((*store.Store).ApproveCharacter, "%s is approved: everybody may see that it is you.")),
		page.To("POST /characters/{id}/deny", page.Person, s.serveDecide((*store.Store).DenyCharacter, "%s is not you: it is denied.")),
		page.To("GET /characters/{id}/withdraw", page.Person, s.serveWithdrawal),
		page.To("POST /characters/{id}/withdraw", page.Person, s.serveDecide((*store.Store).WithdrawCharacter, "%s is withdrawn.")),

		page.To("GET /sitemap.xml", page.Anyone, s.serveSitemap),
		page.To("GET /robots.txt", page.Anyone, page.Plainly(s.serveRobots)),
		page.To("GET /widget.js", page.Anyone, page.Plainly(s.serveWidgetScript)),
		page.To("GET /widget/{name}", page.Anyone, s.serveWidget),

		page.To("GET "+oauth.AuthorizePath, page.Anyone, s.authorizing(s.serveConsent)),
		page.To("POST "+oauth.AuthorizePath, page.Person, s.authorizing(s.serveAnswer)),
		page.To(oauth.TokenPath, page.Anyone, page.Plainly(s.oauth.ServeToken)).FromAnywhere(),
		page.To(oauth.RevokePath, page.Anyone, page.Plainly(s.oauth.ServeRevoke)).FromAnywhere(),
		page.To(oauth.UserPath, page.Anyone, page.Plainly(s.oauth.ServeUser)).FromAnywhere(),
		page.To(oauth.MetadataPath, page.Anyone, page.Plainly(s.oauth.ServeMetadata)).FromAnywhere(),
		page.To("GET "+grantsPath, page.Person, s.serveGrants),
		page.To("POST "+grantsPath+"/revoke", page.Person, s.serveGrantRevoke),
	}
}
