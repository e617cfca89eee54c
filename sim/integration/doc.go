// Package integration tests Plantroom as it is run: its own programs as
// processes, a real mosquitto, a real influxd, and a virtual estate that lives
// before them while they are killed, cut off and fed with nonsense.
//
// It has no code outside of its tests. What the programs keep for sure is
// judged from outside: by what InfluxDB holds, by the API and by the ledger.
package integration
