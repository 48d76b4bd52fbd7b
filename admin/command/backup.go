package command

import (
	"fmt"

	"github.com/spf13/cobra"

	"hearsay/hub/store"
)

func withFolder(cmd *cobra.Command) *cobra.Command {
	cmd.Flags().String("backup-folder", "", "the `folder` of the backups; without it as the setting backup-folder says")
	return cmd
}

// folder is where backups are.
func (c *call) folder() (string, error) {
	settings, err := c.settings()
	if err != nil {
		return "", err
	}
	config := settings.Config()
	given, err := c.Flags().GetString("backup-folder")
	if err == nil && given != "" {
		config.BackupFolder = given
	}
	return config.Backups().Folder, err
}

func backupHere(c *call) error {
	folder, err := c.folder()
	if err != nil {
		return err
	}
	b, err := c.store.MakeBackup(c.Context(), folder, store.ByHand)
	if err != nil {
		return err
	}
	if b.Problem != "" {
		return fmt.Errorf("%s cannot be restored, and the database may have the same fault: %s", b.Path, b.Problem)
	}
	return c.say(b, "Made %s and checked it. It comes back with: hearsay restore %[1]s", b.Path)
}

func checked(b store.BackupFile) string {
	switch {
	case b.CheckedAt == nil:
		return "not yet"
	case b.Problem != "":
		return b.Problem
	}
	return "ok, " + moment(b.CheckedAt)
}

func backupList() *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List the backups in their folder, the newest first",
		Example: "  hearsay backup list",
		Args:    take(),
		RunE: run(existing, func(c *call) error {
			folder, err := c.folder()
			if err != nil {
				return err
			}
			all, err := c.store.Backups(c.Context(), folder)
			if err != nil {
				return err
			}
			return table[store.BackupFile]{
				none:  "There are no backups in " + folder + ". Make one with: hearsay backup",
				heads: []string{"NAME", "MADE", "BYTES", "AT", "CHECKED"},
				cells: func(b store.BackupFile) []string {
					return []string{b.Name, string(b.Kind), fmt.Sprint(b.Bytes), moment(&b.At), checked(b)}
				},
			}.print(c, all)
		}),
	}
}

func backupCheck() *cobra.Command {
	return &cobra.Command{
		Use:     "check NAME",
		Short:   "Look for damage in a backup",
		Example: "  hearsay backup check hearsay-20261224T040000Z.db",
		Args:    take("NAME"),
		RunE: run(existing, func(c *call) error {
			folder, err := c.folder()
			if err != nil {
				return err
			}
			b, err := c.store.CheckBackup(c.Context(), folder, c.args[0])
			if err != nil {
				return c.unknown(err, "backup", c.args[0])
			}
			if b.Problem != "" {
				return fmt.Errorf("%s: %s; use another one", b.Name, b.Problem)
			}
			return c.say(b, "%s is whole.", b.Name)
		}),
	}
}

func backupRemove() *cobra.Command {
	return &cobra.Command{
		Use:     "remove NAME",
		Short:   "Remove a backup",
		Example: "  hearsay backup remove hearsay-20261224T040000Z.db",
		Args:    take("NAME"),
		RunE: run(existing, func(c *call) error {
			folder, err := c.folder()
			if err != nil {
				return err
			}
			b, err := c.store.Backup(c.Context(), folder, c.args[0])
			if err == nil {
				err = c.store.RemoveBackup(c.Context(), folder, b.Name)
			}
			if err != nil {
				return c.unknown(err, "backup", c.args[0])
			}
			return c.say(b, "Removed %s.", b.Name)
		}),
	}
}
