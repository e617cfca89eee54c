package config_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"plantroom/firmware-bridge/wire"
	"plantroom/gateway/app/config"
)

func publicKey(t *testing.T, file string) {
	t.Helper()
	public, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), 0o644); err != nil {
		t.Fatal(err)
	}
}

// served is a whole file of a gateway that takes configurations.
var served = strings.Replace(full, "health: {", "remote: {keys: [server.pub], dir: remote, probation: 2m, files: [new-password]}\nhealth: {", 1)

// own is the file of a gateway that takes configurations.
func own(t *testing.T) (config.Config, string) {
	t.Helper()
	d := dir(t)
	c, err := config.Parse(filepath.Join(d, "gateway.yaml"), []byte(served))
	if err != nil {
		t.Fatal(err)
	}
	return c, d
}

func files(text string, beside ...string) []wire.ConfigFile {
	out := []wire.ConfigFile{{Name: "gateway.yaml", Body: []byte(text)}}
	for i := 0; i < len(beside); i += 2 {
		out = append(out, wire.ConfigFile{Name: beside[i], Body: []byte(beside[i+1])})
	}
	return out
}

// sent is what a gateway whose own file is c makes of files.
func sent(c config.Config, files []wire.ConfigFile) (config.Config, error) {
	return c.Sent(files, compile)
}

func TestTheGatewaysOwnFileMayBeSentToIt(t *testing.T) {
	c, _ := own(t)
	got, err := sent(c, files(served))
	if err != nil {
		t.Fatal(err)
	}
	if got.Uplink.PasswordFile != c.Uplink.PasswordFile || got.MQTT[1].Codecs["EM300"].Program == nil {
		t.Errorf("%+v", got.Uplink)
	}
}

func TestCodecsAndRegisterMapsTravelAlong(t *testing.T) {
	c, d := own(t)
	text := served + `modbus:
  - {name: riser, link: "rtu:///dev/ttyUSB3", devices: [{device: b1-meter, unit: 1, registers: ./meter.yaml}]}
`
	text = strings.Replace(text, "file: em300.js", "file: new.js", 1)
	js, meter := "function decodeUplink(i) { return {data: {}} }", "name: meter\nblocks: [{table: holding, address: 0, count: 1, period: 10s, points: [{signal: x, address: 0, type: uint16}]}]\n"
	got, err := sent(c, files(text, "new.js", js, "meter.yaml", meter))
	if err != nil {
		t.Fatal(err)
	}
	if got.MQTT[1].Codecs["EM300"].Program == nil || got.Modbus[0].Devices[0].Layout.Name != "meter" {
		t.Error("what was sent along is not used")
	}
	// What is sent goes before what lies there.
	if err := os.WriteFile(filepath.Join(d, "em300.js"), []byte("syntax error("), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := sent(c, files(served, "em300.js", js)); err != nil {
		t.Error(err)
	}
	_, err = sent(c, files(text, "new.js", "syntax error(", "meter.yaml", strings.Replace(meter, "uint16", "uint99", 1)))
	for _, want := range []string{"new.js", "meter.yaml:2:"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the faults do not name %s: %v", want, err)
		}
	}
}

