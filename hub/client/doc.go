// Package client connects a game or an application written in Go to a hub.
//
// [Dial] starts a [Client], which keeps a socket to the hub until its context ends: it
// authenticates, answers heartbeats, subscribes to its channels again after each
// reconnect, and waits between tries: from a second to a minute, with jitter, or as long
// as a restart notice says. It gives up only when the hub refuses its credentials.
//
// What the hub sends goes to [Handlers], one after the other. What the game wants of the
// hub are methods of the Client, which wait for the hub's answer and give it, or say why
// not: errors.Is tells a [Reason] of the hub from [ErrNotConnected] and [ErrLost].
//
// A Client may be used by many goroutines. One of its own reads the socket and answers
// heartbeats, one calls the handlers, one asks for the players.
//
// The package speaks to servers of the original network too: it asks for no extension
// unless told to. It keeps nothing on disk; for a copy of the hub's records see package
// mirror.
package client
