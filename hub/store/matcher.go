package store

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"hearsay/hub/fold"
	"hearsay/hub/wire"
)

// A Matcher judges messages by rules. It is compiled once, never changes, and may be
// used by many at once. What it takes does not grow with the number of players and
// words that have rules; a pattern is tried only where a text that it needs is there.
type Matcher struct {
	// Ends is when the first of the rules ends; zero: none does. The matcher heeds it by
	// itself, but keeps the rule.
	Ends time.Time

	players  byWho[[]*compiled]
	words    map[string][]*compiled // by fold.Word
	patterns []*compiled
}

// Said is what a matcher judges, after cleaning.
type Said struct {
	Channel string // "": in a tell
	Game    string // short name of the sender's game or application
	Name    string
	Text    string
}

// A Verdict says what becomes of a message. All rules are held against the message as
// it came; of those that match the strictest counts, and all replacements are made.
type Verdict struct {
	Action RuleAction // "": no rule matches
	Rule   RuleID     // the oldest that asks for the action
	Person bool       // a rule about the player asks for it too, not about the words alone
	Text   string     // what is left of the message
	Warned *Rule      // the oldest that warns, if one matches
}

// A compiled rule is ready to be matched.
type compiled struct {
	Rule
	who     string // of PlayerRule: a key of byWho
	word    string // of WordRule: its fold.Word
	pattern *regexp.Regexp
	needs   []string // folded texts, one of which is in all that the pattern matches; nil: unknown
}

// mostInstructions bounds a pattern's program, about: matching takes time in proportion.
const mostInstructions = 300

// NewMatcher compiles rules, in the order of their ids. It gives nil if none is left,
// and errors for those that make no sense, which the sqlite3 shell may have written.
func NewMatcher(rules []Rule) (*Matcher, []error) {
	m := &Matcher{players: byWho[[]*compiled]{}, words: map[string][]*compiled{}}
	var errs []error
	for _, r := range rules {
		c, err := compile(r)
		if err != nil {
			errs = append(errs, fmt.Errorf("rule %d: %w", r.ID, err))
			continue
		}
		switch r.Kind {
		case PlayerRule:
			m.players[c.who] = append(m.players[c.who], c)
		case WordRule:
			m.words[c.word] = append(m.words[c.word], c)
		case PatternRule:
			m.patterns = append(m.patterns, c)
		}
		if r.EndsAt != nil && (m.Ends.IsZero() || r.EndsAt.Before(m.Ends)) {
			m.Ends = *r.EndsAt
		}
	}
	if len(errs) == len(rules) {
		return nil, errs
	}
	return m, errs
}

// compile also says what is wrong with a rule's subject.
func compile(r Rule) (*compiled, error) {
	c := &compiled{Rule: r}
	if r.Subject == "" {
		return nil, invalid("subject", "is missing; give a player as NAME@GAME, a word, or a pattern")
	}
	switch r.Kind {
	case PlayerRule:
		w, err := parseWho("subject", r.Subject)
		if err != nil {
			return nil, err
		}
		c.who = w.key()
	case WordRule:
		words := 0
		eachWord(r.Subject, func(word []byte, start, end int) {
			words++
			if start == 0 && end == len(r.Subject) {
				c.word = string(word)
			}
		})
		if words != 1 || c.word == "" {
			return nil, invalid("subject", "%q is not one word of letters and digits; use a pattern for anything else", r.Subject)
		}
	case PatternRule:
		tree, err := syntax.Parse(r.Subject, syntax.Perl)
		if err == nil && instructions(tree) > mostInstructions {
			return nil, invalid("subject", "has too many repeats; use smaller numbers in braces")
		}
		if err == nil {
			c.pattern, err = regexp.Compile(r.Subject)
		}
		if err != nil {
			reason := err.Error()
			if e := (*syntax.Error)(nil); errors.As(err, &e) {
				reason = e.Code.String()
			}
			return nil, invalid("subject", "is no regular expression (%s); see https://github.com/google/re2/wiki/Syntax", reason)
		}
		if c.pattern.MatchString("") {
			return nil, invalid("subject", "is in every message, even an empty one; leave out what may be empty")
		}
		c.needs = needs(tree)
	default:
		return nil, invalid("kind", "%q will not do; use player, word or pattern", r.Kind)
	}
	return c, nil
}

// instructions is about the length of the program that a pattern becomes.
func instructions(tree *syntax.Regexp) int {
	n := 1
	if tree.Op == syntax.OpLiteral {
		n = len(tree.Rune)
	}
	for _, sub := range tree.Sub {
		n += instructions(sub)
	}
	if tree.Op == syntax.OpRepeat {
		n *= max(tree.Min, tree.Max, 1)
	}
	return n
}

