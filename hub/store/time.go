package store

import "time"

// The file keeps times as microseconds since 1970, UTC.

func micros(t time.Time) int64 { return t.UnixMicro() }

func fromMicros(n int64) time.Time { return time.UnixMicro(n).UTC() }

// nullTime turns nil into NULL.
func nullTime(t *time.Time) any {
	if t == nil {
		return nil
	}
	return micros(*t)
}
