// Package admin serves the pages on which operators run the hub and owners run their
// games, and the hub's health and metrics. The public pages are package site's.
// [New] returns all of it as one [http.Handler], which also serves the files of package
// assets. All routes stand in one table, in routes.go.
//
// Who may use a page, how it looks, and how parts of it stay live is package page's matter.
// The package does not know whether the hub is fit to serve: it is told through [Options].
package admin
