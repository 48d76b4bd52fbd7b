// Package backbone serves the backbone: it feeds an application's socket with the
// network's records, first what there is, then every change. Protocol section 9.
//
// It lies in folder sync because sync is the name of the event family on the
// backbone; import it spelled out: backbone "hearsay/sync".
//
// Each fed socket is a loop of its own: read the log of versions past the own
// cursor, send frames until level, wait for the store's wake-up. So the order is
// the log's, nothing is lost or doubled between catch-up and live, and a slow
// application costs no memory: it is read for at its own pace.
//
// The package knows neither sockets nor games that connect; package hub calls it
// through an interface of its own, and main wires the two.
package backbone
