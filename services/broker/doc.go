// Package broker is the MQTT broker of the default set-up: mochi-mqtt in the
// server's own process, where uplinks reach the server by a function call.
// Each client has an account, and nothing is permitted that the account does
// not name.
//
// It keeps nothing over a restart, and no promise rests on it: a gateway's
// spool is what readings survive in. Where many gateways or other consumers
// share a broker, run mosquitto or EMQX instead.
package broker
