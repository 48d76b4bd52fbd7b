package hub

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/VictoriaMetrics/metrics"
)

// A packet is a whole websocket frame of the server, header and all. To all sockets
// it is the same bytes, so what goes to many is encoded once; nobody changes it.
type packet []byte

// RFC 6455, 5.2.
const (
	fin       = 0x80
	finText   = 0x81
	opMask    = 0x0f
	opClose   = 0x8
	maxHeader = 10
)

func newPacket(message []byte) packet {
	return appendPacket(make(packet, 0, maxHeader+len(message)), message, false)
}

// appendPacket appends a message to whole frames, compressed if it may and that helps.
func appendPacket(p packet, message []byte, deflates bool) packet {
	head := byte(finText)
	if deflates && len(message) >= deflateLeast {
		message, head = deflate(message), finText|rsv1
	}
	p = append(p, head)
	switch n := len(message); {
	case n < 126:
		p = append(p, byte(n))
	case n < 1<<16:
		p = binary.BigEndian.AppendUint16(append(p, 126), uint16(n))
	default:
		p = binary.BigEndian.AppendUint64(append(p, 127), uint64(n))
	}
	return append(p, message...)
}

const (
	// sendBuffer is what the kernel may hold for a slow peer; left alone it is megabytes.
	sendBuffer = 128 << 10
	// chunk is how much is written at once of what waits.
	chunk = 16 << 10

	readBuffer    = 256
	controlBuffer = 128 // as much as a control frame has
)

var (
	errLinkEnded = errors.New("nothing may follow a close frame")
	errTooEarly  = errors.New("too much came before authentication")
)

// A highMark is the most that something has been since the start.
type highMark struct{ most atomic.Int64 }

func newHighMark(metric string) *highMark {
	m := new(highMark)
	metrics.NewGauge(metric, func() float64 { return float64(m.most.Load()) })
	return m
}

func (m *highMark) raise(n int) {
	for most := m.most.Load(); int64(n) > most; most = m.most.Load() {
		m.most.CompareAndSwap(most, int64(n))
	}
}

var queueHigh = newHighMark("hearsay_queue_high_bytes")

// A link is the connection under a websocket. Writing to it never blocks: what the
// kernel does not take at once waits in memory, and a goroutine that exists only
// meanwhile writes it. The websocket library reads through it and writes control
// frames, each with one Write; whole data frames are pushed beside the library, so
// nothing interleaves.
//
// What every push looks at comes first: with thousands of links it is the memory that
// costs, not the work.
type link struct {
	mu       sync.Mutex // guards what follows, down to net.Conn
	draining bool       // the goroutine exists
	ended    bool       // a close frame was written, or it was closed, or writing failed: nothing follows
	number   int32      // of the socket, for writeNow; not to be used once it is ended
	waits    int        // bytes that wait
	pending  [][]byte   // what waits, as it was pushed; of the first perhaps only the end

	high    int           // most bytes that ever waited
	room    chan struct{} // nil, or holds a value when something that waited was written
	settled chan struct{} // nil, or closed when the goroutine has ended

	net.Conn
	broken   func(error)  // hears of a write that failed; must not block
	deflates bool         // the client takes compressed frames
	early    atomic.Int32 // bytes that may still come; 0: any number
}

// open begins with a connection; broken is set before.
func (l *link) open(conn net.Conn) {
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetWriteBuffer(sendBuffer) // a wish
	}
	l.Conn, l.number = conn, number(conn)
}

// Read reads for the library. Fragments count for no message until it is whole, which it need
// never be; so what may come before authentication is bounded here.
func (l *link) Read(p []byte) (int, error) {
	n, err := l.Conn.Read(p)
	left := l.early.Load()
	if left > 0 && int32(n) >= left {
		l.broken(errTooEarly)
		return 0, errTooEarly
	}
	if left > 0 {
		l.early.CompareAndSwap(left, left-int32(n)) // else the bound was just taken off
	}
	return n, err
}

// push writes frames, or lets them wait: then the link keeps them, so nobody may change
// them any more. It reports false, and writes nothing, when something waits and these
// would make it more than limit bytes. What comes after a close frame vanishes.
func (l *link) push(frames []byte, limit int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.waits > 0 && l.waits+len(frames) > limit {
		return l.ended
	}
	if !l.ended {
		l.put(frames)
	}
	return true
}

// Write writes a control frame, for the library.
func (l *link) Write(frame []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		return 0, errLinkEnded
	}
	l.put(bytes.Clone(frame)) // it lies in the library's buffer
	if len(frame) > 0 && frame[0]&opMask == opClose {
		l.ended = true
	}
	return len(frame), nil
}

// Close closes the connection. What waits is lost.
func (l *link) Close() error {
	l.mu.Lock()
	l.ended = true // before the kernel may give the number of the socket to another
	l.mu.Unlock()
	return l.Conn.Close()
}

// put is under mu, and only while the link has not ended.
func (l *link) put(p []byte) {
	if !l.draining && l.number >= 0 {
		n, err := writeNow(l.number, p)
		if err != nil {
			l.fail(err)
			return
		}
		p = p[n:]
	}
	if len(p) == 0 {
		return
	}
	l.pending = append(l.pending, p)
	if l.waits += len(p); l.waits > l.high {
		l.high = l.waits
		queueHigh.raise(l.waits)
	}
	if !l.draining {
		l.draining = true
		go l.drain()
	}
}

