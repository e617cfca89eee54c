// Package homeassistant hears the many devices that announce themselves to Home
// Assistant over MQTT (ESPHome, Zigbee2MQTT, OpenMQTTGateway and others) in the
// way Home Assistant does: a retained configuration names the topics, the
// meaning and the unit of a value.
//
//	homeassistant/{component}/[{node}/]{object}/config   one entity; an empty payload deletes it
//	homeassistant/device/[{node}/]{object}/config        a device, its entities under "components"
//
// It knows the components binary_sensor and sensor. The device class says which
// signal an entity is, the unit is converted to the signal's; an entity whose
// class says nothing to us is the signal {object}, with - and _ kept and what no
// signal's name may hold turned into _.
//
//	address  the device's first identifier, else its first connection, else the
//	         entity's unique_id, else {node}_{object}
//	online   from availability in all its modes, and from expire_after
//
// Where two entities of a device are the same signal (four probes on one
// board), the first that was heard of has it and the others are errors, until
// the device's identifier is listed in Options.Split: then each of its entities
// has its unique_id as its address. An entity whose value has expired, or that is
// not available, puts its address offline.
//
// Value templates are the part of Jinja that reads a value, and no more:
//
//	{{ value }}   {{ value_json.a.b }}   {{ value_json['a'][0] }}
//	each with  | float  | int  | round(n)  | default(literal)  | is_defined
//
// and float and int with a default of their own. Anything else is an error that
// names the device: there the raw topic has to be read by another source.
//
// A state topic has to be plain: without wildcards and not below $SYS. A topic
// that is retained has its value at once and at an estimated time. off_delay is
// kept; attributes, options and everything that is for display are not looked
// at. It deliberately sends nothing to devices, and is no birth message of Home
// Assistant's: devices that announce themselves only after one have to be set to
// retain their configuration.
//
// Sources: Home Assistant's documentation of MQTT discovery, of the MQTT sensor
// and binary sensor and of the device classes; for details on which the
// documentation is silent (the base topic "~", shared options of a device, how
// a truth value becomes text) its source, components/mqtt: discovery.py,
// schemas.py, abbreviations.py, binary_sensor.py. That "~" beside "components"
// counts for each of them is unverified.
package homeassistant
