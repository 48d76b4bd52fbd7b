package store_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"hearsay/hub/store"
)

// matcher compiles rules, to which it gives ids in their order.
func matcher(t testing.TB, rules ...store.Rule) *store.Matcher {
	t.Helper()
	for i, r := range rules {
		rules[i].ID = store.RuleID(i + 1)
		if _, err := r.Check(); err != nil {
			t.Fatalf("%+v: %v", r, err)
		}
	}
	m, errs := store.NewMatcher(rules)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	return m
}

// A player's name that becomes a pattern means that player alone, whatever is in it.
func TestPlayerPattern(t *testing.T) {
	names := []string{"Bob", "*", `\*`, `\\`, `\`, "@", "*@Alpha", "Bob@*", `a\@b`, "**", "B*", "Νικος", "ν\u0301", " x "}
	for _, name := range names {
		m := matcher(t, store.Rule{Kind: store.PlayerRule, Subject: store.PlayerPattern(strings.TrimSpace(name), "Alpha"), Action: store.Mute})
		for _, other := range names {
			got := m.Judge(store.Said{Game: "Alpha", Name: strings.TrimSpace(other), Text: "hi"}, time.Now(), 2000).Action == store.Mute
			if got != (name == other) {
				t.Errorf("the rule for %q: got %v for %q", name, got, other)
			}
		}
	}
	if got := store.PlayerPattern("*", "Alpha"); got != `\*@Alpha` {
		t.Errorf("got %s", got)
	}
}

func TestMatcher_subjects(t *testing.T) {
	now := time.Now()
	for _, test := range []struct {
		kind     store.RuleKind
		subject  string
		hits     []string // "NAME@GAME: text"
		passes   []string
		replaced string // hits[0] with words replaced
	}{
		{store.PlayerRule, "bob@Alpha", []string{"Bob@alpha: hi", "BOB@ALPHA: hi"}, []string{"Bobby@Alpha: hi", "Bob@Beta: hi", "*@Alpha: hi"}, ""},
		{store.PlayerRule, "*@Alpha", []string{"Bob@Alpha: hi", "Ann@alpha: hi"}, []string{"Bob@Beta: hi", "Alpha@Beta: hi"}, ""},
		{store.PlayerRule, "Bob@*", []string{"Bob@Alpha: hi", "bob@Beta: hi"}, []string{"Ann@Alpha: hi"}, ""},
		{store.PlayerRule, "Ann of the @ Sea@*", []string{"ann of the @ sea@Alpha: hi"}, []string{"sea@Alpha: hi"}, ""},
		{store.PlayerRule, "Élan@Alpha", []string{"élan@Alpha: hi", "ÉLAN@Alpha: hi"}, []string{"Elan@Alpha: hi"}, ""},

		{store.PlayerRule, "Νικος@Alpha", []string{"ΝΙΚΟΣ@Alpha: hi", "νικοσ@Alpha: hi"}, nil, ""},
		{store.PlayerRule, "Bob@Alpha", []string{"B\u200bob@Alpha: hi", "Ｂｏｂ@Alpha: hi"}, nil, ""},
		{store.PlayerRule, `\*@Alpha`, []string{"*@Alpha: hi"}, []string{"Bob@Alpha: hi", `\*@Alpha: hi`, "*@Beta: hi"}, ""},
		{store.PlayerRule, `\*@*`, []string{"*@Alpha: hi"}, []string{"Bob@Alpha: hi"}, ""},
		{store.PlayerRule, `\\*@Alpha`, []string{`\*@Alpha: hi`}, []string{"*@Alpha: hi"}, ""},
		{store.PlayerRule, `B\*b\@x@Alpha`, []string{"b*b@x@Alpha: hi"}, []string{"bob@x@Alpha: hi"}, ""},
		{store.PlayerRule, `B*b@Alpha`, []string{"b*b@Alpha: hi"}, []string{"bob@Alpha: hi"}, ""},

		{store.WordRule, "über", []string{"a@G: so u\u0308ber it", "a@G: U\u0308BER"}, []string{"a@G: uber"}, "so *** it"},
		{store.WordRule, "darn", []string{"a@G: oh d\u0336arn it", "a@G: d\u0336a\u0336r\u0336n\u0336", "a@G: ｄａｒｎ", "a@G: ⓓⓐⓡⓝ", "a@G: d\ufe0farn", "a@G: darn™"}, nil, "oh *** it"},
		{store.WordRule, "strasse", []string{"a@G: die Straße hier"}, nil, "die *** hier"},
		{store.WordRule, "darn", []string{"a@G: oh darn it", "a@G: DARN", "a@G: (Darn!)", "a@G: well,darn", "a@G: _darn_", "a@G: darn"},
			[]string{"a@G: darned", "a@G: x1darn", "a@G: d a r n", "a@G: dar", "darn@G: hi", "a@G: darn\u0301", "a@G: dárn"}, "oh *** it"},
		{store.WordRule, "Ärger", []string{"a@G: so ein ärger!", "a@G: ÄRGER"}, []string{"a@G: arger", "a@G: Ärgers"}, "so ein ***!"},
		{store.WordRule, "ΣΟΦΟΣ", []string{"a@G: ο σοφος", "a@G: σοφοσ"}, []string{"a@G: σοφοι"}, "ο ***"},
		{store.WordRule, "kelvin", []string{"a@G: \u212aelvin"}, nil, "***"},
		{store.WordRule, "darn", []string{"a@G: d\u200bar\u00adn it", "a@G: \u200bdarn\u200b"}, nil, "*** it"},
		{store.WordRule, "плохо", []string{"a@G: Плохо-плохо."}, []string{"a@G: неплохо"}, "***-***."},
		{store.WordRule, "42", []string{"a@G: it is 42"}, []string{"a@G: 421"}, "it is ***"},

		{store.PatternRule, `d[a4]rn`, []string{"a@G: oh d4rned"}, []string{"a@G: DARN", "a@G: drn"}, "oh ***ed"},
		{store.PatternRule, `(?i)\bdarn\b`, []string{"a@G: Oh DARN it", "a@G: da\u017fh darn"}, []string{"a@G: darned"}, "Oh *** it"},
		{store.PatternRule, `(?i)ki[ls]+`, []string{"a@G: \u212aI\u017f"}, []string{"a@G: kit"}, "***"},
		{store.PatternRule, `https?://\S+`, []string{"a@G: see http://x.example/a?b now", "a@G: https://y"}, []string{"a@G: http:/x"}, "see *** now"},
		{store.PatternRule, `foo|bar|ba[zd]`, []string{"a@G: a bad foo", "a@G: bar", "a@G: baz"}, []string{"a@G: FOO", "a@G: ba"}, "a *** ***"},
		{store.PatternRule, `(?i)(?:spam){2,}`, []string{"a@G: SpamSPAMspam", "a@G: spamspam"}, []string{"a@G: spam spam"}, "***"},
		{store.PatternRule, `[A-Z]{10}`, []string{"a@G: WHATEVERITIS"}, []string{"a@G: What Ever"}, "***IS"},
		{store.PatternRule, `^.{20,}$`, []string{"a@G: twenty characters are here"}, []string{"a@G: not here"}, "***"},
		{store.PatternRule, `$1+x\$1|\$`, []string{"a@G: $"}, []string{"a@G: 1"}, "***"},
	} {
		for _, action := range []store.RuleAction{store.Mute, store.Replace} {
			if action == store.Replace && test.kind == store.PlayerRule {
				continue
			}
			r := store.Rule{Kind: test.kind, Subject: test.subject, Action: action}
			if action == store.Replace {
				r.Replacement = "***"
			}
			m := matcher(t, r)
			for _, text := range slices.Concat(test.hits, test.passes) {
				s := said(text)
				v := m.Judge(s, now, 2000)
				want := store.RuleAction("")
				if slices.Contains(test.hits, text) {
					want = action
				}
				if v.Action != want || (want == "") != (v.Rule == 0) {
					t.Errorf("%s %q on %q: got %+v, want %q", test.kind, test.subject, text, v, want)
				}
				if action == store.Replace && text == test.hits[0] && v.Text != test.replaced {
					t.Errorf("%s %q on %q: got %q, want %q", test.kind, test.subject, text, v.Text, test.replaced)
				}
				if want != store.Replace && v.Text != s.Text {
					t.Errorf("%s %q: %q became %q", test.kind, test.subject, s.Text, v.Text)
				}
			}
		}
	}
}

