package config

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"

	"plantroom/internal/yamldoc"
)

// checker finds what a schema cannot express.
type checker struct {
	doc    *yamldoc.Doc
	faults yamldoc.Faults
	taken  map[string]string // address to the key that has it
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
}

func (k *checker) web(w *Web) {
	host, ok := k.listen("/web/listen", w.Listen)
	if ip := net.ParseIP(host); ok && w.PublicURL == "" && (host == "" || ip != nil && ip.IsUnspecified()) {
		k.fault("/web/listen", fmt.Sprintf("%q is every address of this machine, and job links have to name one", w.Listen),
			"add web.public_url, as in https://plantroom.example.org")
	}
}

func (k *checker) broker(c *Config) {
	b := &c.Broker
	if b.Embedded == nil {
		o := c.Connection()
		for _, p := range o.Problems() {
			key := map[string]string{"broker": "url"}[p.Key]
			if key == "" {
				key = p.Key
			}
			k.fault("/broker/"+key, p.Err.Error(), "")
		}
		return
	}
	k.loopback("/broker/embedded/listen", b.Embedded.Listen, "for other machines run a broker with TLS and name it in broker.url")
	for _, f := range []struct {
		key   string
		given bool
	}{{"client_id", b.ClientID != ""}, {"username", b.Username != ""}, {"password_file", b.PasswordFile != ""}, {"tls", b.TLS.CA+b.TLS.Cert+b.TLS.Key != ""}} {
		if f.given {
			k.fault("/broker/"+f.key, f.key+" goes with broker.url, and this broker is embedded", "remove it")
		}
	}
}

func (k *checker) influxdb(i *InfluxDB) {
	if i.Child == nil {
		k.readable("/influxdb/token_file", i.TokenFile, "its first line has to be the API token, or user:password for 1.8")
		return
	}
	if i.Child.Listen != "" {
		k.loopback("/influxdb/child/listen", i.Child.Listen, "for other machines run an InfluxDB of your own and name it in influxdb.url")
	}
	for _, f := range []struct {
		key   string
		given bool
	}{{"database", i.Database != ""}, {"org", i.Org != ""}, {"token_file", i.TokenFile != ""}, {"compress", i.Compress}} {
		if f.given {
			k.fault("/influxdb/"+f.key, f.key+" goes with influxdb.url, and this InfluxDB is the server's own child", "remove it")
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
