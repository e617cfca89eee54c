package past

import (
	"bytes"
	"fmt"
	"text/template"

	"plantroom"
	"plantroom/services/app"
	"plantroom/services/estate"
)

// What stands in a building: 50 assets of the four domains.
var standing = []struct {
	domain, kind, device, params string
	count                        int
}{
	{"lifts", "passenger", "lift", "", 4},
	{"leaks", "spot", "leak", "", 30},
	{"waste", "rigid_1100", "bin", "{d_empty_m: 1.3, d_full_m: 0.3, blind_zone_m: 0.25}", 8},
	{"bays", "visitor", "bay", "", 8},
}

// Firms for each domain: two, who share the work.
var firms = map[string][]string{
	"lifts": {"quicklift", "grandlift"},
	"leaks": {"drywall", "pipeworks"},
	"waste": {"cleancourt", "binfleet"},
	"bays":  {"kerbline", "parkwell"},
}

// File writes the file of an estate with so many assets, in buildings of 50 with a
// gateway each. Its devices are meant to speak every 30 days, so that a server to
// which none of them speaks does not miss them.
func File(assets int) ([]byte, error) {
	var b bytes.Buffer
	err := file.Execute(&b, largeOf(assets))
	return b.Bytes(), err
}

// Load reads that file as the server does.
func Load(assets int) (plantroom.Estate, error) {
	src, err := File(assets)
	if err != nil {
		return plantroom.Estate{}, err
	}
	return estate.Parse("estate.yaml", src, app.Known())
}

type large struct {
	Buildings []string
	Assets    []placed
	Firms     []firm
}

type placed struct{ ID, Domain, Kind, Building, Params string }

type firm struct{ ID, Domain string }

func largeOf(assets int) (l large) {
	for n := 0; n < assets; {
		b := fmt.Sprintf("b%02d", len(l.Buildings)+1)
		l.Buildings = append(l.Buildings, b)
		for _, s := range standing {
			for i := 0; i < s.count && n < assets; i++ {
				l.Assets = append(l.Assets, placed{fmt.Sprintf("%s-%s-%02d", b, s.device, i+1), s.domain, s.kind, b, s.params})
				n++
			}
		}
	}
	for _, s := range standing {
		for _, id := range firms[s.domain] {
			l.Firms = append(l.Firms, firm{id, s.domain})
		}
	}
	return l
}

var file = template.Must(template.New("estate").Parse(`# Written for figures: nobody lives here.
estate: large
name: Large Court
time_zone: Asia/Shanghai
profile: cn-urban
currency: CNY
buildings:
{{- range .Buildings}}
  - {id: {{.}}, name: "Block {{.}}", floors: 26}
{{- end}}
gateways:
{{- range .Buildings}}
  - {id: gw-{{.}}}
{{- end}}
assets:
{{- range .Assets}}
  - {id: {{.ID}}, domain: {{.Domain}}, kind: {{.Kind}}, building: {{.Building}}{{with .Params}}, params: {{.}}{{end}}, devices: [{id: {{.ID}}-box, gateway: gw-{{.Building}}, interval: 720h}]}
{{- end}}
people:
  - {id: lin, name: Lin Mei, role: manager, channels: [{channel: mqtt, to: lin}]}
{{- range .Firms}}
  - {id: {{.ID}}-one, name: "{{.ID}} one", role: technician, channels: [{channel: mqtt, to: {{.ID}}-one}]}
{{- end}}
contractors:
{{- range .Firms}}
  - id: {{.ID}}
    name: "{{.ID}} Services"
    technicians: [{{.ID}}-one]
    channels: [{channel: mqtt, to: {{.ID}}}]
    roster: [{start: "00:00", end: "00:00", people: [{{.ID}}-one]}]
{{- end}}
contracts:
{{- range .Firms}}
  - id: {{.ID}}-all
    contractor: {{.ID}}
    title: Maintenance
    domains: [{{.Domain}}, devices]
    from: 2020-01-01
    windows:
      - {clock: acknowledge, length: 15m, from: raised, source: made up}
      - {clock: attend, length: 60m, from: raised, source: made up}
      - {clock: restore, length: 2h, from: raised, source: made up}
    on_site: true
    travel: 15m
    price: {yearly: 190000}
    ladder: standard
{{- end}}
ladders:
  - {id: standard, levels: [{after: 30m}]}
`))
