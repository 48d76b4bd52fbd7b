package command

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"hearsay/hub/store"
)

func achievementCommand() *cobra.Command {
	return noun("achievement", "What players of a game can achieve there", achievementAdd(), achievementList(), achievementEdit(), achievementRemove())
}

// achievement finds the one of a game that the second argument means.
func (c *call) achievement(g store.Game) (store.Achievement, error) {
	all, err := c.store.Achievements(c.Context(), g.ID)
	a, err := pick(all, err, func(a store.Achievement) bool { return strings.EqualFold(a.Key, c.args[1]) })
	return a, c.unknown(err, "achievement", c.args[1], g.ShortName)
}

// An achievementForm is what the flags say about an achievement; nil stays as it is.
type achievementForm struct {
	title, description       *string
	points                   *int
	display, partialProgress *bool
	totalProgress            *int64
}

// achievementFlags are those that add and edit share.
func achievementFlags(cmd *cobra.Command) achievementForm {
	f := cmd.Flags()
	return achievementForm{
		title:           f.String("title", "", "what is achieved, at most 255 characters"),
		description:     f.String("description", "", "more about it, at most 1000 characters"),
		points:          f.Int("points", 0, fmt.Sprintf("what it gives, 0 to %d; those of a game together at most %d", store.MostPoints, store.MostPointsOfGame)),
		display:         f.Bool("display", true, "show it to players who have not achieved it"),
		partialProgress: f.Bool("partial-progress", false, "it is achieved step by step"),
		totalProgress:   f.Int64("total-progress", 0, "how many steps there are, 1 or more; 0: none"),
	}
}

// fill puts what the form says into an achievement, and says what is wrong with the result.
func (f achievementForm) fill(a *store.Achievement) error {
	put(&a.Title, f.title)
	put(&a.Points, f.points)
	put(&a.Display, f.display)
	put(&a.PartialProgress, f.partialProgress)
	if f.description != nil {
		a.Description = unlessZero(*f.description)
	}
	if f.totalProgress != nil {
		if *f.totalProgress < 0 { // without partial progress Check does not look
			return &store.FieldError{Field: "total_progress", Reason: fmt.Sprintf("%d will not do; use 1 or more, or 0 for none", *f.totalProgress)}
		}
		a.TotalProgress = unlessZero(*f.totalProgress)
	}
	return a.Check()
}

// put sets what is given.
func put[T any](to, given *T) {
	if given != nil {
		*to = *given
	}
}

// unlessZero is nil for what is empty: that is how a record has none of it.
func unlessZero[T comparable](value T) *T {
	var zero T
	if value == zero {
		return nil
	}
	return &value
}

func achievementAdd() *cobra.Command {
	var form achievementForm
	cmd := &cobra.Command{
		Use:     "add GAME",
		Short:   "Add an achievement to a game",
		Example: `  hearsay achievement add Alpha --title "Slayer of dragons" --points 25 --partial-progress --total-progress 10`,
		Args:    take("GAME"),
		RunE: run(existing, func(c *call) error {
			g, err := c.game(c.args[0])
			if err != nil {
				return err
			}
			var a store.Achievement
			if err := form.fill(&a); err != nil {
				return err
			}
			if a, err = c.store.CreateAchievement(c.Context(), g.ID, a); err != nil {
				return err
			}
			return c.say(a, "Added an achievement to %s; its key is %s.", g.ShortName, a.Key)
		}),
	}
	form = achievementFlags(cmd)
	require(cmd, "title")
	return cmd
}

func achievementList() *cobra.Command {
	return &cobra.Command{
		Use:     "list GAME",
		Short:   "List the achievements of a game",
		Example: "  hearsay achievement list Alpha",
		Args:    take("GAME"),
		RunE: run(existing, func(c *call) error {
			g, err := c.game(c.args[0])
			if err != nil {
				return err
			}
			all, err := c.store.Achievements(c.Context(), g.ID)
			if err != nil {
				return err
			}
			return table[store.Achievement]{
				none:  g.ShortName + ` has no achievements. Add one with: hearsay achievement add ` + g.ShortName + ` --title "Slayer of dragons"`,
				heads: []string{"KEY", "POINTS", "DISPLAY", "STEPS", "TITLE"},
				cells: func(a store.Achievement) []string {
					return []string{a.Key, strconv.Itoa(a.Points), yesNo(a.Display), steps(a), short(a.Title)}
				},
			}.print(c, all)
		}),
	}
}

// steps says in one cell in how many an achievement is achieved.
func steps(a store.Achievement) string {
	if !a.PartialProgress || a.TotalProgress == nil {
		return "no"
	}
	return strconv.FormatInt(*a.TotalProgress, 10)
}

func achievementEdit() *cobra.Command {
	var flags achievementForm
	cmd := &cobra.Command{
		Use:     "edit GAME KEY",
		Short:   "Change what the flags say; an empty description clears, and a total progress of 0",
		Example: "  hearsay achievement edit Alpha 4f1c7c52-1f8e-4c52-9d0e-0f4a6f2b8a11 --points 50 --display=false",
		Args:    take("GAME", "KEY"),
		RunE: run(existing, func(c *call) error {
			form := achievementForm{
				title:           given(c, "title", flags.title),
				description:     given(c, "description", flags.description),
				points:          given(c, "points", flags.points),
				display:         given(c, "display", flags.display),
				partialProgress: given(c, "partial-progress", flags.partialProgress),
				totalProgress:   given(c, "total-progress", flags.totalProgress),
			}
			if form == (achievementForm{}) {
				return noEdit(c)
			}
			g, err := c.game(c.args[0])
			if err != nil {
				return err
			}
			a, err := c.achievement(g)
			if err != nil {
				return err
			}
			if a, err = c.store.UpdateAchievement(c.Context(), g.ID, a.Key, form.fill); err != nil {
				return err
			}
			return c.say(a, "Changed the achievement %s of %s.", a.Key, g.ShortName)
		}),
	}
	flags = achievementFlags(cmd)
	return cmd
}

func achievementRemove() *cobra.Command {
	return &cobra.Command{
		Use:     "remove GAME KEY",
		Short:   "Remove an achievement from a game",
		Example: "  hearsay achievement remove Alpha 4f1c7c52-1f8e-4c52-9d0e-0f4a6f2b8a11",
		Args:    take("GAME", "KEY"),
		RunE: run(existing, func(c *call) error {
			g, err := c.game(c.args[0])
			if err != nil {
				return err
			}
			a, err := c.achievement(g)
			if err != nil {
				return err
			}
			if err := c.store.DeleteAchievement(c.Context(), g.ID, a.Key); err != nil {
				return err
			}
			return c.say(a, "Removed the achievement %s from %s.", a.Key, g.ShortName)
		}),
	}
}
