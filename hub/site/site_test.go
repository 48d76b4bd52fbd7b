package site_test

import (
	"context"
	"encoding/xml"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"hearsay/admin"
	"hearsay/hub"
	"hearsay/hub/hubtest"
	"hearsay/hub/hubtest/chrome"
	"hearsay/hub/page"
	"hearsay/hub/site"
	"hearsay/hub/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(tests{m}) }

// tests end the browser before leaks are looked for.
type tests struct{ *testing.M }

func (m tests) Run() int {
	code := m.M.Run()
	chrome.End()
	return code
}

// A world is a running server with the socket and the public pages.
type world struct {
	*httptest.Server
	store *store.Store
	hub   *hub.Hub
}

// newWorld runs one on a file. options may change what the pages are made of.
func newWorld(t testing.TB, path string, options ...func(*site.Options)) *world {
	t.Helper()
	st, err := store.Open(t.Context(), path, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	limits := hub.DefaultLimits()
	limits.Events, limits.Sends = hub.Rate{}, hub.Rate{} // tests say much
	h, err := hub.New(t.Context(), st, hub.Options{Heartbeat: 15 * time.Minute, Limits: &limits})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { h.Run(ctx) })
	running.Go(func() { st.Maintain(ctx) })
	mux := http.NewServeMux()
	mux.Handle("GET /socket", h)
	common := page.Options{Store: st, Heading: func() string { return "Starlight" }}
	mux.Handle("/", admin.New(admin.Options{Options: common, Hub: h})) // people sign in there
	o := site.Options{
		Options: common, Hub: h,
		Texts: func() site.Texts {
			return site.Texts{Welcome: "A network of stars.\n\nCome & see.", Conduct: "Be <kind>.", WidgetOrigins: []string{"https://fans.example"}}
		},
	}
	for _, option := range options {
		option(&o)
	}
	site.New(o).Register(mux)
	w := &world{httptest.NewServer(mux), st, h}
	t.Cleanup(func() {
		w.CloseClientConnections()
		w.Close()
		h.Shutdown(context.Background(), 0)
		cancel()
		running.Wait()
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// A reply is what the server has answered.
type reply struct {
	*http.Response
	text string
}

// get asks for a page as somebody without a login does, and follows nothing.
func (w *world) get(t testing.TB, path string) reply {
	t.Helper()
	return w.do(t, request(t, w.URL+path))
}

// as asks for a page, or sends an empty form, as somebody does; "" is nobody.
func (w *world) as(t testing.TB, username, method, path string) reply {
	t.Helper()
	token, form := "", url.Values(nil)
	if username != "" {
		token = w.session(t, username).Value
	}
	if method == http.MethodPost {
		form = url.Values{}
	}
	return w.send(t, token, path, form)
}

// send asks as the person of a session does, nobody if the token is empty; with a form it
// posts. It follows nothing.
func (w *world) send(t testing.TB, token, path string, form url.Values, headers ...string) reply {
	t.Helper()
	r := request(t, w.URL+path)
	if form != nil {
		r.Method, r.Body = http.MethodPost, io.NopCloser(strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if token != "" {
		r.AddCookie(&http.Cookie{Name: "hearsay", Value: token})
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return w.do(t, r)
}

func (w *world) do(t testing.TB, r *http.Request) reply {
	t.Helper()
	answer, err := http.DefaultTransport.RoundTrip(r)
	check(t, err)
	return read(t, answer)
}

func read(t testing.TB, answer *http.Response) reply {
	t.Helper()
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	check(t, err)
	return reply{answer, string(text)}
}

func request(t testing.TB, url string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	check(t, err)
	return r
}

// want checks the status, and that the page, or where a redirect leads, has the texts.
func (p reply) want(t testing.TB, status int, texts ...string) reply {
	t.Helper()
	in := p.text + p.Header.Get("Location")
	if p.StatusCode != status {
		t.Errorf("%s %s: status %d, want %d: %.600s", p.Request.Method, p.Request.URL.Path, p.StatusCode, status, in)
	}
	for _, text := range texts {
		if !strings.Contains(in, text) {
			t.Errorf("%s %s: lacks %q: %s", p.Request.Method, p.Request.URL.Path, text, in)
		}
	}
	return p
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// furnish fills the world with something of everything, and connects Alpha and Shy.
func (w *world) furnish(t testing.TB) {
	t.Helper()
	ctx := t.Context()
	add := func(g store.Game) store.Credential {
		t.Helper()
		c, err := w.store.CreateGame(ctx, g, store.LongSecret)
		check(t, err)
		return c
	}
	_, err := w.store.CreateUser(ctx, store.User{Username: "Olga", Role: store.Admin}, "correct horse")
	check(t, err)
	alpha := add(store.Game{
		ShortName: "Alpha", Name: "Alpha, a world of its own", Display: true, Tagline: "Dragons & tea",
		Description: "A game of many words.\n\nSince 1994.", HomepageURL: "https://alpha.example", Owner: "Olga",
		AllowCharacterRegistration: true,
	})
	shy := add(store.Game{ShortName: "Shy", Name: "Shy MUD", Display: true, HidePlayers: true})
	add(store.Game{ShortName: "Quiet", Name: "Quiet MUD", Display: true})
	veiled := add(store.Game{ShortName: "Veiled", Name: "Veiled MUD", AllowCharacterRegistration: true})
	add(store.Game{ShortName: "Banned", Name: "Banned MUD", Display: true})
	check(t, w.store.SuspendGame(ctx, "Banned", store.Suspension{Reason: "Floods"}))
	for _, c := range []store.Connection{
		{Type: "web", URL: "https://alpha.example/play"}, {Type: "telnet", Host: "alpha.example", Port: 4000},
		{Type: "secure telnet", Host: "alpha.example", Port: 4443},
	} {
		_, err := w.store.AddConnection(ctx, "Alpha", c)
		check(t, err)
	}
	now := time.Now().UTC()
	for _, e := range []store.Event{
		{Game: "Alpha", Title: "Harvest fair", Description: "Pies.\n\nMore pies.", StartDate: now.AddDate(0, 0, -2).Format(time.DateOnly), EndDate: now.AddDate(0, 0, 3).Format(time.DateOnly)},
		{Game: "Alpha", Title: "Long ago", StartDate: "2001-01-01", EndDate: "2001-01-02"},
		{Game: "Shy", Title: "Frost feast", StartDate: now.AddDate(0, 2, 0).Format(time.DateOnly), EndDate: now.AddDate(0, 2, 0).Format(time.DateOnly)},
		{Game: "Veiled", Title: "Masked ball", StartDate: now.AddDate(0, 1, 0).Format(time.DateOnly), EndDate: now.AddDate(0, 1, 0).Format(time.DateOnly)},
	} {
		_, err := w.store.CreateEvent(ctx, e)
		check(t, err)
	}
	steps := int64(10)
	for _, a := range []store.Achievement{
		{Title: "Dragon slayer", Description: new("Slay ten"), Points: 10, Display: true, PartialProgress: true, TotalProgress: &steps},
		{Title: "The secret door", Points: 5},
	} {
		_, err := w.store.CreateAchievement(ctx, store.GameID(alpha.ID), a)
		check(t, err)
	}
	_, err = w.store.CreateChannel(ctx, store.Channel{Name: "lounge", Description: "For members", KeepDays: 30})
	check(t, err)
	_, err = w.store.CreateChannel(ctx, store.Channel{Name: "cellar", Hidden: true, Readable: true, KeepDays: 30})
	check(t, err)
	petra := w.person(t, "Petra")
	for _, one := range []struct {
		game store.Credential
		name string
		is   store.CharacterState
	}{
		{alpha, "Ann", store.Approved}, {alpha, "Bob", store.Pending}, {alpha, "Ghost", store.Vetoed}, {alpha, "Nobody", store.Denied},
		{alpha, "Old", store.Withdrawn}, {veiled, "Masked", store.Approved},
	} {
		id := w.register(t, petra, store.GameID(one.game.ID), one.name)
		switch one.is {
		case store.Approved:
			_, err = w.store.ApproveCharacter(ctx, id, petra.ID)
		case store.Vetoed:
			_, err = w.store.VetoCharacter(ctx, id, 0, "It is a monster of the game")
		case store.Denied:
			_, err = w.store.DenyCharacter(ctx, id, petra.ID)
		case store.Withdrawn:
			_, err = w.store.WithdrawCharacter(ctx, id, petra.ID)
		}
		check(t, err)
	}
	for i := range 60 {
		w.say(t, "gossip", "Ann", "Line "+strings.Repeat("x", i))
	}
	w.say(t, "gossip", "Ann", "Something rude")
	check(t, w.store.HideMessage(ctx, 61))
	w.say(t, "gossip", "Bob", "Hello <dragons>!")
	w.say(t, "lounge", "Cid", "A word among members")
	w.say(t, "cellar", "Dan", "A word in the dark")
	w.connect(t, alpha, "Ann", "Bob")
	w.connect(t, shy, "Hermit")
	for ago := 300 * 24 * time.Hour; ago > 0; ago -= time.Duration(1+ago/(48*time.Hour)) * 15 * time.Minute {
		check(t, w.store.AddGameReadings(ctx, now.Add(-ago), []store.GameReading{{Game: store.GameID(alpha.ID), Looks: 15, Players: 15 * (int(ago.Hours()) % 24), Most: 30}}))
	}
}

// person adds somebody with an account.
func (w *world) person(t testing.TB, username string) store.User {
	t.Helper()
	u, err := w.store.InviteUser(t.Context(), store.User{Username: username, Role: store.Person})
	check(t, err)
	return u
}

const password = "correct horse battery"

// member adds one of that role, and gives the token of a session.
func (w *world) member(t testing.TB, name string, role store.Role) (token string) {
	t.Helper()
	_, err := w.store.CreateUser(t.Context(), store.User{Username: name, Role: role}, password)
	check(t, err)
	return w.session(t, name).Value
}

// register registers a character with the person's key.
func (w *world) register(t testing.TB, u store.User, game store.GameID, name string) store.CharacterID {
	t.Helper()
	k, err := w.store.RegistrationKey(t.Context(), u.ID, time.Now())
	check(t, err)
	c, err := w.store.Register(t.Context(), game, name, k.Key, time.Now())
	check(t, err)
	return c.ID
}

// session is the cookie of somebody who is signed in.
func (w *world) session(t testing.TB, username string) *http.Cookie {
	t.Helper()
	u, err := w.store.User(t.Context(), username)
	check(t, err)
	token, err := w.store.StartSession(t.Context(), u.ID, "192.0.2.1", "test")
	check(t, err)
	return &http.Cookie{Name: "hearsay", Value: token}
}

// say has somebody of Alpha say something.
func (w *world) say(t testing.TB, channel, name, text string) {
	t.Helper()
	c, err := w.store.Channel(t.Context(), channel)
	check(t, err)
	check(t, w.store.Append(t.Context(), store.Message{Channel: c.ID, Game: "Alpha", Name: name, Text: text}, func(store.Message) {}))
}

// connect puts a game on the network until the test ends.
func (w *world) connect(t testing.TB, c store.Credential, players ...string) *hubtest.Socket {
	t.Helper()
	s, err := hubtest.Dial(t.Context(), strings.Replace(w.URL, "http", "ws", 1)+"/socket")
	check(t, err)
	t.Cleanup(func() { s.Conn.CloseNow() })
	check(t, s.Authenticate(t.Context(), c, map[string]any{"supports": []string{"channels", "players"}, "players": players}))
	return s
}

// pages are those that people look at.
var pages = []string{
	"/", "/games", "/games?q=alpha", "/games?q=nothing", "/games?filter=online", "/games?sort=seen&desc=on",
	"/games/Alpha", "/games/Shy", "/games/Quiet", "/channels", "/channels/gossip", "/channels/gossip?before=12", "/channels/testing",
	"/events", "/conduct", "/widget/gossip", "/people/Petra", "/people/Olga", "/sign-up", "/sign-up/waiting",
}

func TestPages(t *testing.T) {
	w := newWorld(t, hubtest.NewFile(t))
	w.furnish(t)
	for _, tt := range []struct {
		path   string
		status int
		has    []string
		lacks  []string
	}{
		{"/", 200, []string{
			"<title>A chat network for text games · Starlight</title>", "A network of stars.", "Come &amp; see.", "<strong>2 games</strong>", "<strong>2 players</strong>",
			`href="/games/Alpha"`, "2 players", "Harvest fair", "Hello &lt;dragons&gt;!", `property="og:title"`, `<link rel="canonical" href="` + w.URL + `/"`, "ws://",
		}, []string{"Masked ball", "Something rude", "members", "in the dark", "Hermit"}},
		{"/games", 200, []string{"Alpha, a world of its own", "Dragons &amp; tea", "Shy MUD", "Quiet MUD", "3 games", "never"}, nil},
		{"/games?q=dragons", 200, []string{"Alpha", "1 game"}, []string{"Shy MUD"}},
		{"/games?filter=offline", 200, []string{"Quiet MUD"}, []string{"Shy MUD"}},
		{"/games?q=nothing", 200, []string{"Nothing matches"}, nil},
		{"/games/Alpha", 200, []string{
			"A game of many words.", "telnet://alpha.example:4000", "telnets://alpha.example:4443", "https://alpha.example/play", "https://alpha.example",
			"Harvest fair", "Dragon slayer", "in 10 steps", "A hidden achievement", "<bdi>Ann</bdi>, <bdi>Bob</bdi>", "2 players", "Players in the last 24 hours", "Players in the last 365 days",
			`content="Dragons &amp; tea"`, "Register your character",
		}, []string{"The secret door", "Long ago", "Olga", "Petra"}},
		{"/games/alpha", 301, nil, nil},
		{"/games/Shy", 200, []string{"online", "Frost feast", "has not said how to connect"}, []string{"Hermit", "Register your character", "1 player", "Players over time"}},
		{"/games/Veiled", 404, nil, []string{"Veiled MUD"}},
		{"/games/Banned", 404, nil, []string{"Banned MUD", "Floods"}},
		{"/games/Nobody", 404, []string{"is not there"}, nil},
		{"/channels", 200, []string{"gossip", "testing"}, []string{"lounge", "cellar"}},
		{"/channels/gossip", 200, []string{"Hello &lt;dragons&gt;!", "Bob", "@Alpha", "What was said before", "/live/channel?name=gossip"}, []string{"Something rude"}},
		{"/channels/gossip?before=12", 200, []string{"To what is said now", ">Line xxxxxxxxxx<"}, []string{"Hello", "/live/", "What was said before"}},
		{"/channels/gossip?before=-1", 200, []string{"Hello"}, nil},
		{"/channels/lounge", 404, nil, []string{"members"}},
		{"/channels/cellar", 404, nil, []string{"in the dark"}},
		{"/channels/nowhere", 404, nil, nil},
		{"/events", 200, []string{"Going on", "Harvest fair", "More pies.", "Frost feast", "Shy MUD"}, []string{"Masked ball", "Long ago"}},
		{"/people/Petra", 200, []string{
			"<title>Petra · Starlight</title>", "Here since " + time.Now().UTC().Format("January 2006"), ">Ann<", `href="/games/Alpha"`,
			`content="Petra on Starlight: Ann of Alpha, a world of its own."`, `<link rel="canonical" href="` + w.URL + `/people/Petra"`,
		}, []string{"Masked", "Veiled", "Ghost", "Bob", "Nobody", "Old", "monster"}},
		{"/people/petra", 301, nil, nil},
		{"/people/Olga", 200, []string{"Olga shows none.", "Runs", "Alpha, a world of its own"}, []string{"admin"}},
		{"/people/Eve", 404, []string{"is not there"}, nil},
		{"/conduct", 200, []string{"Be &lt;kind&gt;."}, nil},
		{"/robots.txt", 200, []string{"Disallow: /admin", w.URL + "/sitemap.xml"}, nil},
		{"/widget/gossip", 200, []string{"Hello &lt;dragons&gt;!"}, []string{"<header>", "Something rude"}},
		{"/widget/lounge", 404, nil, []string{"members"}},
	} {
		p := w.get(t, tt.path)
		if p.StatusCode != tt.status {
			t.Errorf("%s: got status %d, want %d: %.300s", tt.path, p.StatusCode, tt.status, p.text)
		}
		for _, want := range tt.has {
			if !strings.Contains(p.text, want) {
				t.Errorf("%s lacks %q", tt.path, want)
			}
		}
		for _, bad := range append(tt.lacks, "client_id", "127.0.0.1:1", "<script>") {
			if strings.Contains(p.text, bad) {
				t.Errorf("%s has %q", tt.path, bad)
			}
		}
	}
	front := w.get(t, "/")
	size := len(front.text)
	for _, file := range regexp.MustCompile(`"(/assets/[^"]+)"`).FindAllStringSubmatch(front.text, -1) {
		r := request(t, w.URL+file[1])
		r.Header.Set("Accept-Encoding", "gzip")
		answer, err := http.DefaultTransport.RoundTrip(r)
		check(t, err)
		size += len(read(t, answer).text)
	}
	if size > 100_000 {
		t.Errorf("the front page has %d bytes with all that it loads", size)
	}
}

// TestGame_software: the version that a client says is the protocol's, and a game that is away
// is not connected.
func TestGame_software(t *testing.T) {
	w := newWorld(t, hubtest.NewFile(t))
	c, err := w.store.CreateGame(t.Context(), store.Game{ShortName: "Alpha", Name: "Alpha", Display: true}, store.LongSecret)
	check(t, err)
	check(t, w.store.SetClient(t.Context(), store.GameID(c.ID), "Evennia 4.5.0", "1.0.0"))
	if p := w.get(t, "/games/Alpha").want(t, 200, "Runs <bdi>Evennia 4.5.0</bdi>"); strings.Contains(p.text, "1.0.0") || strings.Contains(p.text, "connected") {
		t.Errorf("got %s", p.text)
	}
}

func TestPages_cache(t *testing.T) {
	w := newWorld(t, hubtest.NewFile(t))
	w.furnish(t)
	for path, want := range map[string]string{
		"/": "public, max-age=30", "/games": "public, max-age=30", "/games/Alpha": "public, max-age=30", "/events.atom": "public, max-age=30",
		"/sitemap.xml": "public, max-age=30", "/games?q=a": "no-store", "/games/Nobody": "no-store",
	} {
		p := w.get(t, path)
		if got := p.Header.Get("Cache-Control"); got != want {
			t.Errorf("%s: got %q, want %q", path, got, want)
		}
	}
	r := request(t, w.URL+"/")
	r.AddCookie(w.session(t, "Olga"))
	answer, err := http.DefaultClient.Do(r)
	check(t, err)
	answer.Body.Close()
	if got := answer.Header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("signed in: got %q", got)
	}
	if got := answer.Header.Get("Vary"); got != "Cookie" {
		t.Errorf("Vary: got %q", got)
	}
}

func TestFeed(t *testing.T) {
	w := newWorld(t, hubtest.NewFile(t))
	w.furnish(t)
	p := w.get(t, "/events.atom")
	var feed struct {
		XMLName xml.Name
		Updated time.Time `xml:"updated"`
		Entries []struct {
			Title   string    `xml:"title"`
			ID      string    `xml:"id"`
			Updated time.Time `xml:"updated"`
			Content string    `xml:"content"`
		} `xml:"entry"`
	}
	check(t, xml.Unmarshal([]byte(p.text), &feed))
	if feed.XMLName.Space != "http://www.w3.org/2005/Atom" || len(feed.Entries) != 2 || feed.Updated.IsZero() {
		t.Fatalf("got %+v", feed)
	}
	first := feed.Entries[0]
	if first.Title != "Alpha, a world of its own: Harvest fair" || !strings.HasPrefix(first.ID, w.URL+"/events#") || first.Updated.IsZero() || !strings.Contains(first.Content, "More pies.") {
		t.Errorf("got %+v", first)
	}
	if kind := p.Header.Get("Content-Type"); kind != "application/atom+xml; charset=utf-8" {
		t.Errorf("it is %s", kind)
	}
}

func TestSitemap(t *testing.T) {
	w := newWorld(t, hubtest.NewFile(t))
	w.furnish(t)
	var m struct {
		URLs []struct {
			Loc string `xml:"loc"`
		} `xml:"url"`
	}
	check(t, xml.Unmarshal([]byte(w.get(t, "/sitemap.xml").text), &m))
	for _, one := range m.URLs {
		if one.Loc == w.URL+"/docs" {
			continue // served beside these pages
		}
		if p := w.get(t, strings.TrimPrefix(one.Loc, w.URL)); p.StatusCode != http.StatusOK {
			t.Errorf("%s: status %d", one.Loc, p.StatusCode)
		}
	}
	if len(m.URLs) != 6+2+3+1 {
		t.Errorf("it has %d addresses: %v", len(m.URLs), m.URLs)
	}
}

// TestWidget: only sites that the settings name may show a channel in a frame, and no other
// page may be in one.
func TestWidget(t *testing.T) {
	w := newWorld(t, hubtest.NewFile(t))
	for path, want := range map[string]string{"/widget/gossip": "frame-ancestors https://fans.example", "/": "frame-ancestors 'none'"} {
		if got := w.get(t, path).Header.Get("Content-Security-Policy"); !strings.HasSuffix(got, want) {
			t.Errorf("%s: got %s", path, got)
		}
	}
	p := w.get(t, "/widget.js")
	if p.StatusCode != http.StatusFound || p.Header.Get("Cross-Origin-Resource-Policy") != "cross-origin" {
		t.Errorf("the script: %d, %v", p.StatusCode, p.Header)
	}
	if script := w.get(t, p.Header.Get("Location")); !strings.Contains(script.text, "iframe") {
		t.Errorf("the script is %q", script.text)
	}
}

// TestPages_personal: what the file has about people is on no public page and in no feed,
// but for usernames of those who have a profile.
func TestPages_personal(t *testing.T) {
	w := newWorld(t, hubtest.NewFile(t), asMode(store.SignUpOpen))
	w.furnish(t)
	ctx := store.WithActor(t.Context(), store.Actor{Name: "Olga", Address: "192.0.2.7"})
	for _, name := range []string{"Olga", "Petra"} { // she runs the network and owns Alpha; she has characters
		check(t, w.store.ConfirmEmail(ctx, name, name+"@private.example", time.Now()))
		w.session(t, name)
	}
	_, err := w.store.AddIgnore(ctx, "Alpha", "Mallory@*")
	check(t, err)
	_, err = w.store.SignUp(ctx, store.SignUp{Mode: store.SignUpApproval, Username: "Wanda", Password: password, Email: "wanda@private.example"}, time.Now())
	check(t, err)
	_, err = w.store.CreateRule(ctx, store.Rule{Kind: store.PlayerRule, Subject: "Trudy@Alpha", Action: store.Mute, Reason: "Floods", Enabled: true})
	check(t, err)
	for _, path := range slices.Concat(pages, []string{"/events.atom", "/sitemap.xml", "/robots.txt", "/people/Wanda"}) {
		p := w.get(t, path)
		if !strings.HasPrefix(path, "/people/") { // who asks for a name knows it
			for _, name := range []string{"Olga", "Wanda"} {
				if strings.Contains(p.text, name) {
					t.Errorf("%s names %s", path, name)
				}
			}
		}
		for _, private := range []string{"private.example", "192.0.2.", "Mallory", "Trudy", "Ghost", "Nobody", "Old"} {
			if strings.Contains(p.text, private) {
				t.Errorf("%s has %q: %.2000s", path, private, p.text)
			}
		}
	}
}

// TestTour_inBrowser looks at every page as people do.
func TestTour_inBrowser(t *testing.T) {
	chrome.Long(t)
	browser := chrome.Open(t)
	w := newWorld(t, hubtest.NewFile(t), asMode(store.SignUpOpen))
	w.furnish(t)
	w.furnishEden(t)
	chrome.Visit(t, browser, w.URL, append(pages, "/games/Eden")...)
	w.signIn(t, browser, "Petra")
	chrome.Visit(t, browser, w.URL, "/characters", "/characters/1/withdraw", "/channels/gossip?signed-in")
}

// furnishEden adds a game that writes from right to left.
func (w *world) furnishEden(t testing.TB) {
	t.Helper()
	ctx := t.Context()
	eden, err := w.store.CreateGame(ctx, store.Game{
		ShortName: "Eden", Name: "עדן 7", Display: true, Tagline: "גן של 100 עצים", Description: "תיאור של המשחק", Owner: "Petra", AllowCharacterRegistration: true,
	}, store.LongSecret)
	check(t, err)
	today := time.Now().UTC().Format(time.DateOnly)
	_, err = w.store.CreateEvent(ctx, store.Event{Game: "Eden", Title: "יריד הקציר", Description: "בכיכר", StartDate: today, EndDate: today})
	check(t, err)
	_, err = w.store.CreateAchievement(ctx, store.GameID(eden.ID), store.Achievement{Title: "קוטל דרקונים", Description: new("עשרה דרקונים"), Points: 5, Display: true})
	check(t, err)
	petra, err := w.store.User(ctx, "Petra")
	check(t, err)
	for _, name := range []string{"דוד", "אדם"} {
		id := w.register(t, petra, store.GameID(eden.ID), name)
		if name == "אדם" {
			_, err = w.store.VetoCharacter(ctx, id, 0, "שם שמור")
		} else {
			_, err = w.store.ApproveCharacter(ctx, id, petra.ID)
		}
		check(t, err)
	}
	w.connect(t, eden, "דוד", "אדם")
	check(t, w.store.Append(ctx, store.Message{Channel: 1, Game: "Eden", Name: "דוד", Text: "שלום 100 דרקונים"}, func(store.Message) {}))
}

// signIn gives a browser the cookie of a session.
func (w *world) signIn(t testing.TB, browser context.Context, username string) {
	t.Helper()
	chrome.Give(t, browser, w.URL, w.session(t, username))
}

// TestLive_inBrowser: what is said appears on the page of the channel and on the front page.
func TestLive_inBrowser(t *testing.T) {
	t.Parallel() // most of the time is waiting
	w := newWorld(t, hubtest.NewFile(t))
	tab := chrome.NewTab(t, w.URL)
	for _, path := range []string{"/channels/gossip", "/", "/widget/gossip"} {
		tab.Open(t, path)
		text := "Heard on " + path
		w.say(t, "gossip", "Ann", text)
		tab.See(t, text)
	}
	c, err := w.store.CreateGame(t.Context(), store.Game{ShortName: "Late", Name: "Late MUD", Display: true}, store.LongSecret)
	check(t, err)
	tab.Open(t, "/")
	tab.See(t, "No game is online")
	w.connect(t, c, "Eve")
	tab.See(t, "Late MUD")
	tab.See(t, "1 player signed in")
}
