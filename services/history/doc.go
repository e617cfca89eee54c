// Package history answers what boards ask of the past: orders, incidents, how
// windows were kept, what state an asset was in, how gateways are. Table holds what is needed for it
// of every order and incident in columns of small numbers, so that a question over
// a year of a large estate is a walk through memory; Follower keeps a Table up to
// date behind the store. A Book is the estate as answers name it.
//
// It decides nothing and keeps nothing that is not in the store: its file is a
// cache, which may be deleted at any time. Telemetry is InfluxDB's, money is
// services/report's, and who may ask is the API's business. Of an order it knows
// what stands in it now, so a round that was over when an order was reopened is
// in the ledger only.
package history
