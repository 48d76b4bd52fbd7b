package command

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"hearsay/hub/store"
)

// existingPath is that of the file that --db names, which must be there.
func (c *call) existingPath() (string, error) {
	path, err := c.path()
	if err == nil {
		err = exists("db", path, "name another one")
	}
	return path, err
}

func backupCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "backup [DEST]",
		Short:   "Copy the database to a new file, or into the folder of the backups; the server may go on",
		Example: "  hearsay backup hearsay-2026-12-24.db\n  hearsay backup",
		Args:    take("[DEST]"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return run(existing, backupHere)(cmd, args)
			}
			return run(unopened, backupTo)(cmd, args)
		},
	}
	withFolder(cmd)
	cmd.AddCommand(withFolder(backupList()), withFolder(backupCheck()), withFolder(backupRemove()))
	printsJSON(cmd)
	for _, verb := range cmd.Commands() {
		printsJSON(verb)
	}
	return cmd
}

func backupTo(c *call) error {
	path, err := c.existingPath()
	if err != nil {
		return err
	}
	dest, err := filepath.Abs(c.args[0])
	if err != nil {
		return err
	}
	if _, err := os.Lstat(dest); err == nil {
		return &store.FieldError{Field: "destination", Reason: dest + " exists; name another file, or move it away"}
	}
	if err := store.Backup(c.Context(), path, dest); err != nil {
		return fmt.Errorf("back up %s: %w", path, err)
	}
	record := struct {
		Path string `json:"path"`
	}{dest}
	return c.say(record, "Copied %s to %[2]s. Keep it on another machine; it comes back with: hearsay restore %[2]s", path, dest)
}

func restoreCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "restore SRC",
		Short:   "Put a backup in the place of the database and keep the old file; stop the server first",
		Example: "  hearsay restore hearsay-2026-12-24.db",
		Args:    take("SRC"),
		RunE: run(unopened, func(c *call) error {
			path, err := c.path()
			if err != nil {
				return err
			}
			source, err := filepath.Abs(c.args[0])
			if err != nil {
				return err
			}
			if err := exists("source", source, "name a file that backup has made"); err != nil {
				return err
			}
			kept, err := store.Restore(c.Context(), source, path)
			if err != nil {
				return fmt.Errorf("restore: %w", err)
			}
			record := struct {
				Path string `json:"path"`
				Kept string `json:"kept"` // empty: there was nothing
			}{path, kept}
			if kept == "" {
				return c.say(record, "Restored %s from %s.", path, source)
			}
			return c.say(record, "Restored %s from %s. The old file is kept as %s.", path, source, kept)
		}),
	}
	printsJSON(cmd)
	return cmd
}

func checkCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "check",
		Short:   "Look for damage in the database without changing it",
		Example: "  hearsay check",
		Args:    take(),
		RunE: run(unopened, func(c *call) error {
			path, err := c.existingPath()
			if err != nil {
				return err
			}
			problems, err := store.Check(c.Context(), path)
			if err != nil {
				return fmt.Errorf("check %s: %w", path, err)
			}
			return c.report(path, problems)
		}),
	}
	printsJSON(cmd)
	return cmd
}

// report prints what a check has found, and is an error if that is something.
func (c *call) report(path string, problems []string) error {
	record := struct {
		OK       bool     `json:"ok"`
		Problems []string `json:"problems"`
	}{len(problems) == 0, append([]string{}, problems...)}
	if record.OK {
		return c.say(record, "ok")
	}
	if done, err := c.json(record); err != nil {
		return err
	} else if !done {
		for _, problem := range problems {
			if _, err := fmt.Fprintln(c.OutOrStdout(), problem); err != nil {
				return err
			}
		}
	}
	return fmt.Errorf("check %s: problems found: %d; if the file is damaged, restore a backup", path, len(problems))
}