// said reads "NAME@GAME: text" of the channel gossip.
func said(line string) store.Said {
	who, text, _ := strings.Cut(line, ": ")
	at := strings.LastIndexByte(who, '@')
	return store.Said{Channel: "gossip", Game: who[at+1:], Name: who[:at], Text: text}
}

// The strictest rule counts, the oldest of those; all replacements are made.
func TestMatcher_several(t *testing.T) {
	now := time.Now()
	past, future := now.Add(-time.Second), now.Add(time.Minute)
	m := matcher(t,
		store.Rule{Kind: store.WordRule, Subject: "one", Action: store.Replace, Replacement: "two"},
		store.Rule{Kind: store.WordRule, Subject: "two", Action: store.Replace, Replacement: "three"},
		store.Rule{Kind: store.WordRule, Subject: "warned", Action: store.Warn, Reason: "first"},
		store.Rule{Kind: store.PatternRule, Subject: "warn", Action: store.Warn, Reason: "second"},
		store.Rule{Kind: store.WordRule, Subject: "held", Action: store.Hold},
		store.Rule{Kind: store.WordRule, Subject: "dropped", Action: store.Drop},
		store.Rule{Kind: store.WordRule, Subject: "muted", Action: store.Mute},
		store.Rule{Kind: store.PlayerRule, Subject: "*@Bad", Action: store.Mute},
		store.Rule{Kind: store.WordRule, Subject: "here", Action: store.Mute, Channel: "testing"},
		store.Rule{Kind: store.WordRule, Subject: "past", Action: store.Mute, EndsAt: &past},
		store.Rule{Kind: store.WordRule, Subject: "future", Action: store.Mute, EndsAt: &future},
		store.Rule{Kind: store.WordRule, Subject: "Held", Action: store.Hold},
	)
	if !m.Ends.Equal(past) {
		t.Errorf("the first ends at %v, want %v", m.Ends, past)
	}
	for _, test := range []struct {
		line   string
		action store.RuleAction
		rule   store.RuleID
		text   string
		warned store.RuleID
	}{
		{"a@G: nothing", "", 0, "nothing", 0},
		{"a@G: one one", store.Replace, 1, "two two", 0},         // rules are held against what came
		{"a@G: one two", store.Replace, 1, "three three", 0},     // but replace what is there
		{"a@G: two warned", store.Replace, 2, "three warned", 3}, // delivered, and warned
		{"a@G: warned", store.Warn, 3, "warned", 3},
		{"a@G: a warning", store.Warn, 4, "a warning", 4},
		{"a@G: held two", store.Hold, 5, "held three", 0},
		{"a@G: dropped held", store.Drop, 6, "dropped held", 0},
		{"a@G: dropped muted held one", store.Mute, 7, "dropped muted held two", 0},
		{"a@Bad: one", store.Mute, 8, "two", 0},
		{"a@G: here past", "", 0, "here past", 0},
		{"a@G: future", store.Mute, 11, "future", 0},
	} {
		v := m.Judge(said(test.line), now, 2000)
		warned := store.RuleID(0)
		if v.Warned != nil {
			warned = v.Warned.ID
		}
		if v.Action != test.action || v.Rule != test.rule || v.Text != test.text || warned != test.warned {
			t.Errorf("%q: got %+v, want %+v", test.line, v, test)
		}
	}
	if v := m.Judge(store.Said{Channel: "testing", Game: "G", Name: "a", Text: "here"}, now, 2000); v.Rule != 9 {
		t.Errorf("in its channel: got %+v", v)
	}
	if v := m.Judge(store.Said{Game: "G", Name: "a", Text: "here one"}, now, 2000); v.Action != store.Replace {
		t.Errorf("a tell: got %+v", v)
	}
	var ids []store.RuleID
	for _, r := range m.Matching(said("a@Bad: one warned held"), now) {
		ids = append(ids, r.ID)
	}
	if slices.Sort(ids); !slices.Equal(ids, []store.RuleID{1, 3, 4, 5, 8, 12}) {
		t.Errorf("got the rules %d", ids)
	}
	if got := (*store.Matcher)(nil).Matching(said("a@b: c"), now); got != nil {
		t.Errorf("no rules match with %v", got)
	}
}

