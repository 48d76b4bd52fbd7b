package command

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"hearsay/hub/store"
)

func secretFlag(cmd *cobra.Command) {
	cmd.Flags().Bool("uuid-secret", false, "make the secret a UUID, for clients that take no other length")
}

func (c *call) secretForm() (store.SecretForm, error) {
	uuid, err := c.Flags().GetBool("uuid-secret")
	return store.SecretForm(uuid), err
}

// show prints a credential that was just made, between what was done and what comes next.
func (c *call) show(done string, credential store.Credential, next string) error {
	out := c.OutOrStdout()
	if _, err := fmt.Fprintf(out, "%s\n\n", done); err != nil {
		return err
	}
	if err := c.align([][]string{{"client id", credential.ClientID}, {"client secret", credential.Secret}}); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "\nThe secret is shown this once: keep it now. %s\n", next)
	return err
}

// added prints the credential of a new game or application.
func (c *call) added(noun, shortName string, credential store.Credential) error {
	if done, err := c.json(credential); done || err != nil {
		return err
	}
	return c.show(fmt.Sprintf("Added the %s %s.", noun, shortName), credential,
		fmt.Sprintf("Next, point the %s at ws://HOST:PORT/socket.", noun))
}

// rotation is the same for games and applications.
type rotation func(*store.Store, context.Context, string, store.Rotation) (store.Credential, error)

func (rotate rotation) command(noun string) *cobra.Command {
	var expire bool
	var keep time.Duration
	cmd := &cobra.Command{
		Use:     "rotate SHORT",
		Short:   "Give the " + noun + " a new secret, without closing its sockets",
		Example: "  hearsay " + noun + " rotate Alpha --keep-old 24h",
		Args:    take("SHORT"),
		RunE: run(existing, func(c *call) error {
			if keep < 0 {
				return &store.FieldError{Field: "keep_old", Reason: fmt.Sprintf("%v will not do; use 0s or longer, 168h for instance", keep)}
			}
			if expire {
				keep = 0
			}
			form, err := c.secretForm()
			if err != nil {
				return err
			}
			ends := time.Now().UTC().Truncate(time.Second).Add(keep)
			credential, err := rotate(c.store, c.Context(), c.args[0], store.Rotation{Form: form, OldEnds: ends})
			if err != nil {
				return c.unknown(err, noun, c.args[0])
			}
			return c.rotated(noun, credential, ends)
		}),
	}
	cmd.Flags().BoolVar(&expire, "expire-old", false, "refuse the old secret from now on, whatever --keep-old says")
	spanFlag(cmd.Flags(), &keep, "keep-old", store.OldSecretKept, "how long the old secret still works, as 12h or 7d")
	secretFlag(cmd)
	return cmd
}

func (c *call) rotated(noun string, credential store.Credential, ends time.Time) error {
	record := struct {
		store.Credential
		OldSecretEndsAt time.Time `json:"old_secret_ends_at"`
	}{credential, ends}
	if done, err := c.json(record); done || err != nil {
		return err
	}
	next := fmt.Sprintf("The old one works until %s: give the %s the new one before that.", moment(&ends), noun)
	if !ends.After(time.Now()) {
		next = fmt.Sprintf("The old one is refused from now on: give the %s the new one.", noun)
	}
	return c.show(fmt.Sprintf("Gave the %s %s a new secret.", noun, c.args[0]), credential, next)
}
