package command

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/spf13/cobra"

	"hearsay/hub/store"
)

// A call is one run of a command.
type call struct {
	*cobra.Command
	store *store.Store // nil for commands that do not open it
	args  []string
}

// opening says what a command does with the file that --db names.
type opening int

const (
	unopened opening = iota // it leaves that to itself
	existing                // it opens it, if it is there
	creating                // it opens it, and makes it if it is not there
)

// run makes do what a command runs, in the name of the system's user.
func run(how opening, do func(*call) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) (err error) {
		cmd.SetContext(store.WithActor(cmd.Context(), store.Actor{Name: actor()}))
		c := &call{Command: cmd, args: args}
		if how == unopened {
			return do(c)
		}
		path, err := c.path()
		if err == nil && how == existing {
			err = exists("db", path, "name another one, or make it with: "+cmd.Root().Name()+" game add")
		}
		if err != nil {
			return err
		}
		if c.store, err = store.Open(cmd.Context(), path, store.Options{}); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, c.store.Close()) }()
		if err := do(c); err != nil || !c.store.Changed() {
			return err
		}
		c.settle()
		return nil
	}
}

// settle waits until what the command has changed holds in the server, if one runs.
func (c *call) settle() {
	if errors.Is(c.served(), store.ErrUnserved) {
		return
	}
	if followed, err := c.store.AwaitFollowers(c.Context()); err != nil {
		c.PrintErrln("The change is kept, but whether the server has taken it is not known:", err)
	} else if !followed {
		c.PrintErrln("The change is kept, but the server has not confirmed it within a second.")
	}
}

func actor() string {
	if u, err := user.Current(); err == nil && u.Username != "" {
		return "cli:" + u.Username
	}
	return "cli"
}

// path is the absolute path of the file that --db names: an operator may look for it
// in another folder.
func (c *call) path() (string, error) {
	path, err := c.Flags().GetString("db")
	if err != nil {
		return "", err
	}
	return filepath.Abs(path)
}

func exists(field, path, mend string) error {
	switch st, err := os.Stat(path); {
	case errors.Is(err, fs.ErrNotExist):
		return &store.FieldError{Field: field, Reason: fmt.Sprintf("there is no file %s; %s", path, mend)}
	case err == nil && st.IsDir():
		return &store.FieldError{Field: field, Reason: fmt.Sprintf("%s is a folder; %s", path, mend)}
	}
	return nil // other faults are told by who opens it
}

// pick finds the one record of all that is meant. It takes the error of the listing
// too, and reports ErrNotFound.
func pick[T any](all []T, err error, meant func(T) bool) (none T, _ error) {
	for _, one := range all {
		if meant(one) {
			return one, nil
		}
	}
	if err == nil {
		err = store.ErrNotFound
	}
	return none, err
}

// unknown says of an ErrNotFound what is not there, and which list would have it; of
// names the list's owner.
func (c *call) unknown(err error, noun, key string, of ...string) error {
	if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	see := append([]string{c.Root().Name(), noun, "list"}, of...)
	return &advice{store.Missing{Noun: noun, Key: key}, strings.Join(see, " ")}
}

// printsJSON gives a command the flag --json.
func printsJSON(cmd *cobra.Command) { cmd.Flags().Bool("json", false, "print JSON instead of text") }

// json reports whether JSON is wanted, and prints the record if so.
func (c *call) json(record any) (bool, error) {
	wanted, err := c.Flags().GetBool("json")
	if err != nil || !wanted {
		return false, err
	}
	enc := json.NewEncoder(c.OutOrStdout())
	enc.SetEscapeHTML(false)
	return true, enc.Encode(record)
}

// say prints the record as JSON if that is wanted, else the sentence.
func (c *call) say(record any, sentence string, values ...any) error {
	if done, err := c.json(record); done || err != nil {
		return err
	}
	_, err := fmt.Fprintf(c.OutOrStdout(), sentence+"\n", values...)
	return err
}

// A table is how a list of records is printed.
type table[T any] struct {
	none  string // what to print when there are none
	heads []string
	cells func(T) []string
}

func (t table[T]) print(c *call, all []T) error {
	if all == nil {
		all = []T{} // [] in JSON
	}
	if len(all) == 0 {
		return c.say(all, "%s", t.none)
	}
	if done, err := c.json(all); done || err != nil {
		return err
	}
	lines := [][]string{t.heads}
	for _, one := range all {
		lines = append(lines, t.cells(one))
	}
	return c.align(lines)
}

// align prints lines in columns.
func (c *call) align(lines [][]string) error {
	w := tabwriter.NewWriter(c.OutOrStdout(), 0, 0, 2, ' ', 0)
	for _, cells := range lines {
		for i := range cells {
			cells[i] = oneLine(cells[i])
		}
		fmt.Fprintln(w, strings.Join(cells, "\t")) // Flush reports what goes wrong
	}
	return w.Flush()
}

// oneLine keeps control characters off the terminal: some texts come from games.
func oneLine(text string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, text))
}

// short cuts a text that is only there to be recognized.
func short(text string) string {
	const most = 60
	if r := []rune(oneLine(text)); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return text
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func moment(t *time.Time) string {
	if t == nil {
		return "never"
	}
	return t.UTC().Format(time.RFC3339)
}
