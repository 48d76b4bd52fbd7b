package setting

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/pflag"

	"hearsay/hub/store"
)

// A Source is where the value in force comes from.
type Source string

// The sources, the first that there is wins.
const (
	Flag        Source = "flag"
	Environment Source = "environment"
	File        Source = "file"
	Standard    Source = "default"
)

// FromEnvironment is the annotation of a flag that a variable has set; its value is the
// variable.
const FromEnvironment = "hearsay_environment"

// A Setting is one of them as it is now.
type Setting struct {
	Name    string   `json:"name"` // of its flag: "limit-sends"
	Group   string   `json:"group"`
	Usage   string   `json:"usage"`
	Kind    Kind     `json:"kind"`
	Choices []string `json:"choices,omitempty"`

	Value   string  `json:"value"` // in force, or which the next server would have; of a secret only whether there is one
	Default string  `json:"default"`
	Source  Source  `json:"source"`
	SetBy   string  `json:"set_by,omitempty"`  // the flag or variable
	InFile  *string `json:"in_file"`           // nil: the file has none
	Problem string  `json:"problem,omitempty"` // why the file's value is not in force
	Fixed   string  `json:"fixed,omitempty"`   // why it cannot be changed in the file; "": it can
	AtStart bool    `json:"at_start"`          // a change of the file holds from the next start
	Waiting bool    `json:"waiting"`           // the file has been changed, and the server has not started since
}

// Settings are those of a database file, and of the server that runs on it.
type Settings struct {
	store *store.Store
	log   *slog.Logger
	given Config            // by flags and environment
	by    map[string]string // which flag or variable gave it

	mu    sync.Mutex // guards what follows
	start state      // when the server started
	now   state
	force Config // in force
}

// A state is what the file had at a time. Its maps are never written to.
type state struct {
	config   Config            // with it
	file     map[string]string // by name
	problems map[string]string // by name
}

// has reports whether the value of a setting is from the file.
func (s state) has(name string) bool {
	_, ok := s.file[name]
	return ok && s.problems[name] == ""
}

// Open reads what the file has. given and flags are what the server was started with;
// flags nil: there is no server. log may be nil.
func Open(ctx context.Context, st *store.Store, given Config, flags *pflag.FlagSet, log *slog.Logger) (*Settings, error) {
	s := &Settings{store: st, log: log, given: given, by: map[string]string{}}
	if log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if flags != nil {
		flags.VisitAll(func(f *pflag.Flag) {
			if variable := f.Annotations[FromEnvironment]; variable != nil {
				s.by[f.Name] = variable[0]
			} else if f.Changed {
				s.by[f.Name] = "--" + f.Name
			}
		})
	}
	return s, s.read(ctx)
}

// read puts in force what the file has. What will not do there is left out, and logged
// once.
func (s *Settings) read(ctx context.Context) error {
	file, err := s.store.Settings(ctx)
	if err != nil {
		return fmt.Errorf("read the settings: %w", err)
	}
	next := state{config: s.given, file: file, problems: map[string]string{}}
	for _, name := range slices.Sorted(maps.Keys(file)) {
		if s.by[name] != "" {
			continue
		}
		c, err := s.with(ctx, next.config, name, file[name])
		if err != nil {
			next.problems[name] = reason(err)
			continue
		}
		next.config = c
	}
	s.mu.Lock()
	before := s.now
	if s.now.file == nil { // it starts
		s.start = next
	}
	s.now, s.force = next, mixed(s.start.config, next.config)
	s.mu.Unlock()
	for name, problem := range next.problems {
		if before.problems[name] != problem || before.file[name] != file[name] {
			attrs := []any{"setting", name, "reason", problem}
			if r, _ := find(name); r.name != "" && r.only == "" { // others may be secrets, or misspelt ones
				attrs = append(attrs, "value", file[name])
			}
			s.log.Warn("a setting in the file is not allowed, and its default is in force", attrs...)
		}
	}
	return nil
}

// Reload reads again what the file has, as a change of it does.
func (s *Settings) Reload(ctx context.Context) error { return s.read(ctx) }

// with is c with another value of a setting that the file may have.
func (s *Settings) with(ctx context.Context, c Config, name, value string) (Config, error) {
	r, ok := find(name)
	switch {
	case !ok:
		return c, store.Missing{Noun: "setting", Key: name}
	case r.only != "":
		return c, wrong(name, "is "+r.fixed())
	}
	f := c.flags().Lookup(name)
	if f.Value.Set(value) != nil {
		return c, wrong(name, fmt.Sprintf("%q will not do; %s", value, form[r.kind(f)]))
	}
	if err := c.Check(); err != nil {
		return c, err
	}
	if name == "name" {
		return c, s.store.CheckHubName(ctx, c.Name)
	}
	return c, nil
}

// fixed says how else a setting is set.
func (r row) fixed() string { return "set by --" + r.name + " or in the environment alone: " + r.only }

// flags are bound to c.
func (c *Config) flags() *pflag.FlagSet {
	f := pflag.NewFlagSet("", pflag.ContinueOnError)
	f.StringVar(&c.DB, "db", c.DB, "the database `file`")
	c.Flags(f)
	return f
}

func wrong(name, reason string) error {
	return &store.FieldError{Field: strings.ReplaceAll(name, "-", "_"), Reason: reason}
}

// reason is what is wrong, without the field's name.
func reason(err error) string {
	var field *store.FieldError
	if errors.As(err, &field) {
		return field.Reason
	}
	return err.Error()
}

