// Package migrations holds the schema of the database file, one SQL file for
// each step, and applies the steps that a file lacks.
//
// It is the only importer of goose, and the only place that opens the file with
// database/sql: goose wants that, everything else uses zombiezen's library.
// Steps are append-only; one that has been released never changes.
package migrations
