// Package admin is what the operator sees: the front page of the hub, its
// health and its metrics, and the pages to run it. [New] returns all of it as one [http.Handler], which
// also serves the files of package assets, so that its pages are whole
// wherever it is mounted. All routes stand in one table, in routes.go.
//
// A handler keeps nothing between two requests: any number may run at the
// same time, and the functions in [Options] are called from all of them.
//
// Parts of pages are live, in live.go: a topic is looked at once for all who have
// it open, and what has changed goes to their browsers as server-sent events.
//
// Every answer carries a content security policy that allows no script but those
// of package assets and nothing from another host; pages work without JavaScript.
//
// The package does not look behind proxies and does not know whether the hub
// is fit to serve: it is told both through [Options].
package admin
