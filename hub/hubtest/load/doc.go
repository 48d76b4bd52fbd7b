// Load measures the hub as a process of its own, beside a raw server that does only
// what no hub can avoid. It is for Linux, and keeps to the loopback address.
//
//	go run ./hub/hubtest/load [flags] [scenario ...]
//
// Without a scenario it runs them all; -help lists them. It builds the hub, or takes
// the one of -bin, gives it a new database, and turns its limits off.
//
// # How it measures
//
// All clients are in this process: one thread that reads every socket through epoll,
// so that a delivery costs the client one read. Each message carries the time of its
// sending in its text. CPU is the server's alone, user and system time, from its
// process's clock; on loopback a sender's system call also does the receiver's work
// in TCP, for the hub and for raw alike.
//
// Raw is this program in another role: one thread, no library, no log, no check. A
// rehearsal with the hub records what the hub sends; raw sends the same bytes, ready
// made, with one write for each socket, and joins messages that come in one read.
// What it costs is what the kernel costs.
//
// # How to read it
//
// The columns are the hub's figure, the other side's, and their ratio. Each figure is
// the median of its rounds; the ratio is the median of the ratios of neighbouring
// rounds. Machines are shared and noisy, so only ratios count, and only of rounds that
// alternated in one run; do not compare figures of two runs. Of what is a second, more
// is better; of all else, less.
//
// With one message under way (window 1) nothing can be joined; chat is nearer to that.
// Latency is to each socket: the last of a thousand waits for the writes and reads of
// all before it. In stalled the other side is the same hub without the sockets that do
// not read. In idle the hub sends a heartbeat each 5 seconds instead of 15, so that
// each socket has one within the time that counts; memory of the kernel is that of
// both ends.
package main
