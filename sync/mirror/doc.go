// Package mirror keeps a copy of a hub's records in an application's own SQLite file:
// channels, games with their connections, events, achievements and rules, in tables that
// the application joins with its own. schema.sql describes them.
//
// [Open] makes the tables, [Mirror.Run] fills them and keeps them level until its context
// ends: it remembers its place in the hub's log in the same transaction as the records, so
// that a crash at any moment loses nothing and repeats nothing. Deleted records stay for 90
// days with deleted_at set. After each catch-up the copy is compared with the hub's counts
// and digest. A full resync, which the log tells of, repairs a copy that differs, is of
// another log, has rows that another program has changed, or is ahead of a hub that was
// restored from an older backup.
//
// A hub without the extension is mirrored by the time of its changes, and one that only
// knows the form records by all that it has after each connect; then nothing proves that
// the copy is equal.
//
// One goroutine, that of Run, writes, with one connection to the file, and calls
// [Options.Changed] after each commit. What is read may be read meanwhile, by anybody. The
// tables of one prefix belong to one Run: a second one takes them over, and the first ends.
package mirror
