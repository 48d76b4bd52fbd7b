package command

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"hearsay/admin/setting"
	"hearsay/hub/client"
	"hearsay/hub/store"
	"hearsay/hub/wire"
	"hearsay/sync/mirror"
)

// The exit codes of mirror beside 0, 1 and 2.
const (
	exitRefused = 3
	exitLate    = 4
)

// An exit is an error with an exit code of its own.
type exit struct {
	error
	code int
}

func (e *exit) Unwrap() error { return e.error }

func mirrorCommand() *cobra.Command {
	o := mirror.Options{}
	var db, secretFile string
	var once, asJSON bool
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "mirror",
		Short: "Keep a copy of a hub's records in a SQLite file of an application's own",
		Long: `Keep a copy of a hub's records (channels, games, events, achievements, rules) in a SQLite
file of an application's own, level with the hub until it is stopped. The tables are
hub_channels, hub_games and so on; the file may have others, and others may read it.

The client id and secret are those of an application of the hub ("hearsay application add").

With --json each line is an object whose "event" is "progress" (received, total if it is
known), "change" (kind, action, id, name, version), "level" (form, verified, repaired,
cursor, counts) or "disconnected" (error, again_seconds).

Exit codes: 0 stopped, or level with --once; 1 a fault of the machine, or another mirror
has taken the file over; 2 bad input; 3 the hub refuses the credentials, or gives this
client no records; 4 --timeout ran out before the copy was level.`,
		Example: "  hearsay mirror --hub wss://hub.example/socket --client-id ID --client-secret-file secret.txt --db site.db",
		Args:    take(),
	}
	flags := cmd.Flags()
	flags.StringVar(&o.URL, "hub", "", "`address` of the hub's socket, such as wss://hub.example/socket")
	flags.StringVar(&o.ClientID, "client-id", "", "`id` of the application")
	flags.StringVar(&secretFile, "client-secret-file", "", "`file` with its secret; - reads the standard input")
	flags.StringVar(&db, "db", "mirror.db", "the copy's `file`")
	flags.StringVar(&o.Prefix, "prefix", "hub_", "`prefix` of its tables")
	flags.BoolVar(&once, "once", false, "stop when the copy is level")
	flags.DurationVar(&timeout, "timeout", 0, "how long the copy may take to be level for the first time; 0: for ever")
	flags.BoolVar(&asJSON, "json", false, "print a line of JSON for each thing that happens")
	for _, name := range []string{"hub", "client-id", "client-secret-file"} {
		_ = cmd.MarkFlagRequired(name) // there is such a flag
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		secret, err := readSecret(cmd.InOrStdin(), secretFile)
		if err != nil {
			return misuse(cmd, err)
		}
		o.ClientSecret = secret
		out := &mirrorOutput{out: cmd.OutOrStdout(), err: cmd.ErrOrStderr(), json: asJSON}
		if f, ok := out.out.(*os.File); ok && !asJSON {
			out.terminal = term.IsTerminal(int(f.Fd()))
		}
		return runMirror(cmd, db, o, out, once, timeout)
	}
	return cmd
}

func readSecret(in io.Reader, file string) (string, error) {
	var text []byte
	var err error
	if file == "-" {
		text, err = io.ReadAll(io.LimitReader(in, 4096))
	} else {
		text, err = os.ReadFile(file)
	}
	if err != nil {
		return "", fmt.Errorf("--client-secret-file: %w", err)
	}
	secret := strings.TrimSpace(string(text))
	switch {
	case bytes.HasPrefix(text, []byte("\xef\xbb\xbf")):
		err = fmt.Errorf("%s begins with a byte order mark. Save it as UTF-8 without one", file)
	case bytes.HasPrefix(text, []byte("\xff\xfe")), bytes.HasPrefix(text, []byte("\xfe\xff")), bytes.IndexByte(text, 0) >= 0:
		err = fmt.Errorf("%s is in UTF-16. Save it as UTF-8 without a byte order mark", file)
	case secret == "":
		err = fmt.Errorf("%s is empty. Put the secret into it", file)
	case strings.ContainsFunc(secret, func(r rune) bool { return r <= ' ' || r > '~' }):
		err = fmt.Errorf("%s has more in it than a secret. Leave nothing but the secret there", file)
	default:
		return secret, nil
	}
	return "", fmt.Errorf("--client-secret-file: %w", err)
}

func runMirror(cmd *cobra.Command, db string, o mirror.Options, out *mirrorOutput, once bool, timeout time.Duration) error {
	ctx, stop := context.WithCancelCause(cmd.Context())
	defer stop(nil)
	if timeout > 0 {
		late := time.AfterFunc(timeout, func() {
			stop(&exit{fmt.Errorf("the copy was not level within %v", timeout), exitLate})
		})
		defer late.Stop()
		out.stopClock = func() { late.Stop() }
	}
	done := errors.New("level")
	logged := setting.Default()
	logged.LogLevel = "warn"
	log, flush, err := logged.Logger(out.err)
	if err != nil {
		return err
	}
	defer flush()
	o.Log = log
	o.Changed, o.Progress, o.Disconnected = out.changed, out.progress, out.disconnected
	o.Level = func(l mirror.Level) {
		out.level(l)
		if once {
			stop(done)
		}
	}
	if err := store.NewFile(db); err != nil { // a root's first run leaves it to who will run the mirror
		return err
	}
	m, err := mirror.Open(ctx, db, o)
	if err != nil {
		if errors.Is(err, mirror.ErrHubFile) || errors.Is(err, mirror.ErrPrefix) {
			return misuse(cmd, err)
		}
		return err
	}
	err = m.Run(ctx)
	out.end()
	if cerr := m.Close(); cerr != nil {
		return errors.Join(err, cerr)
	}
	switch {
	case errors.Is(err, done), cmd.Context().Err() != nil:
		return nil
	case errors.Is(err, client.ErrOptions):
		return misuse(cmd, err)
	case client.Refused(err), errors.Is(err, mirror.ErrNoRecords):
		return &exit{err, exitRefused}
	}
	return err
}

