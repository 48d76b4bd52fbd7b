package site

import (
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"hearsay/hub/page"
	"hearsay/hub/site/oauth"
	"hearsay/hub/store"
)

// consent is the page that asks a person whether a game's site may know them.
type consent struct {
	page.Frame
	oauth.Request
	Action string // where the answer goes: the address that the site has given
}

// Host is where the browser goes afterwards.
func (c consent) Host() string { return host(c.RedirectURI) }

// Here reports whether that is the person's own machine.
func (c consent) Here() bool { return strings.HasPrefix(c.RedirectURI, "http:") }

// authorizing has a site's request checked before it is served. Who is not signed in is sent
// to the login first, also when the site is to hear of a mistake: no address of the hub's
// takes just anybody elsewhere.
func (s *Site) authorizing(serve func(http.ResponseWriter, *http.Request, oauth.Request) error) page.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		q, err := s.oauth.ParseAuthorize(r)
		wrong, mistaken := errors.AsType[*oauth.Mistake](err)
		switch {
		case err != nil && !mistaken:
			return err
		case mistaken && wrong.URL == "":
			s.Problem(w, r, http.StatusBadRequest, "You cannot be signed in there", wrong.Description+" Tell whoever runs the site: its link to this page is wrong.")
			return nil
		case !page.Who(r).SignedIn():
			http.Redirect(w, r, page.Login(r.URL.RequestURI()), http.StatusSeeOther)
			return nil
		case mistaken:
			return s.leave(w, r, wrong.URL)
		}
		return serve(w, r, q)
	}
}

// serveConsent asks, unless the person has let the site know as much before.
func (s *Site) serveConsent(w http.ResponseWriter, r *http.Request, q oauth.Request) error {
	known, err := s.oauth.Known(r.Context(), q, page.Who(r).User.ID)
	if err != nil {
		return err
	}
	if known {
		to, err := s.approve(r, q)
		if err != nil {
			return err
		}
		return s.leave(w, r, to)
	}
	h := w.Header()
	if origin := source(q.RedirectURI); origin != "" { // Chromium holds it against what the answer redirects to
		h.Set("Content-Security-Policy", strings.Replace(h.Get("Content-Security-Policy"), "form-action 'self'", "form-action 'self' "+origin, 1))
	}
	return s.Show(w, r, consentPage(consent{s.Frame(r, "Sign in at "+q.Game.Name), q, r.URL.RequestURI()}))
}

// serveAnswer takes what the person has answered.
func (s *Site) serveAnswer(w http.ResponseWriter, r *http.Request, q oauth.Request) (err error) {
	f := page.Posted(r)
	if f.Text("as") != page.Who(r).Username { // somebody else has signed in since
		http.Redirect(w, r, r.URL.RequestURI(), http.StatusSeeOther)
		return nil
	}
	to := ""
	switch f.Text("answer") {
	case "allow":
		if to, err = s.approve(r, q); err != nil {
			return err
		}
	case "deny":
		to = s.oauth.Deny(q)
	default:
		return page.Invalid("answer", "is missing; go back, and press Allow or Deny")
	}
	if source(q.RedirectURI) == "" {
		return s.goOn(w, r, to)
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// approve lets the site know the visitor, and gives where the browser goes.
func (s *Site) approve(r *http.Request, q oauth.Request) (string, error) {
	to, err := s.oauth.Approve(r.Context(), q, page.Who(r).User.ID)
	if errors.Is(err, store.ErrBarred) { // both were let in when the request came
		err = &store.Barred{Reason: "the game was suspended, or you were banned, a moment ago"}
	}
	return to, err
}

// leaving is the page that goes on to a site by itself.
type leaving struct {
	page.Frame
	Host string
}

// leave sends the browser to a site. Chromium holds the policy of a page with a form against
// all that the form's answer redirects to, and the way here may have begun at the form of
// the login: then, or when the browser does not say, a page goes on.
func (s *Site) leave(w http.ResponseWriter, r *http.Request, to string) error {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "cross-site", "same-site", "none":
		http.Redirect(w, r, to, http.StatusSeeOther)
		return nil
	}
	return s.goOn(w, r, to)
}

func (s *Site) goOn(w http.ResponseWriter, r *http.Request, to string) error {
	p := leaving{s.Frame(r, "On to "+host(to)), host(to)}
	p.Next = to
	return s.Show(w, r, leavingPage(p))
}

// host is that of an address, with its port.
func host(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Host
}

// Origins that a policy can name. What else may be in an address could end the directive.
var sourceForm = regexp.MustCompile(`\Ahttps?://[A-Za-z0-9.-]+(:[0-9]+)?\z`)

// source is the origin of an address as a policy names it; empty if none can, which is so
// with literal addresses of IPv6.
func source(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return sourceForm.FindString(u.Scheme + "://" + u.Host)
}
