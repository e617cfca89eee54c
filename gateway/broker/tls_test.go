package broker

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"

	"plantroom/gateway/source"
)

// authority signs certificates for 127.0.0.1 and for devices.
type authority struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	next int64
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{t: t, next: 1}
	a.cert, a.key = a.make(&x509.Certificate{IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}, nil)
	return a
}

func (a *authority) make(c *x509.Certificate, by *authority) (*x509.Certificate, *ecdsa.PrivateKey) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	a.next++
	c.SerialNumber, c.NotBefore, c.NotAfter = big.NewInt(a.next), time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	parent, signer := c, key
	if by != nil {
		parent, signer = by.cert, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, signer)
	if err != nil {
		a.t.Fatal(err)
	}
	c, err = x509.ParseCertificate(der)
	if err != nil {
		a.t.Fatal(err)
	}
	return c, key
}

// issue writes a certificate of a name and its key.
func (a *authority) issue(name, certFile, keyFile string) {
	a.t.Helper()
	c, key := a.make(&x509.Certificate{Subject: pkix.Name{CommonName: name}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}, a)
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		a.t.Fatal(err)
	}
	write(a.t, keyFile, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}))
	write(a.t, certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))
}

func (a *authority) pool() *x509.CertPool {
	p := x509.NewCertPool()
	p.AddCert(a.cert)
	return p
}

// shake makes a TLS connection, and tells the serial number of the gateway's
// certificate.
func (s *site) shake(c *tls.Config) (*raw, int64, error) {
	conn, err := tls.Dial("tcp", s.addr(), c)
	if err != nil {
		return nil, 0, err
	}
	return newRaw(s.t, conn), conn.ConnectionState().PeerCertificates[0].SerialNumber.Int64(), nil
}

func TestARenewedCertificateIsUsedWithoutARestart(t *testing.T) {
	dir := t.TempDir()
	ca := newAuthority(t)
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	ca.issue("gw", cert, key)
	s := begin(t, &disk{}, func(o *Options) {
		o.Addresses, o.TLS = []Address{{Address: "127.0.0.1:0"}}, TLS{Cert: cert, Key: key}
	})
	client := &tls.Config{RootCAs: ca.pool(), ServerName: "127.0.0.1"}
	first, serial, err := s.shake(client)
	if err != nil {
		t.Fatal(err)
	}
	if code := first.connect(hello("a", s.password["a"])); code != packets.Accepted {
		t.Fatalf("not let in: %d", code)
	}
	write(t, key, []byte("half of it"))
	wait(t, "the fault is shown", func() bool { return strings.Contains(s.b.State().Problem, "the broker's certificate") })
	if _, again, err := s.shake(client); err != nil || again != serial {
		t.Errorf("with a broken file: certificate %d, %v; want %d", again, err, serial)
	}
	ca.issue("gw", cert, key)
	wait(t, "the new certificate is shown", func() bool {
		_, now, err := s.shake(client)
		return err == nil && now > serial
	})
	wait(t, "the fault is gone", func() bool { return s.b.State().Problem == "" })
	first.value(1, "a", 1) // on the connection before
	first.hears("ack 1")
	if code := s.dial().connect(hello("a", s.password["a"])); code != 0xff {
		t.Errorf("somebody without TLS is answered with %d", code)
	}
}

func TestADeviceNeedsACertificateInItsOwnName(t *testing.T) {
	dir := t.TempDir()
	ca, other := newAuthority(t), newAuthority(t)
	file := func(name string) string { return filepath.Join(dir, name) }
	ca.issue("gw", file("cert"), file("key"))
	write(t, file("ca"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca.cert.Raw}))
	s := begin(t, &disk{}, func(o *Options) {
		o.Addresses, o.TLS = []Address{{Address: "127.0.0.1:0"}}, TLS{Cert: file("cert"), Key: file("key"), ClientCA: file("ca")}
	})
	for _, c := range []struct {
		name string
		by   *authority
		as   string
		want byte
	}{
		{"its own", ca, "a", packets.Accepted},
		{"another's", ca, "b", packets.ErrRefusedNotAuthorised},
		{"of somebody else's authority", other, "a", 0xff},
		{"none", nil, "", 0xff},
	} {
		client := &tls.Config{RootCAs: ca.pool(), ServerName: "127.0.0.1"}
		if c.by != nil {
			c.by.issue(c.as, file("c"), file("k"))
			pair, err := tls.LoadX509KeyPair(file("c"), file("k"))
			if err != nil {
				t.Fatal(err)
			}
			client.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &pair, nil }
		}
		conn, _, err := s.shake(client)
		got := byte(0xff)
		if err == nil { // with TLS 1.3 the refusal comes with the first answer
			got = conn.try(hello("a", s.password["a"]))
		}
		if got != c.want {
			t.Errorf("%s: the answer is %d, want %d", c.name, got, c.want)
		}
	}
}