// What replacing leaves is bounded, however it multiplies.
func TestMatcher_bounded(t *testing.T) {
	var rules []store.Rule
	for range 5 {
		rules = append(rules, store.Rule{Kind: store.PatternRule, Subject: `.|é`, Action: store.Replace, Replacement: strings.Repeat("é", 100)})
	}
	v := matcher(t, rules...).Judge(said("a@b: "+strings.Repeat("x", 2000)), time.Now(), 2000)
	if n := utf8.RuneCountInString(v.Text); n != 2000 {
		t.Errorf("got %d characters", n)
	}
}

// What the shell may have written is told, and the rest is applied.
func TestNewMatcher_errors(t *testing.T) {
	m, errs := store.NewMatcher([]store.Rule{
		{ID: 1, Kind: store.PatternRule, Subject: "(", Action: store.Mute},
		{ID: 2, Kind: store.WordRule, Subject: "darn", Action: store.Mute},
		{ID: 3, Kind: store.PlayerRule, Subject: "x", Action: store.Mute},
	})
	if len(errs) != 2 || !strings.Contains(errs[0].Error(), "rule 1: subject: is no regular expression (missing closing ))") {
		t.Errorf("got %q", errs)
	}
	if v := m.Judge(said("a@b: darn"), time.Now(), 2000); v.Rule != 2 {
		t.Errorf("got %+v", v)
	}
	if m, errs := store.NewMatcher(nil); m != nil || errs != nil {
		t.Errorf("got %v, %v of no rules", m, errs)
	}
}

