// Hearsay is a chat network for text games (MUDs) in one program: the hub that
// games connect to, the sync for network applications, and the pages to run it, out
// of one SQLite file.
//
//	hearsay                    serve on 127.0.0.1:8080 out of hearsay.db
//	hearsay serve --help       all settings; each is also an environment variable HEARSAY_NAME
//	hearsay game add --help    the commands that change the file, beside a running server or not
//
// It stops on SIGINT or SIGTERM: games are told, sockets closed, the file closed. A
// second signal ends it at once. On SIGHUP it reads certificates and settings again, and
// goes on.
package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"strings"
	"sync"
	"syscall"
	"time"
	_ "time/tzdata" // --backup-hour is in the zone of TZ, also where a container has no zone files

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"hearsay/admin"
	"hearsay/admin/command"
	"hearsay/admin/setting"
	"hearsay/hub"
	"hearsay/hub/page"
	"hearsay/hub/site"
	"hearsay/hub/site/mail"
	"hearsay/hub/store"
	backbone "hearsay/sync"
)

// release is set by the linker for releases.
var release = ""

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal finds no handler
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "hearsay:", err)
		os.Exit(command.ExitCode(err))
	}
}

// run runs one command until it is done or ctx ends.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	c := setting.Default()
	version := false
	root := &cobra.Command{
		Use:     "hearsay",
		Short:   "A chat network for text games in one program and one file",
		Example: "  hearsay\n  hearsay game add --short-name MyGame --name \"My Game\"",
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			for _, warning := range command.Unknown(cmd.Root(), os.Environ()) {
				fmt.Fprintln(stderr, "hearsay:", warning)
			}
			return command.Environment(cmd, os.LookupEnv)
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			if version {
				_, err := fmt.Fprintln(stdout, "hearsay", build())
				return err
			}
			err := serve(cmd.Context(), c, cmd.Flags(), stdout, stderr)
			if errors.Is(err, context.Canceled) && cmd.Context().Err() != nil {
				return nil // it was asked to stop before it had begun
			}
			return err
		},
	}
	root.PersistentFlags().StringVar(&c.DB, "db", c.DB, "the database `file`")
	c.Flags(root.Flags())
	serve := &cobra.Command{
		Use: "serve", Short: "Serve the hub (also what hearsay does without a command)",
		Example: "  hearsay serve --listen 0.0.0.0:8080 --db /var/lib/hearsay/hearsay.db",
		Args:    cobra.NoArgs, RunE: root.RunE,
	}
	c.Flags(serve.Flags())
	root.AddCommand(serve, command.Version(build()))
	command.Add(root)
	root.Flags().VisitAll(func(f *pflag.Flag) { f.Hidden = true }) // they are those of serve
	root.Long = root.Short + ".\nWithout a command it serves; all settings: hearsay serve --help"
	// Not cobra's own: its template looks methods up by name, so that the linker would keep
	// every method of the program, 3 MB.
	root.Flags().BoolVar(&version, "version", false, "print the build")
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	return root.ExecuteContext(ctx)
}

// A server is what one run of serve has from its first start to its end, however often
// an operator has it start again.
type server struct {
	given    *setting.Config // by flags and environment
	flags    *pflag.FlagSet
	proxies  *page.Proxies
	cert     *page.Certificate // nil: no TLS
	log      *slog.Logger
	stdout   io.Writer
	hangup   <-chan os.Signal
	unlock   func() error // nil until the file is open for the first time
	listener *lasting     // the same
	restored *admin.Restored
}

// An again is why a server stops to start again.
type again struct {
	downtime time.Duration    // to be announced
	replace  *store.Successor // what takes the file's place; nil: nothing
}

