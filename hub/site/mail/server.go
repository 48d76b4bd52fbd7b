package mail

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"time"

	gomail "github.com/wneessen/go-mail"

	"hearsay/hub/store"
)

// sendTimeout is for one mail, from the dial to the end.
const sendTimeout = 30 * time.Second

// A server is where mail is handed over.
type server struct {
	host           string
	port           int
	implicit       bool // TLS from the first byte on, not by STARTTLS
	user, password string
}

// Check refuses what is no address of a mail server. The reason never has the address,
// which has a password.
func Check(address string) error {
	_, err := parse(address)
	return err
}

func parse(address string) (s server, err error) {
	wrong := func(reason string) (server, error) {
		return server{}, &store.FieldError{Field: "smtp_url", Reason: reason}
	}
	u, err := url.Parse(address)
	if err != nil {
		return wrong("is no URL; write it as smtp://user:password@mail.example.org:587, with %40 for an @ in the password")
	}
	s = server{host: u.Hostname(), port: 587}
	switch u.Scheme {
	case "smtp":
	case "smtps":
		s.implicit, s.port = true, 465
	default:
		return wrong("begins with neither smtp:// (STARTTLS, port 587) nor smtps:// (TLS from the first byte, port 465)")
	}
	if s.host == "" || u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "" {
		return wrong("has no host, or more than a host and a port; write it as smtp://user:password@mail.example.org:587")
	}
	if port := u.Port(); port != "" {
		if s.port, err = strconv.Atoi(port); err != nil || s.port < 1 || s.port > 65535 {
			return wrong("has a port that is none; use 1 to 65535")
		}
	}
	s.user = u.User.Username()
	s.password, _ = u.User.Password()
	return s, nil
}

// address is the server's, without user and password.
func (s server) address() string { return net.JoinHostPort(s.host, strconv.Itoa(s.port)) }

// here reports whether the server is on this machine: then it may do without TLS.
func (s server) here() bool {
	address, err := netip.ParseAddr(s.host)
	return s.host == "localhost" || err == nil && address.IsLoopback()
}

// client makes one that talks to the server. Without TLS a password is only proved, never sent.
func (s server) client() (*gomail.Client, error) {
	options := []gomail.Option{gomail.WithPort(s.port), gomail.WithTimeout(sendTimeout / 2)}
	switch {
	case s.implicit:
		options = append(options, gomail.WithSSL())
	case s.here():
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS))
	default:
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	if s.user != "" {
		options = append(options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(s.user), gomail.WithPassword(s.password))
	}
	c, err := gomail.NewClient(s.host, options...)
	if err != nil {
		return nil, fmt.Errorf("mail server: %w", err)
	}
	return c, nil
}
