package oauth

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"

	"hearsay/hub/store"
)

// The paths that the metadata document tells of.
const (
	AuthorizePath = "/oauth/authorize"
	TokenPath     = "/oauth/token"
	RevokePath    = "/oauth/revoke"
	UserPath      = "/users/me"
	MetadataPath  = "/.well-known/oauth-authorization-server"
)

// Options are what a Server works with; all but Log are needed.
type Options struct {
	Store  *store.Store
	Log    *slog.Logger                     // nil: none
	Issuer func(*http.Request) string       // where the browser finds the hub: "https://hub.example", without a slash at its end
	Remote func(r *http.Request) netip.Addr // the client's address, behind whatever proxies
}

// A Server answers games' sites.
type Server struct {
	Options
	failures failures
}

// New makes a Server.
func New(o Options) *Server {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Server{Options: o}
}

// metadata is that of RFC 8414, 2.
type metadata struct {
	Issuer           string   `json:"issuer"`
	Authorize        string   `json:"authorization_endpoint"`
	Token            string   `json:"token_endpoint"`
	Revoke           string   `json:"revocation_endpoint"`
	User             string   `json:"userinfo_endpoint"`
	Scopes           []string `json:"scopes_supported"`
	ResponseTypes    []string `json:"response_types_supported"`
	ResponseModes    []string `json:"response_modes_supported"`
	GrantTypes       []string `json:"grant_types_supported"`
	TokenMethods     []string `json:"token_endpoint_auth_methods_supported"`
	RevokeMethods    []string `json:"revocation_endpoint_auth_methods_supported"`
	ChallengeMethods []string `json:"code_challenge_methods_supported"`
	AuthorizationIss bool     `json:"authorization_response_iss_parameter_supported"`
}

// ServeMetadata says where everything is, and what it takes.
func (s *Server) ServeMetadata(w http.ResponseWriter, r *http.Request) {
	if !allows(w, r, http.MethodGet, http.MethodHead) {
		return
	}
	issuer, methods := s.Issuer(r), []string{"client_secret_basic", "client_secret_post", "none"}
	answer(w, http.StatusOK, metadata{
		Issuer: issuer, Authorize: issuer + AuthorizePath, Token: issuer + TokenPath, Revoke: issuer + RevokePath, User: issuer + UserPath,
		Scopes: store.Scopes, ResponseTypes: []string{"code"}, ResponseModes: []string{"query"},
		GrantTypes: []string{"authorization_code", "refresh_token"}, TokenMethods: methods, RevokeMethods: methods,
		ChallengeMethods: []string{"S256"}, AuthorizationIss: true,
	})
}

// answer writes JSON that nobody may keep.
func answer(w http.ResponseWriter, status int, body any) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("Pragma", "no-cache") // RFC 6749, 5.1
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client has gone
}

// allows refuses other methods. Scripts of other sites may call: nobody is known by a cookie here,
// only by what the request itself has. OPTIONS tells a browser so, before it sends such a request.
func allows(w http.ResponseWriter, r *http.Request, methods ...string) bool {
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", "*")
	if r.Method == http.MethodOptions {
		h.Set("Access-Control-Allow-Methods", strings.Join(methods, ", "))
		h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type")
		h.Set("Access-Control-Max-Age", "86400") // seconds
		w.WriteHeader(http.StatusNoContent)
		return false
	}
	for _, method := range methods {
		if r.Method == method {
			return true
		}
	}
	for _, method := range methods {
		w.Header().Add("Allow", method)
	}
	answer(w, http.StatusMethodNotAllowed, fault{Code: "invalid_request", Description: "use " + methods[0]})
	return false
}

// A fault is the answer to a request that gets nothing; RFC 6749, 5.2.
type fault struct {
	Code        string `json:"error"`
	Description string `json:"error_description,omitempty"`

	status int
}

func (f *fault) Error() string { return f.Code + ": " + f.Description }

func invalid(description string) *fault {
	return &fault{Code: "invalid_request", Description: description, status: http.StatusBadRequest}
}
