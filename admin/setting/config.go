package setting

import (
	"cmp"
	"fmt"
	"io"
	"log/slog"
	"net"
	netmail "net/mail"
	"net/netip"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/pflag"

	"hearsay/hub"
	"hearsay/hub/site/mail"
	"hearsay/hub/store"
)

// A Config is what serve runs with.
type Config struct {
	DB     string // path of the database file
	Listen string // host:port
	Name   string // short name of the hub
	Title  string // what people read; "": Name
	SignUp string // who may make an account: a store.SignUpMode

	GameRegistration string // who may register a game: a store.GameRegistration

	Heartbeat    time.Duration // the tick of a socket
	OfflineAfter time.Duration // how long a game without a socket stays online
	DebugFor     time.Duration // how long a socket's debug mode lasts
	Downtime     int           // seconds that a planned stop announces

	OperatorIdle time.Duration // how long an operator's browser may be unused; 0: as long as a session lasts

	BackupFolder   string // a relative one is beside the database file
	BackupSchedule string // off, daily or weekly
	BackupHour     int    // of the day, local time
	BackupsKept    int    // of those made by the schedule

	LogFormat, LogLevel string
	TrustedProxies      []string // addresses and networks
	MetricsToken        string
	MetricsListen       string // host:port where metrics want no token; "": none
	TLSCert, TLSKey     string // paths of PEM files
	Compression         bool   // of frames, where a client offers it
	CPUProfile          string // path of the file to write; "": none

	Welcome       string // what the front page says of the network, paragraphs apart by an empty line
	Conduct       string // the code of conduct, so too
	WidgetOrigins string // of sites that may show a channel in a frame: "https://example.org"

	SMTPURL   string // of the mail server: see mail.Check; "": no mail is sent
	MailFrom  string // sender's address; "": made of SMTPURL
	PublicURL string // of the pages, as links have it: "https://hub.example"; "": where the request is

	ConnectionsAddress int // of one address, sockets aside; 0: no limit

	Limits hub.Limits
}

// mostText is how many characters a text of the public pages has at most.
const mostText = 20_000

// leastIdle is how long an operator's browser may be unused in any case: when it was last seen is
// known to two minutes, and a slip must not sign everybody out.
const leastIdle = 10 * time.Minute

// leastHeartbeat is for tests; a slip in the unit must not keep the hub busy with nothing else.
const leastHeartbeat = 10 * time.Millisecond

// Default has the default of every setting.
func Default() *Config {
	return &Config{
		DB: "hearsay.db", Listen: "127.0.0.1:8080", Name: hub.Name, SignUp: string(store.SignUpClosed),
		GameRegistration: string(store.RegistrationOperator), OperatorIdle: 7 * 24 * time.Hour,
		Heartbeat: hub.Heartbeat, OfflineAfter: hub.OfflineAfter, DebugFor: hub.DebugFor, Downtime: int(hub.Downtime / time.Second),
		BackupFolder: "backups", BackupSchedule: store.Daily, BackupHour: 4, BackupsKept: 7,
		LogFormat: "text", LogLevel: "info",
		ConnectionsAddress: 1000, Limits: hub.DefaultLimits(),
	}
}

