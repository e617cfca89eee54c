package outside

import (
	"net/netip"
	"testing"
)

func TestTheGuardTellsInsideFromOutside(t *testing.T) {
	public := guard{public: true}
	for _, a := range []string{
		"127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1", "0.0.0.0", "::", "0.1.2.3",
		"10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "fd00::1", "fc00::1",
		"169.254.169.254", "fe80::1", "fe80::1%eth0", "fec0::1",
		"100.64.0.1", "192.0.0.8", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1",
		"224.0.0.1", "ff02::1", "240.0.0.1", "255.255.255.255",
		"::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::", "2001::1", "2001:db8::1", "100::1",
	} {
		if err := public.control("tcp", netip.AddrPortFrom(netip.MustParseAddr(a), 443).String(), nil); err == nil {
			t.Errorf("%s is let through", a)
		}
	}
	for _, a := range []string{"1.1.1.1", "8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "::ffff:1.1.1.1"} {
		if err := public.control("tcp", netip.AddrPortFrom(netip.MustParseAddr(a), 443).String(), nil); err != nil {
			t.Errorf("%s is refused: %v", a, err)
		}
	}
}

func TestAListedRangeOpensThatRangeOnly(t *testing.T) {
	for _, g := range []guard{{allow: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16")}}, {allow: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16")}, public: true}} {
		if err := g.control("tcp", "10.1.2.3:80", nil); err != nil {
			t.Errorf("listed, and refused: %v", err)
		}
		if err := g.control("tcp", "10.2.2.3:80", nil); err == nil {
			t.Error("not listed, and let through")
		}
		if err := g.control("tcp", "1.1.1.1:80", nil); (err == nil) != g.public {
			t.Errorf("a public address with public %v: %v", g.public, err)
		}
	}
}

func TestAnAddressThatCannotBeReadIsRefused(t *testing.T) {
	for _, a := range []string{"", "localhost:80", "10.0.0.1", "/run/socket"} {
		if err := (guard{public: true}).control("tcp", a, nil); err == nil {
			t.Errorf("%q is let through", a)
		}
	}
}
