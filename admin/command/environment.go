package command

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"hearsay/admin/setting"
)

// prefix begins every variable that stands in for a flag; those with testPrefix are of the
// tests.
const (
	prefix     = "HEARSAY_"
	testPrefix = prefix + "TEST_"
)

// variable is what stands in for a flag: --keep-days is HEARSAY_KEEP_DAYS.
func variable(flag string) string {
	return prefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// Environment sets every flag of cmd that was not given on the command line from
// the variable HEARSAY_NAME, if there is one that is not empty: --keep-days is
// HEARSAY_KEEP_DAYS. A required flag may also be set so, but the edit commands change
// only what the command line says: a variable that was meant for the server must not
// rename a game.
func Environment(cmd *cobra.Command, lookup func(string) (string, bool)) (err error) {
	flags := cmd.Flags()
	flags.VisitAll(func(f *pflag.Flag) {
		if err != nil || f.Changed || f.Name == "help" || f.Name == "version" {
			return
		}
		name := variable(f.Name)
		value, ok := lookup(name)
		if !ok || value == "" {
			return
		}
		if flags.Set(f.Name, value) != nil {
			err = misuse(cmd, fmt.Errorf("%s: %q is no %s; it stands in for --%s (%s)", name, value, f.Value.Type(), f.Name, f.Usage))
			return
		}
		err = flags.SetAnnotation(f.Name, setting.FromEnvironment, []string{name})
	})
	return err
}

// Unknown says of each variable HEARSAY_* that stands in for no flag of any command that it
// is ignored, and which name is near. It never shows a value. environ is that of os.Environ.
func Unknown(root *cobra.Command, environ []string) (warnings []string) {
	known := map[string]bool{}
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		for _, flags := range []*pflag.FlagSet{cmd.Flags(), cmd.PersistentFlags()} {
			flags.VisitAll(func(f *pflag.Flag) { known[variable(f.Name)] = true })
		}
		for _, sub := range cmd.Commands() {
			walk(sub)
		}
	}
	walk(root)
	for _, one := range slices.Sorted(slices.Values(environ)) {
		name, _, _ := strings.Cut(one, "=")
		if !strings.HasPrefix(name, prefix) || strings.HasPrefix(name, testPrefix) || known[name] {
			continue
		}
		warning := fmt.Sprintf("the variable %s is ignored: it stands in for no flag", name)
		if near := nearest(name, slices.Sorted(maps.Keys(known))); near != "" {
			warning += "; did you mean " + near + "?"
		} else {
			warning += "; see: " + root.Name() + " serve --help"
		}
		warnings = append(warnings, warning)
	}
	return warnings
}

// nearest is the one of all names that fewest changes make of the name; "": each needs more
// than two, and more than a third of its letters.
func nearest(name string, all []string) (best string) {
	name = strings.TrimPrefix(name, prefix)
	least := min(max(len(name)/3, 2)+1, len(name))
	for _, one := range all {
		if n := changesBetween(name, strings.TrimPrefix(one, prefix)); n < least {
			best, least = one, n
		}
	}
	return best
}

// changesBetween is how many letters must be added, removed, replaced or swapped with the
// next to make b of a.
func changesBetween(a, b string) int {
	least := make([][]int, len(a)+1) // by how much of each is read
	for i := range least {
		least[i] = make([]int, len(b)+1)
		for j := range least[i] {
			switch {
			case i == 0 || j == 0:
				least[i][j] = i + j
				continue
			case a[i-1] == b[j-1]:
				least[i][j] = least[i-1][j-1]
			default:
				least[i][j] = 1 + min(least[i-1][j-1], least[i-1][j], least[i][j-1])
			}
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				least[i][j] = min(least[i][j], 1+least[i-2][j-2])
			}
		}
	}
	return least[len(a)][len(b)]
}
