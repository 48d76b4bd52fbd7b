// Package store keeps what the hub must not forget in one SQLite file: records
// (games, channels, events, achievements), their log of versions, applications,
// credentials, users and the chat log. It holds all of the program's SQL but the
// migrations.
//
// One goroutine owns the one connection that writes; a pool of connections reads.
// A change of a record is one IMMEDIATE transaction, synchronous, in which triggers
// of the schema also append to the table versions. Chat messages share transactions
// (group commit) that survive the death of the process, not a power cut.
//
// Whoever wants to hear of changes calls [Store.Watch] and reads
// [Store.Versions] past its own cursor when woken. The log is the truth, the
// wake-up only an alarm: see hook.go. Other processes may write the file at any
// time; their commits wake watchers within a quarter of a second.
//
// All methods are safe for concurrent use. Methods that block take a context first
// and return when it ends; a write that has begun runs to its end all the same.
package store
