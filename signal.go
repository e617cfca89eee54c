package plantroom

import (
	"math"
	"slices"
	"strings"
)

// Signal is one thing that a device measures: the contract between the
// decoder that produces it, the domain that judges it and the board that
// draws it. Its Name is the InfluxDB field.
type Signal struct {
	Name   string    // lower-case, as in distance_m
	Kind   ValueKind // numbers are floats, states are strings
	Unit   string    // UCUM where there is one: m, %, Cel, s, A; "" for states
	Min    float64   // FloatKind: the least plausible value
	Max    float64   // FloatKind: the greatest plausible value
	Values []string  // StringKind: the permitted states
	Doc    string    // what it means, in a sentence, with its source
}

// Check reports why a value cannot be this signal's: wrong type, NaN,
// out of range, or a state that is not on the list.
func (s *Signal) Check(v Value) error {
	if v.kind != s.Kind {
		return Errorf(CodeInvalid, "signal %s wants a %s, got the %s %q", s.Name, s.Kind, v.kind, clip(v.String()))
	}
	switch s.Kind {
	case FloatKind:
		if math.IsNaN(v.num) || math.IsInf(v.num, 0) {
			return Errorf(CodeInvalid, "signal %s is %s: not a finite number", s.Name, v)
		}
		if v.num < s.Min || v.num > s.Max {
			return Errorf(CodeInvalid, "signal %s is %s %s: outside %v to %v", s.Name, v, s.Unit, s.Min, s.Max)
		}
	case StringKind:
		if !slices.Contains(s.Values, v.str) {
			return Errorf(CodeInvalid, "signal %s is %q: not one of %s", s.Name, clip(v.str), strings.Join(s.Values, ", "))
		}
	}
	return nil
}

func clip(s string) string {
	if len(s) > 40 {
		return s[:40] + "…"
	}
	return s
}

// DeviceMeasurement is the InfluxDB measurement of the signals that tell of a
// device itself rather than of what it watches.
const DeviceMeasurement = "device"

// DevicesDomain is the domain of devices and gateways themselves: whether they
// are heard.
const DevicesDomain DomainName = "devices"

// AlertsDomain is the domain of what another system watches, as Grafana, and
// only says: its alerts. No asset is of it; a contract names it to cover them.
const AlertsDomain DomainName = "alerts"

// DeviceSignals lists what any device may say of itself, whatever its domain.
func DeviceSignals() []Signal {
	return []Signal{
		{Name: "battery_pct", Kind: FloatKind, Unit: "%", Min: 0, Max: 100, Doc: "remaining battery, as the device estimates it"},
		{Name: "battery_v", Kind: FloatKind, Unit: "V", Min: 0, Max: 60, Doc: "battery voltage"},
		{Name: "rssi_dbm", Kind: FloatKind, Unit: "dBm", Min: -200, Max: 30, Doc: "received signal strength at the best receiver"},
		{Name: "snr_db", Kind: FloatKind, Unit: "dB", Min: -60, Max: 60, Doc: "signal to noise ratio at the best receiver"},
		{Name: "downlink_snr_db", Kind: FloatKind, Unit: "dB", Min: -32, Max: 31, Doc: "signal to noise ratio at the device, when it last answered a LoRaWAN status request"},
		{Name: "uplinks_lost", Kind: FloatKind, Unit: "1", Min: 0, Max: 16384, Doc: "frames of a LoRaWAN device that are missing just before this one, by its frame counter; the sum over a time tells how many were lost"},
		{Name: "link_quality", Kind: FloatKind, Unit: "1", Min: 0, Max: 255, Doc: "Zigbee link quality indicator"},
		{Name: "external_power", Kind: BoolKind, Doc: "the device runs on other power than its battery"},
		{Name: "device_temp_c", Kind: FloatKind, Unit: "Cel", Min: -60, Max: 150, Doc: "temperature inside the device"},
		{Name: "online", Kind: BoolKind, Doc: "the device's own or its bridge's word that it is reachable"},
		{Name: "heartbeat", Kind: BoolKind, Doc: "the device is alive; carries no other news"},
		{Name: "tamper", Kind: BoolKind, Doc: "the housing was opened or the device moved"},
		{Name: "bus_stuck", Kind: BoolKind, Doc: "the gateway's bus to this device does not answer"},
		{Name: "counter_reset", Kind: BoolKind, Doc: "the gateway's total for this meter has begun anew, and may be less than before; false at a start that goes on"},
		{Name: "pulses", Kind: FloatKind, Unit: "1", Min: 0, Max: 1e18, Doc: "what a counter has counted, where nobody has said what a pulse is"},
		{Name: "counts", Kind: FloatKind, Unit: "1", Min: -1 << 31, Max: 1 << 31, Doc: "what a converter gives, where nobody has said what a count is"},
	}
}
