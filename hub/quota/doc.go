// Package quota counts how often something was done, so that nobody does it too often: logins
// and requests for tokens that fail, accounts that are made, mails that are asked for. It
// counts in memory, in bounded space: a restart forgets, and so does a flood of keys.
package quota
