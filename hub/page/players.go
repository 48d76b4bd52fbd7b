package page

import (
	"context"
	"time"

	"hearsay/hub/store"
)

// A Curve is a sparkline with what stands beside it.
type Curve struct {
	Label string // how long it is
	Most  string // the highest that was measured
	Sparkline
}

// PlayersOverTime has a curve for each span of a game's samples. It is broken where the
// game was not online.
func PlayersOverTime(ctx context.Context, st *store.Store, id store.GameID, now time.Time) (all []Curve, err error) {
	for _, one := range store.GamePeriods {
		samples, err := st.GameSamples(ctx, id, one.Span, now.Add(-one.Length))
		if err != nil {
			return nil, err
		}
		var dots []Dot
		most := 0
		for _, sample := range samples {
			dots, most = append(dots, Dot{sample.At, sample.Players}), max(most, sample.Most)
		}
		curve := DrawSparkline("Players in the last "+one.Name, dots, now.Add(-one.Length), one.Length, time.Duration(one.Span))
		all = append(all, Curve{one.Name, Number(most), curve})
	}
	return all, nil
}
