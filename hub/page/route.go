package page

import (
	"fmt"
	"net/http"
	"strings"
)

// A Route is a page or a form, and who may use it.
type Route struct {
	Pattern string // of http.ServeMux
	Who     Access
	Serve   Handler
	Foreign bool // see FromAnywhere
}

// To makes a route.
func To(pattern string, who Access, serve Handler) Route {
	return Route{Pattern: pattern, Who: who, Serve: serve}
}

// FromAnywhere is the route for requests that pages of other sites may make as well. Its handler
// must know nobody by a cookie.
func (r Route) FromAnywhere() Route {
	r.Foreign = true
	return r
}

// A Handler answers a request, or gives back why it cannot: [Pages.Refuse] makes a
// page of that.
type Handler func(http.ResponseWriter, *http.Request) error

// Plainly is for handlers that say themselves what is wrong.
func Plainly(serve http.HandlerFunc) Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		serve(w, r)
		return nil
	}
}

// An Item is a line of the navigation.
type Item struct {
	Path, Label string
	Who         Access
}

// Current reports whether a page at that path belongs to the item.
func (i Item) Current(path string) bool {
	return path == i.Path || i.Path != "/admin" && strings.HasPrefix(path, i.Path+"/")
}

// Plain answers with a line of text.
func Plain(w http.ResponseWriter, code int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(code)
	_, _ = fmt.Fprintln(w, text) // fails only when the client has gone
}

// public are the pages that everybody finds at the head of a public one.
var public = []Item{
	{Path: "/games", Label: "Games"},
	{Path: "/channels", Label: "Channels"},
	{Path: "/events", Label: "Events"},
	{Path: "/docs", Label: "Protocol"},
}
