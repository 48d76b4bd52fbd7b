package command

import (
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"hearsay/hub/store"
)

func ruleCommand() *cobra.Command {
	return noun("rule", "Rules about players, words and patterns", ruleAdd(), ruleList(), ruleEdit(), ruleEnd(), ruleTest())
}

// ruleID reads the first argument.
func (c *call) ruleID() (store.RuleID, error) {
	id, err := strconv.ParseInt(c.args[0], 10, 64)
	if err != nil {
		err = store.ErrNotFound
	}
	return store.RuleID(id), c.unknown(err, "rule", c.args[0])
}

// ruleFlags are those that add, edit and test share.
func ruleFlags(cmd *cobra.Command, r *store.Rule) {
	f := cmd.Flags()
	f.StringVar((*string)(&r.Action), "action", string(store.Mute), "what happens to the message: warn, replace, hold, drop or mute")
	f.StringVar(&r.Channel, "channel", "", "only on this channel; without it on all, and in tells")
	f.StringVar(&r.Replacement, "replacement", "", "what replace puts in the place of what matches, at most 100 characters (default "+store.Replacement+")")
}

// aboutFlags are those of add and edit, which test has no use for.
func aboutFlags(cmd *cobra.Command, r *store.Rule, endsAt *string) {
	f := cmd.Flags()
	f.StringVar(&r.Reason, "reason", "", "why, at most 200 characters; who is warned is told it")
	f.StringVar(endsAt, "ends", "", "when the rule ends by itself: "+instantForms)
}

const ruleKinds = "KIND is player (SUBJECT is NAME@GAME, *@GAME for a whole game, or NAME@* for whatever game;\n" +
	"a star or an at sign that is part of a name has a backslash before it: '\\*@Alpha' is the player *),\n" +
	"word (a whole word, in upper or lower case) or pattern (a regular expression, RE2; begin it with (?i) to\n" +
	"ignore case)."

func ruleAdd() *cobra.Command {
	var r store.Rule
	var endsAt string
	cmd := &cobra.Command{
		Use:   "add KIND SUBJECT",
		Short: "Add a rule, which acts at once",
		Long: "Add a rule, which acts at once on every channel and on tells.\n\n" + ruleKinds + "\n\n" +
			"Of several rules that match the strictest counts: mute refuses the message, drop swallows it, hold has it\n" +
			"wait for: review approve (a tell is refused: it is never stored), replace delivers the rest, warn delivers it\n" +
			"and tells the player.",
		Example: "  hearsay rule add player Bob@Alpha --action mute --reason \"Shouts\" --ends 7d\n" +
			"  hearsay rule add word darn --action replace",
		Args: take("KIND", "SUBJECT"),
		RunE: run(existing, func(c *call) error {
			r.Kind, r.Subject, r.Enabled = store.RuleKind(c.args[0]), c.args[1], true
			at, err := instant("ends", endsAt, ends, time.Now())
			if err != nil {
				return err
			}
			if !at.IsZero() {
				r.EndsAt = &at
			}
			made, err := c.store.CreateRule(c.Context(), r)
			if err != nil {
				return err
			}
			return c.say(made, "Added the rule %d.", made.ID)
		}),
	}
	ruleFlags(cmd, &r)
	aboutFlags(cmd, &r, &endsAt)
	return cmd
}

var ruleTable = table[store.Rule]{
	none:  "There are no rules. Add one with: hearsay rule add word darn --action replace",
	heads: []string{"ID", "KIND", "SUBJECT", "ACTION", "CHANNEL", "ENDS", "BY", "REASON"},
	cells: func(r store.Rule) []string {
		ends := "never"
		switch {
		case r.EndsAt != nil:
			ends = moment(r.EndsAt)
		case !r.Enabled:
			ends = "off"
		}
		channel := r.Channel
		if channel == "" {
			channel = "all"
		}
		return []string{r.ID.String(), string(r.Kind), short(r.Subject), string(r.Action), channel, ends, short(r.CreatedBy), short(r.Reason)}
	},
}

