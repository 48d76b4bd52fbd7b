// Hearsay is a chat network for text games (MUDs) in one program: the hub that
// games connect to, the sync for network applications, and the pages to run it, out
// of one SQLite file.
//
//	hearsay                    serve on 127.0.0.1:8080 out of hearsay.db
//	hearsay serve --help       all settings; each is also an environment variable HEARSAY_NAME
//	hearsay game add --help    the commands that change the file, beside a running server or not
//
// It stops on SIGINT or SIGTERM: games are told, sockets closed, the file closed. A
// second signal ends it at once.
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
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"hearsay/admin"
	"hearsay/admin/command"
	"hearsay/hub"
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
	c := config{limits: hub.DefaultLimits()}
	root := &cobra.Command{
		Use:     "hearsay",
		Short:   "A chat network for text games in one program and one file",
		Example: "  hearsay\n  hearsay game add --short-name MyGame --name \"My Game\"",
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			return command.Environment(cmd, os.LookupEnv)
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			err := c.serve(cmd.Context(), stdout, stderr)
			if errors.Is(err, context.Canceled) && cmd.Context().Err() != nil {
				return nil // it was asked to stop before it had begun
			}
			return err
		},
	}
	root.PersistentFlags().StringVar(&c.db, "db", "hearsay.db", "the database `file`")
	c.flags(root)
	serve := &cobra.Command{
		Use: "serve", Short: "Serve the hub (also what hearsay does without a command)",
		Example: "  hearsay serve --listen 0.0.0.0:8080 --db /var/lib/hearsay/hearsay.db",
		Args:    cobra.NoArgs, RunE: root.RunE,
	}
	c.flags(serve)
	version := &cobra.Command{
		Use: "version", Short: "Print the build", Example: "  hearsay version", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return printVersion(cmd, stdout) },
	}
	version.Flags().Bool("json", false, "print JSON")
	root.AddCommand(serve, version)
	command.Add(root)
	root.Flags().VisitAll(func(f *pflag.Flag) { f.Hidden = true }) // they are those of serve
	root.Long = root.Short + ".\nWithout a command it serves; all settings: hearsay serve --help"
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	return root.ExecuteContext(ctx)
}

// config are the settings of serve.
type config struct {
	db     string // path of the database file
	listen string // host:port
	name   string // short name of the hub

	heartbeat    time.Duration // the tick of a socket
	offlineAfter time.Duration // how long a game without a socket stays online
	debugFor     time.Duration // how long a socket's debug mode lasts
	downtime     int           // seconds that a planned stop announces

	logFormat, logLevel string
	trustedProxies      []string // addresses and networks
	metricsToken        string
	tlsCert, tlsKey     string // paths of PEM files
	compression         bool   // of frames, where a client offers it
	cpuProfile          string // path of the file to write; "": none

	limits hub.Limits
}

func (c *config) flags(cmd *cobra.Command) {
	f, l := cmd.Flags(), &c.limits
	f.StringVar(&c.listen, "listen", "127.0.0.1:8080", "`address` to listen on")
	f.StringVar(&c.name, "name", hub.Name, "short name of the hub itself, 1 to 15 letters and digits")
	f.DurationVar(&c.heartbeat, "heartbeat", hub.Heartbeat, "how often a socket gets a heartbeat; after three without an answer it is closed")
	f.DurationVar(&c.offlineAfter, "offline-after", hub.OfflineAfter, "how long a game without a socket stays online")
	f.DurationVar(&c.debugFor, "debug-for", hub.DebugFor, "how long a socket's debug mode lasts")
	f.IntVar(&c.downtime, "downtime", int(hub.Downtime/time.Second), "`seconds` that a planned stop announces to games")
	f.StringVar(&c.logFormat, "log-format", "text", "text or json")
	f.StringVar(&c.logLevel, "log-level", "info", "debug, info, warn or error")
	f.StringSliceVar(&c.trustedProxies, "trusted-proxies", nil, "`addresses` or networks of proxies whose X-Forwarded-For and -Proto count, separated by commas")
	f.StringVar(&c.metricsToken, "metrics-token", "", "bearer `token` that opens /metrics to other machines; without it only this one may look")
	f.StringVar(&c.tlsCert, "tls-cert", "", "PEM `file` with the certificate chain, to serve https and wss")
	f.StringVar(&c.tlsKey, "tls-key", "", "PEM `file` with the certificate's key")
	f.BoolVar(&c.compression, "compression", false, "compress frames for clients that offer it; costs much CPU")
	f.StringVar(&c.cpuProfile, "cpu-profile", "", "write to this `file` where processor time went, for go tool pprof")
	f.Var(&l.Events, "limit-events", "all events of one socket; 0 is no limit, here and below")
	f.Var(&l.Sends, "limit-sends", "messages to channels of one socket")
	f.Var(&l.Subscribes, "limit-subscribes", "subscribes and unsubscribes of one socket")
	f.Var(&l.Tells, "limit-tells", "tells of one socket")
	f.IntVar(&l.ApplicationFactor, "limit-application-factor", l.ApplicationFactor, "how many `times` that an application may do")
	f.IntVar(&l.Drops, "limit-drops", l.Drops, "`events` over a limit within a minute that close a socket")
	f.IntVar(&l.Failures, "limit-failures", l.Failures, "failed `authentications` a minute of one address and client id")
	f.IntVar(&l.FailuresAddress, "limit-failures-address", l.FailuresAddress, "failed `authentications` a minute of one address")
	f.IntVar(&l.Sockets, "limit-sockets", l.Sockets, "`sockets` of one game or application")
	f.IntVar(&l.AllSockets, "limit-all-sockets", l.AllSockets, "`sockets` in all")
	f.IntVar(&l.MaxMessage, "max-message", l.MaxMessage, "`bytes` of a message from a client")
	f.IntVar(&l.MaxText, "max-text", l.MaxText, "`characters` of what a player says")
	f.IntVar(&l.MaxQueue, "max-queue", l.MaxQueue, "`bytes` that may wait for a slow socket")
	f.IntVar(&l.History, "max-history", l.History, "`messages` that one channels/history gives")
}

