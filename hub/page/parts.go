package page

import (
	"fmt"
	"strconv"
	"time"
)

// A Choice is an option of a select or a filter.
type Choice struct{ Value, Label string }

// Count is a number with its noun: "1 game", "2 games".
func Count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return Number(n) + " " + noun + "s"
}

// Number has its thousands apart.
func Number(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "\u202f" + text[i:]
	}
	return text
}

// Ago is how long before now something was, in words; or how long after.
func Ago(now, t time.Time) string {
	d := now.Sub(t)
	if d < 0 {
		return "in " + Span(-d)
	}
	if d < 10*time.Second {
		return "just now"
	}
	return Span(d) + " ago"
}

// Span is a length of time in words, cut to its largest unit.
func Span(d time.Duration) string {
	const day = 24 * time.Hour
	for _, unit := range []struct {
		of   time.Duration
		name string
	}{{365 * day, "year"}, {30 * day, "month"}, {day, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}} {
		if d >= unit.of {
			return Count(int(d/unit.of), unit.name)
		}
	}
	return Count(int(d/time.Second), "second")
}

// Exact is a moment to the minute, where words would not do.
func Exact(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

// Size is a number of bytes as people read it.
func Size(bytes int64) string {
	for _, unit := range []struct {
		of   int64
		name string
	}{{1 << 30, "GB"}, {1 << 20, "MB"}, {1 << 10, "kB"}} {
		if bytes >= unit.of {
			return fmt.Sprintf("%.1f %s", float64(bytes)/float64(unit.of), unit.name)
		}
	}
	return fmt.Sprintf("%d bytes", bytes)
}
