package command_test

import (
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"hearsay/admin/command"
	"hearsay/hub/store"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"hearsay": func() {
		err := newRoot().Execute()
		if err != nil {
			fmt.Fprintln(os.Stderr, "hearsay:", err)
		}
		os.Exit(command.ExitCode(err))
	}})
}

// newRoot is a small root command, with a command that is not of the package.
func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use: "hearsay",
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			return command.Environment(cmd, os.LookupEnv)
		},
	}
	root.PersistentFlags().String("db", "hearsay.db", "the database file")
	serve := &cobra.Command{
		Use:  "serve",
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return errors.New("the machine is at fault") },
	}
	serve.Flags().Int("port", 8080, "where to listen")
	root.AddCommand(serve, command.Version("v1.2.3"))
	command.Add(root)
	return root
}

func TestAdd_everythingIsDescribed(t *testing.T) {
	var walk func(cmd *cobra.Command)
	walk = func(cmd *cobra.Command) {
		if cmd.Name() == "serve" {
			return // not ours
		}
		if cmd.Short == "" || cmd.Example == "" {
			t.Errorf("%s: got Short %q and Example %q, want both", cmd.CommandPath(), cmd.Short, cmd.Example)
		}
		if cmd.Args == nil {
			t.Errorf("%s: does not say which arguments it takes", cmd.CommandPath())
		}
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if f.Usage == "" {
				t.Errorf("%s --%s: has no usage text", cmd.CommandPath(), f.Name)
			}
		})
		for _, sub := range cmd.Commands() {
			walk(sub)
		}
	}
	for _, cmd := range newRoot().Commands() {
		walk(cmd)
	}
}

func TestAdd_examplesParse(t *testing.T) {
	var walk func(cmd *cobra.Command)
	walk = func(cmd *cobra.Command) {
		for _, line := range strings.Split(cmd.Example, "\n") {
			words := strings.Fields(line)
			if len(words) == 0 {
				continue
			}
			found, rest, err := newRoot().Find(words[1:])
			if err != nil || !strings.HasPrefix(found.CommandPath(), cmd.CommandPath()) {
				t.Errorf("%s: the example %q is one of %v, %v", cmd.CommandPath(), line, found, err)
			} else if err := found.ParseFlags(rest); err != nil {
				t.Errorf("%s: the example %q: %v", cmd.CommandPath(), line, err)
			}
		}
		for _, sub := range cmd.Commands() {
			walk(sub)
		}
	}
	walk(newRoot())
}

func TestExitCode(t *testing.T) {
	tests := []struct {
		err  error
		want int
	}{
		{nil, 0},
		{errors.New("disk full"), 1},
		{store.ErrLocked, 1},
		{store.Missing{Noun: "game", Key: "Alpha"}, 2},
		{fmt.Errorf("add: %w", store.ErrConflict), 2},
		{&store.FieldError{Field: "name", Reason: "is missing"}, 2},
	}
	for _, tt := range tests {
		if got := command.ExitCode(tt.err); got != tt.want {
			t.Errorf("ExitCode(%v) = %d, want %d", tt.err, got, tt.want)
		}
	}
}

func TestEnvironment(t *testing.T) {
	tests := []struct {
		name      string
		args      []string
		variables map[string]string
		want      string // the port, or a part of the error
	}{
		{"default", nil, nil, "8080"},
		{"variable", nil, map[string]string{"HEARSAY_PORT": "99"}, "99"},
		{"empty variable", nil, map[string]string{"HEARSAY_PORT": ""}, "8080"},
		{"command line wins", []string{"--port", "7"}, map[string]string{"HEARSAY_PORT": "99"}, "7"},
		{"bad value, unused", []string{"--port", "7"}, map[string]string{"HEARSAY_PORT": "many"}, "7"},
		{"bad value", nil, map[string]string{"HEARSAY_PORT": "many"}, `HEARSAY_PORT: "many" is no int`},
		{"help is no setting", nil, map[string]string{"HEARSAY_HELP": "many"}, "8080"},
		{"flag of the root", nil, map[string]string{"HEARSAY_DB": "other.db"}, "8080 other.db"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			root := newRoot()
			serve, _, err := root.Find([]string{"serve"})
			if err != nil {
				t.Fatal(err)
			}
			if err := serve.ParseFlags(tt.args); err != nil {
				t.Fatal(err)
			}
			err = command.Environment(serve, func(name string) (string, bool) {
				value, ok := tt.variables[name]
				return value, ok
			})
			got := serve.Flags().Lookup("port").Value.String() + " " + serve.Flags().Lookup("db").Value.String()
			if err != nil {
				got = err.Error()
				if code := command.ExitCode(err); code != 2 {
					t.Errorf("got exit code %d, want 2", code)
				}
			}
			if !strings.HasPrefix(got, tt.want) {
				t.Errorf("%v with %v: got %q, want %q", tt.args, tt.variables, got, tt.want)
			}
		})
	}
}

func TestUnknown(t *testing.T) {
	got := command.Unknown(newRoot(), []string{
		"HEARSAY_PROT=horse", "PATH=/bin", "HEARSAY_PORT=1", "HEARSAY_DB=x.db", "HEARSAY_KEEP_OLD=7d", "HEARSAY_TEST_BROWSER=1", "HEARSAY_COFFEE=horse",
		"HEARSAY_KEEP_DAY=",
	})
	want := []string{
		"the variable HEARSAY_COFFEE is ignored: it stands in for no flag; see: hearsay serve --help",
		"the variable HEARSAY_KEEP_DAY is ignored: it stands in for no flag; did you mean HEARSAY_KEEP_DAYS?",
		"the variable HEARSAY_PROT is ignored: it stands in for no flag; did you mean HEARSAY_PORT?",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

// TestHealthcheck_certificate: the hub of this machine is asked whatever its certificate, and
// another one only if that is wanted.
func TestHealthcheck_certificate(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/readyz" {
			http.NotFound(w, r)
		}
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // of the refused certificate
	s.StartTLS()
	defer s.Close()
	for _, test := range []struct {
		args []string
		ok   bool
	}{
		{[]string{"--listen", s.Listener.Addr().String(), "--tls-cert", "hub.pem"}, true},
		{[]string{"--listen", s.Listener.Addr().String()}, false},
		{[]string{"--url", s.URL + "/readyz"}, false},
		{[]string{"--url", s.URL + "/readyz", "--any-certificate"}, true},
	} {
		root := newRoot()
		root.SetArgs(append([]string{"healthcheck"}, test.args...))
		if err := root.Execute(); (err == nil) != test.ok {
			t.Errorf("%q: got %v", test.args, err)
		}
	}
}
