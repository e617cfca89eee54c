package outside

import (
	"fmt"
	"net/netip"
	"slices"
	"syscall"
)

// guard decides which addresses may be connected to. It looks at the address
// that the kernel is about to use, after DNS, so that a name which resolves to
// an inside address, now or at the second look-up, gets nowhere.
type guard struct {
	allow  []netip.Prefix
	public bool // addresses of the public internet may be reached as well
}

// refusedError is an address that the guard does not let through.
type refusedError struct {
	addr   netip.Addr
	public bool
}

// Error names the address and the way out.
func (e *refusedError) Error() string {
	if e.public {
		return fmt.Sprintf("the address %s is private: list its range under webhook.allow_private if calls may go there", e.addr)
	}
	return fmt.Sprintf("the address %s would be called without TLS: use https, or list its range under webhook.allow_private", e.addr)
}

// control is a net.Dialer.Control.
func (g guard) control(_, address string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("address %q: %w", address, err)
	}
	if a := ap.Addr().Unmap().WithZone(""); !g.permits(a) {
		return &refusedError{addr: a, public: g.public}
	}
	return nil
}

func (g guard) permits(a netip.Addr) bool {
	listed := func(p netip.Prefix) bool { return p.Contains(a) }
	if slices.ContainsFunc(g.allow, listed) {
		return true
	}
	return g.public && a.IsGlobalUnicast() && !a.IsPrivate() && !slices.ContainsFunc(special, listed)
}

// special are the ranges that look global to net/netip and are not: IANA's
// IPv4 and IPv6 special-purpose address registries (RFC 6890), and the IPv6
// ranges that carry an IPv4 address inside, behind which any address could
// hide.
var special = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),       // this network
	netip.MustParsePrefix("100.64.0.0/10"),   // shared by carriers' NAT
	netip.MustParsePrefix("192.0.0.0/24"),    // protocol assignments
	netip.MustParsePrefix("192.0.2.0/24"),    // documentation
	netip.MustParsePrefix("192.88.99.0/24"),  // 6to4 relays
	netip.MustParsePrefix("198.18.0.0/15"),   // benchmarks
	netip.MustParsePrefix("198.51.100.0/24"), // documentation
	netip.MustParsePrefix("203.0.113.0/24"),  // documentation
	netip.MustParsePrefix("240.0.0.0/4"),     // reserved
	netip.MustParsePrefix("::/96"),           // IPv4-compatible
	netip.MustParsePrefix("64:ff9b::/96"),    // NAT64
	netip.MustParsePrefix("64:ff9b:1::/48"),  // NAT64, local
	netip.MustParsePrefix("100::/64"),        // discard
	netip.MustParsePrefix("2001::/23"),       // protocol assignments, Teredo
	netip.MustParsePrefix("2001:db8::/32"),   // documentation
	netip.MustParsePrefix("2002::/16"),       // 6to4
	netip.MustParsePrefix("fec0::/10"),       // site-local
}