// Flags adds a flag for every setting but the database file, with what c has as the
// default. What is set there, c has.
func (c *Config) Flags(f *pflag.FlagSet) {
	l := &c.Limits
	f.StringVar(&c.Listen, "listen", c.Listen, "`address` to listen on")
	f.StringVar(&c.Name, "name", c.Name, "short name of the hub itself, 1 to 15 letters and digits")
	f.StringVar(&c.Title, "title", c.Title, "name of the network that people read on the pages; without it the short name")
	f.StringVar(&c.Welcome, "welcome", c.Welcome, "`text` of the front page about the network; an empty line begins a paragraph")
	f.StringVar(&c.Conduct, "conduct", c.Conduct, "`text` of the code of conduct, at /conduct")
	f.StringVar(&c.WidgetOrigins, "widget-origins", c.WidgetOrigins, "`origins` of sites that may show a channel in a frame, such as https://example.org, separated by blanks")
	f.StringVar(&c.SignUp, "sign-up", c.SignUp, "who may make an account: closed (nobody), invite, approval (a login waits for an operator) or open (everybody)")
	f.StringVar(&c.GameRegistration, "game-registration", c.GameRegistration, "who may register a game: operator (operators alone), approval (everybody with an account, but it waits for an operator) or verified (who has a verified e-mail address)")
	f.DurationVar(&c.OperatorIdle, "operator-idle", c.OperatorIdle, "how long the browser of an admin or a moderator stays signed in without being used; 0 is as long as all others, 30 days")
	f.StringVar(&c.SMTPURL, "smtp-url", c.SMTPURL, "mail `server`, smtp://user:password@host:587 or smtps://…:465; without it no mail is sent")
	f.StringVar(&c.PublicURL, "public-url", c.PublicURL, "`address` of the pages, such as https://hub.example: links in mails, canonical addresses, /docs and the OAuth issuer follow it; needed with smtp-url")
	f.StringVar(&c.MailFrom, "mail-from", c.MailFrom, "sender's `address` of mails; without it the user of smtp-url, or hearsay@ and its host")
	f.DurationVar(&c.Heartbeat, "heartbeat", c.Heartbeat, "how often a socket gets a heartbeat; after three without an answer it is closed")
	f.DurationVar(&c.OfflineAfter, "offline-after", c.OfflineAfter, "how long a game without a socket stays online")
	f.DurationVar(&c.DebugFor, "debug-for", c.DebugFor, "how long a socket's debug mode lasts")
	f.IntVar(&c.Downtime, "downtime", c.Downtime, "`seconds` that a planned stop announces to games")
	f.StringVar(&c.BackupFolder, "backup-folder", c.BackupFolder, "`folder` of the backups; a relative one is beside the database file")
	f.StringVar(&c.BackupSchedule, "backup-schedule", c.BackupSchedule, "when the server makes a backup by itself: off, daily or weekly (on Sundays)")
	f.IntVar(&c.BackupHour, "backup-hour", c.BackupHour, "`hour` of the day at which it does, 0 to 23, in the machine's time zone")
	f.IntVar(&c.BackupsKept, "backups-kept", c.BackupsKept, "how `many` of those that it made by itself are kept, the newest")
	f.StringVar(&c.LogFormat, "log-format", c.LogFormat, "text or json")
	f.StringVar(&c.LogLevel, "log-level", c.LogLevel, "debug, info, warn or error")
	f.StringSliceVar(&c.TrustedProxies, "trusted-proxies", c.TrustedProxies, "`addresses` or networks of proxies whose X-Forwarded-For and -Proto count, separated by commas")
	f.StringVar(&c.MetricsToken, "metrics-token", c.MetricsToken, "bearer `token` that opens /metrics; without it nobody may look there")
	f.StringVar(&c.MetricsListen, "metrics-listen", c.MetricsListen, "`address` such as 127.0.0.1:9090 where /metrics want no token; keep others from it")
	f.StringVar(&c.TLSCert, "tls-cert", c.TLSCert, "PEM `file` with the certificate chain, to serve https and wss")
	f.StringVar(&c.TLSKey, "tls-key", c.TLSKey, "PEM `file` with the certificate's key")
	f.BoolVar(&c.Compression, "compression", c.Compression, "compress frames for clients that offer it; costs much CPU")
	f.StringVar(&c.CPUProfile, "cpu-profile", c.CPUProfile, "write to this `file` where processor time went, for go tool pprof")
	f.Var(&l.Events, "limit-events", "all events of one socket; 0 is no limit, here and below")
	f.Var(&l.Sends, "limit-sends", "messages to channels of one socket")
	f.Var(&l.Subscribes, "limit-subscribes", "subscribes and unsubscribes of one socket")
	f.Var(&l.Tells, "limit-tells", "tells of one socket")
	f.Var(&l.System, "limit-system", "tells of one socket to the hub itself, which count as tells too")
	f.Var(&l.Unauthenticated, "limit-unauthenticated", "frames of a socket that has not authenticated; over it the socket is closed")
	f.IntVar(&l.ApplicationFactor, "limit-application-factor", l.ApplicationFactor, "how many `times` that an application may do")
	f.IntVar(&l.Drops, "limit-drops", l.Drops, "`events` over a limit within a minute that close a socket")
	f.IntVar(&l.Failures, "limit-failures", l.Failures, "refused `authentications` a minute of one address and client id; after that each refusal comes later")
	f.IntVar(&l.FailuresAddress, "limit-failures-address", l.FailuresAddress, "refused `authentications` a minute of one address; after that it gets no socket")
	f.IntVar(&l.Sockets, "limit-sockets", l.Sockets, "`sockets` of one game or application")
	f.IntVar(&l.AllSockets, "limit-all-sockets", l.AllSockets, "`sockets` in all; a tenth of them may be unauthenticated")
	f.IntVar(&c.ConnectionsAddress, "limit-connections-address", c.ConnectionsAddress, "`connections` of one address that are no sockets, but those of trusted proxies; beyond, the oldest is closed")
	f.IntVar(&l.MaxMessage, "max-message", l.MaxMessage, "`bytes` of a message from a client")
	f.IntVar(&l.MaxText, "max-text", l.MaxText, "`characters` of what a player says")
	f.IntVar(&l.MaxTextBytes, "max-text-bytes", l.MaxTextBytes, "`bytes` of what a player says; a known client crashes over 8192 with all that is around it")
	f.IntVar(&l.MaxQueue, "max-queue", l.MaxQueue, "`bytes` that may wait for a slow socket")
	f.IntVar(&l.History, "max-history", l.History, "`messages` that one channels/history gives")
}

