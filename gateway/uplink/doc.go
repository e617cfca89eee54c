// Package uplink drains the spool to the services over MQTT. It sends batches
// within a window of its own, trims the spool on the services' end-to-end
// acknowledgement and on nothing else, sends again what is not acknowledged in
// time or what it is asked for, and keeps the gateway's retained state true; beside it stands how full the spool is.
//
// It deliberately gives no meaning to the broker's PUBACK: a broker answers it
// for messages that nobody receives. It decodes no record, and it may send one
// twice: the services know a record by (gateway, epoch, sequence).
package uplink
