// Package assets holds the files that pages load (style sheets, scripts, icons) inside
// the binary and serves them under URLs that contain a hash of their content.
//
// A page asks for [URL] once, in a package variable or a constructor, so that
// a misspelt name stops the program at its start. [Handler] serves the URLs so
// made; because another content has another URL, browsers may keep an answer
// for a year and never ask again.
//
// Everything is computed when the package is initialised and only read after
// that, so all of it may be used from any goroutine.
//
// The package does not compress, does not bundle, and serves nothing from the
// disk. Files of others are in vendor/, named with version and licence in its
// README.md.
package assets