// Check refuses settings that cannot be meant.
func (c *Config) Check() error {
	l := &c.Limits
	for _, n := range []struct {
		field string
		value int64
		least int64
	}{
		{"heartbeat", int64(c.Heartbeat), 1}, {"offline_after", int64(c.OfflineAfter), 1}, {"debug_for", int64(c.DebugFor), 1},
		{"max_message", int64(l.MaxMessage), 1}, {"max_text", int64(l.MaxText), 1}, {"max_text_bytes", int64(l.MaxTextBytes), 1}, {"max_queue", int64(l.MaxQueue), 1},
		{"max_history", int64(l.History), 1}, {"limit_application_factor", int64(l.ApplicationFactor), 0},
		{"limit_drops", int64(l.Drops), 0}, {"limit_failures", int64(l.Failures), 0}, {"limit_failures_address", int64(l.FailuresAddress), 0},
		{"limit_sockets", int64(l.Sockets), 0}, {"limit_all_sockets", int64(l.AllSockets), 0},
		{"limit_connections_address", int64(c.ConnectionsAddress), 0},
	} {
		switch {
		case n.value < n.least && n.least > 0:
			return &store.FieldError{Field: n.field, Reason: "must be more than 0"}
		case n.value < n.least:
			return &store.FieldError{Field: n.field, Reason: "must not be less than 0"}
		}
	}
	if c.Heartbeat < leastHeartbeat {
		return &store.FieldError{Field: "heartbeat", Reason: fmt.Sprintf("must be at least %v; 15s is what games expect", leastHeartbeat)}
	}
	if _, err := Reachable(c.Listen); err != nil {
		return err
	}
	if c.OperatorIdle != 0 && c.OperatorIdle < leastIdle {
		return &store.FieldError{Field: "operator_idle", Reason: fmt.Sprintf("must be 0 or at least %v; 168h is a week", leastIdle)}
	}
	if err := store.CheckDowntime(c.Downtime); err != nil {
		return err
	}
	if (c.TLSCert == "") != (c.TLSKey == "") {
		return &store.FieldError{Field: "tls_cert", Reason: "goes with tls_key; give both or none"}
	}
	if err := c.Backups().Check(); err != nil {
		return err
	}
	if err := store.CheckSignUpMode(store.SignUpMode(c.SignUp)); err != nil {
		return err
	}
	if err := store.CheckGameRegistration(store.GameRegistration(c.GameRegistration)); err != nil {
		return err
	}
	if err := store.CheckLine("title", c.Title, 100); err != nil {
		return err
	}
	if err := c.checkMail(); err != nil {
		return err
	}
	for field, text := range map[string]string{"welcome": c.Welcome, "conduct": c.Conduct} {
		if n := utf8.RuneCountInString(text); n > mostText || !utf8.ValidString(text) {
			return &store.FieldError{Field: field, Reason: fmt.Sprintf("has %d characters; use at most %d, in UTF-8", n, mostText)}
		}
	}
	for _, origin := range strings.Fields(c.WidgetOrigins) {
		if u, err := url.Parse(origin); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.Scheme+"://"+u.Host != origin {
			return &store.FieldError{Field: "widget_origins", Reason: fmt.Sprintf("%q is no origin; write scheme and host alone, such as https://example.org", origin)}
		}
		if strings.ContainsAny(origin, "; ,'\"*") {
			return &store.FieldError{Field: "widget_origins", Reason: fmt.Sprintf("%q will not do; name each site in full", origin)}
		}
	}
	return store.CheckShortName(c.Name)
}

