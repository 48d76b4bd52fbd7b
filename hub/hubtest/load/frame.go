//go:build linux

package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strconv"
)

// RFC 6455, 5.2.
const (
	finText = 0x81
	opMask  = 0x0f
	opClose = 0x8
	masked  = 0x80
)

// appendFrame appends a message as one text frame; mask is 0 or masked. It masks with
// zeros: the server has the same work, the client none, and marks stay what they are.
func appendFrame(b, message []byte, mask byte) []byte {
	b = append(b, finText)
	switch n := len(message); {
	case n < 126:
		b = append(b, mask|byte(n))
	case n < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, mask|126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, mask|127), uint64(n))
	}
	if mask != 0 {
		b = append(b, 0, 0, 0, 0)
	}
	return append(b, message...)
}

// cutFrame cuts the first frame off b; ok is false while b does not hold all of it.
// It does not unmask, as appendFrame's masks change nothing.
func cutFrame(b []byte) (op byte, message, rest []byte, ok bool) {
	if len(b) < 2 {
		return 0, nil, b, false
	}
	at, n := 2, int(b[1]&^masked)
	switch {
	case n == 126 && len(b) >= 4:
		at, n = 4, int(binary.BigEndian.Uint16(b[2:]))
	case n == 127 && len(b) >= 10:
		at, n = 10, int(binary.BigEndian.Uint64(b[2:]))
	case n >= 126:
		return 0, nil, b, false
	}
	if b[1]&masked != 0 {
		at += 4
	}
	if len(b) < at+n {
		return 0, nil, b, false
	}
	return b[0] & opMask, b[at : at+n], b[at+n:], true
}

// A closing is a close frame of the server, as an error.
type closing struct {
	code   int
	reason string
}

func (c closing) Error() string {
	return fmt.Sprintf("the server closed the socket: %d %s", c.code, c.reason)
}

func newClosing(message []byte) closing {
	if len(message) < 2 {
		return closing{}
	}
	return closing{int(binary.BigEndian.Uint16(message)), string(message[2:])}
}

// A stream is a socket and the beginning of a frame that has not arrived in whole.
type stream struct {
	fd   int
	rest []byte
}

// feed hands on each whole message in what waits and what was read, until each says no
// more, and keeps the rest. A close frame is an error.
func (s *stream) feed(data []byte, each func(message []byte) (more bool)) error {
	if len(s.rest) > 0 {
		data = append(s.rest, data...)
	}
	for more := true; more; {
		op, message, rest, ok := cutFrame(data)
		if !ok {
			break
		}
		if op == opClose {
			return newClosing(message)
		}
		data, more = rest, each(message)
	}
	s.rest = append(s.rest[:0], data...)
	return nil
}

// A mark is the time of sending inside a text: the sign, and nanoseconds since 1970.
const (
	markSign   = "@@"
	markDigits = 19
	emptyMark  = "@@0000000000000000000"
)

// markOf gives the digits of the first mark in a message, or nil.
func markOf(message []byte) []byte {
	i := bytes.Index(message, []byte(markSign))
	if i < 0 || len(message) < i+len(emptyMark) {
		return nil
	}
	return message[i+len(markSign) : i+len(emptyMark)]
}

// since is how many nanoseconds before now a mark was made.
func since(digits []byte, now int64) int64 {
	var sent int64
	for _, c := range digits {
		sent = sent*10 + int64(c-'0')
	}
	return now - sent
}

// A template is a frame with marks in it.
type template struct {
	frame []byte
	at    []int // where the digits are
}

func newTemplate(message []byte, mask byte) template {
	t := template{frame: appendFrame(nil, message, mask)}
	for from := 0; ; {
		digits := markOf(t.frame[from:])
		if digits == nil {
			return t
		}
		from += bytes.Index(t.frame[from:], []byte(markSign)) + len(markSign)
		t.at = append(t.at, from)
	}
}

// stamp puts a time into the marks. The frame is good until the next stamp.
func (t template) stamp(digits []byte) []byte {
	for _, at := range t.at {
		copy(t.frame[at:at+markDigits], digits)
	}
	return t.frame
}

func (t template) stampTime(now int64) []byte {
	var digits [markDigits + 1]byte
	return t.stamp(strconv.AppendInt(digits[:0], now, 10))
}
