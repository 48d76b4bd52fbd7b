// Package site is what everybody sees: the network's front page, its games, what is said in
// the channels that are open to all, and the events. [New] makes the pages, and they join
// the server's routes with [Site.Register]. All routes stand in one table, in site.go.
//
// Nothing here needs JavaScript, and only what is the visitor's own needs a login: whether
// games' sites may know them, which package oauth serves beside. Nobody else's secrets or
// addresses are on a page: what may be shown the store decides, with the functions whose
// names begin with Public.
package site