// check refuses settings that cannot be meant.
func (c *config) check() error {
	for field, value := range map[string]int64{
		"heartbeat": int64(c.heartbeat), "offline_after": int64(c.offlineAfter), "debug_for": int64(c.debugFor),
		"downtime": int64(c.downtime), "max_message": int64(c.limits.MaxMessage), "max_text": int64(c.limits.MaxText),
		"max_queue": int64(c.limits.MaxQueue), "max_history": int64(c.limits.History),
	} {
		if value <= 0 {
			return &store.FieldError{Field: field, Reason: "must be more than 0"}
		}
	}
	if (c.tlsCert == "") != (c.tlsKey == "") {
		return &store.FieldError{Field: "tls_cert", Reason: "goes with tls_key; give both or none"}
	}
	return store.CheckShortName(c.name)
}

func (c *config) logger(w io.Writer) (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.logLevel)); err != nil {
		return nil, &store.FieldError{Field: "log_level", Reason: fmt.Sprintf("%q will not do; use debug, info, warn or error", c.logLevel)}
	}
	o := &slog.HandlerOptions{Level: level}
	switch c.logFormat {
	case "text":
		return slog.New(slog.NewTextHandler(w, o)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(w, o)), nil
	}
	return nil, &store.FieldError{Field: "log_format", Reason: fmt.Sprintf("%q will not do; use text or json", c.logFormat)}
}

// serve serves until ctx ends, then stops in order.
func (c *config) serve(ctx context.Context, stdout, stderr io.Writer) (err error) {
	if err := c.check(); err != nil {
		return err
	}
	log, err := c.logger(stderr)
	if err != nil {
		return err
	}
	stopProfile, err := c.startProfile()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stopProfile()) }()
	proxies, err := admin.ParseProxies(c.trustedProxies)
	if err != nil {
		return &store.FieldError{Field: "trusted_proxies", Reason: err.Error()}
	}
	st, err := store.Open(ctx, c.db, store.Options{Log: log})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	unlock, err := store.Lock(st.Path())
	if err != nil {
		return fmt.Errorf("%w; stop that one, or name another file with --db", err)
	}
	defer func() { err = errors.Join(err, unlock()) }()
	if err := st.Reserve(ctx, c.name); err != nil {
		return err
	}
	h, err := hub.New(ctx, st, hub.Options{
		Log: log, Name: c.name, Heartbeat: c.heartbeat, OfflineAfter: c.offlineAfter, DebugFor: c.debugFor,
		Limits: &c.limits, Compression: c.compression, Backbone: backbone.New(st), Remote: proxies.Remote,
	})
	if err != nil {
		return err
	}
	// Heartbeats end dead sockets, and timeouts other connections: no keep-alive of TCP.
	listener, err := (&net.ListenConfig{KeepAlive: -1}).Listen(ctx, "tcp", c.listen)
	if err != nil {
		return err
	}
	if err := c.greet(ctx, stdout, st, listener.Addr()); err != nil {
		listener.Close()
		return err
	}
	return c.runServer(ctx, listener, st, h, proxies, log)
}

