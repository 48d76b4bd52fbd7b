// Package admin is what the operator sees: the front page of the hub, its
// health and its metrics, and the pages to run it. [New] returns all of it as one [http.Handler], which
// also serves the files of package assets, so that its pages are whole
// wherever it is mounted. All routes stand in one table, in routes.go.
//
// Who may use a page, how it looks, and how parts of it stay live is package page's matter.
// The package does not know whether the hub is fit to serve: it is told through [Options].
package admin
