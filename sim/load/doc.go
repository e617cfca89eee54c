// Package load makes load: an MQTT 3.1.1 publisher that costs next to nothing,
// a pace to publish at, and a gateway that sends batches of readings which
// were encoded beforehand.
//
// It deliberately is no MQTT library: it publishes at QoS 1, subscribes at
// QoS 0, keeps no session, never reconnects and knows no TLS. It measures
// nothing either; sim/bench does.
package load