// Config is what is in force. What holds from the next start is as it was at this one.
func (s *Settings) Config() Config {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.force
}

// Heading is what people read as the network's name.
func (s *Settings) Heading() string {
	c := s.Config()
	return c.Heading()
}

// Backups is the plan of backups in force.
func (s *Settings) Backups() store.BackupPlan {
	c := s.Config()
	return c.Backups()
}

// mixed has of now what holds at once, and of start what holds from a start.
func mixed(start, now Config) Config {
	to, from := start.flags(), now.flags()
	to.VisitAll(func(f *pflag.Flag) {
		if r, _ := find(f.Name); !r.atStart && r.only == "" {
			_ = f.Value.Set(from.Lookup(f.Name).Value.String()) // it has just come from such a value
		}
	})
	return start
}

// Follow calls changed whenever the file has other settings, until ctx ends. Settings that
// cannot be read are tried again after a pause, and at each commit.
func (s *Settings) Follow(ctx context.Context, changed func(Config)) {
	follower := s.store.Follow()
	defer follower.Stop()
	for asked := s.store.Asked() - 1; ; { // never looked
		follower.Begin()
		var err error
		if n := s.store.Asked(); n != asked {
			err = s.read(ctx)
			switch {
			case err == nil:
				asked = n
				changed(s.Config())
			case ctx.Err() == nil:
				s.log.Error("settings could not be read", "err", err)
			}
		}
		select {
		case <-follower.Wake:
		case <-follower.End(ctx, err):
		case <-ctx.Done():
			return
		}
	}
}

// All are the settings in the order of the pages.
func (s *Settings) All() (all []Setting) {
	s.mu.Lock()
	start, now, c := s.start, s.now, s.force
	s.mu.Unlock()
	force, next, standard := c.flags(), now.config.flags(), Default().flags()
	for _, g := range table {
		for _, r := range g.rows {
			f := force.Lookup(r.name)
			_, usage := pflag.UnquoteUsage(f)
			one := Setting{
				Name: r.name, Group: g.group, Usage: usage, Kind: r.kind(f), Choices: r.choices,
				Value: text(f), Default: text(standard.Lookup(r.name)), SetBy: s.by[r.name], AtStart: r.atStart,
				Problem: now.problems[r.name], Waiting: text(next.Lookup(r.name)) != text(f),
			}
			if value, ok := now.file[r.name]; ok && r.only == "" {
				one.InFile = &value
			}
			switch {
			case strings.HasPrefix(one.SetBy, "--"):
				one.Source = Flag
			case one.SetBy != "":
				one.Source = Environment
			case r.atStart && start.has(r.name), !r.atStart && now.has(r.name):
				one.Source = File
			default:
				one.Source = Standard
			}
			switch {
			case r.only != "":
				one.Fixed = r.fixed()
			case one.SetBy != "":
				one.Fixed = "set by " + one.SetBy + "; take it off there to change it here"
			}
			if store.SecretSetting(r.name) && one.Value != "" {
				one.Value = "(set, and not shown)"
			}
			all = append(all, one)
		}
	}
	return all
}

// text is a flag's value as the flag takes it.
func text(f *pflag.Flag) string {
	if list, ok := f.Value.(pflag.SliceValue); ok {
		return strings.Join(list.GetSlice(), ",")
	}
	return f.Value.String()
}

// Setting is that one.
func (s *Settings) Setting(name string) (Setting, error) {
	for _, one := range s.All() {
		if one.Name == name {
			return one, nil
		}
	}
	return Setting{}, store.Missing{Noun: "setting", Key: name}
}

// Check says why Set would refuse a value.
func (s *Settings) Check(ctx context.Context, name, value string) error {
	_, err := s.check(ctx, name, value)
	return err
}

// check gives what would be in force, if a start came now.
func (s *Settings) check(ctx context.Context, name, value string) (Config, error) {
	was, err := s.Setting(name)
	if err != nil {
		return Config{}, err
	}
	if was.Fixed != "" {
		return Config{}, wrong(name, "is "+was.Fixed)
	}
	s.mu.Lock()
	now := s.now.config
	s.mu.Unlock()
	return s.with(ctx, now, name, strings.TrimSpace(value))
}

// Set changes a setting in the file. It refuses what a flag would refuse, and what would
// not count because the server was given it otherwise.
func (s *Settings) Set(ctx context.Context, name, value string) (Setting, error) {
	next, err := s.check(ctx, name, value)
	if err != nil {
		return Setting{}, err
	}
	if name == "name" { // until the next start nobody else may take it
		if err := s.store.Reserve(ctx, next.Name); err != nil {
			return Setting{}, err
		}
	}
	if err := s.store.SetSetting(ctx, name, text(next.flags().Lookup(name))); err != nil {
		return Setting{}, err
	}
	return s.reread(ctx, name)
}

// Unset takes a setting out of the file. It reports ErrNotFound if there is no such
// setting, or the file does not have it.
func (s *Settings) Unset(ctx context.Context, name string) (Setting, error) {
	if err := s.store.UnsetSetting(ctx, name); err != nil {
		return Setting{}, err
	}
	return s.reread(ctx, name)
}

func (s *Settings) reread(ctx context.Context, name string) (Setting, error) {
	if err := s.read(ctx); err != nil {
		return Setting{}, err
	}
	return s.Setting(name)
}