// Somebody has the server's key: this is what a file of theirs cannot do.
func TestWhatAConfigurationFromTheNetworkMustNotSay(t *testing.T) {
	c, d := own(t)
	if err := os.WriteFile(filepath.Join(d, "beside"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	const page = `health: {listen: "127.0.0.1:9101"}`
	for _, f := range []struct{ name, old, new, want string }{
		{"another gateway", "gateway: gw-b1", "gateway: gw-b2", "gateway.yaml:1:1: gateway: it differs from the gateway's own file"},
		{"another estate", "estate: story", "estate: tale", ":2:1: estate: it differs"},
		{"another spool", "dir: ./spool", "dir: ./other", "spool: it differs"},
		{"a spool of another size", "max: 1GiB", "max: 1MiB", "spool: it differs"},
		{"a page that strangers reach", page, `health: {listen: "0.0.0.0:9101"}`, "health: it differs"},
		{"no page", page, "", "health: it differs"},
		{"another key", "keys: [server.pub]", "keys: [gw.pem]", "remote: it differs"},
		{"a longer probation", "probation: 2m", "probation: 1h", "remote: it differs"},
		{"a file more to name", "files: [new-password]", "files: [new-password, /etc/shadow]", "remote: it differs"},
		{"a password from anywhere", "password_file: secret", "password_file: /etc/shadow", "uplink.password_file: the gateway's own file does not name it"},
		{"a password by another way", "password_file: secret", "password_file: ../../../../../etc/shadow", "uplink.password_file: the gateway's own file does not name it"},
		{"a file beside it as password", "password_file: secret", "password_file: beside", "uplink.password_file: the gateway's own file does not name it"},
		{"a key as password", "password_file: secret", "password_file: gw.key", "uplink.password_file: the gateway's own file does not name it"},
		{"the password told to another broker", `broker: "tcp://127.0.0.1:1883", client_id`, `broker: "tcp://198.51.100.7:1883", client_id`, "uplink.password_file: the gateway's own file does not name it"},
		{"the password in another source", "    family: zigbee2mqtt\n", "    family: zigbee2mqtt\n    username: u\n    password_file: /proc/self/environ\n", "mqtt.0.password_file: the gateway's own file does not name it"},
		{"another certificate", "cert: gw.pem", "cert: server.pub", "listen.tls.cert: the gateway's own file does not name it"},
		{"another key for TLS", "key: gw.key", "key: /etc/ssl/private/ssl-cert-snakeoil.key", "listen.tls.key: the gateway's own file does not name it"},
		{"other accounts", "accounts: accounts.yaml", "accounts: /etc/passwd", "listen.accounts: the gateway's own file does not name it"},
		{"a codec from anywhere", "file: em300.js", "file: /etc/passwd", "mqtt.1.codecs.EM300.file: it is neither sent along"},
		{"a line that is none", "port: /dev/ttyUSB0", "port: /dev/watchdog", `serial.0.port: "/dev/watchdog" is not a serial line`},
		{"a console", "port: /dev/ttyUSB0", "port: /dev/tty1", "is not a serial line"},
		{"a line by another way", "port: /dev/ttyUSB0", "port: /dev/serial/by-id/../../watchdog", "is not a serial line"},
		{"a register map from anywhere", page, page + "\nmodbus: [{name: m, link: \"tcp://10.0.0.5:502\", devices: [{device: x, unit: 1, registers: /etc/passwd}]}]", "modbus.0.devices.0.registers: it is neither sent along"},
		{"a Modbus line that is none", page, page + "\nmodbus: [{name: m, link: \"rtu:///dev/sda\", devices: [{device: x, unit: 1, registers: contacts-8, map: {input_1: {}}}]}]", `modbus.0.link: "/dev/sda" is not a serial line`},
	} {
		t.Run(f.name, func(t *testing.T) {
			if !strings.Contains(served, f.old) {
				t.Fatalf("the file says no %q", f.old)
			}
			_, err := sent(c, files(strings.Replace(served, f.old, f.new, 1)))
			if err == nil || !strings.Contains(err.Error(), f.want) {
				t.Fatalf("%v\nwant %s", err, f.want)
			}
			if n := strings.Count(err.Error(), "\n") + 1; n != 1 {
				t.Errorf("%d faults, want one:\n%v", n, err)
			}
			for _, tells := range []string{"no such file", "permission denied", "root:", "is no file"} {
				if strings.Contains(err.Error(), tells) {
					t.Errorf("it tells what is on the disk: %v", err)
				}
			}
		})
	}
}

// A password that goes over TLS is not told in the clear, nor to whom another
// authority vouches for.
func TestAPasswordKeepsItsProtection(t *testing.T) {
	d := dir(t)
	const protected = `broker: "tls://127.0.0.1:1883", tls: {ca: gw.pem}, client_id`
	text := strings.Replace(served, `broker: "tcp://127.0.0.1:1883", client_id`, protected, 1)
	c, err := config.Parse(filepath.Join(d, "gateway.yaml"), []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sent(c, files(text)); err != nil {
		t.Error(err)
	}
	for _, other := range []string{`broker: "tcp://127.0.0.1:1883", client_id`, `broker: "mqtt://127.0.0.1:1883", client_id`, `broker: "tls://127.0.0.1:1883", client_id`} {
		if _, err := sent(c, files(strings.Replace(text, protected, other, 1))); err == nil || !strings.Contains(err.Error(), "uplink.password_file: the gateway's own file does not name it") {
			t.Errorf("%s: %v", other, err)
		}
	}
}

func TestWhatTheOwnFileListsAConfigurationMayName(t *testing.T) {
	c, d := own(t)
	if err := os.WriteFile(filepath.Join(d, "new-password"), []byte("pw"), 0o600); err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(served, `broker: "tcp://127.0.0.1:1883", client_id: gw-b1-uplink, username: gw-b1, password_file: secret`,
		`broker: "tcp://198.51.100.7:1883", client_id: gw-b1-uplink, username: gw-b1, password_file: new-password`, 1)
	if _, err := sent(c, files(text)); err != nil {
		t.Error(err)
	}
	for _, port := range []string{"/dev/ttyACM0", "/dev/ttymxc2", "/dev/serial/by-id/usb-FTDI_FT232R_A9-if00-port0"} {
		if _, err := sent(c, files(strings.Replace(served, "/dev/ttyUSB0", port, 1))); err != nil {
			t.Errorf("%s: %v", port, err)
		}
	}
}

func TestWhatIsSentAlongAndNotNamedIsAFault(t *testing.T) {
	c, _ := own(t)
	_, err := sent(c, files(served, "em301.js", "x"))
	if err == nil || !strings.Contains(err.Error(), "the file em301.js is sent along, and nothing names it") {
		t.Errorf("%v", err)
	}
	// What names it may stand in what is faulty.
	_, err = sent(c, files(strings.Replace(served, "file: em300.js", "fyle: em301.js", 1), "em301.js", "x"))
	if err == nil || strings.Contains(err.Error(), "nothing names it") {
		t.Errorf("%v", err)
	}
}

func TestEveryFaultOfAConfigurationIsListedByLine(t *testing.T) {
	c, _ := own(t)
	_, err := sent(c, files(strings.NewReplacer("window: 32", "window: 999", "family: tasmota", "family: zwave").Replace(served)))
	if err == nil || !strings.Contains(err.Error(), "gateway.yaml:4:") || !strings.Contains(err.Error(), "gateway.yaml:16:") {
		t.Errorf("%v", err)
	}
	if _, err := sent(c, files("gateway: [")); err == nil {
		t.Error("what is no YAML is taken")
	}
	if _, err := sent(c, nil); err == nil {
		t.Error("no file is taken")
	}
	c.Remote = nil
	if _, err := sent(c, files(full)); err == nil {
		t.Error("a gateway whose file takes no configurations takes one")
	}
}

func TestFaultsOfTheSectionRemote(t *testing.T) {
	d := dir(t)
	const base = "gateway: g\nestate: e\nspool: {dir: spool}\nuplink: {broker: tcp://h}\nremote: "
	for text, want := range map[string]string{
		"{keys: [gw.key], dir: r}":                       "no place on a gateway",
		"{keys: [gone], dir: r}":                         "remote.keys.0: read the key of configurations",
		"{keys: [server.pub], dir: spool/r}":             "remote.dir: it lies in the spool's directory",
		"{keys: [server.pub], dir: .}":                   "remote.dir: it lies in the spool's directory, or around it",
		"{keys: [server.pub], dir: r, probation: 5s}":    "remote.probation: 5s is out of range; use 10s to 1h",
		"{keys: [server.pub], dir: r, probation: 2h}":    "remote.probation: 2h0m0s is out of range",
		"{keys: [], dir: r}":                             "remote.keys",
		"{dir: r}":                                       "remote",
		"{keys: [server.pub], dir: r, trust: everybody}": "remote.trust",
	} {
		_, err := config.Parse(filepath.Join(d, "gateway.yaml"), []byte(base+text+"\n"))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v\nwant %s", text, err, want)
		}
	}
	c, err := config.Parse(filepath.Join(d, "gateway.yaml"), []byte(base+"{keys: [server.pub], dir: r}\n"))
	if err != nil || len(c.Remote.Public) != 1 || c.Remote.Dir != filepath.Join(d, "r") {
		t.Errorf("%+v, error %v", c.Remote, err)
	}
}

// notPaths are the texts of a file that name nothing on this machine's disk.
// A new key of the file has to be entered here, or kept within bounds by
// Config.Sent and entered below.
var notPaths = []string{
	"gateway", "estate", "uplink.broker", "uplink.client_id", "uplink.username",
	"mqtt.name", "mqtt.broker", "mqtt.client_id", "mqtt.username", "mqtt.family", "mqtt.topics", "mqtt.prefix", "mqtt.full_topic", "mqtt.zone",
	"mqtt.models", "mqtt.codecs.sum", "mqtt.codecs.map.to", "mqtt.host", "mqtt.ignore",
	"mqtt.devices.match", "mqtt.devices.address", "mqtt.devices.device", "mqtt.devices.map.to",
	"listen.addresses.address", "listen.addresses.networks", "listen.sources.name", "listen.sources.family", "listen.sources.topics", "listen.sources.prefix",
	"listen.sources.full_topic", "listen.sources.zone", "listen.sources.models", "listen.sources.codecs.sum", "listen.sources.codecs.map.to",
	"listen.sources.host", "listen.sources.ignore",
	"listen.sources.devices.match", "listen.sources.devices.address", "listen.sources.devices.device", "listen.sources.devices.map.to",
	"serial.devices.device", "serial.devices.map.to", "pins.device", "pins.pin", "pins.pull", "pins.active", "pins.map.to",
	"buses.name", "buses.devices.device", "buses.devices.map.to", "modbus.name", "modbus.parity", "modbus.devices.device", "modbus.devices.map.to",
	"pins.count.signal", "onewire.name", "onewire.devices.device", "onewire.devices.serial", "onewire.devices.map.to",
	"iio.device", "iio.name", "iio.map.to", "ultrasonic.device", "ultrasonic.kind", "ultrasonic.map.to",
}

// ownOnly are sections that have to be those of the gateway's own file.
var ownOnly = []string{"spool", "health", "remote", "clock", "outputs", "reflexes", "self_test"}

// confined are the keys that Config.Sent keeps within bounds.
var confined = []string{
	"uplink.password_file", "uplink.tls.ca", "uplink.tls.cert", "uplink.tls.key", "mqtt.password_file", "mqtt.tls.ca", "mqtt.tls.cert", "mqtt.tls.key",
	"mqtt.codecs.file", "listen.tls.cert", "listen.tls.key", "listen.tls.client_ca", "listen.accounts", "listen.sources.codecs.file",
	"serial.port", "ultrasonic.port", "modbus.link", "modbus.devices.registers",
}

func TestSomebodyHasThoughtAboutEachKeyThatCouldNameAFile(t *testing.T) {
	var all []string
	texts(reflect.TypeFor[config.Config](), "", &all)
	for _, key := range all {
		section, _, _ := strings.Cut(key, ".")
		listed := 0
		for _, list := range [][]string{notPaths, confined} {
			if slices.Contains(list, key) {
				listed++
			}
		}
		if slices.Contains(ownOnly, section) {
			listed++
		}
		if listed != 1 {
			t.Errorf("%s stands in %d of the lists above, want one: can a configuration from the network name a file with it?", key, listed)
		}
	}
	for _, key := range slices.Concat(notPaths, confined) {
		if !slices.Contains(all, key) {
			t.Errorf("the file has no key %s", key)
		}
	}
}

// texts lists the keys below a type that hold text.
func texts(t reflect.Type, at string, out *[]string) {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice:
		texts(t.Elem(), at, out)
	case reflect.Map:
		if k := t.Elem().Kind(); k == reflect.String || k == reflect.Struct || k == reflect.Pointer {
			texts(t.Elem(), at, out)
		}
	case reflect.String:
		if !slices.Contains(*out, at) {
			*out = append(*out, at)
		}
	case reflect.Struct:
		if strings.HasSuffix(at, ".layout") {
			return // of the register map's file, not of this one
		}
		for i := range t.NumField() {
			f := t.Field(i)
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			switch {
			case f.Anonymous && name == "":
				texts(f.Type, at, out)
			case name != "" && name != "-":
				texts(f.Type, strings.TrimPrefix(at+"."+name, "."), out)
			}
		}
	}
}

func FuzzSent(f *testing.F) {
	f.Add(served)
	f.Add("gateway: gw-b1\nuplink: {password_file: /etc/shadow}")
	f.Fuzz(func(t *testing.T, text string) {
		c := config.Config{Gateway: "gw-b1", Estate: "story", Remote: &config.Remote{Dir: "r"}}
		got, err := sent(c, files(text))
		if err == nil && (got.Gateway != "gw-b1" || got.Uplink.PasswordFile != "" || !reflect.DeepEqual(got.Spool, c.Spool)) {
			t.Errorf("accepted %q", text)
		}
	})
}
