// Package estates holds the estates that ship with the simulator, as data, and
// the gateway files that fit them: the story's, which the world brings to life,
// and a workshop with a device of each family, which says what it is told to.
//
// It deliberately plays nothing.
package estates

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"text/template"

	"plantroom"
	"plantroom/gateway/app/config"
	"plantroom/gateway/broker"
	"plantroom/services/app"
	"plantroom/services/estate"
	"plantroom/sim/world"
)

//go:embed story workshop
var files embed.FS

// Names lists the estates.
func Names() []string {
	dirs, _ := fs.ReadDir(files, ".")
	out := make([]string, len(dirs))
	for i, d := range dirs {
		out[i] = d.Name()
	}
	return out
}

// Source returns an estate's file as it is written.
func Source(name string) ([]byte, error) {
	b, err := files.ReadFile(name + "/estate.yaml")
	if err != nil {
		return nil, plantroom.Errorf(plantroom.CodeNotFound, "there is no estate %q: use one of %s", name, strings.Join(Names(), ", "))
	}
	return b, nil
}

// ends matches the line on which a contract says when it ends.
var ends = regexp.MustCompile(`(?m)^    to: \d{4}-\d\d-\d\d\n`)

// Ongoing returns an estate's file with contracts that do not end, for a
// server whose clock is the real one.
func Ongoing(name string) ([]byte, error) {
	src, err := Source(name)
	return ends.ReplaceAll(src, nil), err
}

// Load reads an estate.
func Load(name string) (plantroom.Estate, error) {
	src, err := Source(name)
	if err != nil {
		return plantroom.Estate{}, err
	}
	return estate.Parse(name+"/estate.yaml", src, app.Known())
}

// Gateway says where a gateway file of the virtual estate shall point.
type Gateway struct {
	ID           plantroom.GatewayID
	Broker       string // of the uplink, as in tcp://127.0.0.1:1883
	Username     string
	PasswordFile string
	SiteBroker   string // of the devices
	SiteUsername string
	SitePassword string // file
	Spool        string // directory
	Health       string // address to listen on, "" for none
}

// GatewayFile writes the file of one gateway: its devices as the virtual world
// makes them speak.
func GatewayFile(e plantroom.Estate, g Gateway) ([]byte, error) {
	data := struct {
		Gateway
		Estate plantroom.EstateID
		Block  string   // what the ids of its building begin with
		Others []string // and those of the other buildings
		Radios []plantroom.Device
		Models map[string]string
	}{Gateway: g, Estate: e.ID, Models: Models(), Block: strings.TrimPrefix(string(g.ID), "gw-")}
	for _, b := range e.Buildings {
		if string(b.ID) != data.Block {
			data.Others = append(data.Others, string(b.ID)+"-*")
		}
	}
	for _, d := range e.Devices {
		if d.Gateway == g.ID && strings.HasPrefix(d.Model, "lorawan-") {
			data.Radios = append(data.Radios, d)
		}
	}
	var b bytes.Buffer
	if err := gatewayFile.Execute(&b, data); err != nil {
		return nil, fmt.Errorf("write the file of gateway %s: %w", g.ID, err)
	}
	return b.Bytes(), nil
}

// GatewayConfig is what a gateway of an estate listens to: the file that the
// estate ships for it, or the one that GatewayFile writes.
func GatewayConfig(e plantroom.Estate, g plantroom.GatewayID) (config.Config, error) {
	path := string(e.ID) + "/" + string(g) + ".yaml"
	src, err := files.ReadFile(path)
	if err == nil {
		return shipped(string(e.ID), path)
	}
	if errors.Is(err, fs.ErrNotExist) {
		src, err = GatewayFile(e, Gateway{ID: g, Broker: "tcp://127.0.0.1:1883", SiteBroker: "tcp://127.0.0.1:1884", Spool: "spool"})
	}
	if err != nil {
		return config.Config{}, err
	}
	return config.Parse(path, src)
}

// shipped reads a gateway's file with the files that it names, which are looked
// at on disk.
func shipped(estate, path string) (config.Config, error) {
	dir, err := os.MkdirTemp("", "plantroom-estate-")
	if err != nil {
		return config.Config{}, err
	}
	defer os.RemoveAll(dir)
	part, err := fs.Sub(files, estate)
	if err != nil {
		return config.Config{}, err
	}
	if err := os.CopyFS(dir, part); err != nil {
		return config.Config{}, err
	}
	return config.Load(filepath.Join(dir, filepath.Base(path)))
}

// Accounts are those at the gateways' own brokers.
func Accounts(e plantroom.Estate) (broker.Accounts, error) {
	path := string(e.ID) + "/accounts.yaml"
	src, err := files.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return broker.ParseAccounts(path, src)
}

// Models names the decoder of each LoRaWAN device profile of the virtual
// estate.
func Models() map[string]string {
	return map[string]string{"EM300-SLD": "milesight-em300-sld", "EM310-UDL": "milesight-em310-udl", "NPS405": "nwave-nps405"}
}

var gatewayFile = template.Must(template.New("gateway").Funcs(template.FuncMap{"eui": world.EUI,
	"commas": func(list string) string { return strings.ReplaceAll(list, `" "`, `", "`) }}).Parse(
	`# Gateway {{.ID}} of the virtual estate {{.Estate}}, written by the simulator.
gateway: {{.ID}}
estate: {{.Estate}}
spool: {dir: {{printf "%q" .Spool}}, max: 256MiB}
clock: {trust: always} # one machine plays all
uplink:
  broker: {{.Broker}}
  client_id: {{.ID}}-uplink
{{- if .Username}}
  username: {{.Username}}
  password_file: {{printf "%q" .PasswordFile}}
{{- end}}
mqtt:
{{- $g := .}}
{{- define "site"}}
    broker: {{.SiteBroker}}
{{- if .SiteUsername}}
    username: {{.SiteUsername}}
    password_file: {{printf "%q" .SitePassword}}
{{- end}}{{end}}
  - name: boxes
    family: plainjson
{{- template "site" $g}}
    client_id: {{.ID}}-boxes
    devices:
      - {match: "{{.Block}}-l*-box"}
    ignore: {{printf "%q" .Others | commas}}
  - name: zigbee
    family: zigbee2mqtt
{{- template "site" $g}}
    client_id: {{.ID}}-zigbee
    devices:
      - {match: "{{.Block}}-*-leak"}
    ignore: {{printf "%q" .Others | commas}}
  - name: lorawan
    family: chirpstack
{{- template "site" $g}}
    client_id: {{.ID}}-lorawan
    models:
{{- range $profile, $decoder := .Models}}
      {{$profile}}: {{$decoder}}
{{- end}}
    devices:
{{- range .Radios}}
      - {address: "{{eui .ID}}", device: {{.ID}}}
{{- end}}
    ignore: ["*"]
{{- if .Health}}
health: {listen: {{printf "%q" .Health}}}
{{- end}}
`))
