// Package past writes the past of a large estate straight into a database: as many
// orders, with their incidents, as are asked for, evenly over a year that ends now,
// and the estate's file for a server on top of them. The same seed makes the same
// past.
//
// It is for figures, and takes the short way: no detector has seen the faults and no
// desk has given the orders out, so the ledger has a row for the newest of them only.
// Nothing that is open ever falls due, so that a server on it has nothing to do. A
// past for people to look at is sim/backfill's and sim/year's.
package past
