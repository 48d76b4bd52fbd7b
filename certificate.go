package main

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// A certificate is read again when its files change. While they are no certificate with its
// key, the last good one stays in use, and each handshake logs why: the log makes that a line
// a minute.
type certificate struct {
	cert, key string // paths
	log       *slog.Logger

	mu   sync.Mutex // guards what follows
	at   string     // what the files were like when they were read last
	good *tls.Certificate
	err  error // why those files will not do
}

// load reads the files. It reports an error if they are no certificate with its key.
func (c *certificate) load() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.look()
	pair, err := tls.LoadX509KeyPair(c.cert, c.key)
	if c.err = err; err == nil {
		c.good = &pair
	}
	return err
}

// look says what the files are like, so that it differs when they have changed.
func (c *certificate) look() (at string) {
	for _, path := range []string{c.cert, c.key} {
		info, err := os.Stat(path)
		if err != nil {
			at += err.Error()
			continue
		}
		at += fmt.Sprintln(info.ModTime().Format(time.RFC3339Nano), info.Size())
	}
	return at
}

// get is tls.Config.GetCertificate.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	changed := c.at != c.look()
	c.mu.Unlock()
	if changed {
		if c.load() == nil {
			c.log.Info("the certificate was read again", "cert", c.cert)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		c.log.Error("the certificate and key are no pair, or cannot be read; the last good ones stay in use", "cert", c.cert, "key", c.key, "err", c.err)
	}
	return c.good, nil
}
