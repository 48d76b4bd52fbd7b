package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"hearsay/hub/hubtest"
	"hearsay/hub/wire"
)

// pair makes a certificate and its key as PEM.
func pair(t *testing.T, serial int64) (cert, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(serial), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"localhost"}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	bytes, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: bytes})
}

// TestCertificate: a renewed certificate counts at once; one that does not fit its key is an
// error in the log, and the last good one stays in use.
func TestCertificate(t *testing.T) {
	dir := t.TempDir()
	var log bytes.Buffer
	c := &certificate{cert: filepath.Join(dir, "cert.pem"), key: filepath.Join(dir, "key.pem"), log: slog.New(slog.NewTextHandler(&log, nil))}
	put := func(path string, text []byte) {
		t.Helper()
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want := func(what string, serial int64, errs int) {
		t.Helper()
		log.Reset()
		got, err := c.get(nil)
		if err != nil {
			t.Fatal(err)
		}
		if got.Leaf.SerialNumber.Int64() != serial || strings.Count(log.String(), "level=ERROR") != errs {
			t.Errorf("%s: got certificate %d, want %d, and %d errors in %s", what, got.Leaf.SerialNumber, serial, errs, &log)
		}
	}
	if c.load() == nil {
		t.Error("no files are a certificate")
	}
	cert1, key1 := pair(t, 1)
	cert2, key2 := pair(t, 2)
	put(c.cert, cert1)
	put(c.key, key1)
	if err := c.load(); err != nil {
		t.Fatal(err)
	}
	want("at first", 1, 0)
	put(c.cert, append(cert2, '\n')) // sizes differ, however coarse the clock of the file system is
	want("with the key of another", 1, 1)
	want("at the next handshake", 1, 1)
	put(c.key, append(key2, '\n'))
	want("with its own key", 2, 0)
	if err := os.Remove(c.cert); err != nil {
		t.Fatal(err)
	}
	want("without the file", 2, 1)
	put(c.cert, cert1)
	put(c.key, key1)
	want("when it is back", 1, 0)
}

// TestServe_certificate: a hub whose certificate was replaced by one that does not fit serves on.
func TestServe_certificate(t *testing.T) {
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	cert1, key1 := pair(t, 1)
	cert2, _ := pair(t, 2)
	for path, text := range map[string][]byte{cert: cert1, key: key1} {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p := hubtest.NewProgram(t, program, map[string]string{"tls_cert": cert, "tls_key": key})
	p.Start()
	address := strings.TrimSuffix(strings.TrimPrefix(p.Page("/"), "http://"), "/")
	if err := os.WriteFile(cert, append(cert2, '\n'), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		conn, err := tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true}) // it has signed itself
		if err != nil {
			t.Fatal(err)
		}
		if n := conn.ConnectionState().PeerCertificates[0].SerialNumber.Int64(); n != 1 {
			t.Errorf("got certificate %d", n)
		}
		conn.Close()
	}
	if n := strings.Count(p.Printed(), "no pair"); n != 1 {
		t.Errorf("the fault was logged %d times at once: %s", n, p.Printed())
	}
}

// TestServe_hangup: SIGHUP has certificates and settings read again, and disconnects nobody.
func TestServe_hangup(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no SIGHUP")
	}
	p := hubtest.NewProgram(t, program, nil)
	c := p.Add("game", "add", "--short-name", "Alpha", "--name", "Alpha")
	p.Start()
	s := connect(t, p, c)
	for n := range 2 {
		p.Signal(syscall.SIGHUP)
		if n == 0 { // the second line within a minute is counted
			hubtest.Eventually(t, "the word of it", func() bool { return strings.Contains(p.Printed(), "were read again") })
		}
		f, err := s.Ask(t.Context(), wire.ChannelsSend, wire.SendPayload{Channel: "gossip", Name: "Ann", Message: "Hello"}, nil)
		if err != nil || f.Status != wire.StatusSuccess {
			t.Fatalf("after SIGHUP: %+v, %v", f, err)
		}
	}
	s.Conn.CloseNow() // else the stop waits for it
	p.Stop()
	if !strings.Contains(p.Printed(), "repeated=1") {
		t.Errorf("the second is not counted: %s", p.Printed())
	}
}

