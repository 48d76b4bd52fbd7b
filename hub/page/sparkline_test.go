package page

import (
	"flag"
	"os"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the golden files")

func TestSparkline(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	hours := func(values map[int]float64) (dots []Dot) {
		for i := range 24 {
			if v, ok := values[i]; ok {
				dots = append(dots, Dot{start.Add(time.Duration(i) * time.Hour), v})
			}
		}
		return dots
	}
	var all strings.Builder
	for _, test := range []struct {
		name string
		dots []Dot
	}{
		{"nothing", nil},
		{"zeros", hours(map[int]float64{0: 0, 1: 0, 2: 0})},
		{"one", hours(map[int]float64{12: 3})},
		{"small", hours(map[int]float64{0: 0.25, 1: 0.5, 2: 0.25})},
		{"two parts and one alone", hours(map[int]float64{0: 1, 1: 2, 2: 4, 10: 8, 11: 6.5, 23: 2})},
	} {
		all.WriteString("<!-- " + test.name + " -->\n")
		s := DrawSparkline("Players <today>", test.dots, start, 24*time.Hour, time.Hour)
		if err := SparklineSVG(s).Render(t.Context(), &all); err != nil {
			t.Fatal(err)
		}
		all.WriteByte('\n')
	}
	const golden = "testdata/sparkline.svg"
	if *update {
		if err := os.WriteFile(golden, []byte(all.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if all.String() != string(want) {
		t.Errorf("got\n%s\nwant\n%s", &all, want)
	}
}
