package page

import (
	"fmt"
	"iter"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
)

// Proxies are the addresses of proxies that the operator trusts to say who their client is.
// nil trusts nobody. They may be used from any goroutine.
type Proxies struct {
	networks   []netip.Prefix
	log        *slog.Logger
	warned     atomic.Bool
	undeclared atomic.Pointer[netip.Addr]
}

// ParseProxies reads addresses and networks: "127.0.0.1", "10.0.0.0/8". log hears of a proxy
// that is not among them.
func ParseProxies(texts []string, log *slog.Logger) (*Proxies, error) {
	p := &Proxies{log: log}
	for _, text := range texts {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			address, err := netip.ParseAddr(text)
			if err != nil {
				return nil, fmt.Errorf("%q is neither an address nor a network such as 10.0.0.0/8", text)
			}
			prefix = netip.PrefixFrom(address, address.BitLen())
		}
		p.networks = append(p.networks, prefix)
	}
	return p, nil
}

func (p *Proxies) trust(a netip.Addr) bool {
	if p == nil {
		return false
	}
	for _, prefix := range p.networks {
		if prefix.Contains(a.Unmap()) {
			return true
		}
	}
	return false
}

// Remote is the address of the client. If the request comes from a trusted proxy, that is the
// last address it names which is no trusted proxy's; what others name does not count.
func (p *Proxies) Remote(r *http.Request) netip.Addr {
	at := peer(r)
	if !p.trust(at) {
		p.notice(at, r.Header)
		return at
	}
	hops, _ := forwarded(r.Header)
	for i := len(hops) - 1; i >= 0 && p.trust(at); i-- {
		next, ok := parseHop(hops[i])
		if !ok {
			break
		}
		at = next
	}
	return at
}

// Secure reports whether the client came by TLS, here or at a trusted proxy.
func (p *Proxies) Secure(r *http.Request) bool {
	if r.TLS != nil {
		return true
	}
	if at := peer(r); !p.trust(at) {
		p.notice(at, r.Header)
		return false
	}
	_, proto := forwarded(r.Header)
	return proto == "https" || proto == "wss"
}

// forwardedHeaders are what proxies say of their clients by.
var forwardedHeaders = []string{"X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Real-Ip", "Forwarded"}

// notice warns, once, of a proxy that is not trusted. One on this machine or in a private
// network is kept for [Proxies.Undeclared]; anybody elsewhere may send such headers to make the
// operator trust him.
func (p *Proxies) notice(at netip.Addr, h http.Header) {
	if p == nil || !at.IsValid() {
		return
	}
	for _, name := range forwardedHeaders {
		if h[name] == nil {
			continue
		}
		own := at.IsLoopback() || at.IsPrivate() || at.IsLinkLocalUnicast()
		if own && p.undeclared.CompareAndSwap(nil, &at) || !own && p.warned.CompareAndSwap(false, true) {
			p.log.Warn("a request names the client that it was forwarded for, and its sender is no trusted proxy; "+
				"if it is your proxy, start the hub with --trusted-proxies and this address", "from", at, "header", name)
		}
		return
	}
}

// Undeclared is the address of a proxy on this machine or in a private network that is not
// among the trusted ones. The zero Addr: none was seen since the start.
func (p *Proxies) Undeclared() netip.Addr {
	if p == nil {
		return netip.Addr{}
	}
	if at := p.undeclared.Load(); at != nil {
		return *at
	}
	return netip.Addr{}
}

// forwarded reads what proxies have written: the addresses that a request has passed, the
// nearest last, and the protocol by which the first came, in lower case. X-Forwarded-For and
// -Proto count before Forwarded (RFC 7239): a proxy that writes those often passes on what its
// client says in this one.
func forwarded(h http.Header) (hops []string, proto string) {
	fors, protos := h["X-Forwarded-For"], h["X-Forwarded-Proto"]
	if fors != nil || protos != nil {
		for _, value := range fors {
			hops = append(hops, strings.Split(value, ",")...)
		}
		if len(protos) > 0 {
			first, _, _ := strings.Cut(protos[0], ",")
			proto = strings.ToLower(unquote(first))
		}
		return hops, proto
	}
	for i, value := range h["Forwarded"] {
		first := i == 0
		for element := range split(value, ',') {
			hop := ""
			for pair := range split(element, ';') {
				name, value, _ := strings.Cut(pair, "=")
				switch strings.ToLower(strings.TrimSpace(name)) {
				case "for":
					hop = value
				case "proto":
					if first {
						proto = strings.ToLower(unquote(value))
					}
				}
			}
			hops, first = append(hops, hop), false
		}
	}
	return hops, proto
}

// split cuts at a separator outside quotes.
func split(text string, separator byte) iter.Seq[string] {
	return func(yield func(string) bool) {
		begin, quoted := 0, false
		for i := 0; i < len(text); i++ {
			switch c := text[i]; {
			case quoted && c == '\\':
				i++
			case c == '"':
				quoted = !quoted
			case c == separator && !quoted:
				if !yield(text[begin:i]) {
					return
				}
				begin = i + 1
			}
		}
		yield(text[begin:])
	}
}

// unquote takes off blanks and quotes.
func unquote(text string) string {
	text = strings.TrimSpace(text)
	if len(text) >= 2 && text[0] == '"' && text[len(text)-1] == '"' {
		text = strings.ReplaceAll(text[1:len(text)-1], `\`, "") // what is after one stands for itself
	}
	return strings.TrimSpace(text)
}

// parseHop reads an address as proxies write it: with or without port, brackets, quotes and
// zone. "unknown" and names that hide the address are none.
func parseHop(text string) (netip.Addr, bool) {
	text = unquote(text)
	address, err := netip.ParseAddr(text)
	if err != nil {
		if inside, rest, ok := strings.Cut(strings.TrimPrefix(text, "["), "]"); ok && text[0] == '[' && (rest == "" || rest[0] == ':') {
			text = inside
		} else if host, _, ok := strings.Cut(text, ":"); ok {
			text = host
		}
		if address, err = netip.ParseAddr(text); err != nil {
			return netip.Addr{}, false
		}
	}
	return address.WithZone("").Unmap(), true
}