// serve serves until ctx ends, then stops in order.
func serve(ctx context.Context, c *setting.Config, flags *pflag.FlagSet, stdout, stderr io.Writer) (err error) {
	if err := c.Check(); err != nil {
		return err
	}
	log, flush, err := c.Logger(stderr)
	if err != nil {
		return err
	}
	defer flush()
	stopProfile, err := startProfile(c.CPUProfile)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stopProfile()) }()
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP) // of which Windows has none
	defer signal.Stop(hangup)
	signal.Ignore(syscall.SIGPIPE) // a log that nobody reads any more is no reason to stop
	proxies, err := page.ParseProxies(c.TrustedProxies, log)
	if err != nil {
		return &store.FieldError{Field: "trusted_proxies", Reason: err.Error()}
	}
	s := &server{given: c, flags: flags, proxies: proxies, log: log, stdout: stdout, hangup: hangup}
	if c.TLSCert != "" {
		s.cert = &page.Certificate{Cert: c.TLSCert, Key: c.TLSKey, Log: log}
		if err := s.cert.Load(); err != nil {
			return &store.FieldError{Field: "tls_cert", Reason: err.Error()}
		}
	}
	defer func() { err = errors.Join(err, s.close()) }()
	endMetrics, err := admin.ListenMetrics(ctx, s.given.MetricsListen, s.log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, endMetrics()) }()
	for {
		next, err := s.run(ctx)
		if err != nil || next == nil {
			return err
		}
		log.Info("starting again")
		if next.replace != nil {
			s.restored = s.restore(ctx, next.replace)
		}
	}
}

// restore puts another file in the place of the database, which is closed. If that cannot
// be, the old one stays.
func (s *server) restore(ctx context.Context, r *store.Successor) *admin.Restored {
	done := &admin.Restored{Source: r.Source, At: time.Now()}
	if done.Kept, done.Err = r.Replace(ctx); done.Err != nil {
		s.log.Error("the backup was not restored; the hub goes on with its file", "backup", r.Source, "err", done.Err)
		return done
	}
	s.log.Info("restored a backup", "backup", r.Source, "kept", done.Kept)
	return done
}

func (s *server) close() (err error) {
	if s.listener != nil {
		err = s.listener.end()
	}
	if s.unlock != nil {
		err = errors.Join(err, s.unlock())
	}
	return err
}

