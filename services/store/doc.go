// Package store keeps Plantroom's incidents, work orders, clocks, ledger,
// outbox and gateway progress in one SQLite file: it implements
// plantroom.Store. Every Update is durable when it returns (WAL with
// synchronous=FULL); what may not exist twice is refused by a unique key, and
// of two writers of one order one wins by its version.
//
// Incidents, orders and calls are stored whole, as one JSON document each;
// the columns beside a document repeat the fields that queries need, and are
// written from the document in the same statement. Times are integers,
// nanoseconds since 1970.
//
// The package deliberately decides nothing: no state machine, no due time, no
// clock is read here. It stores no telemetry (that is InfluxDB's), does not
// lead or lock among several servers, and never opens the database file
// itself, because closing such a descriptor would drop SQLite's own locks.
// The file holds names and addresses of people: keep it in a directory that
// only the service's user can enter.
package store