// needs gives folded texts of which one is in whatever the pattern matches, the longest
// that there are, or nil.
func needs(tree *syntax.Regexp) (best []string) {
	switch tree.Op {
	case syntax.OpLiteral:
		return []string{foldCase(string(tree.Rune))}
	case syntax.OpCapture, syntax.OpPlus:
		return needs(tree.Sub[0])
	case syntax.OpRepeat:
		if tree.Min > 0 {
			return needs(tree.Sub[0])
		}
	case syntax.OpConcat:
		for _, sub := range tree.Sub {
			if other := needs(sub); shortest(other) > shortest(best) {
				best = other
			}
		}
	case syntax.OpAlternate:
		for _, sub := range tree.Sub {
			other := needs(sub)
			if other == nil {
				return nil
			}
			best = append(best, other...)
		}
	}
	return best
}

func shortest(texts []string) int {
	if len(texts) == 0 {
		return 0
	}
	return len(slices.MinFunc(texts, func(a, b string) int { return cmp.Compare(len(a), len(b)) }))
}

// Judge holds the rules against what is said. What replacements leave is cut to most
// characters; it may need to be cleaned again.
func (m *Matcher) Judge(s Said, now time.Time, most int) Verdict {
	v := Verdict{Text: s.Text}
	hits := m.hits(s, now)
	if len(hits) == 0 {
		return v
	}
	slices.SortFunc(hits, func(a, b *compiled) int { return cmp.Compare(a.ID, b.ID) })
	for _, c := range hits {
		if slices.Index(RuleActions, c.Action) > slices.Index(RuleActions, v.Action) {
			v.Action, v.Rule, v.Person = c.Action, c.ID, false
		}
		v.Person = v.Person || c.Action == v.Action && c.Kind == PlayerRule
		switch {
		case c.Action == Replace:
			v.Text = cut(c.replace(v.Text), most)
		case c.Action == Warn && v.Warned == nil:
			v.Warned = &c.Rule
		}
	}
	return v
}

// Matching gives the rules that match what is said. A nil matcher has none.
func (m *Matcher) Matching(s Said, now time.Time) (all []Rule) {
	if m == nil {
		return nil
	}
	for _, c := range m.hits(s, now) {
		all = append(all, c.Rule)
	}
	return all
}

// hits are the rules that match.
func (m *Matcher) hits(s Said, now time.Time) (hits []*compiled) {
	hit := func(all []*compiled) {
		for _, c := range all {
			if (c.Channel == "" || c.Channel == s.Channel) && !c.Ended(now) && !slices.Contains(hits, c) {
				hits = append(hits, c)
			}
		}
	}
	m.players.each(s.Name, s.Game, hit)
	if len(m.words) > 0 {
		eachWord(s.Text, func(word []byte, _, _ int) { hit(m.words[string(word)]) })
	}
	if len(m.patterns) > 0 {
		folded := foldCase(s.Text)
		for i, c := range m.patterns {
			if c.mayMatch(folded) && c.pattern.MatchString(s.Text) {
				hit(m.patterns[i : i+1])
			}
		}
	}
	return hits
}

// mayMatch looks for what the pattern needs.
func (c *compiled) mayMatch(folded string) bool {
	for _, text := range c.needs {
		if strings.Contains(folded, text) {
			return true
		}
	}
	return c.needs == nil
}

// replace puts the replacement in the place of all that the word or pattern matches.
func (c *compiled) replace(text string) string {
	if c.Kind == PatternRule {
		return c.pattern.ReplaceAllLiteralString(text, c.Replacement)
	}
	var b strings.Builder
	done := 0
	eachWord(text, func(word []byte, start, end int) {
		if string(word) == c.word {
			b.WriteString(text[done:start])
			b.WriteString(c.Replacement)
			done = end
		}
	})
	b.WriteString(text[done:])
	return b.String()
}

// eachWord finds the words of a text, each as fold.Word has it: letters, digits and marks that
// follow one another, whatever invisible characters are between them. A word is only valid
// during the call.
func eachWord(text string, found func(word []byte, start, end int)) {
	var memory [64]byte
	word, start, end, ascii := memory[:0], -1, 0, true
	finish := func() {
		if !ascii {
			word = append(word[:0], fold.Word(text[start:end])...)
		}
		found(word, start, end)
		word, start, ascii = word[:0], -1, true
	}
	for i, r := range text {
		switch {
		case inWord(r):
			if start < 0 {
				start = i
			}
			end = i + utf8.RuneLen(r)
			if r >= utf8.RuneSelf {
				ascii = false
			} else if ascii {
				word = append(word, byte(unicode.ToLower(r)))
			}
		case wire.Ignorable(r):
			ascii = ascii && start < 0
		case start >= 0:
			finish()
		}
	}
	if start >= 0 {
		finish()
	}
}

func inWord(r rune) bool {
	if r < utf8.RuneSelf {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
	}
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r) || fold.IsLetter(r))
}

// foldCase makes texts equal that differ only by case, as regular expressions see it.
func foldCase(text string) string { return strings.Map(foldRune, text) }

// foldRune is the least of the characters that differ only by case.
func foldRune(r rune) rune {
	if r < utf8.RuneSelf {
		if 'a' <= r && r <= 'z' {
			r -= 'a' - 'A'
		}
		return r
	}
	least := r
	for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
		least = min(least, other)
	}
	return least
}
