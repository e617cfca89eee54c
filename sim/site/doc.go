// Package site plays the whole site of an estate before a Plantroom that runs
// elsewhere: the devices, their gateways, which are the real ones in this process with
// spools of their own, and contractors, who are called over MQTT and press the buttons
// of the job page over HTTP.
//
// It goes on from what is open there: what has failed has still failed, and whoever
// was on the way comes. It starts no server, and it judges nothing.
package site