// TestServe_pause: what a command has changed holds when it returns.
func TestServe_pause(t *testing.T) {
	p := hubtest.NewProgram(t, program, map[string]string{"limit_sends": "0"})
	c := p.Add("game", "add", "--short-name", "Alpha", "--name", "Alpha")
	p.Start()
	s := connect(t, p, c)
	for range 5 {
		for _, step := range []struct{ command, want string }{{"pause", wire.ErrorPaused}, {"unpause", ""}} {
			p.Run("channel", step.command, "gossip")
			f, err := s.Ask(t.Context(), wire.ChannelsSend, wire.SendPayload{Channel: "gossip", Name: "Ann", Message: "Hello"}, nil)
			if err != nil || f.Error != step.want {
				t.Errorf("after channel %s: %+v, %v", step.command, f, err)
			}
		}
	}
	s.Conn.CloseNow() // else the stop waits for it
	p.Stop()
}

// TestServe_flood: with few descriptors, connections that trickle their requests and sockets
// that never authenticate keep no game out.
func TestServe_flood(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no limit of descriptors")
	}
	p := hubtest.NewProgram(t, program, nil)
	c := p.Add("game", "add", "--short-name", "Alpha", "--name", "Alpha")
	p.Limit(100)
	p.Start()
	hubtest.Eventually(t, "the warning", func() bool { return strings.Contains(p.Printed(), "open_files=100") })
	address := strings.TrimSuffix(strings.TrimPrefix(p.Page("/"), "http://"), "/")
	for i := range 300 {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		request := "POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\na"
		if i%3 == 0 {
			request = "GET /socket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
		}
		_, _ = io.WriteString(conn, request) // the hub may have closed it
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second) // before the first of the others is timed out
	defer cancel()
	s, err := hubtest.Dial(ctx, p.Socket())
	if err == nil {
		defer s.Conn.CloseNow()
		err = s.Authenticate(ctx, c, map[string]any{"channels": []string{"gossip"}})
	}
	if err != nil {
		t.Fatalf("a game is kept out: %v", err)
	}
	if status, _ := get(t, p.Page("/healthz")); status != http.StatusOK {
		t.Errorf("a page: status %d", status)
	}
	if f, err := s.Ask(ctx, wire.ChannelsSend, wire.SendPayload{Channel: "gossip", Name: "Ann", Message: "Hello"}, nil); err != nil || f.Status != wire.StatusSuccess {
		t.Errorf("a game: %+v, %v", f, err)
	}
}

// TestComplaints: what the web server says is as loud as it deserves.
func TestComplaints(t *testing.T) {
	for text, want := range map[string]string{
		"http: Accept error: accept tcp 127.0.0.1:8080: accept4: too many open files; retrying in 5ms\n": "level=WARN",
		"http: panic serving 192.0.2.1:5: oh\ngoroutine 7 [running]:\n":                                  "level=ERROR",
		"http: superfluous response.WriteHeader call from x\n":                                           "level=WARN",
		"http: TLS handshake error from 192.0.2.1:5: EOF\n":                                              "level=DEBUG",
		"http: URL query contains semicolon, which is no longer a supported separator\n":                 "level=DEBUG",
		"http: Accept error: " + os.ErrDeadlineExceeded.Error() + "; retrying in 5ms\n":                  "level=DEBUG",
	} {
		var log bytes.Buffer
		complaints(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))).Print(text)
		if !strings.Contains(log.String(), want+" ") || strings.Count(log.String(), "\n") != 1 {
			t.Errorf("%q: got %s, want %s", text, &log, want)
		}
		if strings.Contains(log.String(), "retrying") { // the log would not know the lines of one fault as the same
			t.Errorf("%q: got %s, with the pause", text, &log)
		}
	}
}
