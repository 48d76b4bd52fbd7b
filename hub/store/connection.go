package store

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/google/uuid"
	"zombiezen.com/go/sqlite"
)

// A Connection is a way for people to play a game.
type Connection struct {
	ID   string `json:"id"`   // UUID
	Type string `json:"type"` // "web", "telnet" or "secure telnet"
	URL  string `json:"url,omitempty"`
	Host string `json:"host,omitempty"`
	Port int    `json:"port,omitempty"`
}

// mostPerGame bounds connections and redirect URIs, so that a game's record fits
// into a frame.
const mostPerGame = 10

// check says what is wrong with a connection, and gives it as it is kept.
func (c Connection) check() (Connection, error) {
	switch c.Type {
	case "web":
		if c.Host != "" || c.Port != 0 {
			return c, invalid("host", "a web connection has none; give a url alone")
		}
		if c.URL == "" {
			return c, invalid("url", "is missing; a web connection needs one")
		}
		return c, checkURL("url", c.URL)
	case "telnet", "secure telnet":
		if c.URL != "" {
			return c, invalid("url", "a %s connection has none; give host and port", c.Type)
		}
		var err error
		if c.Host, err = checkHost("host", c.Host); err == nil && (c.Port < 1 || c.Port > 65535) {
			err = invalid("port", "%d is no port; use 1 to 65535", c.Port)
		}
		return c, err
	}
	return c, invalid("type", "%q is no type of connection; use web, telnet or secure telnet", c.Type)
}

// Connections lists those of a game, the oldest first.
func (s *Store) Connections(ctx context.Context, shortName string) (all []Connection, err error) {
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		g, err := game(conn, shortName)
		if err != nil {
			return err
		}
		all, err = rows(conn, `SELECT id, type, url, host, port FROM connections WHERE game_id = ?1 ORDER BY rowid`,
			func(stmt *sqlite.Stmt) Connection {
				return Connection{stmt.ColumnText(0), stmt.ColumnText(1), stmt.ColumnText(2), stmt.ColumnText(3), stmt.ColumnInt(4)}
			}, int64(g.ID))
		return err
	})
	return all, err
}

// AddConnection adds one to a game, and gives it as it is kept: with an ID that is made here,
// and a host name in ASCII.
func (s *Store) AddConnection(ctx context.Context, shortName string, c Connection) (Connection, error) {
	c, err := c.check()
	if err != nil {
		return c, err
	}
	c.ID = uuid.NewString()
	err = s.operate(ctx, "connection add", shortName, func(conn *sqlite.Conn) error {
		id, err := roomFor(conn, shortName, `connections`, "type")
		if err != nil {
			return err
		}
		var port any
		if c.Port != 0 {
			port = c.Port
		}
		return exec(conn, `INSERT INTO connections (id, game_id, type, url, host, port) VALUES (?1, ?2, ?3, ?4, ?5, ?6)`,
			c.ID, int64(id), c.Type, null(c.URL), null(c.Host), port)
	})
	return c, err
}

// roomFor finds a game and refuses when it has as many rows in the table as it may.
func roomFor(conn *sqlite.Conn, shortName, table, field string) (GameID, error) {
	g, err := game(conn, shortName)
	if err != nil {
		return 0, err
	}
	count := 0
	if _, err := row(conn, `SELECT count(*) FROM `+table+` WHERE game_id = ?1`,
		func(stmt *sqlite.Stmt) { count = stmt.ColumnInt(0) }, int64(g.ID)); err != nil {
		return 0, err
	}
	if count >= mostPerGame {
		return 0, invalid(field, "the game has %d already; remove one first", count)
	}
	return g.ID, nil
}

// RemoveConnection takes one away.
func (s *Store) RemoveConnection(ctx context.Context, shortName, id string) error {
	return s.operate(ctx, "connection remove", shortName, func(conn *sqlite.Conn) error {
		return removeOf(conn, shortName, `DELETE FROM connections WHERE game_id = ?1 AND id = ?2`, "connection", id)
	})
}

// removeOf deletes a row of a game.
func removeOf(conn *sqlite.Conn, shortName, query, what, key string) error {
	g, err := game(conn, shortName)
	if err != nil {
		return err
	}
	if err := exec(conn, query, int64(g.ID), key); err != nil {
		return err
	}
	if conn.Changes() == 0 {
		return fmt.Errorf("game %q: %w", shortName, Missing{Noun: what, Key: key})
	}
	return nil
}

// RedirectURIs lists those of a game, the oldest first.
func (s *Store) RedirectURIs(ctx context.Context, shortName string) (all []string, err error) {
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		g, err := game(conn, shortName)
		if err != nil {
			return err
		}
		all, err = rows(conn, `SELECT uri FROM redirect_uris WHERE game_id = ?1 ORDER BY id`,
			func(stmt *sqlite.Stmt) string { return stmt.ColumnText(0) }, int64(g.ID))
		return err
	})
	return all, err
}

// AddRedirectURI adds an address that a sign-in may return to.
func (s *Store) AddRedirectURI(ctx context.Context, shortName, uri string) error {
	if err := checkRedirectURI(uri); err != nil {
		return err
	}
	return s.operate(ctx, "redirect add", shortName, func(conn *sqlite.Conn) error {
		id, err := roomFor(conn, shortName, `redirect_uris`, "uri")
		if err != nil {
			return err
		}
		err = exec(conn, `INSERT INTO redirect_uris (game_id, uri) VALUES (?1, ?2)`, int64(id), uri)
		return clash(err, taken("uri", "the game has it already"))
	})
}

func checkRedirectURI(uri string) error {
	if uri == "" {
		return invalid("uri", "is missing; give an https:// address")
	}
	if err := checkURL("uri", uri); err != nil {
		return err
	}
	u, err := url.Parse(uri)
	switch {
	case err != nil:
		return invalid("uri", "%q is no web address; use https:// and a host", uri)
	case strings.Contains(uri, "#"):
		return invalid("uri", "has a fragment; leave out what follows #")
	case u.Scheme != "https" && u.Hostname() != "localhost" && u.Hostname() != "127.0.0.1" && u.Hostname() != "::1":
		return invalid("uri", "would carry codes in the clear; use https://, or http:// on localhost")
	}
	return nil
}

// RemoveRedirectURI takes one away.
func (s *Store) RemoveRedirectURI(ctx context.Context, shortName, uri string) error {
	return s.operate(ctx, "redirect remove", shortName, func(conn *sqlite.Conn) error {
		return removeOf(conn, shortName, `DELETE FROM redirect_uris WHERE game_id = ?1 AND uri = ?2`, "redirect URI", uri)
	})
}
