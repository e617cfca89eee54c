package config

import (
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"plantroom"
	"plantroom/firmware-bridge/codec"
	"plantroom/firmware-bridge/wire"
	"plantroom/internal/mqttconn"
	"plantroom/internal/yamldoc"
)

// sent is a configuration that came over the network, and what it may do.
type sent struct {
	own   *Config           // the gateway's own file
	files map[string][]byte // that came along, by their names beside the own file
	used  map[string]bool   // of them
}

// Sent reads a configuration that came over the network: its first file, with
// the others in the place of codecs and register maps beside c, which is the
// gateway's own file. Besides all that a file on site is checked for, it must
// not change who the gateway is and whom it believes, and names no file on this
// machine that c does not name for the same purpose. compile is as in Loader.
func (c *Config) Sent(files []wire.ConfigFile, compile func(*codec.Program) error) (Config, error) {
	if c.Remote == nil || len(files) == 0 {
		return Config{}, plantroom.Errorf(plantroom.CodeForbidden, "the gateway's own file takes no configurations: it has no remote")
	}
	s := &sent{own: c, files: map[string][]byte{}, used: map[string]bool{}}
	for _, f := range files[1:] {
		s.files[f.Name] = f.Body
	}
	doc, err := yamldoc.Parse(files[0].Name, files[0].Body, Schema)
	if doc == nil {
		return Config{}, err
	}
	var out Config
	if err := doc.Decode(&out); err != nil && !errors.As(err, new(yamldoc.Faults)) {
		return Config{}, err
	}
	out.fill(c.dir)
	// Nothing is read on behalf of a file that names what it may not: what
	// is said about it would tell what is there.
	if err := s.confine(doc, &out); err != nil {
		return Config{}, err
	}
	return out, out.check(doc, s, compile)
}

// body is the content of a file that came along.
func (s *sent) body(path string) ([]byte, bool) {
	if filepath.Dir(path) != filepath.Clean(s.own.dir) {
		return nil, false
	}
	b, ok := s.files[filepath.Base(path)]
	if ok {
		s.used[filepath.Base(path)] = true
	}
	return b, ok
}

// confine finds what a configuration from the network must not say.
func (s *sent) confine(doc *yamldoc.Doc, c *Config) error {
	var faults yamldoc.Faults
	fault := func(at, problem, remedy string) { faults = append(faults, doc.Fault(at, problem, remedy)) }
	for _, f := range []struct {
		key       string
		here, own any
	}{
		{"gateway", c.Gateway, s.own.Gateway}, {"estate", c.Estate, s.own.Estate}, {"spool", c.Spool, s.own.Spool},
		{"health", c.Health, s.own.Health}, {"clock", c.Clock, s.own.Clock},
		{"outputs", c.Outputs, s.own.Outputs}, {"reflexes", c.Reflexes, s.own.Reflexes}, {"self_test", c.SelfTest, s.own.SelfTest}, {"remote", bare(c.Remote), bare(s.own.Remote)},
	} {
		if doc.Sound("/"+f.key) && !reflect.DeepEqual(f.here, f.own) {
			fault("/"+f.key, "it differs from the gateway's own file, which alone says it", "write it as it is there, or change it on site")
		}
	}
	permitted := s.own.paths()
	for _, n := range c.paths() {
		_, along := s.body(n.path)
		travels := n.purpose == "codec" || n.purpose == "registers"
		switch {
		case along && travels:
		case n.purpose == "line" && linePath.MatchString(n.path):
		case slices.ContainsFunc(permitted, func(p named) bool { return p.purpose == n.purpose && p.path == n.path }):
		case n.purpose == "line":
			fault(n.at, fmt.Sprintf("%q is not a serial line", n.path), "name one like /dev/ttyUSB0, or below /dev/serial/by-id")
		case slices.Contains(s.own.Remote.Files, n.path):
		case travels:
			fault(n.at, "it is neither sent along nor named for this by the gateway's own file", "send the file along")
		default:
			fault(n.at, "the gateway's own file does not name it for this", "name it there, or list it below remote.files there")
		}
	}
	for name := range s.files {
		if !s.used[name] && len(doc.Faults()) == 0 { // else what names it may stand in what is faulty
			fault("", fmt.Sprintf("the file %s is sent along, and nothing names it", name), "name it, or leave it out")
		}
	}
	if len(faults) == 0 {
		return nil
	}
	return append(faults, doc.Faults()...).Err()
}

// bare is the section as it is written.
func bare(r *Remote) Remote {
	if r == nil {
		return Remote{}
	}
	out := *r
	out.Public = nil
	return out
}

// linePath is what a configuration may open as a serial line: to open another
// device can do something, as with /dev/watchdog.
var linePath = regexp.MustCompile(`^/dev/(tty[A-Za-z][A-Za-z0-9]*|serial/by-(id|path)/[A-Za-z0-9_:.-]*[A-Za-z0-9_:-])$`)

// named is one path in a file: where it stands, and what it is for.
type named struct{ at, purpose, path string }

// paths lists everything on this machine that a file names.
func (c *Config) paths() []named {
	var out []named
	add := func(at, purpose, path string) {
		if path != "" {
			out = append(out, named{at, purpose, path})
		}
	}
	connection := func(at string, o *mqttconn.Options) {
		// A password belongs to one broker, and to the way there. With
		// another, it would be told to whoever runs that, or listens.
		scheme, _, _ := strings.Cut(o.URL, "://")
		plain := scheme == "tcp" || scheme == "mqtt"
		add(at+"/password_file", fmt.Sprintf("password for %s, plain %t, authority %s", o.Server(), plain, o.TLS.CA), o.PasswordFile)
		add(at+"/tls/ca", "authority", o.TLS.CA)
		add(at+"/tls/cert", "certificate", o.TLS.Cert)
		add(at+"/tls/key", "key", o.TLS.Key)
	}
	codecs := func(at string, all map[string]*Codec) {
		for key, codec := range all {
			add(at+"/codecs/"+yamldoc.Escape(key)+"/file", "codec", codec.File)
		}
	}
	connection("/uplink", &c.Uplink.Options)
	for i := range c.MQTT {
		at := fmt.Sprintf("/mqtt/%d", i)
		connection(at, &c.MQTT[i].Options)
		codecs(at, c.MQTT[i].Codecs)
	}
	if l := c.Listen; l != nil {
		add("/listen/accounts", "accounts", l.Accounts)
		add("/listen/tls/cert", "certificate", l.TLS.Cert)
		add("/listen/tls/key", "key", l.TLS.Key)
		add("/listen/tls/client_ca", "authority", l.TLS.ClientCA)
		for i := range l.Sources {
			codecs(fmt.Sprintf("/listen/sources/%d", i), l.Sources[i].Codecs)
		}
	}
	for i, l := range c.Serial {
		add(fmt.Sprintf("/serial/%d/port", i), "line", l.Port)
	}
	for i, l := range c.Ranging {
		add(fmt.Sprintf("/ultrasonic/%d/port", i), "line", l.Port)
	}
	for i, l := range c.Modbus {
		at := fmt.Sprintf("/modbus/%d", i)
		if l.Link.Serial() {
			add(at+"/link", "line", l.Link.Place())
		}
		for j, d := range l.Devices {
			if file, ok := registersFile(d.Registers, c.dir); ok {
				add(fmt.Sprintf("%s/devices/%d/registers", at, j), "registers", file)
			}
		}
	}
	return out
}