// lock takes the file's lock. A command that looks whether a server runs holds it for a moment.
func lock(path string) (unlock func() error, err error) {
	for range 5 {
		if unlock, err = store.Lock(path); !errors.Is(err, store.ErrLocked) {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	return unlock, err
}

// run serves until ctx ends, or somebody wants it to start again.
func (s *server) run(ctx context.Context) (next *again, err error) {
	if err := store.CheckRescued(s.given.DB, s.given.Backups().Folder); err != nil {
		return nil, err
	}
	st, err := store.Open(ctx, s.given.DB, store.Options{Log: s.log})
	if err != nil {
		return nil, err
	}
	defer func() {
		err = errors.Join(err, st.Close())
		if loss := st.Loss(); loss != nil && (next == nil || next.replace == nil) { // to start again with what has the name now would hide it
			next, err = nil, errors.Join(err, lost(loss, st))
		}
	}()
	if s.unlock == nil {
		if s.unlock, err = lock(st.Path()); err != nil {
			return nil, fmt.Errorf("%w; stop that one, or name another file with --db", err)
		}
		s.given.DB = st.Path()
	}
	settings, err := setting.Open(ctx, st, *s.given, s.flags, s.log)
	if err != nil {
		return nil, err
	}
	c := settings.Config()
	if err := st.Reserve(ctx, c.Name); err != nil {
		return nil, err
	}
	s.warnOfDescriptors(c.Limits.AllSockets)
	restart := make(chan again, 1)
	h, err := hub.New(ctx, st, hub.Options{
		Log: s.log, Name: c.Name, Heartbeat: c.Heartbeat, OfflineAfter: c.OfflineAfter, DebugFor: c.DebugFor,
		Limits: &c.Limits, Descriptors: page.Descriptors(), Compression: c.Compression, Backbone: backbone.New(st), Remote: s.proxies.Remote,
		Restart: func(downtime time.Duration) { ask(restart, again{downtime: downtime}) },
	})
	if err != nil {
		return nil, err
	}
	if s.listener == nil {
		// Heartbeats end dead sockets, and timeouts other connections: no keep-alive of TCP.
		l, err := (&net.ListenConfig{KeepAlive: -1}).Listen(ctx, "tcp", c.Listen)
		if err != nil {
			return nil, notListening(err)
		}
		s.listener = &lasting{TCPListener: l.(*net.TCPListener)}
	}
	if err := greet(ctx, s.stdout, &c, st, s.listener.Addr()); err != nil {
		return nil, err
	}
	return s.runServer(ctx, st, h, settings, restart)
}

// notListening says of a listener's fault what to do about it.
func notListening(err error) error {
	var lookup *net.DNSError
	if errors.As(err, &lookup) || errors.Is(err, syscall.EADDRNOTAVAIL) {
		return &store.FieldError{Field: "listen", Reason: err.Error() + "; use an address of this machine, or 0.0.0.0 for all"}
	}
	return fmt.Errorf("%w; stop what uses the address, or choose another with --listen", err)
}

// lost says how to go on after a loss.
func lost(loss error, st *store.Store) error {
	if b := st.Rescued(); b != nil {
		return fmt.Errorf("%w; it was saved as a backup before, to put it in place: hearsay restore %s --db %s", loss, b.Path, st.Path())
	}
	return fmt.Errorf("%w; it could not be saved, restore the last backup", loss)
}

// ask asks for a restart, unless somebody has.
func ask(restart chan<- again, a again) bool {
	select {
	case restart <- a:
		return true
	default:
		return false
	}
}

// A lasting listener stays open when a server closes it: who connects before the next one
// serves waits.
type lasting struct {
	*net.TCPListener

	mu     sync.Mutex
	closed bool
	late   []net.Conn // that came while it was being closed
}

// Accept leaves to the next server a connection that comes in the moment of Close: a
// blocked accept may still get one when the deadline has already woken it.
func (l *lasting) Accept() (net.Conn, error) {
	l.mu.Lock()
	if !l.closed && len(l.late) > 0 {
		c := l.late[0]
		l.late = l.late[1:]
		l.mu.Unlock()
		return c, nil
	}
	l.mu.Unlock()
	c, err := l.TCPListener.Accept()
	l.mu.Lock()
	defer l.mu.Unlock()
	if err == nil && l.closed {
		l.late = append(l.late, c)
		return nil, os.ErrDeadlineExceeded
	}
	return c, err
}

// Close ends accepting until reopen.
func (l *lasting) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	return l.SetDeadline(time.Unix(1, 0))
}

func (l *lasting) reopen() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = false
	return l.SetDeadline(time.Time{})
}

// end closes it for good.
func (l *lasting) end() error {
	for _, c := range l.late {
		_ = c.Close() // as the kernel does with those that nobody accepted
	}
	return l.TCPListener.Close()
}

// startProfile profiles the processor until stop, unless there is no file named.
func startProfile(name string) (stop func() error, err error) {
	if name == "" {
		return func() error { return nil }, nil
	}
	file, err := os.Create(name)
	if err == nil {
		err = pprof.StartCPUProfile(file)
	}
	if err != nil {
		return nil, &store.FieldError{Field: "cpu_profile", Reason: err.Error()}
	}
	return func() error {
		pprof.StopCPUProfile()
		return file.Close()
	}, nil
}

// How long the parts of a stop may take.
const (
	stopPages   = 2 * time.Second
	stopSockets = 6 * time.Second
)

