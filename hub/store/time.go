package store

import "time"

// The file keeps times as microseconds since 1970, UTC.

func micros(t time.Time) int64 { return t.UnixMicro() }

func fromMicros(n int64) time.Time { return time.UnixMicro(n).UTC() }