// Reachable is the address, HOST:PORT, at which this machine reaches a server that listens on
// another: of all addresses the loopback one. What is no address is a FieldError.
func Reachable(listen string) (string, error) {
	wrong := &store.FieldError{Field: "listen", Reason: fmt.Sprintf("%q is no address to listen on; write it as HOST:PORT, such as 127.0.0.1:8080 or [::1]:8080", listen)}
	host, port, err := net.SplitHostPort(listen)
	if err != nil || strings.ContainsAny(host, "/?#@ ") {
		return "", wrong
	}
	number, err := net.LookupPort("tcp", port)
	if err != nil || number == 0 && port != "0" {
		return "", wrong
	}
	switch address, err := netip.ParseAddr(host); {
	case host == "", err == nil && address == netip.IPv4Unspecified():
		host = "127.0.0.1"
	case err == nil && address == netip.IPv6Unspecified():
		host = "::1"
	}
	return net.JoinHostPort(host, strconv.Itoa(number)), nil
}

// checkMail refuses what no mail can be sent with. Reasons never have the password of the
// mail server.
func (c *Config) checkMail() error {
	if c.SMTPURL != "" {
		if err := mail.Check(c.SMTPURL); err != nil {
			return err
		}
		if c.PublicURL == "" {
			return &store.FieldError{Field: "smtp_url", Reason: "goes with public_url, the address to which links in mails lead; give that too"}
		}
	}
	if u, err := url.Parse(c.PublicURL); c.PublicURL != "" && (err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.Scheme+"://"+u.Host != c.PublicURL) {
		return &store.FieldError{Field: "public_url", Reason: fmt.Sprintf("%q will not do; write scheme and host alone, such as https://hub.example", c.PublicURL)}
	}
	if c.MailFrom != "" {
		if a, err := netmail.ParseAddress(c.MailFrom); err != nil || a.Address != c.MailFrom {
			return &store.FieldError{Field: "mail_from", Reason: fmt.Sprintf("%q is no e-mail address; write it as hub@example.org", c.MailFrom)}
		}
	}
	return nil
}

// Heading is what people read as the network's name.
func (c *Config) Heading() string { return cmp.Or(c.Title, c.Name) }

// Backups says where backups are and when they are made.
func (c *Config) Backups() store.BackupPlan {
	folder := c.BackupFolder
	if folder != "" && !filepath.IsAbs(folder) {
		folder = filepath.Join(filepath.Dir(c.DB), folder)
	}
	return store.BackupPlan{Folder: folder, Schedule: c.BackupSchedule, Hour: c.BackupHour, Keep: c.BackupsKept}
}

// mostLogged is how many bytes a value in the log has at most.
const mostLogged = 2000

// bounded cuts values, which may be of any length when they come from outside.
func bounded(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey || a.Key == slog.LevelKey {
		return a
	}
	if text := a.Value.String(); len(text) > mostLogged {
		a.Value = slog.StringValue(strings.ToValidUTF8(text[:mostLogged], "") + "…")
	}
	return a
}

// Logger writes to w as the settings want it. A line that comes again within a minute is
// counted, and written once more with the count at the minute's end; flush does that at once.
func (c *Config) Logger(w io.Writer) (log *slog.Logger, flush func(), err error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.LogLevel)); err != nil {
		return nil, nil, &store.FieldError{Field: "log_level", Reason: fmt.Sprintf("%q is not allowed; use debug, info, warn or error", c.LogLevel)}
	}
	o := &slog.HandlerOptions{Level: level, ReplaceAttr: bounded}
	var h collapser
	switch c.LogFormat {
	case "text":
		h = newCollapser(slog.NewTextHandler(w, o))
	case "json":
		h = newCollapser(slog.NewJSONHandler(w, o))
	default:
		return nil, nil, &store.FieldError{Field: "log_format", Reason: fmt.Sprintf("%q is not allowed; use text or json", c.LogFormat)}
	}
	return slog.New(h), h.flush, nil
}
