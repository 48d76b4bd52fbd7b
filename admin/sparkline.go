package admin

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

// A sparkline is a small curve of what was measured from one moment to another.
type sparkline struct {
	Text       string // what it shows, for who does not see it
	Line, Area string // paths of SVG
}

// A dot is one measurement.
type dot struct {
	At    time.Time
	Value float64
}

// drawSparkline draws dots, each of which stands for step. Where some are missing the
// line is broken. text says what the curve is of: "Players in the last 24 hours".
func drawSparkline(text string, dots []dot, from time.Time, length, step time.Duration) sparkline {
	if len(dots) == 0 {
		return sparkline{Text: text + ": nothing was measured yet."}
	}
	lowest, highest := dots[0].Value, dots[0].Value
	for _, d := range dots {
		lowest, highest = min(lowest, d.Value), max(highest, d.Value)
	}
	s := sparkline{
		Text: text + ": " + decimal(lowest) + " at least, " + decimal(highest) + " at most, " + decimal(dots[len(dots)-1].Value) + " at last.",
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

// decimal is a number with one digit behind the point, if that is not 0.
func decimal(v float64) string {
	text := strconv.FormatFloat(v, 'f', 1, 64)
	if n := len(text) - 2; text[n:] == ".0" {
		return text[:n]
	}
	return text
}
