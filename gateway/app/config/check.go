package config

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // a gateway's image may have no time zones

	"plantroom"
	"plantroom/firmware-bridge/codec"
	"plantroom/firmware-bridge/devices"
	"plantroom/gateway/binding"
	"plantroom/gateway/broker"
	"plantroom/gateway/modbus"
	"plantroom/gateway/source"
	"plantroom/internal/mqttconn"
	"plantroom/internal/yamldoc"
)

// checker collects the faults that only the whole file shows.
type checker struct {
	doc     *yamldoc.Doc
	sent    *sent // nil: the gateway's own file
	faults  yamldoc.Faults
	names   map[string]bool // of sources
	clients map[string]bool // broker and client id
	bound   map[plantroom.DeviceID]bool
	lines   map[string]bool // GPIO lines
	buses   map[string]bool
	compile func(*codec.Program) error // nil: the syntax of codecs is not looked at
}

// check finds what the schema cannot. sent is nil for a gateway's own file.
func (c *Config) check(doc *yamldoc.Doc, sent *sent, compile func(*codec.Program) error) error {
	k := &checker{doc: doc, sent: sent, faults: doc.Faults(), names: map[string]bool{}, clients: map[string]bool{}, bound: map[plantroom.DeviceID]bool{},
		lines: map[string]bool{}, buses: map[string]bool{}, compile: compile}
	k.spool(c.Spool)
	if c.Clock != nil && c.Clock.Wait != nil && time.Duration(*c.Clock.Wait) > maxWait {
		k.fault("/clock/wait", c.Clock.Wait.String()+" is too long: people may wait for help", "use at most "+plantroom.Duration(maxWait).String())
	}
	// Of what has faults already it is not said what is wrong because of them.
	if doc.Sound("/uplink") {
		k.connection("/uplink", &c.Uplink.Options)
	}
	for i := range c.MQTT {
		if path := fmt.Sprintf("/mqtt/%d", i); doc.Sound(path) {
			k.source(path, &c.MQTT[i])
		}
	}
	for i, p := range c.Pins {
		if path := fmt.Sprintf("/pins/%d", i); doc.Sound(path) {
			k.wired(path, p.Device, p.Map)
			k.count(path, p)
			k.once(k.lines, path+"/pin", p.Pin, "line", "give each contact a line of its own")
		}
	}
	for i, b := range c.Buses {
		if path := fmt.Sprintf("/buses/%d/name", i); doc.Sound(path) {
			k.once(k.buses, path, b.Name, "bus", "list all its devices in one place")
		}
		k.inputs(fmt.Sprintf("/buses/%d/devices", i), b.Devices)
	}
	if doc.Sound("/listen") {
		k.listen(c.Listen)
	}
	if doc.Sound("/serial") {
		k.serial(c.Serial, c.Modbus)
	}
	k.modbus(c.Modbus, c.dir)
	k.oneWire(c.OneWire)
	k.iio(c.IIO)
	k.ranging(c)
	k.reflexes(c)
	if doc.Sound("/remote") {
		k.remote(c)
	}
	if doc.Sound("/health") {
		k.health(c.Health.Listen)
	}
	return k.faults.Err()
}

func (k *checker) fault(path, problem, remedy string) {
	k.faults = append(k.faults, k.doc.Fault(path, problem, remedy))
}

// broken adds an error of a package whose options the file sets. What to do
// about it is the hint of the error, or of the one that it wraps.
func (k *checker) broken(path string, err error) {
	if err == nil {
		return
	}
	text, remedy := err.Error(), ""
	var e *plantroom.Error
	for cause := err; remedy == "" && errors.As(cause, &e); cause = e.Unwrap() {
		remedy = e.Hint
	}
	k.fault(path, strings.TrimSuffix(text, "; "+remedy), remedy)
}

func (k *checker) connection(path string, o *mqttconn.Options) {
	for _, p := range o.Problems() {
		k.broken(path+"/"+p.Key, p.Err)
	}
	server := o.Server()
	if server == "" {
		return
	}
	id := server + " " + o.ClientID
	if k.clients[id] {
		k.fault(path+"/client_id", fmt.Sprintf("client id %q is used twice at %s: the two would throw each other out for ever", o.ClientID, o.URL), "give each connection its own")
	}
	k.clients[id] = true
}

// family checks the family's name, and what only some families take.
func (k *checker) family(path string, s *Source) {
	f, err := devices.ByName(s.Family)
	if err != nil {
		k.broken(path+"/family", err)
		return
	}
	if s.Host != "" && !f.Host {
		k.fault(path+"/host", fmt.Sprintf("%s speaks to no device", s.Family), "remove host: this family only listens")
	}
	switch {
	case s.FullTopic == "":
	case f.FullTopic == nil:
		k.fault(path+"/full_topic", s.Family+" has no full topic", "remove full_topic; prefix sets the first levels of its topics")
	default:
		k.broken(path+"/full_topic", f.FullTopic(s.FullTopic))
	}
	var known []string
	if f.Models != nil {
		known = f.Models()
	}
	for key, model := range s.Models {
		if slices.Contains(known, model) {
			continue
		}
		remedy := "remove models: this family needs none"
		if len(known) > 0 {
			remedy = "use one of " + strings.Join(known, ", ")
		}
		k.fault(path+"/models/"+yamldoc.Escape(key), fmt.Sprintf("%s has no decoder %q", s.Family, model), remedy)
	}
	k.codecs(path+"/codecs", s, f.Codecs)
}

