// Package mqttconn connects to MQTT brokers: options and TLS from
// files, one paho client per connection, a buffered connection below it, and
// the pause between two attempts.
//
// It deliberately neither subscribes, publishes nor reconnects: its users own
// the loop, because only they know what a new connection means for what was
// under way. It relies on nothing that paho would keep over a reconnect.
package mqttconn