// A mirrorOutput prints what a mirror does. One goroutine uses it.
type mirrorOutput struct {
	out, err       io.Writer
	json, terminal bool
	stopClock      func() // nil: none runs

	began   time.Time // of the catch-up
	drawn   time.Time // when the bar was
	bar     bool      // the cursor stands behind one
	through bool      // it has been level: changes get a line each
}

// A mirrorLine is what is printed as JSON; what has no meaning for the event is left out.
type mirrorLine struct {
	Event    string         `json:"event"` // "progress", "level", "change" or "disconnected"
	At       string         `json:"at"`
	Received *int           `json:"received,omitempty"`
	Total    int            `json:"total,omitempty"`
	Form     string         `json:"form,omitempty"`
	Verified *bool          `json:"verified,omitempty"`
	Repaired bool           `json:"repaired,omitempty"`
	Why      string         `json:"why,omitempty"`
	Log      string         `json:"log,omitempty"`
	Cursor   int64          `json:"cursor,omitempty"`
	Counts   map[string]int `json:"counts,omitempty"`
	Kind     string         `json:"kind,omitempty"`
	Action   string         `json:"action,omitempty"`
	ID       int64          `json:"id,omitempty"`
	Name     string         `json:"name,omitempty"`
	Version  int64          `json:"version,omitempty"`
	Error    string         `json:"error,omitempty"`
	Again    float64        `json:"again_seconds,omitempty"`
}

func (m *mirrorOutput) line(l mirrorLine) {
	l.At = wire.Micros(time.Now())
	text, err := json.Marshal(l)
	if err == nil {
		_, _ = fmt.Fprintf(m.out, "%s\n", text) // who does not read does not stop the copy
	}
}

func (m *mirrorOutput) progress(p mirror.Progress) {
	now := time.Now()
	if p.Received == 0 {
		m.began, m.drawn = now, time.Time{}
	}
	if now.Sub(m.drawn) < 100*time.Millisecond && p.Received < p.Total {
		return
	}
	m.drawn = now
	switch {
	case m.json:
		m.line(mirrorLine{Event: "progress", Received: &p.Received, Total: p.Total})
	case m.terminal && p.Received > 0:
		m.draw(p, now.Sub(m.began))
	}
}

const barWidth = 30

// draw writes the bar over the one before.
func (m *mirrorOutput) draw(p mirror.Progress, took time.Duration) {
	rate := float64(p.Received) / max(took.Seconds(), 0.001)
	text := fmt.Sprintf("%d records, %.0f a second", p.Received, rate)
	if p.Total > 0 {
		full := min(barWidth*p.Received/p.Total, barWidth)
		text = fmt.Sprintf("[%s%s] %d of %d records, %.0f a second", strings.Repeat("#", full), strings.Repeat(".", barWidth-full), p.Received, p.Total, rate)
	}
	_, _ = fmt.Fprintf(m.out, "\r%s\x1b[K", text)
	m.bar = true
}

// end leaves the bar where it is.
func (m *mirrorOutput) end() {
	if m.bar {
		_, _ = fmt.Fprintln(m.out)
		m.bar = false
	}
}

func (m *mirrorOutput) level(l mirror.Level) {
	if m.stopClock != nil {
		m.stopClock()
	}
	m.through = true
	if m.json {
		m.line(mirrorLine{Event: "level", Form: l.Form, Verified: &l.Verified, Repaired: l.Repaired, Why: l.Why, Log: l.Log, Cursor: l.Cursor, Counts: l.Counts})
		return
	}
	m.end()
	var parts []string
	for _, kind := range []string{wire.KindChannels, wire.KindGames, wire.KindEvents, wire.KindAchievements, wire.KindRules} {
		parts = append(parts, fmt.Sprintf("%d %s", l.Counts[kind], kind))
	}
	proof := "; the hub has no digest to compare with"
	if l.Verified {
		proof = fmt.Sprintf(" at version %d; the digests are equal", l.Cursor)
	}
	if l.Repaired {
		proof += ", after a full resync: " + cmp.Or(l.Why, "the copy had differed")
	}
	_, _ = fmt.Fprintf(m.out, "Level with the hub: %s%s.\n", strings.Join(parts, ", "), proof)
}

func (m *mirrorOutput) changed(all []mirror.Change) {
	for _, c := range all {
		switch {
		case m.json:
			m.line(mirrorLine{Event: "change", Kind: c.Kind, Action: c.Action, ID: c.ID, Name: c.Name, Version: c.Version})
		case m.through:
			m.end()
			version := ""
			if c.Version > 0 {
				version = fmt.Sprintf(", version %d", c.Version)
			}
			_, _ = fmt.Fprintf(m.out, "%s %s %s %s (id %d%s)\n", time.Now().Format("15:04:05"), c.Action, c.Kind, wire.Clean(c.Name), c.ID, version)
		}
	}
}

func (m *mirrorOutput) disconnected(err error, again time.Duration) {
	m.through = false
	if m.json {
		m.line(mirrorLine{Event: "disconnected", Error: err.Error(), Again: again.Seconds()})
		return
	}
	m.end()
	_, _ = fmt.Fprintf(m.err, "Not connected: %v; trying again in %v.\n", err, again.Round(100*time.Millisecond))
}
