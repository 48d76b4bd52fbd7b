// Package hub connects games and applications: it owns their sockets, knows who is
// online, and carries channels, tells and notices between them. The wire is in
// package wire, what must be kept in package store.
//
// # Goroutines
//
// A [session] is one socket. Its one goroutine reads, and has one of the [workers]
// handle one message after the other, so answers come in request order, and the stacks
// of idle sockets stay small. Nothing blocks in writing: a session pushes whole frames
// into its [link], which writes what the kernel takes at once and keeps the rest, bounded
// in bytes, for a goroutine that exists only then. A session that overflows ends. Frames
// that may be many at once (lists, sync) wait for room instead. Heartbeats are a timer;
// closing is a goroutine's last act. A further goroutine exists only for applications: it
// feeds them from the log of versions, through the [Backbone] that main wires.
//
// What goes to many is published: encoded once, put into the inbox of every [shard],
// and written by the shards' goroutines, which go round their sessions and write to each,
// in one write, what has gathered for it since its last turn. Messages of channels come
// back from the store's writer in the order of the chat log, and are published by it. One
// goroutine of the hub follows the log of versions into the directory of games and
// channels, whoever wrote there.
//
// # What is remembered
//
// For the doctor each active socket has a [tape] of its last frames, each topic an
// [echo] of what was published last, so that fan-out does nothing more for a receiver, and
// each game and application a [memory] of what went wrong. All are bounded, and lost when
// the hub stops. A [Chart] is a copy of it, and [Chart.Diagnose] says what it means.
//
// # Locks
//
// Hub.mu guards maps and is held for moments: under it there is no SQL, no I/O, no
// logging and no callback; what must be sent in its order is put into a shard's
// inbox. Leaves below it, each taken alone: shard.mu (an inbox), memories.mu, loans.mu,
// restraints.mu and talkers.mu (lists), the throttles' mu (counts of failures, refusals and
// wrong registration keys), pulse.mu (a timer), then tape.mu or link.mu, under which the
// kernel may be asked to take bytes, but never to wait.
// Hub.following only keeps two goroutines from following the log at once, and is never
// taken under the others.
//
// What the hub does not do: it makes no decision about records (store), knows no
// form of sync (backbone), and shows no page (admin).
package hub
