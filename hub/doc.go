// Package hub connects games and applications: it owns their sockets, knows who is
// online, and carries channels, tells and notices between them. The wire is in
// package wire, what must be kept in package store.
//
// # Goroutines
//
// A [session] is one socket. Its handler goroutine reads and handles one message
// after the other, so answers come in request order. A second goroutine writes;
// nobody else touches the connection. Whoever has a frame for a socket puts it into
// the session's queue, which is bounded in bytes and never blocks; a session that
// overflows it ends. Frames that may be many at once (lists, sync) wait for room
// instead. A third goroutine exists only for applications: it feeds them from the
// log of versions, through the [Backbone] that main wires.
//
// One goroutine of the hub follows the log of versions into the directory of games
// and channels, whoever wrote there. Messages of channels come back from the store's
// writer in the order of the chat log, and are published by it.
//
// # Locks
//
// There are two, taken in this order: Hub.mu guards maps and is held for moments;
// queue.mu guards one session's queue. Under Hub.mu there is no SQL, no I/O, no
// blocking send and no callback. Hub.following is no third: it only keeps two
// goroutines from following the log at once, and is never taken under the others.
//
// What the hub does not do: it makes no decision about records (store), knows no
// form of sync (backbone), and shows no page (admin).
package hub