func ruleList() *cobra.Command {
	var all bool
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List the rules",
		Example: "  hearsay rule list --all",
		Args:    take(),
		RunE: run(existing, func(c *call) error {
			rules, err := c.store.Rules(c.Context())
			if err != nil {
				return err
			}
			now := time.Now()
			var wanted []store.Rule
			for _, r := range rules {
				if all || !r.Ended(now) {
					wanted = append(wanted, r)
				}
			}
			return ruleTable.print(c, wanted)
		}),
	}
	cmd.Flags().BoolVar(&all, "all", false, "also those that have ended, for a year")
	return cmd
}

func ruleEdit() *cobra.Command {
	var r store.Rule
	var endsAt string
	cmd := &cobra.Command{
		Use:     "edit ID",
		Short:   "Change what the flags say; an empty text clears, and --ends= has it never end",
		Example: "  hearsay rule edit 3 --action hold --ends 30d",
		Args:    take("ID"),
		RunE: run(existing, func(c *call) error {
			e := store.RuleEdit{
				Subject:     given(c, "subject", &r.Subject),
				Action:      given(c, "action", &r.Action),
				Channel:     given(c, "channel", &r.Channel),
				Replacement: given(c, "replacement", &r.Replacement),
				Reason:      given(c, "reason", &r.Reason),
				Enabled:     given(c, "enabled", &r.Enabled),
			}
			if given(c, "ends", &endsAt) != nil {
				at, err := instant("ends", endsAt, ends, time.Now())
				if err != nil {
					return err
				}
				e.EndsAt = &at
			}
			if e == (store.RuleEdit{}) {
				return noEdit(c)
			}
			id, err := c.ruleID()
			if err != nil {
				return err
			}
			after, err := c.store.UpdateRule(c.Context(), id, e)
			if err != nil {
				return c.unknown(err, "rule", c.args[0])
			}
			return c.say(after, "Changed the rule %d.", after.ID)
		}),
	}
	cmd.Flags().StringVar(&r.Subject, "subject", "", "the player, word or pattern")
	ruleFlags(cmd, &r)
	aboutFlags(cmd, &r, &endsAt)
	cmd.Flags().BoolVar(&r.Enabled, "enabled", true, "whether the rule acts; --enabled=false switches it off for now")
	return cmd
}

func ruleEnd() *cobra.Command {
	return &cobra.Command{
		Use:     "end ID",
		Short:   "End a rule now",
		Example: "  hearsay rule end 3",
		Args:    take("ID"),
		RunE: run(existing, func(c *call) error {
			id, err := c.ruleID()
			if err != nil {
				return err
			}
			if err := c.store.EndRule(c.Context(), id); err != nil {
				return c.unknown(err, "rule", c.args[0])
			}
			r, err := c.store.Rule(c.Context(), id)
			if err != nil {
				return err
			}
			return c.say(r, "Ended the rule %d.", r.ID)
		}),
	}
}

func ruleTest() *cobra.Command {
	var r store.Rule
	cmd := &cobra.Command{
		Use:   "test KIND SUBJECT",
		Short: "Say what a rule would have matched, and add nothing",
		Long: fmt.Sprintf("Hold a rule against the chat log of the last %d days, the newest %d messages at most, and add nothing.\n\n",
			store.TrialDays, store.MostTried) + ruleKinds,
		Example: "  hearsay rule test pattern '(?i)\\bd[a4]rn' --channel gossip",
		Args:    take("KIND", "SUBJECT"),
		RunE: run(existing, func(c *call) error {
			r.Kind, r.Subject = store.RuleKind(c.args[0]), c.args[1]
			trial, err := c.store.Try(c.Context(), r, time.Now())
			if err != nil {
				return err
			}
			if done, err := c.json(trial); done || err != nil {
				return err
			}
			fmt.Fprintf(c.OutOrStdout(), "It would have matched %d of the %d messages since %s.\n", trial.Matched, trial.Messages, moment(&trial.Since))
			lines := [][]string{{"ID", "SENT", "CHANNEL", "PLAYER", "MESSAGE"}}
			for _, one := range trial.Examples {
				text := one.Text
				if r.Action == store.Replace {
					text = one.Left
				}
				lines = append(lines, []string{strconv.FormatInt(int64(one.ID), 10), moment(&one.SentAt), one.Channel, one.Name + "@" + one.Game, short(text)})
			}
			if len(lines) == 1 {
				return nil
			}
			return c.align(lines)
		}),
	}
	ruleFlags(cmd, &r)
	return cmd
}