func (k *checker) source(path string, s *Source) {
	if k.names[s.Name] {
		k.fault(path+"/name", fmt.Sprintf("a source %q exists already", s.Name), "give it another name")
	}
	k.names[s.Name] = true
	k.connection(path, &s.Options)
	k.devices(path, s)
}

// devices checks what a source says of its devices.
func (k *checker) devices(path string, s *Source) {
	k.family(path, s)
	if _, err := time.LoadLocation(s.Zone); err != nil {
		k.fault(path+"/zone", fmt.Sprintf("there is no time zone %q", s.Zone), "write it like Asia/Shanghai")
	}
	if strings.ContainsAny(s.Prefix, "+#") {
		k.fault(path+"/prefix", fmt.Sprintf("%q holds a wildcard", s.Prefix), "name the levels, or give topics")
	}
	for i, t := range s.Topics {
		k.topic(fmt.Sprintf("%s/topics/%d", path, i), t)
	}
	before := len(k.faults)
	for i := range s.Devices {
		k.broken(fmt.Sprintf("%s/devices/%d", path, i), s.Devices[i].Check())
	}
	if len(k.faults) == before {
		_, err := binding.New(s.Devices, s.Ignore)
		k.broken(path+"/devices", err)
	}
}

// listen checks the gateway's own broker.
func (k *checker) listen(l *Listen) {
	if l == nil {
		return
	}
	o := broker.Options{Addresses: l.Addresses, TLS: l.TLS, Accounts: l.Accounts}
	for i := range l.Sources {
		path, s := fmt.Sprintf("/listen/sources/%d", i), l.Sources[i].Source()
		if k.names["listen/"+s.Name] {
			k.fault(path+"/name", fmt.Sprintf("a source %q exists already", s.Name), "give it another name")
		}
		k.names["listen/"+s.Name] = true
		k.devices(path, &s)
		if f, err := devices.ByName(s.Family); err == nil {
			topics := s.Topics
			if len(topics) == 0 {
				topics = f.Topics(devices.Options{Prefix: s.Prefix, FullTopic: s.FullTopic, Host: s.Host})
			}
			o.Sources = append(o.Sources, source.NewLocal(source.LocalOptions{Name: s.Name, Topics: topics}))
		}
	}
	for _, p := range o.Problems() {
		var elsewhere yamldoc.Faults
		if errors.As(p.Err, &elsewhere) { // in the accounts' file
			k.faults = append(k.faults, elsewhere...)
			continue
		}
		if p.Remedy == "" && p.Err != nil {
			k.broken("/listen/"+p.Key, p.Err)
			continue
		}
		k.fault("/listen/"+p.Key, p.Problem, p.Remedy)
	}
}

// topic checks an MQTT filter (MQTT 3.1.1, section 4.7).
func (k *checker) topic(path, filter string) {
	levels := strings.Split(filter, "/")
	for i, l := range levels {
		if strings.ContainsAny(l, "+#") && len(l) > 1 || l == "#" && i < len(levels)-1 {
			k.fault(path, fmt.Sprintf("%q is no MQTT filter", filter), "+ stands for one whole level, # for all levels at the end")
			return
		}
	}
}

// once finds fault with what stands in the file twice and exists once.
func (k *checker) once(seen map[string]bool, path, name, what, remedy string) {
	if seen[name] {
		k.fault(path, fmt.Sprintf("the %s %q is used twice", what, name), remedy)
	}
	seen[name] = true
}

func (k *checker) wired(path string, device plantroom.DeviceID, signals map[string]binding.Signal) {
	if k.bound[device] {
		k.fault(path+"/device", fmt.Sprintf("device %q is wired twice", device), "one input is one device")
	}
	k.bound[device] = true
	k.broken(path+"/map", (&binding.Rule{Address: string(device), Map: signals}).Check())
}

// serial checks that a line has one section and one protocol, and each of its
// nodes one number.
func (k *checker) serial(lines []Line, links []Modbus) {
	ports := map[string]bool{}
	for _, l := range links {
		if l.Link.Serial() {
			ports[where(l.Link)] = true
		}
	}
	for i, l := range lines {
		path := fmt.Sprintf("/serial/%d", i)
		k.once(ports, path+"/port", where(modbus.Address("rtu://"+l.Port)), "line", "list all its nodes in one section, and Modbus devices on a line of their own")
		numbers := map[uint16]bool{}
		for j, n := range l.Devices {
			at := fmt.Sprintf("%s/devices/%d", path, j)
			if numbers[n.Node] {
				k.fault(at+"/node", fmt.Sprintf("node %d is on the line %s twice", n.Node, l.Port), "give each node of a line its own number")
			}
			numbers[n.Node] = true
			k.wired(at, n.Device, n.Map)
		}
	}
}

// health keeps the page from the network: it has no access control.
func (k *checker) health(listen string) {
	if listen == "" {
		return
	}
	host, _, err := net.SplitHostPort(listen)
	if ip := net.ParseIP(host); err != nil || host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		k.fault("/health/listen", fmt.Sprintf("%q is not on loopback", listen), "use 127.0.0.1:9101; the page has no access control")
	}
}