// startProfile profiles the processor until stop, if the settings ask for it.
func (c *config) startProfile() (stop func() error, err error) {
	if c.cpuProfile == "" {
		return func() error { return nil }, nil
	}
	file, err := os.Create(c.cpuProfile)
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
func (c *config) runServer(ctx context.Context, listener net.Listener, st *store.Store, h *hub.Hub, proxies admin.Proxies, log *slog.Logger) error {
	serving, stopServing := context.WithCancel(context.WithoutCancel(ctx))
	defer stopServing()
	mux := http.NewServeMux()
	mux.Handle("GET /socket", h)
	mux.Handle("/", admin.New(admin.Options{
		Store: st, Hub: h, Name: c.name, Build: build(), Remote: proxies.Remote, Secure: proxies.Secure, MetricsToken: c.metricsToken, Log: log,
		Stopping: serving.Done(),
		Ready: func(ctx context.Context) error {
			if serving.Err() != nil {
				return errors.New("the hub is stopping")
			}
			return st.Ready(ctx)
		},
	}))
	background, stopBackground := context.WithCancel(context.WithoutCancel(ctx))
	srv := &http.Server{
		Handler:           http.MaxBytesHandler(mux, 1<<20),
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
		BaseContext:       func(net.Listener) context.Context { return background },
		TLSNextProto:      map[string]func(*http.Server, *tls.Conn, http.Handler){}, // websockets want HTTP/1.1
	}
	var running sync.WaitGroup
	running.Go(func() { h.Run(background) })
	running.Go(func() { h.Sample(serving) })
	running.Go(func() { st.Maintain(background) })
	running.Go(debug.FreeOSMemory) // what starting took, a small machine wants back
	failed := make(chan error, 1)
	running.Go(func() { failed <- c.listenAndServe(srv, listener) })

	var err error
	select {
	case <-ctx.Done():
		log.Info("stopping", "sockets", h.Sockets())
	case err = <-failed:
	}
	stopServing()
	pages, cancel := context.WithTimeout(context.Background(), stopPages)
	if srv.Shutdown(pages) != nil {
		srv.Close()
	}
	cancel()
	sockets, cancel := context.WithTimeout(context.Background(), stopSockets)
	h.Shutdown(sockets, time.Duration(c.downtime)*time.Second)
	cancel()
	stopBackground()
	running.Wait()
	return err
}

func (c *config) listenAndServe(srv *http.Server, listener net.Listener) (err error) {
	if c.tlsCert == "" {
		err = srv.Serve(listener)
	} else {
		// Read for each handshake, so that a renewed certificate counts at once.
		srv.TLSConfig = &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			pair, err := tls.LoadX509KeyPair(c.tlsCert, c.tlsKey)
			return &pair, err
		}}
		err = srv.ServeTLS(listener, "", "")
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// greet prints where the hub is and what to do next.
func (c *config) greet(ctx context.Context, w io.Writer, st *store.Store, at net.Addr) error {
	games, err := st.Games(ctx)
	if err != nil {
		return err
	}
	web, socket := "http", "ws"
	if c.tlsCert != "" {
		if _, err := tls.LoadX509KeyPair(c.tlsCert, c.tlsKey); err != nil {
			return &store.FieldError{Field: "tls_cert", Reason: err.Error()}
		}
		web, socket = "https", "wss"
	}
	here := at.String()
	if address, err := netip.ParseAddrPort(here); err == nil && address.Addr().IsUnspecified() {
		here = fmt.Sprintf("localhost:%d", address.Port()) // of all addresses the one that opens in a browser here
	}
	fmt.Fprintf(w, "Hearsay %s\n\n  page    %s://%s/\n  socket  %s://%s/socket\n  file    %s (%d games)\n\n",
		build(), web, here, socket, here, st.Path(), len(games))
	if address, err := netip.ParseAddrPort(at.String()); err == nil && !address.Addr().IsLoopback() && c.tlsCert == "" {
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

func printVersion(cmd *cobra.Command, w io.Writer) error {
	if asJSON, _ := cmd.Flags().GetBool("json"); asJSON {
		_, err := fmt.Fprintf(w, "{\"build\":%q}\n", build())
		return err
	}
	_, err := fmt.Fprintln(w, "hearsay", build())
	return err
}
