package lorawan

import "plantroom"

// makers lists more decoders by the name that the gateway's file uses.
var makers = map[string]native{
	"browan-merryiot-dw10": browanDW10,
	"decentlab-dl-mbx":     decentlabMBX,
	"dragino-ldds75":       draginoLDDS75,
	"dragino-lds02":        draginoDoorLeak,
	"dragino-lwl02":        draginoDoorLeak,
	"elsys":                elsys,
	"milesight-em300-mcs":  milesightEM300MCS.decode,
	"milesight-em300-mld":  milesightEM300MLD.decode,
	"milesight-em400-mud":  milesightEM400.decode,
	"milesight-em400-tld":  milesightEM400.decode,
	"milesight-em500-udl":  milesightEM500UDL.decode,
	"milesight-ws301":      milesightWS301.decode,
	"netvox-r311w":         netvoxLeak,
	"netvox-r718wa":        netvoxLeak,
	"netvox-r718wb":        netvoxLeak,
	"vutility-pulsedrop":   vutilityPulseDrop,
}

// put makes a sample.
func put(signal string, v plantroom.Value) plantroom.Sample {
	return plantroom.Sample{Signal: signal, Value: v}
}

// opened is the signal of a door or window: contact is true when it is closed.
func opened(open bool) plantroom.Sample { return put("contact", plantroom.Bool(!open)) }

// wet is the signal of a leak detector that knows two states.
func wet(leak bool) plantroom.Sample {
	if leak {
		return put("state", plantroom.String("wet"))
	}
	return put("state", plantroom.String("dry"))
}

// millimetres is a distance.
func millimetres(n int) plantroom.Sample { return put("distance_m", plantroom.Float(float64(n)/1000)) }

// volts is a battery's voltage, given in parts of a volt.
func volts(n, parts int) plantroom.Sample {
	return put("battery_v", plantroom.Float(float64(n)/float64(parts)))
}
