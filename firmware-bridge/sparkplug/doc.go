// Package sparkplug listens to Sparkplug B edge nodes as a host application:
// it says that it is online, follows births, data and deaths, puts messages
// into the order in which they were sent, and asks for a rebirth where one is
// missing.
//
//	address  {group}/{edge node} or {group}/{edge node}/{device}
//	signal   the metric's name as it stands in the birth, slashes and all
//	online   true at a birth, false at a death
//
// Times are the metric's, else the message's, else those of receipt. online has
// the time of receipt always, though the specification dates the end of a
// device by the payload (tck-id-operational-behavior-edge-node-termination-
// host-action-ddeath-devices-offline): the end of its node is dated by the host
// and has no other clock, and two clocks would put a birth after the death that
// followed it.
//
// The order is that of [operational_behavior_host_application_message_ordering]:
// a message that comes too early waits for those before it, for Options.Reorder
// at most. Then a rebirth is requested, what waits is used, and the aliases are
// forgotten until the births have come: the missing message may have been one.
// An alias that is not known is never guessed.
//
// It is deliberately no edge node and writes no outputs: the rebirth request is
// the only command that it knows. It uses numbers, truth values and texts.
// Templates, data sets, property sets, bytes, files, arrays and dates are
// skipped without a word, and so are the body of a payload (some libraries put
// a compressed payload there) and the metrics by which nodes are controlled:
// bdSeq, "Node Control/…" and "Device Control/…".
//
// Source: Eclipse Sparkplug specification 3.0, chapters 4 (topics), 5
// (operational behavior) and 6 (payloads); the names tck-id-… are those of its
// statements.
package sparkplug
