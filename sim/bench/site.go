package bench

import (
	"bytes"
	"fmt"
	"strconv"
	"text/template"
	"time"

	"plantroom"
	"plantroom/services/app"
	"plantroom/services/estate"
)

// The estate of the measurements: one building, one gateway, and sensors of
// the four domains in turn, all of them on signals that rules watch.
const (
	estateID  = plantroom.EstateID("bench")
	gatewayID = plantroom.GatewayID("gw-bench")
)

// site is an estate of a size.
type site struct {
	Sensors int    // in all four domains together
	Probes  int    // further lifts, for faults
	Webhook string // of the contractor; "": a call over MQTT that nobody hears
}

// Gateway is the id of the site's gateway.
func (site) Gateway() plantroom.GatewayID { return gatewayID }

// Estate is its id.
func (site) Estate() plantroom.EstateID { return estateID }

// Every lists the numbers of the sensors of one domain.
func (s site) Every(d domain) []int {
	var out []int
	for i := int(d); i < s.Sensors; i += len(domainNames) {
		out = append(out, i)
	}
	return out
}

// ProbeIDs lists the further lifts.
func (s site) ProbeIDs() []string {
	out := make([]string, s.Probes)
	for i := range out {
		out[i] = probe(i)
	}
	return out
}

func probe(i int) string { return fmt.Sprintf("probe-%04d", i) }

// domain is one of the four; the sensor i is of domain i modulo four.
type domain int

const (
	lifts domain = iota
	leaks
	bins
	bays
)

var domainNames = [...]string{"lift", "leak", "bin", "bay"}

// sensorID names the sensor i, which is both an asset and its device.
func sensorID(i int) string {
	return fmt.Sprintf("%s-%05d", domainNames[i%len(domainNames)], i)
}

// sample is what sensor i says the kth time. Lifts are in constant use, bays
// change hands at every twentieth report, and the others repeat themselves or
// nearly so: about one reading in seven changes what a rule has to remember
// over a restart. None of it ever adds up to an incident.
func sample(i, k int) (signal string, v plantroom.Value) {
	switch domain(i % len(domainNames)) {
	case lifts:
		switch k % 4 {
		case 0:
			return "cycles", plantroom.Float(float64(k))
		case 1:
			return "door", plantroom.String([]string{"open", "closed"}[k/4%2])
		case 2:
			return "floor", plantroom.Float(float64(k % 26))
		}
		return "motor_current_a", plantroom.Float(18.25)
	case leaks:
		return "state", plantroom.String("dry")
	case bins:
		return "distance_m", plantroom.Float(0.9 + float64(k%7)/1000) // fill 0.4
	}
	return "occupied", plantroom.Bool(k/20%2 == 0)
}

// points is how many points the readings of n rounds over all sensors make:
// each distance has a fill beside it.
func (s site) points(readings int) int64 {
	whole, rest := readings/s.Sensors, readings%s.Sensors
	extra := whole * len(s.Every(bins))
	for i := range rest {
		if domain(i%len(domainNames)) == bins {
			extra++
		}
	}
	return int64(readings + extra)
}

// appendPayload appends the plainjson payload of a sample.
func appendPayload(dst []byte, signal string, v plantroom.Value) []byte {
	dst = append(append(append(dst, `{"v":{"`...), signal...), `":`...)
	switch v.Kind() {
	case plantroom.StringKind:
		dst = strconv.AppendQuote(dst, v.Str())
	case plantroom.BoolKind:
		dst = strconv.AppendBool(dst, v.True())
	default:
		dst = strconv.AppendFloat(dst, v.Num(), 'g', -1, 64)
	}
	return append(dst, `}}`...)
}

// topic is where a device speaks, by the plainjson family's default.
func topic(device string) string { return "plantroom-device/" + device }

// topics are those of all sensors.
func (s site) topics() []string {
	out := make([]string, s.Sensors)
	for i := range out {
		out[i] = topic(sensorID(i))
	}
	return out
}

