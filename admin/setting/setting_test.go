package setting_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"
	"go.uber.org/goleak"

	"hearsay/admin/setting"
	"hearsay/hub"
	"hearsay/hub/hubtest"
	"hearsay/hub/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A server is what the settings see of one.
type server struct {
	t     *testing.T
	st    *store.Store
	log   bytes.Buffer
	flags *pflag.FlagSet
	given setting.Config
}

func newServer(t *testing.T, flags ...string) *server {
	t.Helper()
	st, err := store.Open(t.Context(), hubtest.NewFile(t), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	s := &server{t: t, st: st, flags: pflag.NewFlagSet("", pflag.ContinueOnError), given: *setting.Default()}
	s.given.Flags(s.flags)
	if err := s.flags.Parse(flags); err != nil {
		t.Fatal(err)
	}
	return s
}

// start is what the server does when it starts.
func (s *server) start() *setting.Settings {
	s.t.Helper()
	all, err := setting.Open(s.t.Context(), s.st, s.given, s.flags, slog.New(slog.NewTextHandler(&s.log, nil)))
	if err != nil {
		s.t.Fatal(err)
	}
	return all
}

// put writes into the file, as the sqlite3 shell may.
func (s *server) put(name, value string) {
	s.t.Helper()
	if err := s.st.SetSetting(s.t.Context(), name, value); err != nil {
		s.t.Fatal(err)
	}
}

func want(t *testing.T, all *setting.Settings, name, value string, source setting.Source) setting.Setting {
	t.Helper()
	one, err := all.Setting(name)
	if err != nil {
		t.Fatal(err)
	}
	if one.Value != value || one.Source != source {
		t.Errorf("%s is %q from %s, want %q from %s", name, one.Value, one.Source, value, source)
	}
	return one
}

// Every flag is a setting, once.
func TestAll(t *testing.T) {
	s := newServer(t, "--metrics-token", "horse", "--trusted-proxies", "127.0.0.1,10.0.0.0/8")
	all := s.start().All()
	seen := map[string]int{"db": -1}
	for _, one := range all {
		seen[one.Name]++
		if one.Usage == "" || strings.ContainsRune(one.Usage, '`') || one.Group == "" || one.Kind == "" {
			t.Errorf("%+v", one)
		}
		if one.Value != one.Default && one.Source == setting.Standard {
			t.Errorf("%+v has no source", one)
		}
	}
	s.flags.VisitAll(func(f *pflag.Flag) {
		if seen[f.Name] != 1 {
			t.Errorf("%s is %d times among the settings", f.Name, seen[f.Name])
		}
		delete(seen, f.Name)
	})
	if len(seen) != 1 || seen["db"] != 0 {
		t.Errorf("no flags are %v", seen)
	}
	if one := want(t, s.start(), "metrics-token", "(set, and not shown)", setting.Flag); one.Fixed == "" {
		t.Error("a secret may be changed")
	}
	want(t, s.start(), "trusted-proxies", "127.0.0.1,10.0.0.0/8", setting.Flag)
}

// A mail server goes with an address to which links lead, and nothing repeats its password.
func TestCheck_mail(t *testing.T) {
	for _, test := range []struct{ server, public, from, want string }{
		{"smtp://u:horse@mail.example", "https://hub.example", "hub@hub.example", ""},
		{"", "https://hub.example", "", ""},
		{"smtp://u:horse@mail.example", "", "", "smtp_url: goes with public_url"},
		{"http://u:horse@mail.example", "https://hub.example", "", "neither smtp://"},
		{"smtp://u:horse@mail.example", "https://hub.example/", "", "scheme and host alone"},
		{"smtp://u:horse@mail.example", "hub.example", "", "scheme and host alone"},
		{"smtp://u:horse@mail.example", "https://hub.example", "hub", "no e-mail address"},
	} {
		c := setting.Default()
		c.SMTPURL, c.PublicURL, c.MailFrom = test.server, test.public, test.from
		err := c.Check()
		if text := fmt.Sprint(err); (err == nil) != (test.want == "") || !strings.Contains(text, test.want) && err != nil || strings.Contains(text, "horse") {
			t.Errorf("%+v: got %v", test, err)
		}
	}
	s := newServer(t, "--smtp-url", "smtp://u:horse@mail.example", "--public-url", "https://hub.example")
	want(t, s.start(), "smtp-url", "(set, and not shown)", setting.Flag)
}

// Flag before environment before file before default.
func TestOpen_precedence(t *testing.T) {
	s := newServer(t, "--limit-sends", "3,1", "--max-text", "100")
	if err := s.flags.SetAnnotation("max-text", setting.FromEnvironment, []string{"HEARSAY_MAX_TEXT"}); err != nil {
		t.Fatal(err)
	}
	s.put("limit-sends", "5,5")
	s.put("max-text", "nonsense") // it does not matter
	s.put("max-history", "7")
	s.put("name", "Starlight")
	all := s.start()
	if one := want(t, all, "limit-sends", "3,1", setting.Flag); one.Fixed != "set by --limit-sends; take it off there to change it here" || *one.InFile != "5,5" {
		t.Errorf("%+v", one)
	}
	if one := want(t, all, "max-text", "100", setting.Environment); !strings.Contains(one.Fixed, "HEARSAY_MAX_TEXT") || one.Problem != "" {
		t.Errorf("%+v", one)
	}
	if one := want(t, all, "max-history", "7", setting.File); one.Fixed != "" || one.AtStart || one.Default != "100" {
		t.Errorf("%+v", one)
	}
	want(t, all, "name", "Starlight", setting.File)
	want(t, all, "max-queue", "1048576", setting.Standard)
	c := all.Config()
	if c.Limits.Sends != (hub.Rate{Burst: 3, PerSecond: 1}) || c.Limits.MaxText != 100 || c.Limits.History != 7 || c.Name != "Starlight" || c.Heading() != "Starlight" {
		t.Errorf("in force is %+v", c)
	}
	if s.given.Limits.History != 100 {
		t.Error("what was given has changed")
	}
	if s.log.Len() > 0 {
		t.Errorf("logged %s", &s.log)
	}
	for _, name := range []string{"limit-sends", "max-text", "listen", "metrics-token", "db"} {
		if _, err := all.Set(t.Context(), name, "1"); err == nil || !strings.Contains(err.Error(), "set by") {
			t.Errorf("%s: got %v", name, err)
		}
	}
	// What does not count can be taken out all the same.
	if one, err := all.Unset(t.Context(), "limit-sends"); err != nil || one.InFile != nil || one.Value != "3,1" {
		t.Errorf("got %+v, %v", one, err)
	}
}

// Bad values in the file are as good as none.
func TestOpen_badValues(t *testing.T) {
	s := newServer(t)
	if _, err := s.st.CreateGame(t.Context(), store.Game{ShortName: "Alpha", Name: "Alpha"}, store.LongSecret); err != nil {
		t.Fatal(err)
	}
	bad := map[string]string{
		"heartbeat": "15", "limit-events": "many", "max-text": "0", "compression": "perhaps", "downtime": "-1", "backup-schedule": "hourly",
		"backup-hour": "24", "name": "alpha", "listen": "0.0.0.0:80", "metrics-token": "horse", "db": "other.db", "backups-kept": "", "nonsense": "1",
		"title": strings.Repeat("x", 101), "limit-sockets": "-1", "sign-up": "everybody",
		"smtp-url": "smtp://u:horse@mail.example", "smtp_url": "smtp://u:horse@mail.example", "public-url": "https://evil.example", "mail-from": "hub",
	}
	for name, value := range bad {
		s.put(name, value)
	}
	s.put("max-history", "7")
	all := s.start()
	if got, want := all.Config(), s.given; got.Limits.History != 7 {
		t.Errorf("one that will do is left out")
	} else if got.Limits.History = want.Limits.History; got.Name != want.Name || got.Heartbeat != want.Heartbeat || got.Limits != want.Limits ||
		got.Backups() != want.Backups() || got.Listen != want.Listen || got.MetricsToken != want.MetricsToken || got.Title != want.Title {
		t.Errorf("in force is %+v", got)
	}
	for name := range bad {
		if !strings.Contains(s.log.String(), "setting="+name+" ") {
			t.Errorf("nobody is told of %s:\n%s", name, &s.log)
		}
		if one, err := all.Setting(name); err == nil && (one.Source != setting.Standard || one.Problem == "") {
			t.Errorf("%+v", one)
		}
	}
	if log := s.log.String(); strings.Contains(log, "horse") || !strings.Contains(log, "value=hourly") {
		t.Errorf("the log has secrets, or lacks other values:\n%s", log)
	}
	for name, mend := range map[string]string{"heartbeat": "with its unit", "limit-events": "BURST,PER_SECOND", "max-text": "more than 0", "compression": "true or false", "backup-hour": "0 to 23", "name": "taken"} {
		if one, _ := all.Setting(name); !strings.Contains(one.Problem, mend) {
			t.Errorf("%s: the problem is %q, want %q", name, one.Problem, mend)
		}
	}
	was := s.log.Len()
	if _, err := all.Set(t.Context(), "title", "Starlight"); err != nil {
		t.Error(err)
	}
	if s.log.Len() != was {
		t.Errorf("told twice:\n%s", &s.log)
	}
	if _, err := all.Unset(t.Context(), "nonsense"); err == nil {
		t.Error("a setting that is none was found") // it was taken out all the same
	}
}

func TestSet(t *testing.T) {
	s := newServer(t)
	all := s.start()
	ctx := store.WithActor(t.Context(), store.Actor{Name: "ann"})
	for _, test := range []struct{ name, value, want string }{
		{"title", " Starlight & Co ", "Starlight & Co"}, {"limit-sends", "3,0.5", "3,0.5"}, {"limit-tells", "0", "0,0"}, {"offline-after", "90s", "1m30s"},
		{"max-text", "007", "7"}, {"compression", "1", "true"}, {"backup-schedule", "weekly", "weekly"}, {"name", "Starlight", "Starlight"}, {"sign-up", "approval", "approval"},
		{"mail-from", "hub@hub.example", "hub@hub.example"},
	} {
		one, err := all.Set(ctx, test.name, test.value)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if *one.InFile != test.want || one.Waiting != one.AtStart || !one.AtStart && (one.Value != test.want || one.Source != setting.File) || one.AtStart && one.Source != setting.Standard {
			t.Errorf("got %+v, want %s", one, test.want)
		}
	}
	c := all.Config()
	if c.Limits.Sends.Burst != 3 || c.Title != "Starlight & Co" || c.OfflineAfter != hub.OfflineAfter || c.Name != hub.Name || c.BackupSchedule != store.Weekly || c.SignUp != string(store.SignUpApproval) {
		t.Errorf("in force is %+v", c)
	}
	for _, test := range []struct{ name, value, want string }{
		{"max-text", "many", "whole number"}, {"max-text", "", "whole number"}, {"offline-after", "0s", "more than 0"}, {"nothing", "1", "not found"},
		{"heartbeat", "1ms", "15s"}, {"name", "Not A Name", "letters and digits"}, {"title", "a\nb", "one line"}, {"downtime", "90000", "a day"}, {"sign-up", "Open", "closed, invite, approval or open"},
		{"mail-from", "Hub <hub@hub.example>", "no e-mail address"}, {"smtp-url", "smtp://mail.example", "set by"}, {"public-url", "https://hub.example", "set by"},
	} {
		before, _ := all.Setting(test.name)
		if _, err := all.Set(ctx, test.name, test.value); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s %q: got %v, want %q", test.name, test.value, err, test.want)
		}
		if after, _ := all.Setting(test.name); after.Value != before.Value {
			t.Errorf("%s: changed to %s", test.name, after.Value)
		}
	}
	// Nobody else gets the name that waits.
	if _, err := s.st.CreateGame(ctx, store.Game{ShortName: "Starlight", Name: "Another"}, store.LongSecret); err == nil {
		t.Error("a game has the name of the hub")
	}

	// The next server has them all.
	next := s.start()
	if one := want(t, next, "name", "Starlight", setting.File); one.Waiting {
		t.Errorf("%+v", one)
	}
	if one, err := next.Set(ctx, "name", "Moonlight"); err != nil || one.Value != "Starlight" || one.Source != setting.File || !one.Waiting {
		t.Errorf("%+v, %v", one, err)
	}
	if one, err := next.Unset(ctx, "offline-after"); err != nil || one.InFile != nil || one.Value != "1m30s" || one.Source != setting.File || !one.Waiting {
		t.Errorf("%+v, %v", one, err)
	}
	if one, err := next.Unset(ctx, "title"); err != nil || one.Value != "" || one.Source != setting.Standard {
		t.Errorf("%+v, %v", one, err)
	}
	if _, err := next.Unset(ctx, "title"); err == nil {
		t.Error("taken out twice")
	}
}

