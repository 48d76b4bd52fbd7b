package command

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"hearsay/admin/setting"
	"hearsay/hub/store"
)

func userCommand() *cobra.Command {
	return noun("user", "People with a login in the browser: who run the hub, and players", userAdd(), userList(), userPassword(), userLink(), userRole(),
		userTOTPOn(), userTOTPOff(), userEmail(), userBan(), userUnban(), userApprove(), userDeny(),
		userInvite(), userInvites(), userUninvite(), userExport(), userClose(), userRemove())
}

func (c *call) user(username string) (store.User, error) {
	u, err := c.store.User(c.Context(), username)
	return u, c.unknown(err, "user", username)
}

// anyUser is the spelling of the username that the command was given, if it was.
func (c *call) anyUser() (string, error) {
	if len(c.args) == 0 {
		return "", nil
	}
	u, err := c.user(c.args[0])
	return u.Username, err
}

func userAdd() *cobra.Command {
	var u store.User
	cmd := &cobra.Command{
		Use:     "add USERNAME",
		Short:   "Add a user; the password is asked for, or the first line of the input",
		Example: "  hearsay user add ann --role moderator",
		Args:    take("USERNAME"),
		RunE: run(creating, func(c *call) error {
			password, err := c.password()
			if err != nil {
				return err
			}
			u.Username = c.args[0]
			made, err := c.store.CreateUser(c.Context(), u, password)
			if err != nil {
				return err
			}
			return c.say(made, "Added the user %s.", made.Username)
		}),
	}
	cmd.Flags().StringVar((*string)(&u.Role), "role", string(store.Admin), "what they may do: admin, moderator or person")
	return cmd
}

var userTable = table[store.User]{
	none:  "There are no users. Add one with: hearsay user add USERNAME",
	heads: []string{"USERNAME", "ROLE", "STANDING", "CREATED"},
	cells: func(u store.User) []string {
		return []string{u.Username, string(u.Role), standing(u), u.CreatedAt.UTC().Format(time.RFC3339)}
	},
}

func userList() *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List all users",
		Example: "  hearsay user list",
		Args:    take(),
		RunE: run(existing, func(c *call) error {
			all, err := c.store.Users(c.Context())
			if err != nil {
				return err
			}
			return userTable.print(c, all)
		}),
	}
}

func userPassword() *cobra.Command {
	return &cobra.Command{
		Use:     "password USERNAME",
		Short:   "Give a user another password, asked for as with user add",
		Example: "  hearsay user password ann",
		Args:    take("USERNAME"),
		RunE: run(existing, func(c *call) error {
			u, err := c.user(c.args[0])
			if err != nil {
				return err
			}
			password, err := c.password()
			if err != nil {
				return err
			}
			if err := c.store.SetPassword(c.Context(), u.Username, password); err != nil {
				return err
			}
			return c.say(u, "Changed the password of %s.", u.Username)
		}),
	}
}

func userLink() *cobra.Command {
	return &cobra.Command{
		Use:     "link USERNAME",
		Short:   "Print a link with which the user sets a password, once, within a day",
		Example: "  hearsay user link ann",
		Args:    take("USERNAME"),
		RunE: run(existing, func(c *call) error {
			u, err := c.user(c.args[0])
			if err != nil {
				return err
			}
			token, err := c.store.CreatePasswordLink(c.Context(), u.Username, time.Now())
			if err != nil {
				return err
			}
			record := struct {
				Username string `json:"username"`
				Path     string `json:"path"`
			}{u.Username, "/password/" + token}
			return c.say(record, "Hand this to %s, after the address of the hub's pages:\n\n  %s\n", u.Username, record.Path)
		}),
	}
}

func userRole() *cobra.Command {
	return &cobra.Command{
		Use:     "role USERNAME ROLE",
		Short:   "Make a user an admin, a moderator or a person who runs nothing",
		Example: "  hearsay user role ann moderator",
		Args:    take("USERNAME", "ROLE"),
		RunE: run(existing, func(c *call) error {
			if err := c.store.SetRole(c.Context(), c.args[0], store.Role(c.args[1])); err != nil {
				return c.unknown(err, "user", c.args[0])
			}
			u, err := c.user(c.args[0])
			if err != nil {
				return err
			}
			return c.say(u, "%s is %s now.", u.Username, u.Role)
		}),
	}
}