// readings yields n readings of all sensors in turn, a microsecond apart.
func (s site) readings(from time.Time, n int) func(func(plantroom.Reading) bool) {
	return func(yield func(plantroom.Reading) bool) {
		for j := range n {
			i := j % s.Sensors
			signal, v := sample(i, j/s.Sensors)
			r := plantroom.Reading{Device: plantroom.DeviceID(sensorID(i)), Signal: signal, Value: v,
				At: plantroom.At(from.Add(time.Duration(j) * time.Microsecond))}
			if !yield(r) {
				return
			}
		}
	}
}

// file writes the estate's file.
func (s site) file() ([]byte, error) {
	var b bytes.Buffer
	err := estateFile.Execute(&b, s)
	return b.Bytes(), err
}

// load reads it as the server does.
func (s site) load() (plantroom.Estate, error) {
	src, err := s.file()
	if err != nil {
		return plantroom.Estate{}, err
	}
	return estate.Parse("estate.yaml", src, app.Known())
}

var estateFile = template.Must(template.New("estate").Funcs(template.FuncMap{
	"id": sensorID, "lifts": func() domain { return lifts }, "leaks": func() domain { return leaks },
	"bins": func() domain { return bins }, "bays": func() domain { return bays },
}).Parse(`# Written by plantroom-bench.
estate: {{.Estate}}
name: Bench
time_zone: Asia/Shanghai
profile: cn-urban
currency: CNY
buildings: [{id: b1, floors: 26}]
gateways: [{id: {{.Gateway}}}]
assets:
{{- $g := .Gateway}}
{{- range .Every lifts}}
  - {id: {{id .}}, domain: lifts, kind: passenger, building: b1, devices: [{id: {{id .}}, gateway: {{$g}}, interval: 10m}]}
{{- end}}
{{- range .Every leaks}}
  - {id: {{id .}}, domain: leaks, kind: spot, building: b1, devices: [{id: {{id .}}, gateway: {{$g}}, interval: 10m}]}
{{- end}}
{{- range .Every bins}}
  - {id: {{id .}}, domain: waste, kind: rigid_1100, building: b1, params: {d_empty_m: 1.3, d_full_m: 0.3, blind_zone_m: 0.25}, devices: [{id: {{id .}}, gateway: {{$g}}, interval: 10m}]}
{{- end}}
{{- range .Every bays}}
  - {id: {{id .}}, domain: bays, kind: visitor, building: b1, devices: [{id: {{id .}}, gateway: {{$g}}, interval: 10m}]}
{{- end}}
{{- range .ProbeIDs}}
  - {id: {{.}}, domain: lifts, kind: passenger, building: b1, devices: [{id: {{.}}, gateway: {{$g}}, interval: 1h}]}
{{- end}}
people:
  - {id: lin, name: Lin Mei, role: manager, channels: [{channel: mqtt, to: lin}]}
  - {id: li, name: Li Qiang, role: technician, channels: [{channel: mqtt, to: li}]}
contractors:
  - id: quicklift
    name: Quicklift Services
    technicians: [li]
    channels: [{{if .Webhook}}{channel: webhook, to: "{{.Webhook}}"}{{else}}{channel: mqtt, to: quicklift}{{end}}]
    roster: [{start: "00:00", end: "00:00", people: [li]}]
contracts:
  - id: quicklift-all
    contractor: quicklift
    title: Maintenance
    domains: [lifts, leaks, waste, bays, devices]
    from: 2020-01-01
    windows:
      - {clock: acknowledge, length: 15m, from: dispatched, source: bench}
      - {clock: attend, length: 30m, from: raised, source: bench}
      - {clock: restore, length: 60m, from: raised, source: bench}
    on_site: true
    travel: 5m
    price: {yearly: 190000}
    ladder: standard
ladders:
  - {id: standard, levels: [{after: 30m}]}
`))
