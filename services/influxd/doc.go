// Package influxd runs a real InfluxDB 1.8 as a child process on loopback, for
// set-ups that have none: it checks the binary, writes its configuration,
// starts it, waits until it answers, creates the database, starts it again
// when it dies, and stops it. The child dies with its parent, and two parents
// cannot use one directory at once.
//
// It does not fetch or build the binary, and it is no stand-in for an
// InfluxDB that is looked after: no backups, no TLS, no access from outside.
package influxd
