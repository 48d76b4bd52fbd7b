package command

import (
	"strings"

	"github.com/spf13/cobra"

	"hearsay/hub/store"
)

func applicationCommand() *cobra.Command {
	return noun("application", "Applications that are fed with the network's records",
		applicationAdd(), applicationList(), applicationEdit(),
		rotation((*store.Store).RotateApplication).command("application"),
		endingSecret((*store.Store).EndApplicationSecret).command("application"),
		suspension((*store.Store).SuspendApplication).command("application"),
		resuming((*store.Store).ResumeApplication).command("application"), applicationRemove())
}

func (c *call) application(shortName string) (store.Application, error) {
	all, err := c.store.Applications(c.Context())
	a, err := pick(all, err, func(a store.Application) bool { return strings.EqualFold(a.ShortName, shortName) })
	return a, c.unknown(err, "application", shortName)
}

// applicationFlags are those that add and edit share.
func applicationFlags(cmd *cobra.Command, a *store.Application) {
	f := cmd.Flags()
	f.StringVar(&a.Name, "name", "", "the name that people read, at most 100 characters")
	f.StringVar(&a.SyncForm, "sync-form", "records", "the form of what it is fed with: records or versions")
	f.BoolVar(&a.Credentials, "credentials", false, "let it see the hashes of games' secrets, so that it can admit games itself")
}

func applicationAdd() *cobra.Command {
	var a store.Application
	cmd := &cobra.Command{
		Use:     "add",
		Short:   "Add an application and print its credentials",
		Example: `  hearsay application add --short-name Site --name "The players' site"`,
		Args:    take(),
		RunE: run(creating, func(c *call) error {
			form, err := c.secretForm()
			if err != nil {
				return err
			}
			credential, err := c.store.CreateApplication(c.Context(), a, form)
			if err != nil {
				return err
			}
			return c.added("application", a.ShortName, credential)
		}),
	}
	cmd.Flags().StringVar(&a.ShortName, "short-name", "", "its name on the network, 1 to 15 letters and digits; it never changes")
	applicationFlags(cmd, &a)
	secretFlag(cmd)
	require(cmd, "short-name", "name")
	return cmd
}

var applicationTable = table[store.Application]{
	none:  `There are no applications. Add one with: hearsay application add --short-name Site --name "The players' site"`,
	heads: []string{"SHORT NAME", "NAME", "SYNC FORM", "CREDENTIALS", "SUSPENDED", "LAST SEEN", "SECRET LAST USED"},
	cells: func(a store.Application) []string {
		return []string{a.ShortName, a.Name, a.SyncForm, yesNo(a.Credentials), yesNo(a.Suspended), moment(a.LastSeenAt), moment(a.SecretUsedAt)}
	},
}

func applicationList() *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List all applications",
		Example: "  hearsay application list",
		Args:    take(),
		RunE: run(existing, func(c *call) error {
			all, err := c.store.Applications(c.Context())
			if err != nil {
				return err
			}
			return applicationTable.print(c, all)
		}),
	}
}

func applicationEdit() *cobra.Command {
	var a store.Application
	cmd := &cobra.Command{
		Use:     "edit SHORT",
		Short:   "Change what the flags say; a new sync form holds from the next socket on",
		Example: "  hearsay application edit Site --sync-form versions --credentials=false",
		Args:    take("SHORT"),
		RunE: run(existing, func(c *call) error {
			e := store.ApplicationEdit{
				Name:        given(c, "name", &a.Name),
				SyncForm:    given(c, "sync-form", &a.SyncForm),
				Credentials: given(c, "credentials", &a.Credentials),
				Suspended:   given(c, "suspended", &a.Suspended),
			}
			if e == (store.ApplicationEdit{}) {
				return noEdit(c)
			}
			if err := c.store.UpdateApplication(c.Context(), c.args[0], e); err != nil {
				return c.unknown(err, "application", c.args[0])
			}
			after, err := c.application(c.args[0])
			if err != nil {
				return err
			}
			return c.say(after, "Changed the application %s.", after.ShortName)
		}),
	}
	applicationFlags(cmd, &a)
	cmd.Flags().BoolVar(&a.Suspended, "suspended", false, "close the application's sockets and refuse new ones")
	return cmd
}

func applicationRemove() *cobra.Command {
	return &cobra.Command{
		Use:     "remove SHORT",
		Short:   "Remove an application",
		Example: "  hearsay application remove Site",
		Args:    take("SHORT"),
		RunE: run(existing, func(c *call) error {
			a, err := c.application(c.args[0])
			if err != nil {
				return err
			}
			if err := c.store.DeleteApplication(c.Context(), a.ShortName); err != nil {
				return err
			}
			return c.say(a, "Removed the application %s.", a.ShortName)
		}),
	}
}
