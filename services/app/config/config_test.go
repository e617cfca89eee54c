package config_test

import (
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"plantroom"
	"plantroom/internal/yamldoc"
	"plantroom/services/app/config"
	"plantroom/services/estate"
)

const goodEstate = `estate: story
name: {en: Test House}
time_zone: Asia/Shanghai
profile: cn-urban
currency: CNY
buildings:
  - {id: b1, name: {en: Block 1}, floors: 12}
gateways: []
assets: []
people:
  - {id: lin, name: Lin, role: manager, channels: [{channel: mqtt, to: lin}]}
`

// reached is the estate with other channels of its manager.
func reached(channels string) string {
	return strings.Replace(goodEstate, "[{channel: mqtt, to: lin}]", channels, 1)
}

const good = `estate: estate.yaml
data: data
web:
  listen: 127.0.0.1:8080
broker:
  embedded: {listen: 127.0.0.1:1883}
influxdb:
  child: {binary: influxd}
`

var known = estate.Known{Profiles: []string{"cn-urban"}}

// load writes the files and reads them from another working directory.
func load(t *testing.T, server, estateFile string, more ...string) (*config.Config, string, error) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"plantroom.yaml": server, "estate.yaml": estateFile} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range more {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("first line\nsecond\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c, err := config.Load(filepath.Join(dir, "plantroom.yaml"), known)
	return c, dir, err
}

// with puts lines in place of those that begin with the same key.
func with(lines ...string) string {
	text := good
	for _, l := range lines {
		key, _, _ := strings.Cut(l, ":")
		from := strings.Index("\n"+text, "\n"+key+":")
		if from < 0 {
			text += l + "\n"
			continue
		}
		end := from + 1
		for end < len(text) && (text[end-1] != '\n' || text[end] == ' ') {
			end++
		}
		text = text[:from] + l + "\n" + text[end:]
	}
	return text
}

func TestAGoodFile(t *testing.T) {
	c, dir, err := load(t, with(`influxdb: {child: {binary: ./bin/influxd}}`, `webhook: {allow_private: [10.1.0.0/16, "fd00::/8", 127.0.0.1/32]}`), goodEstate)
	if err != nil {
		t.Fatal(err)
	}
	if c.Estate.ID != "story" || c.Web.PublicURL != "" || c.Broker.Embedded.Listen != "127.0.0.1:1883" {
		t.Errorf("%+v", c)
	}
	for what, paths := range map[string][2]string{
		"data":   {c.Data, filepath.Join(dir, "data")},
		"estate": {c.EstateFile, filepath.Join(dir, "estate.yaml")},
		"binary": {filepath.Clean(c.InfluxDB.Child.Binary), filepath.Join(dir, "bin/influxd")},
	} {
		if paths[0] != paths[1] {
			t.Errorf("%s is %s, want %s: paths are relative to the file", what, paths[0], paths[1])
		}
	}
	if want := []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("fd00::/8"), netip.MustParsePrefix("127.0.0.1/32")}; !slices.Equal(c.Webhook.AllowPrivate, want) {
		t.Errorf("webhooks may reach %v, want %v", c.Webhook.AllowPrivate, want)
	}
}

// The files need not be there: the server makes the tokens.
func TestTheFilesOfTheOtherTokensAreBesideTheServersFile(t *testing.T) {
	c, dir, err := load(t, with("web: {listen: 127.0.0.1:8080, viewer_token_file: data/viewer, alerts_token_file: /run/alerts}"), goodEstate)
	if err != nil {
		t.Fatal(err)
	}
	if c.Web.ViewerTokenFile != filepath.Join(dir, "data/viewer") || c.Web.AlertsTokenFile != "/run/alerts" {
		t.Errorf("%+v", c.Web)
	}
	if c, _, err = load(t, good, goodEstate); err != nil || c.Web.ViewerTokenFile != "" || c.Web.AlertsTokenFile != "" {
		t.Errorf("where nothing is said: %+v, %v", c.Web, err)
	}
	_, _, err = load(t, with("web: {listen: 127.0.0.1:8080, viewer_token_file: one, alerts_token_file: ./one}"), goodEstate)
	var faults yamldoc.Faults
	if !errors.As(err, &faults) || len(faults) != 1 || faults[0].Path != "/web/alerts_token_file" {
		t.Errorf("one file for both: %v", err)
	}
}