func userTOTPOn() *cobra.Command {
	return &cobra.Command{
		Use:   "totp-on USERNAME",
		Short: "Turn two-factor login on, for a user whose authenticator is at hand",
		Long: `Turn two-factor login on. It prints a secret for the user's authenticator, asks for the code
that this shows then, or reads it as a line of the input, and prints recovery codes, each
of which stands in for a code once. An authenticator from before counts no longer.`,
		Example: "  hearsay user totp-on ann",
		Args:    take("USERNAME"),
		RunE: run(existing, func(c *call) error {
			u, err := c.user(c.args[0])
			if err != nil {
				return err
			}
			settings, err := c.store.Settings(c.Context())
			if err != nil {
				return err
			}
			key, err := store.NewTOTP(cmp.Or(settings["title"], settings["name"], setting.Default().Name), u.Username)
			if err != nil {
				return err
			}
			given := struct {
				Secret string `json:"secret"`
				URL    string `json:"url"`
			}{key.Secret(), key.URL()}
			if err := c.say(given, "Give this to the authenticator, as a secret or as an address:\n\n  %s\n  %s\n", given.Secret, given.URL); err != nil {
				return err
			}
			code, err := c.line("Code: ")
			if err != nil {
				return err
			}
			made := struct {
				RecoveryCodes []string `json:"recovery_codes"`
			}{}
			if made.RecoveryCodes, err = c.store.EnableTOTP(c.Context(), u.Username, key.Secret(), code, time.Now()); err != nil {
				return err
			}
			return c.say(made, "A login of %s takes a code as well now. When the authenticator is lost, each of these stands in for a code, once:\n\n  %s\n",
				u.Username, strings.Join(made.RecoveryCodes, "\n  "))
		}),
	}
}

// line asks for a line of text; it is the first of the input.
func (c *call) line(prompt string) (text string, err error) {
	fmt.Fprint(c.ErrOrStderr(), prompt)
	done := make(chan error, 1)
	go func() {
		const most = 1 << 10
		var err error
		text, err = bufio.NewReader(io.LimitReader(c.InOrStdin(), most)).ReadString('\n')
		done <- err
	}()
	select {
	case err = <-done:
	case <-c.Context().Done():
		return "", context.Cause(c.Context())
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("read the input: %w", err)
	}
	return strings.TrimSpace(text), nil
}

func userTOTPOff() *cobra.Command {
	return &cobra.Command{
		Use:     "totp-off USERNAME",
		Short:   "Turn a user's two-factor login off",
		Example: "  hearsay user totp-off ann",
		Args:    take("USERNAME"),
		RunE: run(existing, func(c *call) error {
			u, err := c.user(c.args[0])
			if err != nil {
				return err
			}
			if err := c.store.DisableTOTP(c.Context(), u.Username); err != nil {
				return err
			}
			u.TwoFactor = false
			return c.say(u, "A login of %s takes the password alone now.", u.Username)
		}),
	}
}

func userRemove() *cobra.Command {
	return &cobra.Command{
		Use:     "remove USERNAME",
		Short:   "Remove a user",
		Example: "  hearsay user remove ann",
		Args:    take("USERNAME"),
		RunE: run(existing, func(c *call) error {
			u, err := c.user(c.args[0])
			if err != nil {
				return err
			}
			if err := c.store.DeleteUser(c.Context(), u.Username); err != nil {
				return err
			}
			return c.say(u, "Removed the user %s.", u.Username)
		}),
	}
}

// password asks for a password twice where there is a terminal; else it is the
// first line of the input.
func (c *call) password() (string, error) {
	if f, ok := c.InOrStdin().(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		first, err := c.ask(f, "Password: ")
		if err != nil {
			return "", err
		}
		second, err := c.ask(f, "Again: ")
		if err == nil && first != second {
			err = &store.FieldError{Field: "password", Reason: "the two are not the same; try again"}
		}
		return first, err
	}
	const most = 64 << 10 // more than any password may have
	line, err := bufio.NewReader(io.LimitReader(c.InOrStdin(), most)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("read the password: %w", err)
	}
	line = strings.TrimRight(line, "\r\n")
	if line == "" {
		return "", &store.FieldError{Field: "password", Reason: "is missing; give it as one line of the input"}
	}
	return line, nil
}

// ask reads a line from the terminal without echo. When the context ends, it turns
// the echo on again: the operator's shell would keep it off.
func (c *call) ask(f *os.File, prompt string) (string, error) {
	fd := int(f.Fd())
	state, err := term.GetState(fd)
	if err != nil {
		return "", fmt.Errorf("ask for the password: %w", err)
	}
	fmt.Fprint(c.ErrOrStderr(), prompt)
	var text []byte
	done := make(chan error, 1)
	go func() {
		var err error
		text, err = term.ReadPassword(fd)
		done <- err
	}()
	select {
	case err = <-done:
	case <-c.Context().Done():
		return "", errors.Join(context.Cause(c.Context()), term.Restore(fd, state))
	}
	fmt.Fprintln(c.ErrOrStderr())
	if err != nil {
		return "", fmt.Errorf("ask for the password: %w", err)
	}
	return string(text), nil
}
