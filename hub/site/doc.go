// Package site is what everybody sees: the network's front page, its games, what is said in
// the channels that are open to all, the events, and who people are in the games; and where
// people say which characters are theirs. [New] makes the pages, and they join the server's
// routes with [Site.Register]. All routes stand in one table, in site.go.
//
// What is for everybody needs no login, and nothing needs JavaScript. Package oauth, which
// games' sites talk to, is served beside. Nobody's secrets or
// addresses are on a page: what may be shown the store decides, with the functions whose
// names begin with Public.
package site