func TestABrokerAndAnInfluxDBElsewhere(t *testing.T) {
	c, _, err := load(t, with("broker: {url: \"tcp://broker:1883\", username: plantroom, password_file: secrets/pw}",
		`influxdb: {url: "http://influx:8086", database: plantroom, token_file: /dev/null}`), goodEstate)
	var faults yamldoc.Faults
	if !errors.As(err, &faults) || len(faults) != 1 || faults[0].Path != "/broker/password_file" {
		t.Errorf("the password file is not there, and the faults are %v", err)
	}
	if c != nil {
		t.Error("a faulty file has become a Config")
	}
	c, dir, err := load(t, with("broker: {url: \"tcp://broker:1883\", username: plantroom, password_file: pw}",
		`influxdb: {url: "http://influx:8086", database: plantroom, token_file: token}`), goodEstate, "pw", "token")
	if err != nil {
		t.Fatal(err)
	}
	if o := c.Connection(); o.ClientID != "plantroom-story" || o.Username != "plantroom" || o.PasswordFile != filepath.Join(dir, "pw") {
		t.Errorf("the broker is connected to with %+v", o)
	}
	if c.InfluxDB.TokenFile != filepath.Join(dir, "token") {
		t.Errorf("InfluxDB's token is in %s", c.InfluxDB.TokenFile)
	}
}

func TestAMailServer(t *testing.T) {
	c, dir, err := load(t, with(`email: {host: smtp.example.org, from: Plantroom <p@example.org>, user: me, password_file: pw}`),
		reached("[{channel: email, to: lin@example.org}]"), "pw")
	if err != nil {
		t.Fatal(err)
	}
	o, err := c.Email.Options()
	if err != nil || o.Host != "smtp.example.org" || o.User != "me" || c.Email.PasswordFile != filepath.Join(dir, "pw") {
		t.Errorf("%+v with %s, %v", o, c.Email.PasswordFile, err)
	}
}

