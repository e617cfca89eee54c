package config

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"plantroom/internal/mqttconn"
	"plantroom/internal/yamldoc"
)

// checker finds what a schema cannot express.
type checker struct {
	doc    *yamldoc.Doc
	faults yamldoc.Faults
	taken  map[string]string // address to the key that has it
	more   yamldoc.Faults    // of files that this one names
}

// given says whether a key stands in the file.
type given struct {
	key string
	is  bool
}

func (k *checker) fault(pointer, problem, remedy string) {
	k.faults = append(k.faults, k.doc.Fault(pointer, problem, remedy))
}

func (k *checker) check(c *Config) {
	k.taken = map[string]string{}
	k.web(&c.Web)
	k.broker(c)
	k.influxdb(&c.InfluxDB)
	k.webhook(&c.Webhook)
	k.email(c.Email)
	k.providers(c.Providers)
}

func (k *checker) web(w *Web) {
	host, ok := k.listen("/web/listen", w.Listen)
	if ip := net.ParseIP(host); ok && w.PublicURL == "" && (host == "" || ip != nil && ip.IsUnspecified()) {
		k.fault("/web/listen", fmt.Sprintf("%q is every address of this machine, and job links have to name one", w.Listen),
			"add web.public_url, as in https://plantroom.example.org")
	}
	if w.ViewerTokenFile != "" && filepath.Clean(w.ViewerTokenFile) == filepath.Clean(w.AlertsTokenFile) {
		k.fault("/web/alerts_token_file", "it is the file of viewer_token_file, and one token cannot be for both", "name another file")
	}
}

func (k *checker) broker(c *Config) {
	b := &c.Broker
	switch {
	case b.Embedded == nil && b.URL == "":
		k.fault("/broker", "it says neither embedded nor url", "write embedded: {listen: 127.0.0.1:1883} for one of our own, or the url of yours")
		return
	case b.Embedded == nil:
		k.elsewhere(c)
		return
	}
	k.loopback("/broker/embedded/listen", b.Embedded.Listen, "for other machines run a broker with TLS and name it in broker.url")
	for _, f := range []given{{"url", b.URL != ""}, {"client_id", b.ClientID != ""}, {"username", b.Username != ""}, {"password_file", b.PasswordFile != ""}, {"tls", b.TLS != mqttconn.TLS{}}} {
		if f.is {
			k.fault("/broker/"+f.key, f.key+" is for a broker elsewhere, and this one is embedded", "remove it, or embedded")
		}
	}
}

// elsewhere checks how a broker elsewhere is to be connected to.
func (k *checker) elsewhere(c *Config) {
	place := map[string][2]string{ // by mqttconn's name: the key, and what would be right
		"broker":        {"url", "as in tls://broker.example.org:8883"},
		"password_file": {"password_file", "its first line has to be the password; paths are relative to this file"},
		"tls":           {"tls", "name PEM files; paths are relative to this file"},
	}
	o := c.Connection()
	for _, p := range o.Problems() {
		k.fault("/broker/"+place[p.Key][0], p.Err.Error(), place[p.Key][1])
	}
}

func (k *checker) influxdb(i *InfluxDB) {
	switch {
	case i.Child == nil && i.URL == "":
		k.fault("/influxdb", "it says neither child nor url", "write child: {binary: influxd} for one that the server starts, or url and database of yours")
		return
	case i.Child == nil && i.Database == "":
		k.fault("/influxdb", "the key \"database\" is missing", "add it: for 1.8 database or database/retention policy, for 2.x the bucket")
	}
	if i.Child == nil {
		k.readable("/influxdb/token_file", i.TokenFile, "its first line has to be the API token, or user:password for 1.8")
		return
	}
	if i.Child.Listen != "" {
		k.loopback("/influxdb/child/listen", i.Child.Listen, "for other machines run an InfluxDB of your own and name it in influxdb.url")
	}
	for _, f := range []given{{"url", i.URL != ""}, {"database", i.Database != ""}, {"org", i.Org != ""}, {"token_file", i.TokenFile != ""}, {"compress", i.Compress}} {
		if f.is {
			k.fault("/influxdb/"+f.key, f.key+" is for an InfluxDB elsewhere, and this one is the server's child", "remove it, or child")
		}
	}
}

func (k *checker) webhook(w *Webhook) {
	for n, text := range w.Networks {
		p, err := netip.ParsePrefix(text)
		switch at := fmt.Sprintf("/webhook/allow_private/%d", n); {
		case err != nil:
			k.fault(at, fmt.Sprintf("%q is not a network", text), "write it as in 10.1.0.0/16; one address is 10.1.0.7/32")
		case p != p.Masked():
			k.fault(at, fmt.Sprintf("%q is an address within a network", text), "write "+p.Masked().String()+", or one address as "+p.Addr().String()+"/"+strconv.Itoa(p.Addr().BitLen()))
		default:
			w.AllowPrivate = append(w.AllowPrivate, p)
		}
	}
}

// listen checks an address and that nothing else of ours wants it.
func (k *checker) listen(pointer, addr string) (host string, ok bool) {
	host, port, err := net.SplitHostPort(addr)
	n, bad := strconv.ParseUint(port, 10, 16)
	if err != nil || bad != nil {
		k.fault(pointer, fmt.Sprintf("%q is not host:port with a port up to 65535", addr), "as in 127.0.0.1:8080")
		return "", false
	}
	if other := k.taken[addr]; other != "" && n != 0 {
		k.fault(pointer, fmt.Sprintf("%s is taken by %s already", addr, other), "choose another port")
		return host, false
	}
	k.taken[addr] = strings.ReplaceAll(pointer[1:], "/", ".")
	return host, true
}

func (k *checker) loopback(pointer, addr, remedy string) {
	host, ok := k.listen(pointer, addr)
	if ip := net.ParseIP(host); ok && (ip == nil || !ip.IsLoopback()) {
		k.fault(pointer, fmt.Sprintf("%q is not on loopback, as in 127.0.0.1", addr), remedy)
	}
}

func (k *checker) readable(pointer, path, remedy string) {
	if path == "" {
		return
	}
	f, err := os.Open(path)
	if err != nil {
		k.fault(pointer, err.Error(), remedy)
		return
	}
	f.Close()
}
