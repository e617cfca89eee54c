// Package source hears the devices that speak MQTT on site: it subscribes at
// QoS 1 at the site's broker, has each message decoded by its family and taken
// in, and acknowledges a message only when its readings are on disk.
//
// It keeps a persistent session (a fixed client id, clean session off): the
// broker then holds the devices' QoS 1 messages while the gateway restarts,
// and gives a message again whose acknowledgement it has not seen. With a
// clean session both would be lost. The price is that a message can come
// twice, that a message may be hours old without saying so (readings that have
// no time but that of its receipt are marked as estimated), and that a client id that is given up leaves a queue in the broker.
//
// Messages are handled in the order in which they come, on paho's own
// goroutine, without a queue in between: the spool's is the only one. paho's
// other mode, a goroutine for each message, lets a contact that closes and
// opens arrive the other way round, and costs more.
//
// What a decoder says takes long (a device's JavaScript) is done in a lane
// beside the handler, so that it holds up neither other devices nor other
// sources; the messages of one lane keep their order, and are acknowledged in
// their turn like all others.
//
// It deliberately knows nothing of payloads, of devices or of the services.
package source