// FuzzMatcher: whatever is ruled and said, judging ends, gives a valid text within
// bounds, and the look for what a pattern needs does not change what it matches.
func FuzzMatcher(f *testing.F) {
	f.Add("word", "darn", "oh darn it", "***")
	f.Add("pattern", `(?i)(foo|ba[rz])+\b`, "FOObar BAZ", "$1")
	f.Add("pattern", `(?:(?:a?b{2,3})+c|\x{212a})`, "abbbbc k", "")
	f.Add("pattern", `(?i)ſtraße|K+`, "STRASSE Kk", "ß")
	f.Add("player", "bob@*", "hi", "x")
	f.Fuzz(func(t *testing.T, kind, subject, text, replacement string) {
		r := store.Rule{ID: 1, Kind: store.RuleKind(kind), Subject: subject, Action: store.Replace, Replacement: replacement}
		if r.Kind == store.PlayerRule {
			r.Action = store.Mute
		}
		r, err := r.Check()
		if err != nil {
			return
		}
		m, errs := store.NewMatcher([]store.Rule{r})
		if m == nil {
			t.Fatalf("%+v passes the check, but %v", r, errs)
		}
		text = strings.ToValidUTF8(text, "\uFFFD")
		v := m.Judge(store.Said{Name: "Bob", Game: "Alpha", Text: text}, time.Now(), 100)
		if !utf8.ValidString(v.Text) || v.Action != "" && r.Action == store.Replace && utf8.RuneCountInString(v.Text) > 100 || v.Action == "" && v.Text != text {
			t.Errorf("%+v made %q of %q", r, v.Text, text)
		}
		if r.Kind == store.PatternRule {
			if want := matchesPlainly(r.Subject, text); (v.Action != "") != want {
				t.Errorf("%q on %q: got %+v, want a match %t", r.Subject, text, v, want)
			}
		}
	})
}

// The rules make no message slow, however many there are.
func BenchmarkMatcher(b *testing.B) {
	text := "The quick brown dragon jumps over the lazy adventurer, and takes the gold of the dwarves."
	for _, test := range []struct {
		name string
		rule func(i int) store.Rule
	}{
		{"words", func(i int) store.Rule { return store.Rule{Kind: store.WordRule, Subject: fmt.Sprint("darn", i)} }},
		{"players", func(i int) store.Rule {
			return store.Rule{Kind: store.PlayerRule, Subject: fmt.Sprintf("bob%d@Alpha", i)}
		}},
		{"patterns", func(i int) store.Rule {
			return store.Rule{Kind: store.PatternRule, Subject: fmt.Sprintf(`(?i)\bd[a4]r+n%d\b`, i)}
		}},
		{"bare", func(i int) store.Rule {
			return store.Rule{Kind: store.PatternRule, Subject: fmt.Sprintf(`[dD4][a4][r5]{%d}`, 1+i%50)}
		}},
	} {
		b.Run(test.name, func(b *testing.B) {
			var rules []store.Rule
			for i := range store.MostRules {
				r := test.rule(i)
				r.Action = store.Mute
				rules = append(rules, r)
			}
			m := matcher(b, rules...)
			s, now := store.Said{Channel: "gossip", Game: "Alpha", Name: "Ann", Text: text}, time.Now()
			b.ReportAllocs()
			for b.Loop() {
				if v := m.Judge(s, now, 2000); v.Action != "" {
					b.Fatal(v)
				}
			}
		})
	}
}

func matchesPlainly(pattern, text string) bool { return regexp.MustCompile(pattern).MatchString(text) }
