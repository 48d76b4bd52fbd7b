package page

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// A Certificate is the server's own, of two PEM files. It is read again when they change. While
// they are no certificate with its key, the last good one stays in use, and each handshake logs
// why: the log makes that a line a minute. It may be used from any goroutine.
type Certificate struct {
	Cert, Key string // paths
	Log       *slog.Logger

	mu   sync.Mutex // guards what follows
	at   string     // what the files were like when they were read last
	good *tls.Certificate
	err  error // what is wrong with those files
}

// Load reads the files. It reports an error if they are no certificate with its key.
func (c *Certificate) Load() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.look()
	pair, err := tls.LoadX509KeyPair(c.Cert, c.Key)
	if c.err = err; err == nil {
		c.good = &pair
	}
	return err
}

// look says what the files are like, so that it differs when they have changed.
func (c *Certificate) look() (at string) {
	for _, path := range []string{c.Cert, c.Key} {
		info, err := os.Stat(path)
		if err != nil {
			at += err.Error()
			continue
		}
		at += fmt.Sprintln(info.ModTime().Format(time.RFC3339Nano), info.Size())
	}
	return at
}

// Get is tls.Config.GetCertificate.
func (c *Certificate) Get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	changed := c.at != c.look()
	c.mu.Unlock()
	if changed {
		if c.Load() == nil {
			c.Log.Info("the certificate was read again", "cert", c.Cert)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		c.Log.Error("the certificate and key are no pair, or cannot be read; the last good ones stay in use", "cert", c.Cert, "key", c.Key, "err", c.err)
	}
	return c.good, nil
}
