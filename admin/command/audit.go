package command

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"hearsay/hub/store"
)

func auditCommand() *cobra.Command {
	return noun("audit", "What operators did; it is kept for ever", auditList())
}

func auditList() *cobra.Command {
	var q store.AuditQuery
	var from, to string
	cmd := &cobra.Command{
		Use:     "list [TEXT]",
		Short:   "List what operators did, the newest first; TEXT is part of any of it",
		Example: "  hearsay audit list --actor ann --since 2026-12-01\n  hearsay audit list --action game --subject Alpha",
		Args:    take("[TEXT]"),
		RunE: run(existing, func(c *call) (err error) {
			if len(c.args) > 0 {
				q.Text = c.args[0]
			}
			if q.Since, err = instant("since", from, since, time.Now()); err != nil {
				return err
			}
			if q.Until, err = instant("until", to, until, time.Now()); err != nil {
				return err
			}
			if q.Limit < 1 {
				return &store.FieldError{Field: "limit", Reason: "must be more than 0"}
			}
			all, err := c.store.Audit(c.Context(), q)
			if err != nil {
				return err
			}
			return table[store.AuditEntry]{
				none:  "There is nothing on record, or nothing like that.",
				heads: []string{"ID", "AT", "WHO", "FROM", "WHAT", "OF", "CHANGES"},
				cells: func(e store.AuditEntry) []string {
					return []string{
						fmt.Sprint(e.ID), e.At.UTC().Format(time.RFC3339), e.Actor, e.Address, e.Action, e.Subject, changes(e),
					}
				},
			}.print(c, all)
		}),
	}
	f := cmd.Flags()
	f.StringVar(&q.Actor, "actor", "", "who: a username, or cli:NAME")
	f.StringVar(&q.Action, "action", "", `what: "game edit", or game for all of games`)
	f.StringVar(&q.Subject, "subject", "", "of what: a short name, a channel, a setting")
	f.StringVar(&from, "since", "", "from when: "+instantForms+"; 7d is seven days ago")
	f.StringVar(&to, "until", "", "until when; of a day, to its end")
	f.Int64Var(&q.Below, "below", 0, "only what has a smaller id: to go on where a list ended")
	f.IntVar(&q.Limit, "limit", 50, "how many at most")
	return cmd
}

// changes are the keys that differ, each as "key: before → after".
func changes(e store.AuditEntry) string {
	var all []string
	for _, c := range e.Changes() {
		switch {
		case c.Before == nil:
			all = append(all, c.Key+": "+string(c.After))
		case c.After == nil:
			all = append(all, c.Key+": "+string(c.Before))
		default:
			all = append(all, c.Key+": "+string(c.Before)+" → "+string(c.After))
		}
	}
	return short(strings.Join(all, "; "))
}
