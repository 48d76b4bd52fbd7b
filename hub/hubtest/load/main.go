//go:build linux

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

// A bench is the settings of a run, and where it works.
type bench struct {
	n, apps, idle, rounds int
	duration              time.Duration
	profile               string // folder for CPU profiles; "": none
	json                  bool
	program               string // the hub; "": build it
	dir                   string // of this run, for all files
}

func main() {
	signal.Ignore(syscall.SIGPIPE) // a reader of the figures that has seen enough is an error, after which there is cleaning up
	var err error
	if len(os.Args) == 2 && os.Args[1] == "raw" {
		err = serveRaw(os.Stdin, os.Stdout)
	} else {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		err = run(ctx, os.Args[1:], os.Stdout)
		stop()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

func (b *bench) flags() *flag.FlagSet {
	f := flag.NewFlagSet("load", flag.ContinueOnError)
	f.IntVar(&b.n, "n", 1000, "`sockets` that listen")
	f.IntVar(&b.apps, "apps", 1000, "`applications` in edit")
	f.IntVar(&b.idle, "idle", 5000, "`sockets` in idle")
	f.IntVar(&b.rounds, "rounds", 3, "`rounds` of each side; medians count")
	f.DurationVar(&b.duration, "duration", 3*time.Second, "measured `time` of a round")
	f.StringVar(&b.program, "bin", "", "the hub's binary; without it, it is built")
	f.StringVar(&b.profile, "profile", "", "`folder` to write the hub's CPU profiles to, one for each scenario")
	f.BoolVar(&b.json, "json", false, "print a JSON object for each figure")
	f.Usage = func() {
		fmt.Fprint(f.Output(), "usage: load [flags] [scenario ...]\n\n")
		for _, s := range scenarios {
			fmt.Fprintf(f.Output(), "  %-8s %s\n", s.name, s.about)
		}
		fmt.Fprintln(f.Output())
		f.PrintDefaults()
	}
	return f
}

// run runs the scenarios that args name, or all, and prints their figures.
func run(ctx context.Context, args []string, out io.Writer) (err error) {
	b := &bench{}
	f := b.flags()
	if err := f.Parse(args); errors.Is(err, flag.ErrHelp) {
		return nil
	} else if err != nil {
		return err
	}
	for _, name := range f.Args() {
		if !slices.ContainsFunc(scenarios, func(s scenario) bool { return s.name == name }) {
			return fmt.Errorf("there is no scenario %q", name)
		}
	}
	if b.n < 1 || b.apps < 1 || b.idle < 1 || b.rounds < 1 || b.duration < 10*time.Millisecond || b.duration > time.Minute {
		return errors.New("-n, -apps, -idle and -rounds begin at 1, and -duration goes from 10ms to 1m")
	}
	if err := raiseLimit(max(b.n, b.apps, b.idle)); err != nil {
		return err
	}
	if b.dir, err = os.MkdirTemp("", "hearsay-load-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.dir)) }()
	if err := b.prepare(ctx); err != nil {
		return err
	}
	for _, s := range scenarios {
		if f.NArg() > 0 && !slices.Contains(f.Args(), s.name) {
			continue
		}
		figures, err := b.play(ctx, s)
		if ctx.Err() != nil {
			return errors.New("interrupted")
		}
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		show := printTable
		if b.json {
			show = printJSON
		}
		if err := show(out, figures); err != nil {
			return err
		}
	}
	return nil
}

// prepare sees to the hub's binary and the folder of profiles.
func (b *bench) prepare(ctx context.Context) error {
	if b.profile != "" {
		if err := os.MkdirAll(b.profile, 0o777); err != nil {
			return err
		}
	}
	if b.program != "" {
		return nil
	}
	b.program = filepath.Join(b.dir, "hearsay")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", b.program, "hearsay")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("build the hub: %w", err)
	}
	return nil
}

func (b *bench) play(ctx context.Context, s scenario) ([]figure, error) {
	st, err := b.newStage(ctx, s.name)
	if err != nil {
		return nil, err
	}
	figures, err := s.run(ctx, st)
	for i := range figures {
		figures[i].Scenario, figures[i].Against = s.name, s.against
	}
	return figures, err
}

// raiseLimit lets this process and its children have as many files as they may, and
// reports if that is too few. A child has as many sockets as this one.
func raiseLimit(sockets int) error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return err
	}
	limit.Cur = limit.Max
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return err
	}
	if need := uint64(sockets) + 256; limit.Max < need {
		return fmt.Errorf("%d sockets want %d open files, and ulimit -Hn allows %d: raise it, or ask for fewer", sockets, need, limit.Max)
	}
	return nil
}
