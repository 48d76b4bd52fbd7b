package page

import (
	"crypto/tls"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"hearsay/hub/quota"
)

// ConnectionsMost is how many connections of a server may be no sockets, however many files
// the process may open.
const ConnectionsMost = 10_000

// Connections bound how many connections of a server are no sockets: those that wait for a
// request or have one. When there are too many, the server closes the one that has done nothing
// for longest, so that a game's new connection always finds a place. Give [Connections.Note] to
// an http.Server as ConnState. It may be used from any goroutine.
type Connections struct {
	// Most is how many there may be in all; 0: ConnectionsMost.
	Most int
	// Address returns how many one address may have; 0 is no limit. nil: no limit.
	Address func() int
	// Proxies have no limit of their own: their connections are of many clients.
	Proxies *Proxies

	mu sync.Mutex // guards what follows
	n  int
	of map[string]map[net.Conn]time.Time // by network, with the last change
}

// Note notes what has become of a connection.
func (c *Connections) Note(conn net.Conn, state http.ConnState) {
	address := addressOf(conn)
	network := quota.Network(address)
	c.mu.Lock()
	defer c.mu.Unlock()
	switch state {
	case http.StateNew:
		c.add(conn, address, network)
	case http.StateActive, http.StateIdle:
		if _, there := c.of[network][conn]; there { // and was not closed here
			c.of[network][conn] = time.Now()
		}
	case http.StateHijacked, http.StateClosed:
		c.remove(conn, network)
	}
}

// add is under mu.
func (c *Connections) add(conn net.Conn, address netip.Addr, network string) {
	if c.of == nil {
		c.of = map[string]map[net.Conn]time.Time{}
	}
	if c.Address != nil && !c.Proxies.trust(address) {
		if most := c.Address(); most > 0 && len(c.of[network]) >= most {
			c.closeOldest(network)
		}
	}
	most := c.Most
	if most <= 0 {
		most = ConnectionsMost
	}
	if c.n >= most {
		c.closeOldest(c.heaviest())
	}
	if c.of[network] == nil {
		c.of[network] = map[net.Conn]time.Time{}
	}
	c.of[network][conn] = time.Now()
	c.n++
}

// remove is under mu.
func (c *Connections) remove(conn net.Conn, network string) {
	if _, there := c.of[network][conn]; !there {
		return
	}
	c.n--
	delete(c.of[network], conn)
	if len(c.of[network]) == 0 {
		delete(c.of, network)
	}
}

// heaviest is the network that has the most connections; under mu.
func (c *Connections) heaviest() (network string) {
	most := 0
	for name, all := range c.of {
		if len(all) > most {
			network, most = name, len(all)
		}
	}
	return network
}

// closeOldest closes the connection of a network that has done nothing for longest; under mu.
func (c *Connections) closeOldest(network string) {
	var oldest net.Conn
	var at time.Time
	for conn, changed := range c.of[network] {
		if oldest == nil || changed.Before(at) {
			oldest, at = conn, changed
		}
	}
	if oldest == nil {
		return
	}
	c.remove(oldest, network)
	if secure, ok := oldest.(*tls.Conn); ok {
		oldest = secure.NetConn() // Close of the other would wait for the client
	}
	_ = oldest.Close() // the server notices
}

// addressOf is that of the other end; the zero Addr if that has none.
func addressOf(conn net.Conn) netip.Addr {
	ap, err := netip.ParseAddrPort(conn.RemoteAddr().String())
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr().Unmap()
}