// What another process changes holds here, too.
func TestFollow(t *testing.T) {
	s := newServer(t)
	all := s.start()
	changes := make(chan setting.Config)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		all.Follow(ctx, func(c setting.Config) {
			select {
			case changes <- c:
			case <-ctx.Done():
			}
		})
	}()
	defer func() {
		cancel()
		<-done
	}()
	if c := <-changes; c.Limits != hub.DefaultLimits() {
		t.Errorf("began with %+v", c)
	}
	other, err := store.Open(t.Context(), s.st.Path(), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if err := other.SetSetting(t.Context(), "max-text", "99"); err != nil {
		t.Fatal(err)
	}
	for c := range changes {
		if c.Limits.MaxText == 99 {
			break
		}
	}
}

// A folder that is not absolute is beside the file, wherever the server was started.
func TestConfig_backups(t *testing.T) {
	c := setting.Default()
	c.DB = filepath.Join("some", "where", "hearsay.db")
	if got := c.Backups().Folder; got != filepath.Join("some", "where", "backups") {
		t.Errorf("got %s", got)
	}
	c.BackupFolder = filepath.Join(os.TempDir(), "x")
	if got := c.Backups().Folder; got != c.BackupFolder {
		t.Errorf("got %s", got)
	}
	if c.Heartbeat != 15*time.Second || c.Check() != nil {
		t.Errorf("the defaults will not do: %v", c.Check())
	}
}

// Values that come from outside may be of any length: the log has the beginning.
func TestLogger_bounds(t *testing.T) {
	var b bytes.Buffer
	c := setting.Default()
	log, _, err := c.Logger(&b)
	if err != nil {
		t.Fatal(err)
	}
	log.Warn("a login failed", "username", strings.Repeat("é", 500_000), "err", errors.New(strings.Repeat("x", 1_000_000)))
	if b.Len() > 5000 || !strings.Contains(b.String(), "a login failed") || !strings.Contains(b.String(), "…") {
		t.Errorf("the line has %d bytes", b.Len())
	}
}
