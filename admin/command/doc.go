// Package command holds the commands that administer the database file, beside a
// running server or without one, and mirror, which copies another hub's records. A running server notices what they change within
// a quarter of a second.
//
// [Add] adds all of them to the program's root command. Each noun has its file with
// its verbs; what verbs share is in call.go: a call opens the store that --db names,
// acts in the name of the system's user, and prints a sentence, a table or JSON.
// [Environment] lets variables stand in for flags, and [ExitCode] tells bad input
// from faults of the machine.
//
// Only one command runs in a process, on one goroutine; the store does the locking
// against other processes. The package does not serve anything, knows
// sockets only from the outside (healthcheck, mirror), and shows no secret but one that it has just made.
package command