// try is connect for a connection that may break while it is said hello on.
func (c *raw) try(p *packets.ConnectPacket) byte {
	if err := p.Write(c); err != nil {
		return 0xff
	}
	answer, err := packets.ReadPacket(c.in)
	if err != nil {
		return 0xff
	}
	return answer.(*packets.ConnackPacket).ReturnCode
}

func TestOptionsThatCannotWork(t *testing.T) {
	dir := t.TempDir()
	accounts := filepath.Join(dir, "accounts.yaml")
	if _, err := AddAccount(accounts, "a", nil, nil); err != nil {
		t.Fatal(err)
	}
	newAuthority(t).issue("gw", filepath.Join(dir, "cert"), filepath.Join(dir, "key"))
	pair := TLS{Cert: filepath.Join(dir, "cert"), Key: filepath.Join(dir, "key")}
	plain := []Address{{Address: "127.0.0.1:1883", Plain: true}}
	for _, c := range []struct {
		name string
		o    Options
		key  string // "": no problem
	}{
		{"loopback", Options{Addresses: plain}, ""},
		{"TLS", Options{Addresses: []Address{{Address: "0.0.0.0:8883"}, {Address: "[::1]:1883", Plain: true}}, TLS: pair}, ""},
		{"a private network", Options{Addresses: []Address{{Address: "192.168.7.1:1883", Plain: true, Networks: []string{"192.168.7.0/24", "fd00::/8"}}}}, ""},
		{"plain to all", Options{Addresses: []Address{{Address: "0.0.0.0:1883", Plain: true}}}, "addresses/0/plain"},
		{"a public network", Options{Addresses: []Address{{Address: "0.0.0.0:1883", Plain: true, Networks: []string{"8.0.0.0/8"}}}}, "addresses/0/networks/0"},
		{"more than a private network", Options{Addresses: []Address{{Address: "0.0.0.0:1883", Plain: true, Networks: []string{"192.0.0.0/8"}}}}, "addresses/0/networks/0"},
		{"an address for a network", Options{Addresses: []Address{{Address: "0.0.0.0:1883", Plain: true, Networks: []string{"192.168.7.1/24"}}}}, "addresses/0/networks/0"},
		{"networks with TLS", Options{Addresses: []Address{{Address: "0.0.0.0:8883", Networks: []string{"10.0.0.0/8"}}}, TLS: pair}, "addresses/0/networks"},
		{"a name", Options{Addresses: []Address{{Address: "gateway:1883", Plain: true}}}, "addresses/0/address"},
		{"no port", Options{Addresses: []Address{{Address: "127.0.0.1", Plain: true}}}, "addresses/0/address"},
		{"no certificate", Options{Addresses: []Address{{Address: "0.0.0.0:8883"}}}, "addresses"},
		{"a certificate that is gone", Options{Addresses: []Address{{Address: "0.0.0.0:8883"}}, TLS: TLS{Cert: "gone", Key: "gone"}}, "tls"},
		{"an authority that is none", Options{Addresses: []Address{{Address: "0.0.0.0:8883"}}, TLS: TLS{Cert: pair.Cert, Key: pair.Key, ClientCA: accounts}}, "tls"},
		{"a certificate for nothing", Options{Addresses: plain, TLS: pair}, "tls"},
		{"no accounts", Options{Addresses: plain, Accounts: filepath.Join(dir, "gone")}, "accounts"},
		{"two of one family", Options{Addresses: plain, Sources: sources("x/+", "x/+")}, "sources/1"},
		{"one within the other", Options{Addresses: plain, Sources: sources("x/y", "#")}, "sources/1"},
		{"two beside each other", Options{Addresses: plain, Sources: sources("x/+", "y/+")}, ""},
	} {
		if c.o.Accounts == "" {
			c.o.Accounts = accounts
		}
		found := c.o.Problems()
		if c.key == "" && len(found) > 0 || c.key != "" && (len(found) != 1 || found[0].Key != c.key || found[0].Problem == "") {
			t.Errorf("%s: found %+v, want one at %q", c.name, found, c.key)
		}
	}
}

func sources(filters ...string) []*source.Local {
	var out []*source.Local
	for _, f := range filters {
		out = append(out, source.NewLocal(source.LocalOptions{Name: f, Topics: []string{f}}))
	}
	return out
}
