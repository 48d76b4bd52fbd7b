package backbone

import (
	"github.com/google/uuid"

	"hearsay/hub/wire"
)

// envelope is more than what a frame has around its payload.
const envelope = 128

// A frame gathers entries of one kind: up to ten, and fewer when they are large. It
// is sent when it is full, when another kind comes, and by flush; never empty.
type frame struct {
	send       func([]byte) error
	kind       string
	begin, end string // of the payload
	payload    []byte
	entries    int
}

func (s *stream) frame(kind, begin, end string) *frame {
	return &frame{send: s.send, kind: kind, begin: begin, end: end}
}

func (f *frame) add(kind string, entry []byte) error {
	if f.entries > 0 && (kind != f.kind || len(f.payload)+len(entry)+len(f.end)+envelope >= wire.MaxFrame) {
		if err := f.flush(); err != nil {
			return err
		}
	}
	if f.entries == 0 {
		f.kind, f.payload = kind, append(f.payload[:0], f.begin...)
	} else {
		f.payload = append(f.payload, ',')
	}
	f.payload = append(f.payload, entry...)
	if f.entries++; f.entries == wire.MaxBatch {
		return f.flush()
	}
	return nil
}

func (f *frame) flush() error {
	if f.entries == 0 {
		return nil
	}
	f.entries = 0
	syncFrames.Inc()
	return f.send(wire.Frame{
		Event:   wire.SyncPrefix + f.kind,
		Ref:     wire.Ref(`"` + uuid.NewString() + `"`),
		Payload: append(f.payload, f.end...),
	}.Encode())
}
