package store

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"io"
	"strconv"
	"strings"
)

// A Format is one in which messages are exported.
type Format string

// The formats.
const (
	CSV  Format = "csv"  // with a line of heads; spreadsheets take no cell for a formula
	JSON Format = "json" // an array, a message a line
)

// ExportMessages writes all that a search finds after q.After, the oldest first. What it
// holds in memory does not grow with that.
func (s *Store) ExportMessages(ctx context.Context, w io.Writer, format Format, q Search) error {
	out := bufio.NewWriter(w)
	var err error
	switch format {
	case CSV:
		err = s.exportCSV(ctx, out, q)
	case JSON:
		err = s.exportJSON(ctx, out, q)
	default:
		err = invalid("format", "%q will not do; use csv or json", format)
	}
	if err != nil {
		return err
	}
	return out.Flush()
}

func (s *Store) exportCSV(ctx context.Context, w io.Writer, q Search) error {
	out := csv.NewWriter(w)
	heads := []string{"id", "sent_at", "channel", "game", "name", "message", "hidden_at"}
	begun := false // not before it is certain that the search is valid
	err := s.EachMessage(ctx, q, func(one Found) error {
		if !begun {
			begun = true
			if err := out.Write(heads); err != nil {
				return err
			}
		}
		hidden := ""
		if one.Hidden != nil {
			hidden = one.Hidden.At.Format(cellTime)
		}
		return out.Write([]string{
			strconv.FormatInt(int64(one.ID), 10), one.SentAt.Format(cellTime), cell(one.ChannelName),
			cell(one.Game), cell(one.Name), cell(one.Text), hidden,
		})
	})
	if err == nil && !begun {
		err = out.Write(heads)
	}
	out.Flush()
	if err == nil {
		err = out.Error()
	}
	return err
}

// cellTime has one width, so that moments sort as texts.
const cellTime = "2006-01-02T15:04:05.000000Z07:00"

// cell keeps a spreadsheet from taking what a player said, or a channel's name, for a formula.
// Some take signs of full width for plain ones, and pass over what they do not show.
func cell(text string) string {
	if strings.IndexAny(text, "\t\r\n") == 0 || strings.IndexAny(strings.TrimSpace(text), "=+-@＝＋－＠") == 0 {
		return "'" + text
	}
	return text
}

func (s *Store) exportJSON(ctx context.Context, w io.Writer, q Search) error {
	before := "[\n"
	err := s.EachMessage(ctx, q, func(one Found) error {
		text, err := json.Marshal(one)
		if err == nil {
			_, err = io.WriteString(w, before+string(text))
		}
		before = ",\n"
		return err
	})
	if err != nil {
		return err
	}
	end := "\n]\n"
	if before == "[\n" {
		end = "[]\n"
	}
	_, err = io.WriteString(w, end)
	return err
}
