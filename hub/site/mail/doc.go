// Package mail sends what people with an account get by mail: the link that proves their
// address, the link for a new password, and word of an approval or an offer. [New] makes a
// [Sender], whose Run sends; a nil one stands for a hub that sends no mail.
//
// Whoever asks for a mail never waits for it, nor for looking up whether there is anybody to
// send it to: all of that happens in Run, out of a bounded queue. So how long an answer takes
// tells nothing of whose address it is. A mail that could not be sent is logged, without the
// address and the link, and not tried again: people ask for another.
package mail
