// Package setting knows the settings of serve: what they are called, what they mean,
// which values will do, and where the one in force comes from.
//
// A [Config] has them all as Go values; its Flags are the one table of names, meanings
// and defaults. A flag of the command line comes before a variable of the environment,
// that before what the database file has, and that before the default. What the file may
// have, and whether a change holds at once or from the next start, says the table in
// table.go. [Settings] are those of one file, and of the server that runs on it if there
// is one: pages and commands list and change them, and the server follows them.
//
// Nothing in the file keeps the server from starting: a value that will not do is as
// good as none, and [Setting.Problem] says so.
//
// A Config is a plain value; Settings may be used from any goroutine.
package setting
