// Package influx keeps readings in InfluxDB – 1.8, 2.x or 3, through the two
// doors that all of them have: /api/v2/write for line protocol and /query for
// InfluxQL.
//
// The Writer answers for every point that it is given: it is stored, or it is
// refused by name and with the reason, or the whole write is an error and has
// to be repeated. It has no queue and no retry of its own, because a queue
// that the caller cannot see is a place to lose readings. The Reader is for
// counts and figures; it builds no queries.
package influx
