package oauth

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"time"

	"hearsay/hub/store"
)

const (
	maxBody     = 8 << 10 // bytes of a request
	maxClientID = 100     // bytes; failures are remembered by it
)

// tokens are the answer of RFC 6749, 5.1.
type tokens struct {
	Access  string `json:"access_token"`
	Type    string `json:"token_type"`
	Expires int    `json:"expires_in"` // seconds
	Refresh string `json:"refresh_token"`
	Scope   string `json:"scope"`
}

// ServeToken gives a site tokens for a code or a refresh token.
func (s *Server) ServeToken(w http.ResponseWriter, r *http.Request) {
	s.serveSite(w, r, func(site store.Site, p params) (any, error) {
		var t store.Tokens
		var err error
		switch p["grant_type"] {
		case "authorization_code":
			if err := p.need("code", "redirect_uri"); err != nil {
				return nil, err
			}
			t, err = s.Store.ExchangeCode(r.Context(), store.Exchange{
				Site: site, Code: p["code"], RedirectURI: p["redirect_uri"], Verifier: p["code_verifier"],
			}, time.Now())
		case "refresh_token":
			if err := p.need("refresh_token"); err != nil {
				return nil, err
			}
			scope := p["scope"]
			if scope != "" {
				if scope, err = store.CheckScope(scope); err != nil {
					return nil, store.WrongScope
				}
			}
			t, err = s.Store.RefreshToken(r.Context(), site, p["refresh_token"], scope, time.Now())
		case "":
			return nil, p.need("grant_type")
		default:
			return nil, &fault{Code: "unsupported_grant_type", Description: "use authorization_code or refresh_token", status: http.StatusBadRequest}
		}
		return tokens{t.Access, "Bearer", int(store.AccessLasts.Seconds()), t.Refresh, t.Scope}, err
	})
}

// ServeRevoke ends a token that a site needs no more. A token that is not the site's is
// answered like one that is.
func (s *Server) ServeRevoke(w http.ResponseWriter, r *http.Request) {
	s.serveSite(w, r, func(site store.Site, p params) (any, error) {
		if err := p.need("token"); err != nil {
			return nil, err
		}
		return struct{}{}, s.Store.RevokeToken(r.Context(), site, p["token"], time.Now())
	})
}

// serveSite answers a site that says who it is, and counts what fails without the right secret.
func (s *Server) serveSite(w http.ResponseWriter, r *http.Request, do func(store.Site, params) (any, error)) {
	if !allows(w, r, http.MethodPost) {
		return
	}
	p, err := readParams(w, r)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	clientID, secret, err := credentials(r, p)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	remote, now := s.Remote(r), time.Now()
	if !s.failures.begin(clientID, remote, now) {
		w.Header().Set("Retry-After", "60")
		answer(w, http.StatusTooManyRequests, &fault{Code: "temporarily_unavailable", Description: "too many requests have failed; try again later"})
		return
	}
	site := store.Site{ClientID: clientID, Authenticated: secret != ""}
	if site.Authenticated {
		if _, err := s.Store.CheckSite(r.Context(), clientID, secret, now); err != nil {
			s.refuse(w, r, err)
			return
		}
		// Whatever code comes now: anybody may bring the site a wrong one, which must not
		// lock it out.
		s.failures.succeeded(clientID, remote)
	}
	body, err := do(site, p)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	if !site.Authenticated {
		s.failures.succeeded(clientID, remote)
	}
	answer(w, http.StatusOK, body)
}

// refuse answers a request that gets nothing.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, err error) {
	f, ok := errors.AsType[*fault](err)
	denial, denied := errors.AsType[store.Denial](err)
	refusal, refused := errors.AsType[*store.Refusal](err)
	switch {
	case ok:
	case denied:
		f = &fault{Code: "invalid_grant", Description: denial.Error(), status: http.StatusBadRequest}
		switch denial {
		case store.UnknownSite, store.SecretNeeded:
			f.Code, f.status = "invalid_client", http.StatusUnauthorized
		case store.WrongScope:
			f.Code = "invalid_scope"
		}
		s.Log.Warn("a site got no tokens", "reason", denial.Error(), "remote", s.Remote(r))
	case refused:
		f = &fault{Code: "invalid_client", Description: "the client id or the secret is wrong", status: http.StatusUnauthorized}
		if errors.Is(err, store.ErrBarred) {
			f.Description = "the game is suspended"
		}
		s.Log.Warn("a site failed to authenticate", "game", refusal.Peer.ShortName, "reason", err.Error(), "remote", s.Remote(r))
	default:
		f = &fault{Code: "server_error", Description: "something went wrong here; try again later", status: http.StatusInternalServerError}
		if r.Context().Err() == nil {
			s.Log.Error("a site got no answer", "path", r.URL.Path, "err", err)
		}
	}
	if f.status == http.StatusUnauthorized && r.Header.Get("Authorization") != "" {
		w.Header().Set("WWW-Authenticate", `Basic realm="games", charset="UTF-8"`)
	}
	answer(w, f.status, f)
}

// params are what a request says; what is empty is not there (RFC 6749, 3.1).
type params map[string]string

// need refuses a request without the parameters.
func (p params) need(names ...string) error {
	for _, name := range names {
		if p[name] == "" {
			return invalid(name + " is missing")
		}
	}
	return nil
}

// readParams reads a form or a JSON object, never the query: that ends up in logs.
func readParams(w http.ResponseWriter, r *http.Request) (params, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if _, long := errors.AsType[*http.MaxBytesError](err); long {
		return nil, &fault{Code: "invalid_request", Description: "the body is too long", status: http.StatusRequestEntityTooLarge}
	}
	if err != nil {
		return nil, invalid("the body cannot be read")
	}
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	p := params{}
	switch {
	case err == nil && kind == "application/json":
		if json.Unmarshal(body, &p) != nil {
			return nil, invalid("the body is no JSON object whose values are texts")
		}
	case err == nil && kind == "application/x-www-form-urlencoded":
		values, err := url.ParseQuery(string(body))
		if err != nil {
			return nil, invalid("the body is no form")
		}
		for name, all := range values {
			if len(all) > 1 {
				return nil, invalid("a parameter is there twice")
			}
			p[name] = all[0]
		}
	default:
		return nil, invalid("send a form or JSON, and say so in Content-Type")
	}
	return p, nil
}

// credentials are those of the header or the body. Old clients send them in both, which
// RFC 6749 forbids; it does no harm as long as they are the same.
func credentials(r *http.Request, p params) (clientID, secret string, err error) {
	clientID, secret = p["client_id"], p["client_secret"]
	if r.Header.Get("Authorization") != "" {
		id, password, ok := r.BasicAuth()
		id, err1 := url.QueryUnescape(id) // RFC 6749, 2.3.1
		password, err2 := url.QueryUnescape(password)
		if !ok || err1 != nil || err2 != nil {
			return "", "", &fault{Code: "invalid_client", Description: "the header Authorization cannot be read; use Basic", status: http.StatusUnauthorized}
		}
		if clientID != "" && clientID != id || secret != "" && password != "" && secret != password {
			return "", "", invalid("the header Authorization and the body have different credentials")
		}
		clientID = id
		if password != "" {
			secret = password
		}
	}
	if clientID == "" || len(clientID) > maxClientID {
		return "", "", &fault{Code: "invalid_client", Description: "client_id is missing, or too long", status: http.StatusUnauthorized}
	}
	return clientID, secret, nil
}
