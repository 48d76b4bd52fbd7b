// Package quota counts how often something was done, so that nobody does it too often: logins
// and requests for tokens that fail, accounts that are made, mails that are asked for.
//
// It counts in memory, in bounded space. A key has the same size however long the text is
// that it was made of. What is over is swept away each minute, and when there are too many
// keys, a new one takes the place of the one that counts least. A restart forgets everything.
package quota
