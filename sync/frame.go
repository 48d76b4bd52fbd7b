package backbone

import (
	"github.com/google/uuid"

	"hearsay/hub/wire"
)

// together is how many bytes of frames leave in one write, about.
const together = 16 << 10

// Frames gathers entries into frames of one kind each: up to ten entries, and fewer when
// they are large. Frames are sent when they are many bytes, and by flush; never an empty
// one. Their memory is used again.
type frames struct {
	send       send
	kind       string
	begin, end string   // of the payload
	text       []byte   // the frames, one after the other
	full       [][]byte // the parts of text that are whole frames
	start      int      // where in text the next one begins
	entries    int      // in that
}

func (s *stream) frames(kind, begin, end string) *frames {
	return &frames{send: s.send, kind: kind, begin: begin, end: end}
}

func (f *frames) add(kind string, entry []byte) error {
	if f.entries > 0 && (kind != f.kind || len(f.text)-f.start+len(entry)+len(f.end)+2 >= wire.MaxFrame) {
		f.fill()
	}
	if f.start >= together {
		if err := f.flush(); err != nil {
			return err
		}
	}
	if f.entries == 0 {
		f.kind = kind
		f.text = wire.AppendHead(f.text, wire.SyncPrefix+kind, wire.Ref(`"`+uuid.NewString()+`"`))
		f.text = append(f.text, f.begin...)
	} else {
		f.text = append(f.text, ',')
	}
	f.text = append(f.text, entry...)
	if f.entries++; f.entries == wire.MaxBatch {
		f.fill()
	}
	return nil
}

// fill makes a whole frame of what is there.
func (f *frames) fill() {
	f.text = append(append(f.text, f.end...), '}')
	f.full = append(f.full, f.text[f.start:])
	f.start, f.entries = len(f.text), 0
}

func (f *frames) flush() error {
	if f.entries > 0 {
		f.fill()
	}
	if len(f.full) == 0 {
		return nil
	}
	syncFrames.Add(len(f.full))
	err := f.send(0, f.full...)
	f.text, f.full, f.start = f.text[:0], f.full[:0], 0
	return err
}
