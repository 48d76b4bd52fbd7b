package oauth

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"hearsay/hub/store"
)

// A Request is a site's request to sign somebody in, which has been checked.
type Request struct {
	Game        store.Game // whose site asks
	Scope       string     // what it wants to know: see store.CheckScope
	RedirectURI string     // where the browser goes afterwards

	state, challenge, issuer string
}

// Wants reports whether the site asks for a scope.
func (q Request) Wants(scope string) bool { return store.Within(scope, q.Scope) }

// A Mistake is what is wrong with a request to authorize.
type Mistake struct {
	Code        string // RFC 6749, 4.1.2.1: "invalid_scope"
	Description string // a sentence for whoever wrote the site
	URL         string // where to send the browser; empty: nowhere, show the person the description
}

func (m *Mistake) Error() string { return m.Code + ": " + m.Description }

// Codes of Mistakes, beside those that RFC 6749 has.
const (
	unknownClient = "invalid_client"
	badRedirect   = "invalid_redirect_uri"
)

// maxQuery bounds the query of a request to authorize, in bytes.
const maxQuery = 4096

// ParseAuthorize checks a request to authorize by its query alone, so that the page's form
// may be posted to the address that shows it. It reports a *Mistake, or a fault of the store.
func (s *Server) ParseAuthorize(r *http.Request) (Request, error) {
	if len(r.URL.RawQuery) > maxQuery {
		return Request{}, &Mistake{Code: "invalid_request", Description: "The address is too long."}
	}
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return Request{}, &Mistake{Code: "invalid_request", Description: "The address cannot be read: " + err.Error() + "."}
	}
	for _, name := range []string{"client_id", "redirect_uri"} {
		if len(values[name]) != 1 || values[name][0] == "" {
			return Request{}, &Mistake{Code: "invalid_request", Description: "The site must give one " + name + "."}
		}
	}
	q := Request{RedirectURI: values.Get("redirect_uri"), issuer: s.Issuer(r)}
	if q.Game, err = s.Store.SiteOf(r.Context(), values.Get("client_id"), q.RedirectURI, time.Now()); err != nil {
		return Request{}, siteMistake(err)
	}
	if err := q.read(values); err != nil {
		err.URL = q.back("error", err.Code, "error_description", err.Description)
		return Request{}, err
	}
	return q, nil
}

// siteMistake makes of what SiteOf reports a Mistake, if it is one.
func siteMistake(err error) error {
	if wrong, ok := errors.AsType[*store.FieldError](err); ok {
		return &Mistake{Code: badRedirect, Description: "The site's redirect URI " + wrong.Reason + "."}
	}
	switch {
	case errors.Is(err, store.ErrNotFound):
		return &Mistake{Code: unknownClient, Description: "No game has this client id."}
	case errors.Is(err, store.ErrBarred):
		return &Mistake{Code: unknownClient, Description: "The game is suspended."}
	}
	return err
}

// read takes what the site may be told about at its redirect URI.
func (q *Request) read(values url.Values) *Mistake {
	q.state = values.Get("state")
	wrong := func(code, description string) *Mistake { return &Mistake{Code: code, Description: description} }
	for _, name := range []string{"state", "response_type", "response_mode", "scope", "code_challenge", "code_challenge_method"} {
		if len(values[name]) > 1 {
			return wrong("invalid_request", name+" is there twice")
		}
	}
	switch values.Get("response_type") {
	case "code":
	case "":
		return wrong("invalid_request", "response_type is missing; use code")
	default:
		return wrong("unsupported_response_type", "use the response_type code")
	}
	if mode := values.Get("response_mode"); mode != "" && mode != "query" {
		return wrong("invalid_request", "use the response_mode query")
	}
	challenge, method := values.Get("code_challenge"), values.Get("code_challenge_method")
	switch {
	case challenge == "" && method == "":
	case method != "S256":
		return wrong("invalid_request", "use the code_challenge_method S256")
	case !challengeForm(challenge):
		return wrong("invalid_request", "code_challenge is no SHA-256 in base64url without padding")
	}
	q.challenge = challenge
	scope, err := store.CheckScope(values.Get("scope"))
	if err != nil {
		return wrong("invalid_scope", "use the scopes "+strings.Join(store.Scopes, " and "))
	}
	q.Scope = scope
	return nil
}

// challengeForm reports whether a text is 32 bytes in base64url.
func challengeForm(text string) bool {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return len(text) == 43 && strings.Trim(text, letters) == ""
}

// back is the redirect URI with parameters, which come in pairs, state and iss. It keeps
// the query that the URI has, to the letter.
func (q Request) back(pairs ...string) string {
	values := url.Values{"iss": {q.issuer}}
	if q.state != "" {
		values.Set("state", q.state)
	}
	for i := 0; i < len(pairs); i += 2 {
		values.Set(pairs[i], pairs[i+1])
	}
	mark := "?"
	if strings.Contains(q.RedirectURI, "?") {
		mark = "&"
	}
	return q.RedirectURI + mark + values.Encode()
}

// Known reports whether the user has granted the site all that it asks for before, so that
// nobody need be asked again. What is at a redirect URI on the user's own machine may be any
// program, so that is never known.
func (s *Server) Known(ctx context.Context, q Request, userID int64) (bool, error) {
	if !strings.HasPrefix(q.RedirectURI, "https:") {
		return false, nil
	}
	granted, err := s.Store.Granted(ctx, userID, q.Game.ID)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return store.Within(q.Scope, granted), err
}

// Approve grants the site what it asks for in the user's name, and gives the address to send
// the browser to. It reports store.ErrBarred when the user may not sign in.
func (s *Server) Approve(ctx context.Context, q Request, userID int64) (string, error) {
	code, err := s.Store.CreateCode(ctx, store.Approval{
		User: userID, Game: q.Game.ID, RedirectURI: q.RedirectURI, Scope: q.Scope, Challenge: q.challenge,
	}, time.Now())
	if err != nil {
		return "", err
	}
	return q.back("code", code), nil
}

// Deny gives the address to send the browser to when the user does not want that.
func (s *Server) Deny(q Request) string { return q.back("error", "access_denied") }
