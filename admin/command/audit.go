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
	var since, until string
	cmd := &cobra.Command{
		Use:     "list [TEXT]",
		Short:   "List what operators did, the newest first; TEXT is part of any of it",
		Example: "  hearsay audit list --actor ann --since 2026-12-01\n  hearsay audit list --action game --subject Alpha",
		Args:    take("[TEXT]"),
		RunE: run(existing, func(c *call) (err error) {
			if len(c.args) > 0 {
				q.Text = c.args[0]
			}
			if q.Since, err = day("since", since); err != nil {
				return err
			}
			if q.Until, err = day("until", until); err != nil {
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
	f.StringVar(&since, "since", "", "from when: YYYY-MM-DD, or a time such as 2026-12-24T18:00:00Z")
	f.StringVar(&until, "until", "", "until when, without it")
	f.Int64Var(&q.Below, "below", 0, "only what has a smaller id: to go on where a list ended")
	f.IntVar(&q.Limit, "limit", 50, "how many at most")
	return cmd
}

// day reads a day or a time, UTC.
func day(field, text string) (t time.Time, err error) {
	if text == "" {
		return t, nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err = time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	return t, &store.FieldError{Field: field, Reason: fmt.Sprintf("%q is no day or time; write YYYY-MM-DD or 2026-12-24T18:00:00Z", text)}
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
