package broker

import (
	"fmt"
	"net"
	"net/netip"
	"strings"

	"plantroom/internal/access"
)

// Address is one address that the broker listens on, with TLS unless it is
// plain.
type Address struct {
	Address  string   `json:"address"`            // host:port
	Plain    bool     `json:"plain,omitempty"`    // without TLS: on loopback, or for Networks
	Networks []string `json:"networks,omitempty"` // private networks whose devices may speak plainly: 192.168.7.0/24
}

// Problem is what is wrong with one key of the options.
type Problem struct {
	Key     string // as in the file, below listen: addresses/0/address
	Problem string
	Remedy  string
	Err     error // instead of Problem, where it is a package's own
}

// Problems reports everything that keeps the options from being used, without
// opening an address.
func (o *Options) Problems() []Problem {
	var all []Problem
	secure := false
	for i, a := range o.Addresses {
		for _, p := range a.problems() {
			p.Key = fmt.Sprintf("addresses/%d", i) + p.Key
			all = append(all, p)
		}
		secure = secure || !a.Plain
	}
	switch {
	case secure && (o.TLS.Cert == "" || o.TLS.Key == ""):
		all = append(all, Problem{Key: "addresses", Problem: "an address speaks TLS, and there is no certificate for it",
			Remedy: "add tls: {cert: gw.pem, key: gw.key}, or plain: true to addresses on loopback"})
	case secure:
		if _, err := o.TLS.config(); err != nil {
			all = append(all, Problem{Key: "tls", Problem: err.Error(), Err: err})
		}
	case o.TLS != TLS{}:
		all = append(all, Problem{Key: "tls", Problem: "no address uses it", Remedy: "remove it, or plain: true from an address"})
	}
	if _, err := LoadAccounts(o.Accounts); err != nil {
		all = append(all, Problem{Key: "accounts", Problem: err.Error(), Err: err})
	}
	return append(all, o.overlaps()...)
}

func (a Address) problems() []Problem {
	host, _, err := net.SplitHostPort(a.Address)
	ip, bad := netip.ParseAddr(host)
	if err != nil || bad != nil {
		return []Problem{{Key: "/address", Problem: fmt.Sprintf("%q is no address to listen on", a.Address),
			Remedy: "write an IP address of this machine and a port: 192.168.7.1:8883, or 0.0.0.0:8883 for all of them"}}
	}
	var all []Problem
	if a.Plain && len(a.Networks) == 0 && !ip.IsLoopback() {
		all = append(all, Problem{Key: "/plain", Problem: fmt.Sprintf("%s is not on loopback: passwords and readings could be read and changed on the way", a.Address),
			Remedy: "remove plain, or name the private networks that may use it: networks: [192.168.7.0/24]"})
	}
	if !a.Plain && len(a.Networks) > 0 {
		all = append(all, Problem{Key: "/networks", Problem: "networks are for plain addresses", Remedy: "remove them, or add plain: true"})
	}
	for i, n := range a.Networks {
		if p, err := netip.ParsePrefix(n); err != nil || !private(p) || p.Masked() != p {
			all = append(all, Problem{Key: fmt.Sprintf("/networks/%d", i), Problem: fmt.Sprintf("%q is no private network", n),
				Remedy: "write one of 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, fc00::/7 or a part of it: 192.168.7.0/24"})
		}
	}
	return all
}

// private reports whether all of a network is for private use (RFC 1918,
// RFC 4193) or link-local (RFC 3927, RFC 4291).
func private(p netip.Prefix) bool {
	for _, of := range []string{"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "127.0.0.0/8", "fc00::/7", "fe80::/10"} {
		whole := netip.MustParsePrefix(of)
		if whole.Bits() <= p.Bits() && whole.Contains(p.Addr()) {
			return true
		}
	}
	return false
}

// overlaps finds sources that would hear one message both: only the first of
// them would.
func (o *Options) overlaps() []Problem {
	var all []Problem
	for j, later := range o.Sources {
		for _, earlier := range o.Sources[:j] {
			for _, e := range earlier.Topics() {
				for _, l := range later.Topics() {
					if access.Covers(e, l) || access.Covers(l, e) {
						all = append(all, Problem{Key: fmt.Sprintf("sources/%d", j),
							Problem: fmt.Sprintf("its topic %s is heard by the source %s already", strings.TrimSpace(l), earlier.Name()),
							Remedy:  "give one of them another prefix, or topics of its own"})
					}
				}
			}
		}
	}
	return all
}
