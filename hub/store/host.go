package store

import (
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/net/idna"
)

// A host name as resolvers take it: labels of letters, digits, dashes and underscores, the
// last of which is no number.
var hostForm = regexp.MustCompile(`\A([A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.)*([A-Za-z]|[A-Za-z0-9][A-Za-z0-9-]{0,61}[A-Za-z0-9])\z`)

var hostNames = idna.New(idna.MapForLookup(), idna.StrictDomainName(false), idna.VerifyDNSLength(true), idna.BidiRule())

// ASCIIHost is a host name as resolvers and mail servers take it: bücher.example is
// xn--bcher-kva.example. It reports whether the text is a host name at all.
func ASCIIHost(text string) (name string, ok bool) {
	name, err := hostNames.ToASCII(text)
	if err != nil || !hostForm.MatchString(name) {
		return "", false
	}
	_, err = strconv.ParseUint(name[strings.LastIndexByte(name, '.')+1:], 0, 64)
	return name, err != nil // a number at the end would make it a wrong IPv4 address
}

// checkHost says what is wrong with the host that clients of a game dial, and gives it as
// they can look it up.
func checkHost(field, host string) (string, error) {
	if err := checkLength(field, host, 255); err != nil {
		return "", err
	}
	if address, err := netip.ParseAddr(host); err == nil {
		if address.Zone() != "" {
			return "", invalid(field, "%q has a zone, which means something on your machine alone; leave out what comes after %%", host)
		}
		return host, nil
	}
	if name, ok := ASCIIHost(host); ok {
		return name, nil
	}
	switch inner, _, _ := strings.Cut(strings.TrimPrefix(host, "["), "]"); {
	case host == "":
		return "", invalid(field, "is missing; give a host name or address, such as mud.example")
	case strings.Contains(host, "//"):
		return "", invalid(field, "%q is a web address; give the host name alone, such as mud.example", host)
	case strings.Contains(host, "@"):
		return "", invalid(field, "%q has a name before the host; leave out what comes before @, and the @", host)
	case strings.HasPrefix(host, "[") && isAddress(inner):
		return "", invalid(field, "%q has brackets; write %s, and the port by itself", host, inner)
	case portForm.MatchString(host):
		return "", invalid(field, "%q has a port; write it by itself", host)
	}
	return "", invalid(field, "%q is no host name or address; write one such as mud.example, 192.0.2.7 or 2001:db8::2", host)
}

var portForm = regexp.MustCompile(`\A[^:/?#]+:[0-9]*\z`)

func isAddress(text string) bool {
	_, err := netip.ParseAddr(text)
	return err == nil
}

// checkURL says what is wrong with a web address; an empty one passes.
func checkURL(field, text string) error {
	if text == "" {
		return nil
	}
	if err := checkLength(field, text, 255); err != nil {
		return err
	}
	if strings.ContainsFunc(text, unicode.IsSpace) {
		return invalid(field, "%q has a blank; write it as %%20, or leave it out", text)
	}
	if strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return invalid(field, "%q has a character that nobody sees; leave it out", text)
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		return invalid(field, "%q is no web address; use http:// or https:// and a host", text)
	}
	if u.User != nil {
		return invalid(field, "%q has a name before the host, which is %s; leave out what comes before @, and the @", text, u.Host)
	}
	if _, ok := ASCIIHost(u.Hostname()); !ok && !isAddress(u.Hostname()) {
		return invalid(field, "%q is no host name or address; use one such as mud.example", u.Hostname())
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
			return invalid(field, "%q has a port that is none; use 1 to 65535", text)
		}
	}
	return nil
}
