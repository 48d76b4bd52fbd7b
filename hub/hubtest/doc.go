// Package hubtest is test support only. It plays protocol dialogues against a real
// hub process and says where the hub does not answer as they want ([PlayDialogues]);
// it runs that process for other tests ([Program]) and connects to it ([Socket],
// [Application]); and it has an in-memory socket for tests in virtual time ([Pipe]).
//
// A dialogue is a JSON file of cases; a case is a fixture, some peers and a
// list of steps. [PlayDialogues] plays a folder of them. Each case gets a copy
// of its file's database and a hub of its own.
//
// A case has one performance. Its steps run in one goroutine, but for those of
// a parallel step; beside it, each peer has one goroutine that only reads. The
// package knows the hub by its command line and its socket, nothing else: it
// never imports hub, so the dialogues judge the program and not its code.
package hubtest
