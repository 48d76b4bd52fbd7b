package hub

import (
	"bytes"
	"compress/flate"
	"sync"
)

// Compression is for operators who pay for bytes (RFC 7692, without context takeover:
// so a message is the same bytes for all). A short message would only grow.
const (
	deflateLeast = 256
	rsv1         = 0x40
	deflateTail  = "\x00\x00\xff\xff" // left out on the wire
)

var deflaters = sync.Pool{New: func() any {
	w, err := flate.NewWriter(nil, flate.BestSpeed)
	if err != nil {
		panic(err) // the level is constant
	}
	return w
}}

// deflate gives a message as it stands in a compressed frame.
func deflate(message []byte) []byte {
	var b bytes.Buffer
	w := deflaters.Get().(*flate.Writer)
	defer deflaters.Put(w)
	w.Reset(&b)
	_, _ = w.Write(message) // a buffer takes everything
	_ = w.Flush()
	return bytes.TrimSuffix(b.Bytes(), []byte(deflateTail))
}
