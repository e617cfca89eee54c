// Package broker is the gateway's own MQTT broker: devices on site publish to
// it directly, each with an account that names the topics it may use. A
// message at QoS 1 is acknowledged only after its readings are on disk, so
// that a device that repeats what nobody acknowledged loses nothing.
//
// It stands on mochi-mqtt, in the gateway's own process: a message goes from
// the connection's goroutine through the family's decoder into the spool
// without passing another client. What mochi does at once we take from it:
// the acknowledgement, the retaining and the delivery to subscribers come
// after the disk, in the order of arrival per client.
//
// Limits: QoS 2 is refused, since its handshake would have to survive a
// restart. A message at QoS 0 is taken without a promise. Sessions end with
// their connection, and retained messages with the gateway. Programs that need
// either, as Zigbee2MQTT's or ChirpStack's servers do, keep a broker of their
// own beside it, which package source listens to.
//
// It deliberately knows nothing of payloads, devices or the services.
package broker
