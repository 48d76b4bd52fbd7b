// Package wire is the protocol as bytes: the envelope of a message, the names of
// events, their payloads, and what happens to text on its way.
//
// It knows neither store nor socket, allocates little and holds no state, so the
// hub, clients and mirrors share it. Reading is lenient and writing strict: what
// [Decode] takes may have any layout, what is encoded here is one compact line.
// Section numbers in comments are those of the protocol's description.
package wire
