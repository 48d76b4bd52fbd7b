package store_test

import (
	"encoding/json"
	"strings"
	"testing"

	"hearsay/hub/store"
	"hearsay/hub/wire"
)

// What reaches other games' terminals is refused in fields of one line, and cleaned in texts of
// more lines.
func TestText_refused(t *testing.T) {
	s := open(t)
	addGame(t, s, "Alpha")
	ctx := t.Context()
	for _, bad := range []string{"T\x1b[2J", "T\u009b2J", "T\nx", "T\u0085x", "T\u2028x", "T\u202ex", "T\u2066", "\ufeffT", "T" + strings.Repeat("\u0301", 7), "\u3164"} {
		for what, do := range map[string]func() error{
			"name":    func() error { return s.UpdateGame(ctx, "Alpha", store.GameEdit{Name: &bad}) },
			"tagline": func() error { return s.UpdateGame(ctx, "Alpha", store.GameEdit{Tagline: &bad}) },
			"event": func() error {
				_, err := s.CreateEvent(ctx, store.Event{Game: "Alpha", Title: bad, StartDate: "2026-01-01", EndDate: "2026-01-01"})
				return err
			},
			"achievement": func() error { return store.Achievement{Title: bad}.Check() },
			"application": func() error {
				_, err := s.CreateApplication(ctx, store.Application{ShortName: "Site", Name: bad, SyncForm: "versions"}, store.LongSecret)
				return err
			},
			"suspension": func() error { return s.SuspendGame(ctx, "Alpha", store.Suspension{Reason: bad}) },
			"rule": func() error {
				_, err := s.CreateRule(ctx, store.Rule{Kind: store.WordRule, Subject: "x", Action: store.Warn, Reason: bad})
				return err
			},
			"block": func() error { return s.AddBlock(ctx, store.Block{Kind: "name", Word: bad}) },
		} {
			wantErr(t, what+" "+bad, do(), store.ErrInvalid)
		}
	}
	for _, good := range []string{"The <best> game 👨\u200d👩\u200d👧", "می\u200cخواهم", "מוד"} {
		check(t, s.UpdateGame(ctx, "Alpha", store.GameEdit{Name: &good, Tagline: &good}))
	}
}

func TestText_cleaned(t *testing.T) {
	s := open(t)
	addGame(t, s, "Alpha")
	ctx := t.Context()
	const dirty, clean = "one\x1b[2J\n\ntwo\u202e <b>x</b>\n", "one\n\ntwo x"
	check(t, s.UpdateGame(ctx, "Alpha", store.GameEdit{Description: pointer(dirty)}))
	c := must(s.CreateChannel(ctx, store.Channel{Name: "talking", Description: dirty}))
	e := must(s.CreateEvent(ctx, store.Event{Game: "Alpha", Title: "T", Description: dirty, StartDate: "2026-01-01", EndDate: "2026-01-01"}))
	a := must(s.CreateAchievement(ctx, 1, store.Achievement{Title: "T", Description: pointer(dirty)}))
	for what, got := range map[string]string{"game": must(s.Game(ctx, "Alpha")).Description, "channel": c.Description, "event": e.Description, "achievement": *a.Description} {
		if got != clean {
			t.Errorf("%s: got %q, want %q", what, got, clean)
		}
	}
	if got := ask(t, connect(t, s.Path()), `SELECT description FROM games UNION SELECT description FROM channels WHERE name = 'talking' UNION SELECT description FROM events UNION SELECT description FROM achievements`); len(got) != 1 || got[0] != clean {
		t.Errorf("the file has %q", got)
	}
}

// Old rows are cleaned when they are read, from the tables and from the log of versions.
func TestText_oldRows(t *testing.T) {
	s := open(t)
	addGame(t, s, "Alpha")
	addGame(t, s, "Beta")
	must(s.CreateEvent(t.Context(), store.Event{Game: "Alpha", Title: "T", StartDate: "2026-01-01", EndDate: "2026-01-01"}))
	must(s.CreateAchievement(t.Context(), 1, store.Achievement{Title: "T"}))
	before := newest(t, s)
	run(t, connect(t, s.Path()), `
		UPDATE games SET name = 'The "T"' || char(27) || '[2J\', tagline = char(0x202e), description = 'a' || char(10) || char(0x9b) || '2Jb', homepage_url = 'https://x.example/' || char(0x202e) WHERE id = 1;
		UPDATE games SET name = '<b>é</b>', description = 'plain' || char(10) || '"x"' WHERE id = 2;
		UPDATE channels SET description = 'x' || char(27) || '[31m <b>y</b>' WHERE id = 1;
		UPDATE events SET title = 'T' || char(10) || 'U', description = char(7) || 'é';
		UPDATE achievements SET title = 'T' || char(27) || '(B', description = char(27) || '[2J';
		INSERT INTO rules (kind, subject, action, reason) VALUES ('pattern', '<b>' || char(0x202e), 'warn', 'x' || char(27) || '[2J')`)
	g := must(s.Game(t.Context(), "Alpha"))
	if g.Name != `The "T"\` || g.Tagline != "" || g.Description != "a\nb" || g.HomepageURL != "https://x.example/" {
		t.Errorf("got %+v", g)
	}
	if g := must(s.Game(t.Context(), "Beta")); g.Name != "<b>é</b>" || g.Description != "plain\n\"x\"" {
		t.Errorf("got %+v", g)
	}
	if c := must(s.Channel(t.Context(), "gossip")); c.Description != "x y" {
		t.Errorf("got %+v", c)
	}
	if e := must(s.Events(t.Context(), "Alpha"))[0]; e.Title != "T U" || e.Description != "é" {
		t.Errorf("got %+v", e)
	}
	if a := must(s.Achievements(t.Context(), 1))[0]; a.Title != "T" || *a.Description != "" {
		t.Errorf("got %+v", a)
	}
	var got []string
	for _, v := range versions(t, s, before) {
		if !json.Valid([]byte(v.Payload)) {
			t.Errorf("%s is no JSON", v.Payload)
		}
		switch v.Kind {
		case store.Games:
			var g wire.GameRecord
			check(t, json.Unmarshal([]byte(v.Payload), &g))
			if g.ID == 1 && (g.DisplayName != `The "T"\` || g.Tagline != nil || *g.Description != "a\nb" || *g.HomepageURL != "https://x.example/" || g.ClientSecret != "redacted") ||
				g.ID == 2 && (g.DisplayName != "<b>é</b>" || *g.Description != "plain\n\"x\"") {
				t.Errorf("got %s", v.Payload)
			}
		default:
			got = append(got, v.Payload)
		}
	}
	all := strings.Join(got, "\n")
	for _, want := range []string{`"description":"x y"`, `"title":"T U","description":"é"`, `"title":"T","description":null`, `"subject":"<b>` + "\u202e" + `"`, `"reason":"x"`} {
		if !strings.Contains(all, want) {
			t.Errorf("%s is not in\n%s", want, all)
		}
	}
}
