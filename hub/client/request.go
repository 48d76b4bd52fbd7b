package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"hearsay/hub/wire"
)

// This file has the requests, in the order of the protocol. Each waits for the hub's
// answer, half a minute unless ctx sets another end. Errors are a *Failure if the hub says
// no (compare it with a Reason), ErrNotConnected, ErrLost, ErrClosed, or that of ctx.

// Do sends any event with a payload, and gives the answer: a success of one frame.
func (c *Client) Do(ctx context.Context, event string, payload any) (wire.Frame, error) {
	var answer wire.Frame
	err := c.ask(ctx, question{event: event, payload: encode(payload)}, func(f wire.Frame) (bool, error) {
		answer = f
		return true, nil
	})
	return answer, err
}

// Post sends any event without waiting for an answer, of which there is none. It reports
// ErrNotConnected or ErrLost.
func (c *Client) Post(event string, payload any) error {
	l, err := c.current()
	if err != nil {
		return err
	}
	if err := l.write(wire.Frame{Event: event, Payload: encode(payload)}); err != nil {
		return fmt.Errorf("%s: %w", event, ErrLost)
	}
	return nil
}

func encode(payload any) json.RawMessage {
	if payload == nil {
		return nil
	}
	return wire.Encode(payload)
}

// Subscribe begins to hear a channel, and does so again after each reconnect. Unless the
// hub says no, the client will be in the channel even if there is an error. Section 5.
func (c *Client) Subscribe(ctx context.Context, channel string) error {
	c.want(channel, true)
	_, err := c.Do(ctx, wire.ChannelsSubscribe, wire.ChannelPayload{Channel: channel})
	if _, refused := errors.AsType[*Failure](err); refused && !errors.Is(err, ErrRateLimited) {
		c.want(channel, false)
	}
	return err
}

// Unsubscribe ceases to hear a channel. Section 5.
func (c *Client) Unsubscribe(ctx context.Context, channel string) error {
	c.want(channel, false)
	_, err := c.Do(ctx, wire.ChannelsUnsubscribe, wire.ChannelPayload{Channel: channel})
	return err
}

// Send says something in a channel. Section 5.
func (c *Client) Send(ctx context.Context, channel, name, message string) error {
	_, err := c.Do(ctx, wire.ChannelsSend, wire.SendPayload{Channel: channel, Name: name, Message: message})
	return err
}

// History gives what was said in a channel after a message, by rising id; after 0 the
// newest. limit 0 is the hub's own. total is how many messages there are. Flag history, an
// extension. Section 11.
func (c *Client) History(ctx context.Context, channel string, after int64, limit int) (messages []wire.HistoryMessage, total int, err error) {
	payload := wire.HistoryRequest{Channel: channel, Limit: limit}
	if after > 0 {
		payload.After = &after
	}
	q := question{event: wire.ChannelsHistory, payload: wire.Encode(payload), fence: json.RawMessage(`{"channel":""}`)}
	err = c.ask(ctx, q, func(f wire.Frame) (bool, error) {
		var part wire.HistoryPayload
		err := decode(f, &part)
		messages, total = append(messages, part.Messages...), max(total, part.Total)
		return false, err
	})
	return messages, total, err
}

// SignIn says that a player has come. Section 6.
func (c *Client) SignIn(ctx context.Context, name string) error {
	c.roster.set(name, true)
	_, err := c.Do(ctx, wire.PlayersSignIn, wire.NamePayload{Name: name})
	return err
}

// SignOut says that a player has gone. Section 6.
func (c *Client) SignOut(ctx context.Context, name string) error {
	c.roster.set(name, false)
	_, err := c.Do(ctx, wire.PlayersSignOut, wire.NamePayload{Name: name})
	return err
}

// Players tells who is on in the displayed games that are online, but the own. Section 6.
func (c *Client) Players(ctx context.Context) ([]wire.PlayersPayload, error) {
	return list[wire.PlayersPayload](ctx, c, wire.PlayersStatus)
}

// PlayersOf tells who is on in a game; ErrUnknownGame if it is not online. Section 6.
func (c *Client) PlayersOf(ctx context.Context, game string) ([]string, error) {
	p, err := one[wire.PlayersPayload](ctx, c, wire.PlayersStatus, wire.GamePayload{Game: game})
	return p.Players, err
}