// drain writes what waits until nothing does. A peer that takes nothing for
// writeTimeout is lost.
func (l *link) drain() {
	buf := make([]byte, chunk)
	for {
		l.mu.Lock()
		n := 0
		for i := 0; i < len(l.pending) && n < len(buf); i++ {
			n += copy(buf[n:], l.pending[i])
		}
		if n == 0 {
			l.rest()
			_ = l.Conn.SetWriteDeadline(time.Time{})
			l.mu.Unlock()
			return
		}
		l.mu.Unlock()
		_ = l.Conn.SetWriteDeadline(time.Now().Add(writeTimeout))
		n, err := l.Conn.Write(buf[:n])
		if n > 0 && errors.Is(err, os.ErrDeadlineExceeded) {
			err = nil // slow, but not gone
		}
		l.mu.Lock()
		if err != nil {
			l.rest()
			l.fail(err)
			l.mu.Unlock()
			return
		}
		l.drop(n)
		signal(l.room)
		l.mu.Unlock()
	}
}

// drop forgets what is written; under mu.
func (l *link) drop(n int) {
	l.waits -= n
	for n > 0 {
		first := l.pending[0]
		if n < len(first) {
			l.pending[0] = first[n:]
			return
		}
		n -= len(first)
		l.pending[0] = nil
		l.pending = l.pending[1:]
	}
}

// fail is under mu.
func (l *link) fail(err error) {
	closed := l.ended
	l.ended = true
	signal(l.room)
	if !closed { // else who closed it says why
		l.broken(err)
	}
}

// rest is the end of drain; under mu.
func (l *link) rest() {
	l.draining, l.pending, l.waits = false, nil, 0
	if l.settled != nil {
		close(l.settled)
		l.settled = nil
	}
}

// settle returns when nothing waits any more, or the link has failed.
func (l *link) settle() {
	for {
		l.mu.Lock()
		if !l.draining {
			l.mu.Unlock()
			return
		}
		if l.settled == nil {
			l.settled = make(chan struct{})
		}
		settled := l.settled
		l.mu.Unlock()
		<-settled
	}
}

// wait returns when no more than limit bytes wait, or when ctx ends, with its cause.
// It is for one goroutine at a time.
func (l *link) wait(ctx context.Context, limit int) error {
	for ctx.Err() == nil {
		l.mu.Lock()
		waits := l.waits
		if waits > limit && l.room == nil {
			l.room = make(chan struct{}, 1)
		}
		room := l.room
		l.mu.Unlock()
		if waits <= limit {
			return nil
		}
		select {
		case <-room:
		case <-ctx.Done():
		}
	}
	return context.Cause(ctx)
}

// waiting is how many bytes wait.
func (l *link) waiting() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.waits
}

func (l *link) highest() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.high
}

// signal leaves a value in a channel that holds one.
func signal(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}

// A hijacker hands the websocket library a link in the place of the connection, and
// buffers that are small: thousands of sockets are idle most of the time.
type hijacker struct {
	http.ResponseWriter
	link  *link
	taken bool // nothing can be answered any more
}

// WriteHeader leaves the answer to a good handshake to Hijack.
func (w *hijacker) WriteHeader(status int) {
	if status != http.StatusSwitchingProtocols && !w.taken {
		w.ResponseWriter.WriteHeader(status)
	}
}

// Write answers a request that is no handshake.
func (w *hijacker) Write(p []byte) (int, error) {
	if w.taken {
		return 0, http.ErrHijacked
	}
	return w.ResponseWriter.Write(p)
}

// Hijack implements http.Hijacker. It takes the connection over before the handshake is
// answered: else net/http, which reads on beside its handlers, often gets the first byte
// of the client's first message.
func (w *hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffers, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	w.taken = true
	answer := bytes.NewBufferString("HTTP/1.1 101 Switching Protocols\r\n")
	_ = w.Header().Write(answer) // a buffer takes everything
	answer.WriteString("\r\n")
	// As the RFC writes it: old clients may compare letter by letter.
	if _, err := conn.Write(bytes.ReplaceAll(answer.Bytes(), []byte("Sec-Websocket-"), []byte("Sec-WebSocket-"))); err != nil {
		conn.Close()
		return nil, nil, err
	}
	w.link.open(conn)
	in := bufio.NewReaderSize(w.link, readBuffer)
	if n := buffers.Reader.Buffered(); n > 0 { // the client did not wait for the answer
		early := make([]byte, n)
		_, _ = buffers.Reader.Read(early) // gives what is buffered
		in = bufio.NewReaderSize(io.MultiReader(bytes.NewReader(early), w.link), max(n, readBuffer))
		if _, err := in.Peek(n); err != nil { // the library takes over what is buffered, not the reader under it
			return nil, nil, err
		}
	}
	return w.link, bufio.NewReadWriter(in, bufio.NewWriterSize(w.link, controlBuffer)), nil
}
