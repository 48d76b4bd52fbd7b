package oauth

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"hearsay/hub/store"
)

// user is what a site may know of a person.
type user struct {
	UID      string `json:"uid"`
	Username string `json:"username,omitempty"` // with the scope profile
	Email    string `json:"email,omitempty"`    // with the scope email, of a person who has one
}

// ServeUser says whose access token a site has.
func (s *Server) ServeUser(w http.ResponseWriter, r *http.Request) {
	if !allows(w, r, http.MethodGet, http.MethodHead) {
		return
	}
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		w.Header().Set("WWW-Authenticate", `Bearer realm="users"`)
		answer(w, http.StatusUnauthorized, &fault{Code: "invalid_request", Description: "the header Authorization must have a Bearer token"})
		return
	}
	one, err := s.Store.TokenUser(r.Context(), strings.TrimSpace(token), time.Now())
	switch {
	case errors.Is(err, store.ErrUnauthorized):
		w.Header().Set("WWW-Authenticate", `Bearer realm="users", error="invalid_token"`) // RFC 6750, 3
		answer(w, http.StatusUnauthorized, &fault{Code: "invalid_token", Description: "the access token is unknown, has expired, or was revoked"})
	case err != nil:
		s.refuse(w, r, err)
	default:
		answer(w, http.StatusOK, user{one.UID, one.Username, one.Email})
	}
}
