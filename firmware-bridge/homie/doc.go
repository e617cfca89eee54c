// Package homie understands devices that follow the Homie convention, 4 and 5:
//
//	5   homie/5/{device}/$state    homie/5/{device}/$description    homie/5/{device}/{node}/{property}
//	4   homie/{device}/$state      homie/{device}/$nodes            homie/{device}/{node}/{property}
//	    homie/{device}/{node}/$properties    homie/{device}/{node}/{property}/$datatype, $format
//
//	address  {device}.{node}: a relay board has a node for each input, and
//	         each may watch something else; ids of the convention hold no dot,
//	         so that no two addresses are equal
//	signal   {property}
//	online   for each node of a device, from $state: true when ready, sleeping or
//	         (version 4) alert, false when disconnected or lost, or when the
//	         device has been taken away; init says nothing. A device without nodes,
//	         as a bridge may be, is the address {device}
//
// In version 5 a device that has a root is lost when its root is: the root's
// will is all that a broker says then. A value counts when its property has been
// described; one that comes earlier is kept until it is. The retained values
// that a new connection begins with get the time of receipt, estimated.
//
// Numbers (integer, float), truth values, states (enum) and strings are used;
// color, datetime, duration, json and percent are not, and neither is $target. An
// enum's value has to be one of its format. Ranges are not checked: domains do
// that. Units are left to the map of the gateway's file, which has scale and
// offset for them. It sends no commands. A version 4 device of the id "5" cannot
// be told from the topics of version 5.
//
// Sources: the Homie convention 4.0.0, and its development version of 2024 for 5
// (homieiot/convention): "Topic IDs", "Payloads", "Device Lifecycle", "Device
// hierarchy", "Property Attributes", "Empty string values".
package homie
