package backbone

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf8"

	"hearsay/hub/store"
	"hearsay/hub/wire"
)

// allRecords sends all channels, then all games, each kind by id, and leaves the
// cursor where they stood.
func (s *stream) allRecords(ctx context.Context) error {
	c, err := s.store.CatchUp(ctx, store.Since{})
	if err != nil {
		return err
	}
	defer c.Close()
	for _, kind := range []store.Kind{store.Channels, store.Games} {
		f := s.frames(string(kind), `{"`+string(kind)+`":[`, "]}")
		for {
			versions, err := c.NextRecords(ctx, kind, readBatch)
			if err != nil {
				return err
			}
			if len(versions) == 0 {
				break
			}
			for _, v := range versions {
				if err := f.add(string(kind), s.record(v)); err != nil {
					return err
				}
			}
		}
		if err := f.flush(); err != nil {
			return err
		}
	}
	s.cursor = c.Through
	return nil
}

// addRecord adds one changed channel or game in a frame of its own, and the id with it if
// it is gone: old applications can only hide it.
func (s *stream) addRecord(f *frames, v store.Version) error {
	if v.Kind != store.Channels && v.Kind != store.Games {
		return nil
	}
	f.begin, f.end = `{"`+string(v.Kind)+`":[`, "]}"
	record := s.record(v)
	if v.Action == store.Delete {
		record = goneRecord(v.Kind, v.Record, record)
		f.end = `],"deleted":[` + strconv.FormatInt(v.Record, 10) + "]}"
	}
	if err := f.add(string(v.Kind), record); err != nil {
		return err
	}
	f.fill()
	return nil
}

const redacted = `"client_secret":"` + wire.Redacted + `"`

// record is the record for this application, in memory that is used again for the next:
// with the hash of the game's secret if it may see it. In JSON the searched text cannot
// be part of a value, because a quote in a value is escaped.
func (s *stream) record(v store.Version) json.RawMessage {
	text := v.Payload
	if !utf8.ValidString(text) { // the shell may have written anything
		text = strings.ToValidUTF8(text, "\uFFFD")
	}
	if v.Kind == store.Games && s.peer.Credentials && v.Secret != nil {
		text = strings.Replace(text, redacted, `"client_secret":"sha256:`+hex.EncodeToString(v.Secret)+`"`, 1)
	}
	s.text = append(s.text[:0], text...)
	return s.text
}

// goneRecord is the last state of a record that is gone, as applications get it
// that know no delete: hidden, and without the short name that another may take.
func goneRecord(kind store.Kind, id int64, payload json.RawMessage) json.RawMessage {
	switch kind {
	case store.Channels:
		var c wire.ChannelRecord
		if json.Unmarshal(payload, &c) == nil {
			c.Hidden = true
			return wire.Encode(c)
		}
	case store.Games:
		var g wire.GameRecord
		if json.Unmarshal(payload, &g) == nil {
			g.Display, g.Game = false, wire.RemovedName(id)
			return wire.Encode(g)
		}
	}
	return payload
}
