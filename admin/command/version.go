package command

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"hearsay/assets"
	"hearsay/hub/store"
)

// Version is the command that says which program this is. It goes into root before Add.
func Version(build string) *cobra.Command {
	var licences bool
	cmd := &cobra.Command{
		Use:     "version",
		Short:   "Print the build; as JSON also the schema, the libraries and what the file is like",
		Example: "  hearsay version\n  hearsay version --licences",
		Args:    take(),
		RunE: run(unopened, func(c *call) error {
			if licences {
				return c.licences()
			}
			record := struct {
				Build  string      `json:"build"`
				Go     string      `json:"go"`
				OS     string      `json:"os"`
				Arch   string      `json:"arch"`
				SQLite string      `json:"sqlite"`
				Schema int64       `json:"schema"`
				File   *store.File `json:"file"` // null: there is none, or none of ours
			}{build, runtime.Version(), runtime.GOOS, runtime.GOARCH, store.SQLite, store.Schema(), nil}
			if wanted, err := c.Flags().GetBool("json"); err != nil || !wanted {
				return c.say(record, "hearsay %s", build)
			}
			path, err := c.path()
			if err != nil {
				return err
			}
			if f, err := store.Inspect(c.Context(), path); err == nil { // else whoever opens it tells
				record.File = &f
			}
			return c.say(record, "")
		}),
	}
	cmd.Flags().BoolVar(&licences, "licences", false, "print the licences of all that is in the program")
	printsJSON(cmd)
	return cmd
}

func (c *call) licences() error {
	all := assets.Licences()
	if done, err := c.json(all); done || err != nil {
		return err
	}
	for _, one := range all {
		if _, err := fmt.Fprintf(c.OutOrStdout(), "===== %s %s\n\n%s\n", one.Name, one.Version, one.Text); err != nil {
			return err
		}
	}
	return nil
}
