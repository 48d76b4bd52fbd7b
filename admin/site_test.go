package admin_test

import (
	"cmp"
	"context"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"hearsay/admin"
	"hearsay/admin/setting"
	"hearsay/hub"
	"hearsay/hub/hubtest"
	shared "hearsay/hub/page"
	public "hearsay/hub/site"
	"hearsay/hub/store"
	backbone "hearsay/sync"
)

// password is that of every user in the tests.
const password = "correct horse battery"

// A site is a whole hub on a loopback address: file, socket and pages.
type site struct {
	*httptest.Server
	Store    *store.Store
	Hub      *hub.Hub
	Settings *setting.Settings
}

// newSite runs one until the test ends. options may change what the pages are made of.
func newSite(t testing.TB, options ...func(*admin.Options)) *site {
	t.Helper()
	return newSiteOn(t, hubtest.NewFile(t), options...)
}

// newSiteOn runs one on a file.
func newSiteOn(t testing.TB, path string, options ...func(*admin.Options)) *site {
	t.Helper()
	return newSiteWith(t, path, hub.Options{}, options...)
}

// newSiteWith runs one whose hub has those options, and the backbone.
func newSiteWith(t testing.TB, path string, ho hub.Options, options ...func(*admin.Options)) *site {
	t.Helper()
	st, err := store.Open(t.Context(), path, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ho.Backbone = backbone.New(st)
	ho.Heartbeat = cmp.Or(ho.Heartbeat, 15*time.Minute) // the tests' games answer none
	if ho.Limits == nil {
		l := hub.DefaultLimits()
		l.Events, l.Sends = hub.Rate{}, hub.Rate{} // tests say much
		ho.Limits = &l
	}
	h, err := hub.New(t.Context(), st, ho)
	if err != nil {
		t.Fatal(err)
	}
	given := *setting.Default()
	given.DB, given.Title = st.Path(), "Starlight"
	settings, err := setting.Open(t.Context(), st, given, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	registers := func() bool { return settings.Config().GameRegistration != string(store.RegistrationOperator) }
	o := admin.Options{Options: shared.Options{Store: st, Heading: settings.Heading, Registers: registers}, Hub: h, Settings: settings}
	for _, option := range options {
		option(&o)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { h.Run(ctx) })
	running.Go(func() { st.Maintain(ctx) })
	running.Go(func() { o.Settings.Follow(ctx, func(c setting.Config) { h.SetLimits(c.Limits) }) })
	mux := http.NewServeMux()
	mux.Handle("GET /socket", h)
	public.New(public.Options{Options: o.Options, Hub: h, Mail: o.Mail, FillTime: time.Nanosecond}).Register(mux)
	mux.Handle("/", admin.New(o))
	s := &site{httptest.NewServer(mux), st, h, o.Settings}
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
		h.Shutdown(context.Background(), 0)
		cancel()
		running.Wait()
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// user adds a user of that role, who is called like it.
func (s *site) user(t testing.TB, role store.Role) {
	t.Helper()
	if _, err := s.Store.CreateUser(t.Context(), store.User{Username: string(role), Role: role}, password); err != nil {
		t.Fatal(err)
	}
}

// A browser is a client with cookies. It does not follow redirects.
type browser struct {
	*http.Client
	site *site
}

func (s *site) browser(t testing.TB) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{&http.Client{
		Jar:           jar,
		Transport:     s.Client().Transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, s}
}

// withPassword is signedIn for who is to give the password.
func (s *site) withPassword(t testing.TB, role store.Role) *browser {
	t.Helper()
	s.user(t, role)
	return s.as(t, string(role))
}

// signedIn is a browser of a new user of that role.
func (s *site) signedIn(t testing.TB, role store.Role) *browser {
	t.Helper()
	return s.signedInAs(t, string(role), role)
}

// signedInAs is a browser of a new user, who has no password: it takes long to hash one.
func (s *site) signedInAs(t testing.TB, username string, role store.Role) *browser {
	t.Helper()
	if _, err := s.Store.InviteUser(t.Context(), store.User{Username: username, Role: role}); err != nil {
		t.Fatal(err)
	}
	return s.as(t, username)
}

// as is a browser in which somebody has signed in.
func (s *site) as(t testing.TB, username string) *browser {
	t.Helper()
	b := s.browser(t)
	u, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	b.Jar.SetCookies(u, []*http.Cookie{s.session(t, username)})
	return b
}

// session is the cookie that a login gives somebody.
func (s *site) session(t testing.TB, username string) *http.Cookie {
	t.Helper()
	u, err := s.Store.User(t.Context(), username)
	if err != nil {
		t.Fatal(err)
	}
	token, err := s.Store.StartSession(t.Context(), u.ID, "127.0.0.1", "test")
	if err != nil {
		t.Fatal(err)
	}
	return &http.Cookie{Name: "hearsay", Value: token, Path: "/"}
}

// A page is what was answered.
type page struct {
	*http.Response
	text string
}

func (b *browser) get(t testing.TB, path string) page {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.site.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	return b.do(t, r)
}

// post sends a form of names and values.
func (b *browser) post(t testing.TB, path string, fields ...string) page {
	t.Helper()
	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.site.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.do(t, r)
}

func (b *browser) do(t testing.TB, r *http.Request) page {
	t.Helper()
	w, err := b.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Body.Close()
	text, err := io.ReadAll(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	return page{w, bare.ReplaceAllString(string(text), "")}
}

// bare takes away what says nothing: directions of texts, and columns in cells. The tour looks
// whether they are there.
var bare = regexp.MustCompile(`</?bdi>| dir="auto"| data-label="[^"]*"`)

// want checks the status, and that the page has the texts; of a redirect, where to.
func (p page) want(t testing.TB, status int, texts ...string) page {
	t.Helper()
	in := p.text + p.Header.Get("Location")
	if p.StatusCode != status {
		t.Errorf("%s %s: status %d, want %d: %.600s", p.Request.Method, p.Request.URL, p.StatusCode, status, in)
	}
	for _, text := range texts {
		if !strings.Contains(in, text) {
			t.Errorf("%s %s: lacks %q: %s", p.Request.Method, p.Request.URL, text, in)
		}
	}
	return p
}

// say puts a message into the chat log of a channel.
func (s *site) say(t testing.TB, channel store.ChannelID, game, name, text string) (id store.MessageID) {
	t.Helper()
	err := s.Store.Append(t.Context(), store.Message{Channel: channel, Game: game, Name: name, Text: text}, func(m store.Message) { id = m.ID })
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// game adds one.
func (s *site) game(t testing.TB, shortName string) store.Credential {
	t.Helper()
	c, err := s.Store.CreateGame(t.Context(), store.Game{ShortName: shortName, Name: shortName + " MUD", Display: true}, store.LongSecret)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// register registers a game's character with somebody's key.
func (s *site) register(t testing.TB, username string, game store.GameID, name string) store.CharacterID {
	t.Helper()
	u, err := s.Store.User(t.Context(), username)
	if err != nil {
		t.Fatal(err)
	}
	k, err := s.Store.RegistrationKey(t.Context(), u.ID, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	c, err := s.Store.Register(t.Context(), game, name, k.Key, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return c.ID
}

// ask reads the file beside the hub.
func (s *site) ask(t testing.TB, query string) (all []string) {
	t.Helper()
	conn, err := sqlite.OpenConn(s.Store.Path(), sqlite.OpenReadOnly)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := sqlitex.Execute(conn, query, &sqlitex.ExecOptions{ResultFunc: func(stmt *sqlite.Stmt) error {
		all = append(all, stmt.ColumnText(0))
		return nil
	}}); err != nil {
		t.Fatal(err)
	}
	return all
}
