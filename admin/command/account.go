package command

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"hearsay/admin/setting"
	"hearsay/hub/store"
)

// standing says in one cell whether a user can sign in, and what keeps the user from it.
func standing(u store.User) string {
	switch {
	case u.Banned(time.Now()) && u.BannedUntil != nil:
		return "banned until " + moment(u.BannedUntil) + ": " + u.BannedReason
	case u.Banned(time.Now()):
		return "banned: " + u.BannedReason
	case u.Waiting():
		return "waiting"
	}
	return "active"
}

func userBan() *cobra.Command {
	var b store.Ban
	var end ending
	cmd := &cobra.Command{
		Use:     "ban USERNAME",
		Short:   "Sign a user out everywhere and refuse new logins",
		Example: "  hearsay user ban eve --reason \"sells gold\" --for 168h",
		Args:    take("USERNAME"),
		RunE: run(existing, func(c *call) error {
			var err error
			if b.Until, err = end.at(c); err != nil {
				return err
			}
			if err := c.store.BanUser(c.Context(), c.args[0], b); err != nil {
				return c.unknown(err, "user", c.args[0])
			}
			u, err := c.user(c.args[0])
			if err != nil {
				return err
			}
			if u.BannedUntil == nil {
				return c.say(u, "Banned %s until somebody lifts it.", u.Username)
			}
			return c.say(u, "Banned %s until %s.", u.Username, moment(u.BannedUntil))
		}),
	}
	cmd.Flags().StringVar(&b.Reason, "reason", "", "why, at most 200 characters; the user reads it")
	end.flags(cmd, "lift")
	require(cmd, "reason")
	return cmd
}

func userUnban() *cobra.Command {
	return userChange("unban", "Lift the ban of a user", (*store.Store).UnbanUser, "%s may sign in again.")
}

func userApprove() *cobra.Command {
	return userChange("approve", "Let a user in who has signed up and waits", (*store.Store).ApproveUser, "%s may sign in now.")
}

// userChange is a command that takes no more than whose account it is.
func userChange(use, short string, do func(*store.Store, context.Context, string) error, done string) *cobra.Command {
	return &cobra.Command{
		Use:     use + " USERNAME",
		Short:   short,
		Example: "  hearsay user " + use + " eve",
		Args:    take("USERNAME"),
		RunE: run(existing, func(c *call) error {
			if err := do(c.store, c.Context(), c.args[0]); err != nil {
				return c.unknown(err, "user", c.args[0])
			}
			u, err := c.user(c.args[0])
			if err != nil {
				return err
			}
			return c.say(u, done, u.Username)
		}),
	}
}

func userDeny() *cobra.Command {
	return &cobra.Command{
		Use:     "deny USERNAME",
		Short:   "Take a user away who has signed up and waits",
		Example: "  hearsay user deny eve",
		Args:    take("USERNAME"),
		RunE: run(existing, func(c *call) error {
			u, err := c.user(c.args[0])
			if err != nil {
				return err
			}
			if err := c.store.DenyUser(c.Context(), u.Username); err != nil {
				return c.unknown(err, "user", c.args[0])
			}
			return c.say(u, "Denied %s: the account is gone.", u.Username)
		}),
	}
}

func userEmail() *cobra.Command {
	var verified bool
	cmd := &cobra.Command{
		Use:     "email USERNAME [ADDRESS]",
		Short:   "Change the e-mail address of a user, or take it away with \"\"; or call it verified",
		Example: "  hearsay user email ann ann@example.org --verified",
		Args:    take("USERNAME", "[ADDRESS]"),
		RunE: run(existing, func(c *call) error {
			if len(c.args) == 1 && !verified {
				return misuse(c.Command, errors.New("there is nothing to change; give an address, or --verified"))
			}
			u, err := c.user(c.args[0])
			if err != nil {
				return err
			}
			if len(c.args) == 2 {
				u.Email = c.args[1]
			}
			if verified {
				err = c.store.ConfirmEmail(c.Context(), u.Username, u.Email, time.Now())
			} else {
				err = c.store.SetEmail(c.Context(), u.Username, u.Email)
			}
			if err != nil {
				return err
			}
			u, err = c.user(u.Username)
			switch {
			case err != nil:
				return err
			case u.Email == "":
				return c.say(u, "%s has no e-mail address now.", u.Username)
			case u.EmailVerifiedAt == nil:
				return c.say(u, "The address of %s is %s now, not verified.", u.Username, u.Email)
			}
			return c.say(u, "The address of %s is %s now, verified.", u.Username, u.Email)
		}),
	}
	cmd.Flags().BoolVar(&verified, "verified", false, "you know that the user reads what is sent there")
	return cmd
}

// hubFlag is for commands that are about what people say in the browser.
func hubFlag(cmd *cobra.Command, name *string) {
	cmd.Flags().StringVar(name, "name", "", "short name of the hub, under which people talk in the browser; without it the setting's")
}

// hubName is the short name that the hub has, unless one is given.
func (c *call) hubName(given string) (string, error) {
	settings, err := c.store.Settings(c.Context())
	return cmp.Or(given, settings["name"], setting.Default().Name), err
}

func userExport() *cobra.Command {
	var name string
	cmd := &cobra.Command{
		Use:     "export USERNAME",
		Short:   "Print all that the file has about a user, as JSON, to hand over",
		Example: "  hearsay user export ann > ann.json",
		Args:    take("USERNAME"),
		RunE: run(existing, func(c *call) error {
			hub, err := c.hubName(name)
			if err != nil {
				return err
			}
			a, err := c.store.ExportAccount(c.Context(), c.args[0], hub, time.Now())
			if err != nil {
				return c.unknown(err, "user", c.args[0])
			}
			text, err := json.MarshalIndent(a, "", "  ")
			if err != nil {
				return err
			}
			return c.say(a, "%s", text)
		}),
	}
	hubFlag(cmd, &name)
	return cmd
}

func userClose() *cobra.Command {
	var name string
	var closing store.Closing
	cmd := &cobra.Command{
		Use:   "close USERNAME",
		Short: "Close an account for its owner: all that is personal goes",
		Long: `Close an account. All that is personal goes: e-mail address, sessions, links, codes, and of
a person the addresses in the audit log. Nobody can sign up under the name for 30 days. The
chat log keeps what was said, under the name unless --forget-messages is given.`,
		Example: "  hearsay user close eve --forget-messages",
		Args:    take("USERNAME"),
		RunE: run(existing, func(c *call) error {
			var err error
			if closing.Hub, err = c.hubName(name); err != nil {
				return err
			}
			u, err := c.user(c.args[0])
			if err != nil {
				return err
			}
			if err := c.store.CloseAccount(c.Context(), u.Username, closing, time.Now()); err != nil {
				return err
			}
			return c.say(u, "Closed the account %s.", u.Username)
		}),
	}
	cmd.Flags().BoolVar(&closing.ForgetMessages, "forget-messages", false, "put "+store.Forgotten+" in the place of the name in the chat log")
	hubFlag(cmd, &name)
	return cmd
}
