package command

import (
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"hearsay/hub/store"
)

func channelCommand() *cobra.Command {
	return noun("channel", "Channels that games chat on",
		channelAdd(), channelList(), channelEdit(), channelPause(), channelUnpause(), channelRemove())
}

// channel finds one by its exact name.
func (c *call) channel(name string) (store.Channel, error) {
	found, err := c.store.Channel(c.Context(), name)
	return found, c.unknown(err, "channel", name)
}

// channelFlags are those that add and edit share.
func channelFlags(cmd *cobra.Command, channel *store.Channel, public *bool) {
	f := cmd.Flags()
	f.StringVar(&channel.Description, "description", "", "what it is for, at most 2000 characters")
	f.BoolVar(public, "public", false, "show the channel in lists; a hidden one is for those who know its name")
	f.IntVar(&channel.KeepDays, "keep-days", store.KeepDays, "how many days its messages are kept; 0 keeps none")
	f.BoolVar(&channel.Readable, "readable", false, "let anybody read the channel on the public pages")
	f.IntVar(&channel.SlowSeconds, "slow-seconds", 0, "slow mode: seconds between two messages of one player; 0 for none")
}

func channelAdd() *cobra.Command {
	var channel store.Channel
	var public bool
	cmd := &cobra.Command{
		Use:     "add NAME",
		Short:   "Add a channel",
		Example: `  hearsay channel add builders --description "For those who build" --public`,
		Args:    take("NAME"),
		RunE: run(creating, func(c *call) error {
			channel.Name, channel.Hidden = c.args[0], !public
			made, err := c.store.CreateChannel(c.Context(), channel)
			if err != nil {
				return err
			}
			if made.Hidden {
				return c.say(made, "Added the channel %[1]s. It is hidden; show it with: hearsay channel edit %[1]s --public", made.Name)
			}
			return c.say(made, "Added the channel %s.", made.Name)
		}),
	}
	channelFlags(cmd, &channel, &public)
	return cmd
}

var channelTable = table[store.Channel]{
	none:  "There are no channels. Add one with: hearsay channel add gossip --public",
	heads: []string{"NAME", "PUBLIC", "READABLE", "KEEP DAYS", "SLOW", "PAUSED", "DESCRIPTION"},
	cells: func(channel store.Channel) []string {
		slow := "no"
		if channel.SlowSeconds > 0 {
			slow = strconv.Itoa(channel.SlowSeconds) + "s"
		}
		return []string{channel.Name, yesNo(!channel.Hidden), yesNo(channel.Readable), strconv.Itoa(channel.KeepDays), slow, paused(channel), short(channel.Description)}
	},
}

// paused says until when a channel takes no messages.
func paused(channel store.Channel) string {
	switch {
	case !channel.Paused(time.Now()):
		return "no"
	case channel.PausedUntil.Equal(store.Indefinitely):
		return "yes"
	}
	return "until " + moment(channel.PausedUntil)
}

func channelList() *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List all channels",
		Example: "  hearsay channel list",
		Args:    take(),
		RunE: run(existing, func(c *call) error {
			all, err := c.store.Channels(c.Context())
			if err != nil {
				return err
			}
			return channelTable.print(c, all)
		}),
	}
}

func channelEdit() *cobra.Command {
	var channel store.Channel
	var public bool
	cmd := &cobra.Command{
		Use:     "edit NAME",
		Short:   "Change what the flags say; an empty text clears",
		Example: "  hearsay channel edit builders --public=false --keep-days 7",
		Args:    take("NAME"),
		RunE: run(existing, func(c *call) error {
			hidden := !public
			e := store.ChannelEdit{
				Description: given(c, "description", &channel.Description),
				Hidden:      given(c, "public", &hidden),
				Readable:    given(c, "readable", &channel.Readable),
				KeepDays:    given(c, "keep-days", &channel.KeepDays),
				SlowSeconds: given(c, "slow-seconds", &channel.SlowSeconds),
			}
			if e == (store.ChannelEdit{}) {
				return noEdit(c)
			}
			if err := c.store.UpdateChannel(c.Context(), c.args[0], e); err != nil {
				return c.unknown(err, "channel", c.args[0])
			}
			after, err := c.channel(c.args[0])
			if err != nil {
				return err
			}
			return c.say(after, "Changed the channel %s.", after.Name)
		}),
	}
	channelFlags(cmd, &channel, &public)
	return cmd
}

func channelPause() *cobra.Command {
	var minutes int
	cmd := &cobra.Command{
		Use:     "pause NAME",
		Short:   "Take no messages in a channel for a while, or until channel unpause",
		Example: "  hearsay channel pause builders --minutes 30",
		Args:    take("NAME"),
		RunE: run(existing, func(c *call) error {
			if minutes < 0 || c.Flags().Changed("minutes") && minutes == 0 {
				return &store.FieldError{Field: "minutes", Reason: "is no length of time; use 1 or more, or leave it out for a pause without end"}
			}
			if err := c.store.PauseChannel(c.Context(), c.args[0], time.Duration(minutes)*time.Minute); err != nil {
				return c.unknown(err, "channel", c.args[0])
			}
			channel, err := c.channel(c.args[0])
			if err != nil {
				return err
			}
			if minutes == 0 {
				return c.say(channel, "Paused the channel %[1]s. End it with: hearsay channel unpause %[1]s", channel.Name)
			}
			return c.say(channel, "Paused the channel %s until %s.", channel.Name, moment(channel.PausedUntil))
		}),
	}
	cmd.Flags().IntVar(&minutes, "minutes", 0, "how long; without it until channel unpause")
	return cmd
}

func channelUnpause() *cobra.Command {
	return &cobra.Command{
		Use:     "unpause NAME",
		Short:   "End the pause of a channel",
		Example: "  hearsay channel unpause builders",
		Args:    take("NAME"),
		RunE: run(existing, func(c *call) error {
			if err := c.store.UnpauseChannel(c.Context(), c.args[0]); err != nil {
				return c.unknown(err, "channel", c.args[0])
			}
			channel, err := c.channel(c.args[0])
			if err != nil {
				return err
			}
			return c.say(channel, "The channel %s takes messages.", channel.Name)
		}),
	}
}

func channelRemove() *cobra.Command {
	return &cobra.Command{
		Use:     "remove NAME",
		Short:   "Remove a channel and its messages",
		Example: "  hearsay channel remove builders",
		Args:    take("NAME"),
		RunE: run(existing, func(c *call) error {
			channel, err := c.channel(c.args[0])
			if err != nil {
				return err
			}
			if err := c.store.DeleteChannel(c.Context(), channel.Name); err != nil {
				return err
			}
			return c.say(channel, "Removed the channel %s.", channel.Name)
		}),
	}
}
