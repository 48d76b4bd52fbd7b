// Package page has what the pages of the operators and the public ones share: who may use
// a route, sessions, the layout, forms, lists, and parts of pages that are live. A package
// of pages makes its own [Pages] and gives it its table of routes.
//
// A handler keeps nothing between two requests: any number may run at the same time.
//
// Every answer carries a content security policy that allows no script but those of
// package assets and nothing from another host; pages work without JavaScript. Parts of
// pages are live: a [Topic] is looked at once for all who have it open, and what has
// changed goes to their browsers as server-sent events.
//
// The package does not look behind proxies: it is told through [Options], for which
// [Proxies] has the answers. What the HTTP server itself needs is here too: [Connections] and
// [InTime] bound its clients, [Certificate] keeps its certificate, [Complaints] takes its log.
package page
