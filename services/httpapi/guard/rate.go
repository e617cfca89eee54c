package guard

import (
	"math"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Rate is a token bucket: Burst requests at once, then one per Every.
type Rate struct {
	Burst int
	Every time.Duration
}

// maxAddresses bounds the limiter's memory. When it is full of addresses that
// are all in use, everything is forgotten rather than anybody locked out.
const maxAddresses = 10_000

// limiter keeps, per address, the moment at which its bucket is full again
// (the virtual scheduling form of a token bucket).
type limiter struct {
	rate Rate
	mu   sync.Mutex
	full map[netip.Prefix]time.Time
}

func newLimiter(r Rate) *limiter {
	if r.Burst <= 0 || r.Every <= 0 {
		r = Rate{Burst: 30, Every: 2 * time.Second}
	}
	return &limiter{rate: r, full: map[netip.Prefix]time.Time{}}
}

// take counts a request and returns how long the address has to wait: 0 when
// the request may pass.
func (l *limiter) take(from netip.Prefix, now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	full := l.full[from]
	if full.Before(now) {
		full = now
	}
	full = full.Add(l.rate.Every)
	if wait := full.Sub(now) - time.Duration(l.rate.Burst)*l.rate.Every; wait > 0 {
		return wait
	}
	if len(l.full) >= maxAddresses {
		l.forget(now)
	}
	l.full[from] = full
	return 0
}

func (l *limiter) forget(now time.Time) {
	for k, full := range l.full {
		if !full.After(now) {
			delete(l.full, k)
		}
	}
	if len(l.full) >= maxAddresses {
		clear(l.full)
	}
}

// addressOf returns whom a request is counted for: an IPv4 address, or an
// IPv6 /64, since that is what one subscriber has. A peer on this machine is
// taken for the reverse proxy, and whom it names last in X-Forwarded-For for
// the visitor; what others claim there is not believed. Requests whose
// address cannot be read share the zero Prefix.
func addressOf(r *http.Request) netip.Prefix {
	host, _, _ := net.SplitHostPort(r.RemoteAddr)
	a, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Prefix{}
	}
	if a.Unmap().IsLoopback() {
		named := strings.Join(r.Header.Values("X-Forwarded-For"), ",")
		if v, err := netip.ParseAddr(strings.TrimSpace(named[strings.LastIndex(named, ",")+1:])); err == nil {
			a = v
		}
	}
	bits := 64
	if a = a.Unmap().WithZone(""); a.Is4() {
		bits = 32
	}
	p, _ := a.Prefix(bits)
	return p
}

func seconds(d time.Duration) string {
	return strconv.Itoa(int(math.Ceil(d.Seconds())))
}
