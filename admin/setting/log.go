package setting

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"
	"unicode"
)

const (
	// quietFor is how long a line that comes again is counted instead of written.
	quietFor = time.Minute
	// linesMost is how many lines are told apart within that time; beyond, only their messages are.
	linesMost = 5000
	keyBytes  = 256 // of a text are looked at
)

// A collapser is a slog.Handler for what a peer or a fault can repeat without end. It writes a
// line at once. The same line within a minute is counted, and written once more at the end of
// that minute with the attribute repeated. Lines are the same when level, message and the texts
// among their attributes are; numbers, and digits in err, do not matter. Debug is written in full.
type collapser struct {
	next   slog.Handler
	prefix string // of the key: the attributes that the handler has
	*lines
}

// lines are shared by a collapser and those made of it.
type lines struct {
	mu   sync.Mutex // guards what follows
	seen map[string]*line
}

// A line was written within the last minute.
type line struct {
	repeated int
	last     slog.Record // of those that were not written
	next     slog.Handler
	timer    *time.Timer
}

func newCollapser(next slog.Handler) collapser {
	return collapser{next: next, lines: &lines{seen: map[string]*line{}}}
}

// Enabled implements slog.Handler, as do the next three.
func (c collapser) Enabled(ctx context.Context, level slog.Level) bool {
	return c.next.Enabled(ctx, level)
}

func (c collapser) Handle(ctx context.Context, r slog.Record) error {
	if r.Level < slog.LevelInfo || c.isNew(r) {
		return c.next.Handle(ctx, r)
	}
	return nil
}

func (c collapser) WithAttrs(attrs []slog.Attr) slog.Handler {
	var key strings.Builder
	key.WriteString(c.prefix)
	for _, a := range attrs {
		addAttr(&key, a)
	}
	return collapser{c.next.WithAttrs(attrs), key.String(), c.lines}
}

func (c collapser) WithGroup(name string) slog.Handler {
	return collapser{c.next.WithGroup(name), c.prefix + "\x00" + name + ".", c.lines}
}

// isNew reports whether a line is to be written, and counts it if not.
func (c collapser) isNew(r slog.Record) bool {
	var key strings.Builder
	key.WriteString(r.Level.String() + "\x00" + r.Message)
	message := key.Len()
	key.WriteString(c.prefix)
	r.Attrs(func(a slog.Attr) bool {
		addAttr(&key, a)
		return true
	})
	k := key.String()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.seen[k] == nil && len(c.seen) >= linesMost {
		k = k[:message]
	}
	l := c.seen[k]
	if l == nil {
		c.seen[k] = &line{timer: time.AfterFunc(quietFor, func() { c.tell(k) })}
		return true
	}
	l.repeated++
	l.last, l.next = r.Clone(), c.next
	return false
}

// tell writes what was counted, or forgets a line that did not come again.
func (l *lines) tell(key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	one := l.seen[key]
	switch {
	case one == nil: // it was flushed
	case one.repeated == 0:
		delete(l.seen, key)
	default:
		one.write()
		one.timer.Reset(quietFor)
	}
}

// write is under lines.mu.
func (l *line) write() {
	l.last.AddAttrs(slog.Int("repeated", l.repeated))
	_ = l.next.Handle(context.Background(), l.last) // there is nowhere to say that a log cannot be written
	l.repeated = 0
}

// flush writes at once what was counted.
func (l *lines) flush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for key, one := range l.seen {
		one.timer.Stop()
		if one.repeated > 0 {
			one.write()
		}
		delete(l.seen, key)
	}
}

// addAttr adds to a key what tells a line from others.
func addAttr(key *strings.Builder, a slog.Attr) {
	v := a.Value.Resolve()
	switch v.Kind() {
	case slog.KindInt64, slog.KindUint64, slog.KindFloat64, slog.KindDuration, slog.KindTime:
		return
	}
	switch a.Key {
	case "client_id", "stack": // they say more of a peer or a fault, but are not others
		return
	}
	text := v.String()
	text = text[:min(len(text), keyBytes)]
	if a.Key == "err" {
		text = strings.Map(func(r rune) rune {
			if unicode.IsDigit(r) {
				return -1
			}
			return r
		}, text)
	}
	key.WriteString("\x00" + a.Key + "=" + text)
}