// Tell says something to one player of another game. An empty SentAt is now. Section 7.
func (c *Client) Tell(ctx context.Context, p wire.TellPayload) error {
	if p.SentAt == "" {
		p.SentAt = time.Now().UTC().Format("2006-01-02T15:04:05Z")
	}
	_, err := c.Do(ctx, wire.TellsSend, p)
	return err
}

// CharacterStatus tells whose character a player of this game is. Flag characters, an
// extension. Section 11.
func (c *Client) CharacterStatus(ctx context.Context, name string) (wire.Character, error) {
	return one[wire.Character](ctx, c, wire.CharactersStatus, wire.NamePayload{Name: name})
}

// Games tells of the displayed games that are online, but the own. Section 8.
func (c *Client) Games(ctx context.Context) ([]wire.GameStatus, error) {
	return list[wire.GameStatus](ctx, c, wire.GamesStatus)
}

// Game tells of a game, online or not. Section 8.
func (c *Client) Game(ctx context.Context, game string) (wire.GameStatus, error) {
	return one[wire.GameStatus](ctx, c, wire.GamesStatus, wire.GamePayload{Game: game})
}

// Achievements gives the game's own, by title. Section 8.
func (c *Client) Achievements(ctx context.Context) ([]wire.Achievement, error) {
	var all []wire.Achievement
	err := c.ask(ctx, question{event: wire.AchievementsSync}, func(f wire.Frame) (bool, error) {
		var part wire.AchievementsPayload
		err := decode(f, &part)
		all = append(all, part.Achievements...)
		return len(all) >= part.Total || len(part.Achievements) == 0, err
	})
	return all, err
}

// CreateAchievement adds one; its key is ignored. The answer has the key that the hub gave
// it. A *Failure says in Fields what is wrong with each attribute. Section 8.
func (c *Client) CreateAchievement(ctx context.Context, a wire.Achievement) (wire.Achievement, error) {
	return one[wire.Achievement](ctx, c, wire.AchievementsCreate, a)
}

// UpdateAchievement changes the one with that key to be as a says. Section 8.
func (c *Client) UpdateAchievement(ctx context.Context, a wire.Achievement) (wire.Achievement, error) {
	return one[wire.Achievement](ctx, c, wire.AchievementsUpdate, a)
}

// DeleteAchievement takes one away. Section 8.
func (c *Client) DeleteAchievement(ctx context.Context, key string) error {
	_, err := c.Do(ctx, wire.AchievementsDelete, wire.KeyPayload{Key: key})
	return err
}

// Sync asks, as an application, for what has changed, and for every change from then on:
// Handlers.Sync gets it. It returns when all that came before the answer has been handled,
// so no handler may call it, and waits as long as ctx lets it. Without r.Cursor, or from a
// hub without the extension, the level is zero; the very old never answer. Section 9.
func (c *Client) Sync(ctx context.Context, r wire.SyncRequest) (level wire.SyncLevel, err error) {
	q := question{event: wire.Sync, payload: r.Encode(), ordered: true}
	err = c.ask(ctx, q, func(f wire.Frame) (bool, error) {
		level, _ = wire.DecodeLevel(f.Payload)
		return true, nil
	})
	return level, err
}

// decode reads the payload of an answer.
func decode(f wire.Frame, payload any) error {
	if err := json.Unmarshal(f.Payload, payload); err != nil {
		return fmt.Errorf("%s: the hub's answer cannot be read: %w", f.Event, err)
	}
	return nil
}

// one asks for one answer with a payload.
func one[T any](ctx context.Context, c *Client, event string, payload any) (answer T, err error) {
	f, err := c.Do(ctx, event, payload)
	if err != nil {
		return answer, err
	}
	return answer, decode(f, &answer)
}

// list asks for as many frames as there are; that about a game which cannot be, and whose
// answer is therefore known, says that they are over.
func list[T any](ctx context.Context, c *Client, event string) (all []T, err error) {
	q := question{event: event, fence: json.RawMessage(`{"game":"?"}`)}
	err = c.ask(ctx, q, func(f wire.Frame) (bool, error) {
		var part T
		err := decode(f, &part)
		all = append(all, part)
		return false, err
	})
	return all, err
}
