package page

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"encoding/binary"
	"hash/crc32"
	"io"
	"net/http"
	"strings"
	"sync"

	"hearsay/assets"
)

// zipLeast is how many bytes a page has that is worth compressing.
const zipLeast = 1 << 10

// Secret says that there is a secret on the page that is made now, such as a credential: it is
// sent as it is. How well a page can be compressed tells who watches the network whether its
// secret has something in common with the rest of it, which others may have chosen.
func Secret(w http.ResponseWriter) { w.Header().Set("Cache-Control", "no-store, "+noTransform) }

// noTransform also keeps proxies from compressing. RFC 9111, 5.2.2.6.
const noTransform = "no-transform"

// zips reports whether an answer may be compressed: pages that are looked at, without a secret.
// One that another site made the browser of somebody who is signed in ask for stays as it is.
func zips(h http.Header, r *http.Request) bool {
	h.Add("Vary", "Accept-Encoding")
	switch {
	case r.Method != http.MethodGet, strings.Contains(h.Get("Cache-Control"), noTransform):
		return false
	case r.Header.Get("Sec-Fetch-Site") == "cross-site" && Who(r).SignedIn():
		return false
	}
	return assets.TakesGzip(r)
}

var zippers = sync.Pool{New: func() any {
	w, err := gzip.NewWriterLevel(nil, gzip.BestSpeed)
	if err != nil {
		panic(err) // the level is constant
	}
	return w
}}

// zipTo writes a page compressed.
func zipTo(w io.Writer, page []byte) error {
	z := zippers.Get().(*gzip.Writer)
	defer zippers.Put(z)
	z.Reset(w)
	if _, err := z.Write(page); err != nil {
		return err
	}
	return z.Close()
}

// A piece is a part of a stream of events. It is compressed once for all readers, when the first
// one takes it compressed. It refers to nothing before it, so it can come after any other piece,
// and its length tells nothing of what else is on the page.
type piece struct {
	plain  []byte
	packed func() []byte
}

func newPiece(plain []byte) *piece {
	return &piece{plain, sync.OnceValue(func() []byte {
		var b bytes.Buffer
		w := packers.Get().(*flate.Writer)
		defer packers.Put(w)
		w.Reset(&b)
		_, _ = w.Write(plain) // a buffer takes everything
		_ = w.Flush()
		return b.Bytes()
	})}
}

var packers = sync.Pool{New: func() any {
	w, err := flate.NewWriter(nil, flate.DefaultCompression)
	if err != nil {
		panic(err) // the level is constant
	}
	return w
}}

// An encoder makes one listener's stream of pieces, in gzip if it takes that. RFC 1952.
type encoder struct {
	zips  bool
	begun bool
	sum   uint32 // of what is in it
	size  uint32
}

// next gives the bytes of some pieces; they may be shared.
func (e *encoder) next(pieces ...*piece) []byte {
	var b []byte
	if e.zips && !e.begun {
		b = append(b, 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff)
		e.begun = true
	}
	for _, p := range pieces {
		one := p.plain
		if e.zips {
			one = p.packed()
			e.sum = crc32.Update(e.sum, crc32.IEEETable, p.plain)
			e.size += uint32(len(p.plain))
		}
		if len(pieces) == 1 && b == nil {
			return one
		}
		b = append(b, one...)
	}
	return b
}

// end gives what comes last.
func (e *encoder) end() []byte {
	if !e.begun {
		return nil
	}
	b := []byte{3, 0} // the last block, which is empty
	b = binary.LittleEndian.AppendUint32(b, e.sum)
	return binary.LittleEndian.AppendUint32(b, e.size)
}
