package world

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"time"

	"plantroom"
)

// radio is the sending half of a device.
type radio struct {
	device plantroom.Device
	frames uint32 // LoRaWAN's uplink counter
	last   *bool  // parking: the state last sent
}

func newRadio(d plantroom.Device) *radio { return &radio{device: d} }

// send emits what a device says now, unless its radio is broken.
func (w *World) send(r *radio, say func(*radio) (topic string, payload []byte)) {
	if w.skipped[r.device.ID] {
		return
	}
	topic, payload := say(r)
	w.sent = append(w.sent, Emission{At: w.now, Device: r.device.ID, Gateway: r.device.Gateway, Topic: topic, Payload: payload})
}

// EUI is the DevEUI of a LoRaWAN device of the virtual estate: derived from
// its id, so that gateway files and the world agree without a table.
func EUI(d plantroom.DeviceID) string {
	sum := sha256.Sum256([]byte(d))
	return hex.EncodeToString(sum[:8])
}

// The device models of the virtual estate.
const (
	ModelScripted = "scripted"         // says what a scenario lets it say, and nothing by itself
	ModelLiftBox  = "lift-box"         // plain JSON
	ModelZigbee   = "zigbee-leak"      // Zigbee2MQTT
	ModelLeak     = "lorawan-leak"     // ChirpStack, Milesight EM300-SLD
	ModelRope     = "lorawan-rope"     // ChirpStack, decoded there by the codec of its profile
	ModelDistance = "lorawan-distance" // ChirpStack, Milesight EM310-UDL
	ModelParking  = "lorawan-parking"  // ChirpStack, Nwave NPS405
)

// boxMessage is the plain JSON that a box on a lift controller's terminals
// publishes.
func boxMessage(d plantroom.DeviceID, at plantroom.Instant, v map[string]any) (string, []byte) {
	return "plantroom-device/" + string(d), mustJSON(map[string]any{"t": at.String(), "v": v})
}

// leakMessage is a leak sensor's: Zigbee2MQTT's JSON, or a LoRaWAN frame. Only
// a rope knows of more than wet and dry.
func leakMessage(r *radio, at plantroom.Instant, state string) (string, []byte) {
	wet := state == "wet"
	switch r.device.Model {
	case ModelRope:
		return decoded(r, at, "ROPE-4", 2, map[string]any{"state": state, "battery_pct": 88})
	case ModelZigbee:
		return "zigbee2mqtt/" + string(r.device.ID), mustJSON(map[string]any{
			"water_leak": wet, "battery": 92, "linkquality": 118, "battery_low": false, "tamper": false,
			"last_seen": at.String()})
	}
	frame := []byte{0x01, 0x75, 95, 0x03, 0x67, 0xe6, 0x00, 0x04, 0x68, 90, 0x05, 0x00, 0}
	if wet {
		frame[len(frame)-1] = 1
	}
	return uplink(r, at, "EM300-SLD", 85, frame)
}

// distanceMessage is an ultrasonic sensor's frame, in millimetres.
func distanceMessage(r *radio, at plantroom.Instant, metres float64) (string, []byte) {
	frame := []byte{0x01, 0x75, 97, 0x03, 0x82, 0, 0, 0x04, 0x00, 0}
	binary.LittleEndian.PutUint16(frame[5:], uint16(metres*1000+0.5))
	return uplink(r, at, "EM310-UDL", 85, frame)
}

// parkingMessage is a parking sensor's: a change carries the length of the
// state before it, a heartbeat the state alone.
func parkingMessage(r *radio, at plantroom.Instant, taken bool, before time.Duration) (string, []byte) {
	var bit byte
	if taken {
		bit = 1
	}
	if r.last != nil && *r.last == taken {
		return uplink(r, at, "NPS405", 2, []byte{bit | 0x7e<<1, 0xfa, 0x12})
	}
	r.last = &taken
	return uplink(r, at, "NPS405", 1, []byte{bit | minutesCode(before)<<1})
}

// minutesCode compresses a length as the sensor does: minutes to 89, steps of
// five to 235, hours to 600, and 127 for more.
func minutesCode(d time.Duration) byte {
	switch m := int(d / time.Minute); {
	case m < 90:
		return byte(m)
	case m < 240:
		return byte(90 + (m-90)/5)
	case m < 660:
		return byte(min(120+(m-240)/60, 126))
	}
	return 127
}

// uplink is the event that a ChirpStack v4 server publishes of a frame.
func uplink(r *radio, at plantroom.Instant, profile string, port int, frame []byte) (string, []byte) {
	return heard(r, at, profile, port, "data", frame)
}

// decoded is the event of a frame that the server's own codec has read.
func decoded(r *radio, at plantroom.Instant, profile string, port int, object map[string]any) (string, []byte) {
	return heard(r, at, profile, port, "object", object)
}

func heard(r *radio, at plantroom.Instant, profile string, port int, key string, content any) (string, []byte) {
	r.frames++
	eui := EUI(r.device.ID)
	id := sha256.Sum256(binary.BigEndian.AppendUint32([]byte(eui), r.frames))
	return "application/5b7e2e0a-4c2f-4a58-9a3e-6d3d9a1f0c11/device/" + eui + "/event/up", mustJSON(map[string]any{
		"deduplicationId": hex.EncodeToString(id[:16]),
		"time":            at.String(),
		"deviceInfo":      map[string]any{"deviceProfileName": profile, "deviceName": string(r.device.ID), "devEui": eui},
		"devAddr":         eui[:8],
		"fCnt":            r.frames,
		"fPort":           port,
		key:               content,
		"rxInfo":          []map[string]any{{"gatewayId": "0016c001ff10a235", "rssi": -87, "snr": 8.5}},
	})
}

func mustJSON(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // maps of plain values always marshal
	}
	return b
}
