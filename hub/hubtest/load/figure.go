//go:build linux

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math/bits"
	"slices"
)

// A sample is what one round found for a figure.
type sample struct {
	name  string
	value float64
	unit  string
}

// A figure is what the rounds found.
type figure struct {
	Scenario string   `json:"scenario"`
	Name     string   `json:"figure"`
	Ours     float64  `json:"ours"`
	Against  string   `json:"against"` // what the other side is
	Other    float64  `json:"other"`
	Ratio    *float64 `json:"ratio,omitempty"` // ours to the other; nil where the other is 0
	Unit     string   `json:"unit"`
}

// A round measures one side once.
type round func() ([]sample, error)

// alternate runs the rounds of two sides in turn. All rounds give the same names.
func alternate(rounds int, ours, other round) ([]figure, error) {
	var sides [2][][]sample
	for range rounds {
		for i, side := range []round{ours, other} {
			samples, err := side()
			if err != nil {
				return nil, err
			}
			sides[i] = append(sides[i], samples)
		}
	}
	var figures []figure
	for at, s := range sides[0][0] {
		f := figure{Name: s.name, Unit: s.unit}
		var values [2][]float64
		var ratios []float64
		for i, side := range sides {
			for _, samples := range side {
				values[i] = append(values[i], samples[at].value)
			}
		}
		for i, v := range values[1] {
			if v != 0 {
				ratios = append(ratios, values[0][i]/v)
			}
		}
		f.Ours, f.Other = median(values[0]), median(values[1])
		if len(ratios) > 0 {
			r := median(ratios)
			f.Ratio = &r
		}
		figures = append(figures, f)
	}
	return figures, nil
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}

func printJSON(w io.Writer, figures []figure) error {
	enc := json.NewEncoder(w)
	for _, f := range figures {
		if err := enc.Encode(f); err != nil {
			return err
		}
	}
	return nil
}

func printTable(w io.Writer, figures []figure) error {
	for i, f := range figures {
		if i == 0 {
			fmt.Fprintf(w, "\n%-44s %10s %10s %7s  unit\n", f.Scenario, "hub", f.Against, "ratio")
		}
		if _, err := fmt.Fprintf(w, "  %-42s %10s %10s %7s  %s\n", f.Name, short(f.Ours), short(f.Other), ratio(f.Ratio), f.Unit); err != nil {
			return err
		}
	}
	return nil
}

func ratio(r *float64) string {
	if r == nil {
		return "-"
	}
	return fmt.Sprintf("%.2f", *r)
}

func short(v float64) string {
	switch {
	case v >= 1000:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.3g", v)
}

// A histogram counts nanoseconds; each power of two has 32 steps.
type histogram struct {
	steps [64 * 32]int64
	total int64
}

func (h *histogram) add(ns int64) {
	v := uint64(max(ns, 0))
	shift := max(0, bits.Len64(v)-6)
	h.steps[shift*32+int(v>>shift)]++
	h.total++
}

// ms is the value that a part q of all are not above, in milliseconds.
func (h *histogram) ms(q float64) float64 {
	before := int64(q * float64(h.total))
	for i, n := range h.steps {
		if before -= n; before < 0 {
			shift := max(0, i/32-1)
			return float64(int64(i-shift*32)<<shift) / 1e6
		}
	}
	return 0
}