// runServer runs everything that runs. What it starts has ended when it returns.
func (s *server) runServer(ctx context.Context, st *store.Store, h *hub.Hub, settings *setting.Settings, restart chan again) (*again, error) {
	serving, stopServing := context.WithCancel(context.WithoutCancel(ctx))
	defer stopServing()
	mux := http.NewServeMux()
	common := page.Options{
		Store: st, Heading: settings.Heading, Build: build(), Remote: s.proxies.Remote, Secure: s.proxies.Secure, PublicURL: s.given.PublicURL,
		Log: s.log, Stopping: serving.Done(),
		Registers: func() bool { return settings.Config().GameRegistration != string(store.RegistrationOperator) },
		SignUp:    func() store.SignUpMode { return store.SignUpMode(settings.Config().SignUp) },
	}
	post, err := s.post(st, settings)
	if err != nil {
		return nil, err
	}
	site.New(site.Options{Options: common, Hub: h, Mail: post, Texts: func() site.Texts {
		c := settings.Config()
		return site.Texts{Welcome: c.Welcome, Conduct: c.Conduct, WidgetOrigins: strings.Fields(c.WidgetOrigins)}
	}}).Register(mux)
	mux.Handle("/", admin.New(admin.Options{
		Options: common,
		Hub:     h, Settings: settings, Mail: post, Started: time.Now(), MetricsToken: s.given.MetricsToken, UndeclaredProxy: s.proxies.Undeclared, Restored: s.restored,
		Restore: func(r *store.Successor) bool {
			return ask(restart, again{time.Duration(settings.Config().Downtime) * time.Second, r})
		},
		LastBackup: func(ctx context.Context) (time.Time, error) { return st.LastBackup(ctx, settings.Backups()) },
		Ready: func(ctx context.Context) error {
			if serving.Err() != nil {
				return errors.New("the hub is stopping")
			}
			return st.Ready(ctx)
		},
	}))
	defer admin.FileMetrics(st, settings.Backups)()
	background, stopBackground := context.WithCancel(context.WithoutCancel(ctx))
	all := http.NewServeMux()
	all.Handle("GET /socket", h)
	all.Handle("/", page.InTime(mux))
	connections := &page.Connections{
		Most: page.Descriptors() / 4, Proxies: s.proxies,
		Address: func() int { return settings.Config().ConnectionsAddress },
	}
	srv := &http.Server{
		Handler:           http.MaxBytesHandler(all, 1<<20),
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       page.RequestTime,
		WriteTimeout:      page.AnswerTime,
		IdleTimeout:       2 * time.Minute,
		ConnState:         connections.Note,
		ErrorLog:          page.Complaints(s.log),
		BaseContext:       func(net.Listener) context.Context { return background },
		TLSNextProto:      map[string]func(*http.Server, *tls.Conn, http.Handler){}, // websockets want HTTP/1.1
	}
	var running sync.WaitGroup
	running.Go(func() { h.Run(background) })
	running.Go(func() { h.Sample(serving) })
	running.Go(func() { post.Run(background) })
	running.Go(func() { st.Maintain(background) })
	running.Go(func() {
		settings.Follow(background, func(c setting.Config) {
			h.SetLimits(c.Limits)
			st.SetOperatorIdle(c.OperatorIdle)
		})
	})
	running.Go(func() { s.followHangups(background, h, settings) })
	running.Go(func() { st.ScheduleBackups(background, settings.Backups) })
	running.Go(debug.FreeOSMemory) // what starting took, a small machine wants back
	failed := make(chan error, 1)
	running.Go(func() { failed <- s.listenAndServe(srv) })

	var next *again
	downtime := time.Duration(0)
	select {
	case <-ctx.Done():
		s.log.Info("stopping", "sockets", h.Sockets())
	case a := <-restart:
		s.log.Info("stopping to start again", "sockets", h.Sockets())
		next, downtime = &a, a.downtime
	case err = <-failed:
	}
	if next == nil {
		downtime = time.Duration(settings.Config().Downtime) * time.Second
	}
	_ = s.listener.Close() // before anybody is told: who connects after that waits for the next server
	stopServing()
	pages, cancel := context.WithTimeout(context.Background(), stopPages)
	if srv.Shutdown(pages) != nil {
		srv.Close()
	}
	cancel()
	sockets, cancel := context.WithTimeout(context.Background(), stopSockets)
	h.Shutdown(sockets, downtime)
	cancel()
	stopBackground()
	running.Wait()
	return next, err
}

