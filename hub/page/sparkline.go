package page

import (
	"strconv"
	"time"
)

// The drawing of a sparkline, in units of its own.
const (
	sparkWidth  = 240
	sparkHeight = 40
	sparkLine   = 1 // free above and below, for the width of the line
)

// A Sparkline is a small curve of what was measured from one moment to another.
type Sparkline struct {
	Text       string // what it shows, for who does not see it
	Line, Area string // paths of SVG
}

// A Dot is one measurement.
type Dot struct {
	At    time.Time
	Value float64
}

// DrawSparkline draws dots, each of which stands for step. Where some are missing the
// line is broken. text says what the curve is of: "Players in the last 24 hours".
func DrawSparkline(text string, dots []Dot, from time.Time, length, step time.Duration) Sparkline {
	if len(dots) == 0 {
		return Sparkline{Text: text + ": nothing was measured yet."}
	}
	lowest, highest := dots[0].Value, dots[0].Value
	for _, d := range dots {
		lowest, highest = min(lowest, d.Value), max(highest, d.Value)
	}
	s := Sparkline{
		Text: text + ": " + Decimal(lowest) + " at least, " + Decimal(highest) + " at most, " + Decimal(dots[len(dots)-1].Value) + " at last.",
	}
	scale := (sparkHeight - 2*sparkLine) / max(1, highest)
	var line, area []byte
	for len(dots) > 0 {
		n := 1
		for n < len(dots) && dots[n].At.Sub(dots[n-1].At) <= step*3/2 {
			n++
		}
		x := func(i int) float64 { return sparkWidth * float64(dots[i].At.Add(step/2).Sub(from)) / float64(length) }
		area = point(area, 'M', x(0), sparkHeight)
		for i, d := range dots[:n] {
			y := sparkHeight - sparkLine - d.Value*scale
			command := byte('L')
			if i == 0 {
				command = 'M'
			}
			line, area = point(line, command, x(i), y), point(area, 'L', x(i), y)
			if n == 1 {
				line = point(line, 'L', x(i)+0.1, y) // one alone would leave no trace
			}
		}
		area = append(point(area, 'L', x(n-1), sparkHeight), 'Z')
		dots = dots[n:]
	}
	s.Line, s.Area = string(line), string(area)
	return s
}

func point(path []byte, command byte, x, y float64) []byte {
	path = strconv.AppendFloat(append(path, command), x, 'f', 1, 64)
	return strconv.AppendFloat(append(path, ' '), y, 'f', 1, 64)
}

// Decimal is a number with one digit behind the point, if that is not 0.
func Decimal(v float64) string {
	text := strconv.FormatFloat(v, 'f', 1, 64)
	if n := len(text) - 2; text[n:] == ".0" {
		return text[:n]
	}
	return text
}