func TestAFaultOfATemplateIsNamedInItsOwnFile(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"plantroom.yaml": with(`providers: [{id: sms, template: sms.yaml}]`), "estate.yaml": goodEstate,
		"sms.yaml": "about: a test\nurl: https://{to}/\njson: {a: b}\naddress: .*\nsuccess: {status: [200]}\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	_, err := config.Load(filepath.Join(dir, "plantroom.yaml"), known)
	var faults yamldoc.Faults
	if want := filepath.Join(dir, "sms.yaml") + ":2:1: url: {to} cannot be filled in here"; !errors.As(err, &faults) || len(faults) != 1 || !strings.HasPrefix(faults[0].Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
}

// A name without a slash is looked up on the PATH; ./influxd is not, from
// whichever directory the server is started.
func TestThePathOfInfluxd(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	if err := os.WriteFile("estate.yaml", []byte(goodEstate), 0o600); err != nil {
		t.Fatal(err)
	}
	for written, want := range map[string]string{"influxd": "influxd", "/opt/influxd": "/opt/influxd", "./influxd": "././influxd", "bin/influxd": "./bin/influxd"} {
		if err := os.WriteFile("plantroom.yaml", []byte(with("influxdb: {child: {binary: "+written+"}}")), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := config.Load("plantroom.yaml", known)
		if err != nil {
			t.Fatal(err)
		}
		if c.InfluxDB.Child.Binary != want {
			t.Errorf("%s is %s, want %s", written, c.InfluxDB.Child.Binary, want)
		}
	}
}

func TestEveryFaultIsNamedWithItsPlace(t *testing.T) {
	for _, c := range []struct {
		name   string
		server string
		estate string
		want   []string // file:line:col: path: beginning of the problem
	}{
		{"not YAML", "estate: [", goodEstate, []string{"plantroom.yaml:1:9: "}},
		{"empty", "", goodEstate, []string{"plantroom.yaml:1:1: this is empty, not a mapping"}},
		{"a key twice", good + "data: elsewhere\n", goodEstate, []string{`plantroom.yaml:9:1: data: the key "data" stands twice; remove one of them`}},
		{"two documents", good + "---\nestate: other\n", goodEstate, []string{"plantroom.yaml:9:1: a second document"}},
		{"keys missing", "estate: estate.yaml\n", goodEstate, []string{
			`plantroom.yaml:1:1: the key "data" is missing; add it: the directory for the database, keys and secrets`, `plantroom.yaml:1:1: the key "web" is missing`,
			`plantroom.yaml:1:1: the key "broker" is missing`, `plantroom.yaml:1:1: the key "influxdb" is missing`}},
		{"a key misspelt", with("web: {lisen: 127.0.0.1:8080}"), goodEstate, []string{
			`plantroom.yaml:3:1: web: the key "listen" is missing`, `plantroom.yaml:3:7: web.lisen: the key "lisen" is not known here; did you mean listen?`}},
		{"of the wrong type", with("data: 7"), goodEstate, []string{"plantroom.yaml:2:1: data: this is a number, not text"}},
		{"a port too high", with("web: {listen: 127.0.0.1:99999}"), goodEstate, []string{`plantroom.yaml:3:7: web.listen: "127.0.0.1:99999" is not host:port with a port up to 65535`}},
		{"pages on every address, and no name", with("web: {listen: \":8080\"}"), goodEstate, []string{`plantroom.yaml:3:7: web.listen: ":8080" is every address of this machine`}},
		{"the same, in numbers", with("web: {listen: \"0.0.0.0:8080\"}"), goodEstate, []string{`plantroom.yaml:3:7: web.listen: "0.0.0.0:8080" is every address of this machine`}},
		{"a public URL with a path", with(`web: {listen: ":8080", public_url: "https://example.org/plantroom"}`), goodEstate,
			[]string{`plantroom.yaml:3:24: web.public_url: "https://example.org/plantroom" does not have the right form; it is how browsers and technicians reach it`}},
		{"one port for two", with("broker: {embedded: {listen: 127.0.0.1:8080}}"), goodEstate, []string{"plantroom.yaml:5:21: broker.embedded.listen: 127.0.0.1:8080 is taken by web.listen already"}},
		{"an embedded broker for everybody", with("broker: {embedded: {listen: 0.0.0.0:1883}}"), goodEstate, []string{`plantroom.yaml:5:21: broker.embedded.listen: "0.0.0.0:1883" is not on loopback, as in 127.0.0.1; for other machines run a broker with TLS`}},
		{"a child for everybody", with("influxdb: {child: {binary: influxd, listen: \":8086\"}}"), goodEstate, []string{`plantroom.yaml:7:37: influxdb.child.listen: ":8086" is not on loopback`}},
		{"a child without a name", with("influxdb: {child: {binary: \"\"}}"), goodEstate, []string{"plantroom.yaml:7:20: influxdb.child.binary: "}},
		{"neither broker", with("broker: {username: plantroom}"), goodEstate, []string{`plantroom.yaml:5:1: broker: it says neither embedded nor url`}},
		{"both brokers", with(`broker: {embedded: {listen: 127.0.0.1:1883}, url: "tcp://b:1883"}`), goodEstate, []string{"plantroom.yaml:5:46: broker.url: url is for a broker elsewhere, and this one is embedded; remove it, or embedded"}},
		{"neither InfluxDB", with("influxdb: {compress: true}"), goodEstate, []string{`plantroom.yaml:7:1: influxdb: it says neither child nor url`}},
		{"both InfluxDBs", with(`influxdb: {child: {binary: influxd}, url: "http://i"}`), goodEstate, []string{"plantroom.yaml:7:38: influxdb.url: url is for an InfluxDB elsewhere"}},
		{"an InfluxDB without a database", with(`influxdb: {url: "http://i"}`), goodEstate, []string{`plantroom.yaml:7:1: influxdb: the key "database" is missing`}},
		{"a login for the embedded broker", with(`broker: {embedded: {listen: 127.0.0.1:1883}, username: me, password_file: pw, tls: {ca: x}}`), goodEstate, []string{
			"plantroom.yaml:5:46: broker.username: username is for a broker elsewhere", "plantroom.yaml:5:60: broker.password_file: password_file is for", "plantroom.yaml:5:79: broker.tls: tls is for"}},
		{"a database for the child", with(`influxdb: {child: {binary: influxd}, database: x, org: y, token_file: z, compress: true}`), goodEstate, []string{
			"plantroom.yaml:7:38: influxdb.database: database is for an InfluxDB elsewhere", "plantroom.yaml:7:51: influxdb.org:", "plantroom.yaml:7:59: influxdb.token_file:", "plantroom.yaml:7:74: influxdb.compress:"}},
		{"a broker's scheme", with(`broker: {url: "http://b:1883"}`), goodEstate, []string{`plantroom.yaml:5:10: broker.url: "http://b:1883" does not have the right form; it is as in tls://broker.example.org:8883`}},
		{"a broker's files", with(`broker: {url: "tls://b", password_file: pw, tls: {ca: ca.pem}}`), goodEstate, []string{
			"plantroom.yaml:5:26: broker.password_file: ", "plantroom.yaml:5:45: broker.tls: "}},
		{"TLS without TLS", with(`broker: {url: "tcp://b", tls: {ca: ca.pem}}`), goodEstate, []string{"plantroom.yaml:5:26: broker.tls: tls is given, but tcp://b does not use it"}},
		{"a token that is not there", with(`influxdb: {url: "http://i", database: x, token_file: nowhere}`), goodEstate, []string{"plantroom.yaml:7:42: influxdb.token_file: open "}},
		{"networks", with("webhook: {allow_private: [10.0.0.1, 10.1.2.3/16, all, 10.2.0.0/16]}"), goodEstate, []string{
			`plantroom.yaml:9:27: webhook.allow_private.0: "10.0.0.1" is not a network; write it as in 10.1.0.0/16; one address is 10.1.0.7/32`,
			`plantroom.yaml:9:37: webhook.allow_private.1: "10.1.2.3/16" is an address within a network; write 10.1.0.0/16, or one address as 10.1.2.3/32`,
			`plantroom.yaml:9:50: webhook.allow_private.2: "all" is not a network`}},
		{"a mail server", with(`email: {host: smtp.example.org, tls: none, user: me, from: plantroom, ca: plantroom.yaml}`), goodEstate, []string{
			`plantroom.yaml:9:33: email.tls: a password would be sent for all to read; write starttls or implicit`, `plantroom.yaml:9:54: email.from: "plantroom" is not a sender; it is as in Plantroom <plantroom@example.org>`,
			`plantroom.yaml:9:71: email.ca: `}},
		{"a user without a password", with(`email: {host: h, user: me, from: p@example.org}`), goodEstate, []string{`plantroom.yaml:9:18: email.user: there is a user and no password; add password_file`}},
		{"a password without a user", with(`email: {host: h, password_file: nowhere, from: p@example.org}`), goodEstate, []string{
			`plantroom.yaml:9:18: email.password_file: there is a password and no user`, `plantroom.yaml:9:18: email.password_file: open `}},
		{"mail that no server takes", good, reached("[{channel: email, to: lin@example.org}]"), []string{
			`estate.yaml:11:53: people.0.channels.0.channel: no channel is called "email"; use one of webhook, mqtt, or describe it in the server's file`}},
		{"addresses of every kind", with(`email: {host: h, from: p@example.org}`), reached("[{channel: email, to: lin}, {channel: webhook, to: lin}, {channel: mqtt, to: a/b}]"), []string{
			`estate.yaml:11:69: people.0.channels.0.to: "lin" is not a plain e-mail address`, `estate.yaml:11:98: people.0.channels.1.to: the address is not an absolute URL`, `estate.yaml:11:124: people.0.channels.2.to: `}},
		{"a provider", with(`providers: [{id: sms, template: twilio-sms, settings: {form: x}, secrets: {account: nowhere}}]`), goodEstate, []string{
			`plantroom.yaml:9:13: providers.0: the template wants a setting "from"; add it, as in settings: {from: …}`, `plantroom.yaml:9:13: providers.0: the template wants a secret "token"`,
			`plantroom.yaml:9:56: providers.0.settings.form: the template has no setting "form"; take it away, or use one of from`,
			`plantroom.yaml:9:76: providers.0.secrets.account: open `}},
		{"providers that there are not", with(`providers: [{id: email, template: pigeon}, {id: sms, template: nowhere.yaml}]`), goodEstate, []string{
			`plantroom.yaml:9:14: providers.0.id: a channel is called "email" already`, `plantroom.yaml:9:25: providers.0.template: no template is called "pigeon"; use one of aliyun-sms, ntfy`, `plantroom.yaml:9:54: providers.1.template: open `}},
		{"a host that is none", with(`providers: [{id: push, template: ntfy, settings: {host: a/b}, secrets: {token: /dev/null}}]`), goodEstate, []string{
			`plantroom.yaml:9:40: providers.0.settings: "https://a/b" is no address of a server`}},
		{"a number that the provider does not know", with(`providers: [{id: sms, template: twilio-sms, settings: {from: "+15550100"}, secrets: {account: /dev/null, token: /dev/null}}]`),
			reached("[{channel: sms, to: \"0157\"}]"), []string{`estate.yaml:11:67: people.0.channels.0.to: `}},
		{"no estate", with("estate: nowhere.yaml"), goodEstate, []string{"plantroom.yaml:1:1: estate: read the estate file: open "}},
		{"both files", with("webhook: {allow_private: [all]}", "web: {listen: \":8080\"}"), strings.Replace(goodEstate, "Asia/Shanghai", "Asia/Nowhere", 1), []string{
			`plantroom.yaml:3:7: web.listen: `, `plantroom.yaml:8:27: webhook.allow_private.0: `, `estate.yaml:3:1: time_zone: "Asia/Nowhere" is not a time zone`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, dir, err := load(t, c.server, c.estate)
			var faults yamldoc.Faults
			if got != nil || !errors.As(err, &faults) {
				t.Fatalf("got %v, %v", got, err)
			}
			fit := len(faults) == len(c.want)
			for n := range min(len(faults), len(c.want)) {
				fit = fit && strings.HasPrefix(strings.ReplaceAll(faults[n].Error(), dir+"/", ""), c.want[n])
			}
			if !fit {
				t.Errorf("got\n%s\nwant\n%s", strings.ReplaceAll(faults.Error(), dir+"/", ""), strings.Join(c.want, "\n"))
			}
			for _, f := range faults {
				if f.Remedy == "" {
					t.Errorf("%v does not say what would be right", f)
				}
			}
		})
	}
}

func TestAFileThatIsNotThere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "plantroom.yaml")
	c, err := config.Load(path, known)
	if c != nil || plantroom.CodeOf(err) != plantroom.CodeNotFound || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "plantroom init") {
		t.Errorf("%v, %v", c, err)
	}
}

func FuzzLoad(f *testing.F) {
	f.Add(good)
	f.Add(with("webhook: {allow_private: [10.0.0.0/8]}", `broker: {url: "tls://b", tls: {ca: x}}`))
	f.Add(with(`influxdb: {url: "http://i", database: x, token_file: t}`, `web: {listen: "[::1]:0"}`))
	f.Fuzz(func(t *testing.T, text string) {
		c, _, err := load(t, text, goodEstate)
		if (c == nil) == (err == nil) {
			t.Fatalf("%v with %v", c, err)
		}
		var faults yamldoc.Faults
		if err != nil && (!errors.As(err, &faults) || len(faults) == 0) {
			t.Fatalf("a file that is there is refused without naming a place: %v", err)
		}
		for _, v := range faults {
			if v.Line < 1 || v.Col < 1 || v.Problem == "" {
				t.Fatalf("%#v", v)
			}
		}
	})
}