// followHangups reads certificates and settings again on each SIGHUP, until ctx ends.
func (s *server) followHangups(ctx context.Context, h *hub.Hub, settings *setting.Settings) {
	for {
		select {
		case <-s.hangup:
		case <-ctx.Done():
			return
		}
		err := settings.Reload(ctx)
		if err == nil {
			h.SetLimits(settings.Config().Limits)
		}
		if s.cert != nil {
			err = errors.Join(err, s.cert.Load())
		}
		if err != nil {
			s.log.Error("certificates and settings could not all be read again; what was good before stays in use", "err", err)
			continue
		}
		s.log.Info("certificates and settings were read again")
	}
}

// warnOfDescriptors warns if fewer files may be open than there may be sockets.
func (s *server) warnOfDescriptors(most int) {
	if n := page.Descriptors(); n > 0 && n < most {
		s.log.Warn("the limit of open files is below limit-all-sockets; raise it (ulimit -n, LimitNOFILE=), or games find no place", "open_files", n, "limit_all_sockets", most)
	}
}

// post is what sends mail; nil when there is no mail server.
func (s *server) post(st *store.Store, settings *setting.Settings) (*mail.Sender, error) {
	if s.given.SMTPURL == "" {
		return nil, nil // a nil Sender is one that sends nothing
	}
	return mail.New(mail.Options{
		Store: st, Server: s.given.SMTPURL, Site: s.given.PublicURL, Heading: settings.Heading, Log: s.log,
		From: func() string { return settings.Config().MailFrom },
	})
}

func (s *server) listenAndServe(srv *http.Server) (err error) {
	if err := s.listener.reopen(); err != nil {
		return err
	}
	if s.cert == nil {
		err = srv.Serve(s.listener)
	} else {
		srv.TLSConfig = &tls.Config{GetCertificate: s.cert.Get}
		err = srv.ServeTLS(s.listener, "", "")
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// greet prints where the hub is and what to do next.
func greet(ctx context.Context, w io.Writer, c *setting.Config, st *store.Store, at net.Addr) error {
	games, err := st.Games(ctx)
	if err != nil {
		return err
	}
	web, socket := "http", "ws"
	if c.TLSCert != "" {
		web, socket = "https", "wss"
	}
	here := at.String()
	if address, err := netip.ParseAddrPort(here); err == nil && address.Addr().IsUnspecified() {
		here = fmt.Sprintf("localhost:%d", address.Port()) // of all addresses the one that opens in a browser here
	}
	fmt.Fprintf(w, "Hearsay %s\n\n  page    %s://%s/\n  socket  %s://%s/socket\n  file    %s (%d games)\n\n",
		build(), web, here, socket, here, st.Path(), len(games))
	if address, err := netip.ParseAddrPort(at.String()); err == nil && !address.Addr().IsLoopback() && c.TLSCert == "" {
		fmt.Fprint(w, "Other machines reach this without encryption, secrets and all. Put a proxy with TLS before it\n"+
			"(Caddy, nginx; then set --trusted-proxies), or give --tls-cert and --tls-key.\n\n")
	}
	setup, err := st.CreateSetupLink(ctx, time.Now())
	switch {
	case err == nil:
		fmt.Fprintf(w, "Next, within %d minutes: open this link, make the first admin, and add your game.\n\n  %s://%s/setup/%s\n\n",
			store.SetupLinkLasts/time.Minute, web, here, setup)
	case !errors.Is(err, store.ErrConflict):
		return err
	}
	fmt.Fprintln(w, "Stop with Ctrl-C: games are told to come back.")
	return nil
}

// build says which program this is.
func build() string {
	name, revision := "dev", ""
	if release != "" {
		name = release
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				revision = " " + s.Value[:min(12, len(s.Value))]
			}
		}
	}
	return fmt.Sprintf("%s%s (%s, %s/%s)", name, revision, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
