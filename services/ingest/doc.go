// Package ingest is where the uplinks of gateways arrive. It validates,
// orders and de-duplicates their records, has them judged, sets aside what
// cannot be used, writes the readings to the time-series database, and
// acknowledges to the gateway what has been made durable – never more.
//
// Two promises are kept apart. "Seen" means judged, with all consequences
// committed; it does not wait for the time-series database. "Stored" means
// that each record is in the time-series database, in quarantine or in a
// declared gap; only then may a gateway delete it. While the database is away
// a bounded queue holds the points; what does not fit is dropped from memory,
// and the gateway, which still has it, is asked to rewind.
//
// The heart of the package (Judge, Flush, Tick) starts no goroutine and reads
// no clock, so that a simulator can drive it in virtual time; Run is the shell
// around it. The package does not speak MQTT, does not know what a detector
// is, and does not render line protocol.
package ingest
