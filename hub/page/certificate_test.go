package page_test

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hearsay/hub/hubtest"
	"hearsay/hub/page"
)

// TestCertificate: a renewed certificate counts at once; one that does not fit its key is an
// error in the log, and the last good one stays in use.
func TestCertificate(t *testing.T) {
	dir := t.TempDir()
	var log bytes.Buffer
	c := &page.Certificate{Cert: filepath.Join(dir, "cert.pem"), Key: filepath.Join(dir, "key.pem"), Log: slog.New(slog.NewTextHandler(&log, nil))}
	put := func(path string, text []byte) {
		t.Helper()
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want := func(what string, serial int64, errs int) {
		t.Helper()
		log.Reset()
		got, err := c.Get(nil)
		if err != nil {
			t.Fatal(err)
		}
		if got.Leaf.SerialNumber.Int64() != serial || strings.Count(log.String(), "level=ERROR") != errs {
			t.Errorf("%s: got certificate %d, want %d, and %d errors in %s", what, got.Leaf.SerialNumber, serial, errs, &log)
		}
	}
	if c.Load() == nil {
		t.Error("no files are a certificate")
	}
	cert1, key1 := hubtest.Certificate(t, 1)
	cert2, key2 := hubtest.Certificate(t, 2)
	put(c.Cert, cert1)
	put(c.Key, key1)
	if err := c.Load(); err != nil {
		t.Fatal(err)
	}
	want("at first", 1, 0)
	put(c.Cert, append(cert2, '\n')) // sizes differ, however coarse the clock of the file system is
	want("with the key of another", 1, 1)
	want("at the next handshake", 1, 1)
	put(c.Key, append(key2, '\n'))
	want("with its own key", 2, 0)
	if err := os.Remove(c.Cert); err != nil {
		t.Fatal(err)
	}
	want("without the file", 2, 1)
	put(c.Cert, cert1)
	put(c.Key, key1)
	want("when it is back", 1, 0)
}
