package command

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"hearsay/admin/setting"
	"hearsay/hub/store"
)

// Add adds the commands to root, which has the persistent flag --db. It comes after
// all other commands of root: of these, too, it makes every misuse one error with
// the exit code 2, and it leaves printing errors to the caller.
func Add(root *cobra.Command) {
	root.AddCommand(
		gameCommand(), channelCommand(), applicationCommand(), connectionCommand(), redirectCommand(),
		eventCommand(), achievementCommand(), blockCommand(), removalCommand(), userCommand(), sessionCommand(), grantCommand(),
		ruleCommand(), ignoreCommand(), reviewCommand(), messageCommand(), characterCommand(),
		settingCommand(), restartCommand(), auditCommand(),
		backupCommand(), restoreCommand(), checkCommand(), healthcheckCommand(), mirrorCommand())
	root.SilenceErrors, root.SilenceUsage = true, true
	root.SetFlagErrorFunc(misuse)
	strict(root)
}

// ExitCode is the code that the program ends with: 2 for bad input, 1 for faults of
// the machine, 0 for nil; a command may have others.
func ExitCode(err error) int {
	var a *advice
	var e *exit
	switch {
	case err == nil:
		return 0
	case errors.As(err, &e):
		return e.code
	case errors.As(err, &a), errors.Is(err, store.ErrInvalid), errors.Is(err, store.ErrNotFound), errors.Is(err, store.ErrConflict):
		return 2
	}
	return 1
}

// An advice is bad input together with the command that helps.
type advice struct {
	err error
	see string
}

func (a *advice) Error() string { return a.err.Error() + "\nsee: " + a.see }

func (a *advice) Unwrap() error { return a.err }

func misuse(cmd *cobra.Command, err error) error {
	if err == nil {
		return nil
	}
	if at := (*pflag.InvalidValueError)(nil); errors.Is(err, errTwice) && errors.As(err, &at) { // without the value, which may be a secret
		err = fmt.Errorf("--%s %w", at.GetFlag().Name, errTwice)
	}
	return &advice{err, cmd.CommandPath() + " --help"}
}

// strict makes cmd and all below it refuse what cobra lets pass or reports as any
// other error.
func strict(cmd *cobra.Command) {
	for _, flags := range []*pflag.FlagSet{cmd.Flags(), cmd.PersistentFlags()} {
		flags.VisitAll(func(f *pflag.Flag) {
			if _, list := f.Value.(pflag.SliceValue); !list {
				f.Value = &once{Value: f.Value}
			}
		})
	}
	if cmd.HasSubCommands() && cmd.Args == nil {
		cmd.Args = noArguments
	}
	if !cmd.Runnable() {
		cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	}
	if args := cmd.Args; args != nil {
		cmd.Args = func(cmd *cobra.Command, given []string) error { return misuse(cmd, args(cmd, given)) }
	}
	// It runs after root's hook has looked into the environment.
	before := cmd.PreRunE
	cmd.PreRunE = func(cmd *cobra.Command, args []string) error {
		if err := errors.Join(cmd.ValidateRequiredFlags(), cmd.ValidateFlagGroups()); err != nil {
			return misuse(cmd, err)
		}
		if before != nil {
			return before(cmd, args)
		}
		return nil
	}
	for _, sub := range cmd.Commands() {
		strict(sub)
	}
}

// A once is the value of a flag that is given once: a second value would take the place of
// the first, and nobody be told.
type once struct {
	pflag.Value
	given bool
}

var errTwice = errors.New("is given twice; give it once")

func (o *once) Set(text string) error {
	if o.given {
		return errTwice
	}
	o.given = true
	return o.Value.Set(text)
}

// noArguments is for commands whose first argument is another command.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	cmd.SuggestionsMinimumDistance = 2
	mend := ""
	if similar := cmd.SuggestionsFor(args[0]); len(similar) > 0 {
		mend = "; did you mean " + strings.Join(similar, " or ") + "?"
	}
	return fmt.Errorf("unknown command %q for %q%s", args[0], cmd.CommandPath(), mend)
}

// take wants the arguments that it names. One in brackets may be left out; "..." at the
// end stands for more of the last.
func take(names ...string) cobra.PositionalArgs {
	more := len(names) > 0 && names[len(names)-1] == "..."
	if more {
		names = names[:len(names)-1]
	}
	return func(_ *cobra.Command, args []string) error {
		if len(args) > len(names) && !more {
			return fmt.Errorf("unexpected argument %q; put a text with spaces in quotes, and write a switch as --display=false", args[len(names)])
		}
		for _, name := range names[min(len(args), len(names)):] {
			if !strings.HasPrefix(name, "[") {
				return fmt.Errorf("the argument %s is missing", name)
			}
		}
		return nil
	}
}

// noun groups the verbs of one kind of record. All of them print, so all have --json.
func noun(name, short string, verbs ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{Use: name, Short: short}
	var examples []string
	for _, verb := range verbs {
		examples = append(examples, verb.Example)
		printsJSON(verb)
		cmd.AddCommand(verb)
	}
	cmd.Example = strings.Join(examples, "\n")
	return cmd
}

func require(cmd *cobra.Command, flags ...string) {
	for _, flag := range flags {
		if err := cmd.MarkFlagRequired(flag); err != nil {
			panic(err) // a slip in this package: there is no such flag
		}
	}
}

// given is value if the flag was given on the command line, else nil.
func given[T any](c *call, flag string, value *T) *T {
	if f := c.Flags().Lookup(flag); f.Changed && f.Annotations[setting.FromEnvironment] == nil {
		return value
	}
	return nil
}

// noEdit refuses an edit that would change nothing.
func noEdit(c *call) error {
	return misuse(c.Command, errors.New("there is nothing to change; give at least one flag"))
}
