package mqttconn

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestPausesAreRandomFromTheFirstOnAndBounded(t *testing.T) {
	least, most := time.Hour, time.Duration(0)
	for range 200 {
		b := Backoff{First: time.Second, Cap: 8 * time.Second}
		first := b.Next()
		least, most = min(least, first), max(most, first)
		for n := 2; n < 40; n++ {
			limit := min(time.Second<<min(n-1, 20), 8*time.Second)
			if d := b.Next(); d <= 0 || d > limit {
				t.Fatalf("pause %d is %v, want above 0 and at most %v", n, d, limit)
			}
		}
		b.Reset()
		if d := b.Next(); d > time.Second {
			t.Fatalf("after a reset the pause is %v", d)
		}
	}
	if least > 100*time.Millisecond || most < 900*time.Millisecond {
		t.Errorf("first pauses lie between %v and %v, want them spread over a second", least, most)
	}
}

func TestOnlyAConnectionThatLastedStartsThePausesOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		time.Sleep(time.Minute)
		for name, c := range map[string]struct {
			up        time.Time
			startOver bool
		}{
			"never made":      {time.Time{}, false},
			"lost at once":    {began.Add(51 * time.Second), false},
			"lasted 10 s":     {began.Add(50 * time.Second), true},
			"lasted a minute": {began, true},
		} {
			b := Backoff{First: time.Second, Cap: 8 * time.Second, failed: 5}
			b.Ended(c.up)
			if got := b.failed == 0; got != c.startOver {
				t.Errorf("%s: starts over is %v", name, got)
			}
		}
	})
}

func TestThePipeSendsEverythingInOrderAndAllOfItBeforeItCloses(t *testing.T) {
	near, other := net.Pipe()
	p := newPipe(near)
	got := make(chan []byte)
	go func() {
		b, _ := io.ReadAll(other) // ends with the pipe
		got <- b
	}()
	var want []byte
	for i := range 5000 {
		b := bytes.Repeat([]byte{byte(i)}, i%300)
		want = append(want, b...)
		if _, err := p.Write(b); err != nil {
			t.Fatal(err)
		}
	}
	go p.Close() // paho closes from two goroutines
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	if b := <-got; !bytes.Equal(b, want) {
		t.Errorf("%d bytes arrived, want the %d that were written", len(b), len(want))
	}
	if _, err := p.Write([]byte{1}); !errors.Is(err, net.ErrClosed) {
		t.Errorf("a write after the end: %v", err)
	}
}

func TestAPeerThatStopsReadingEndsTheConnectionAndNotTheWriter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, _ := net.Pipe() // nobody reads
		p := newPipe(near)
		begun := time.Now()
		var err error
		for err == nil {
			_, err = p.Write(make([]byte, 10<<10))
		}
		if took := time.Since(begun); took < writeTimeout || took > writeTimeout+time.Second {
			t.Errorf("the writer waited %v, want the write timeout", took)
		}
		// paho takes a connection that is merely closed for one that it has
		// closed itself, and tells nobody.
		if _, readErr := p.Read(make([]byte, 1)); readErr == nil || !errors.Is(readErr, err) {
			t.Errorf("the reader hears %v, want %v", readErr, err)
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
}

// keyPair writes a self-signed certificate for 127.0.0.1 and its key.
func keyPair(t *testing.T, dir string) (cert, key string) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "gw-b1"}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &k.PublicKey, k)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalECPrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for file, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "EC PRIVATE KEY", Bytes: raw}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

func TestOptionsThatCannotWorkAreNamedByKey(t *testing.T) {
	dir := t.TempDir()
	cert, key := keyPair(t, dir)
	secret := filepath.Join(dir, "password")
	if err := os.WriteFile(secret, []byte("correct horse\r\nsecond line\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	gone := filepath.Join(dir, "gone")
	for _, c := range []struct {
		name string
		o    Options
		keys string
	}{
		{"plain", Options{URL: "tcp://h"}, ""},
		{"all", Options{URL: "tls://h:1", Username: "u", PasswordFile: secret, TLS: TLS{CA: cert, Cert: cert, Key: key}}, ""},
		{"scheme", Options{URL: "http://h"}, "broker"},
		{"no url", Options{URL: "h:1883"}, "broker"},
		{"secret in the url", Options{URL: "tcp://me:pw@h"}, "broker"},
		{"files gone", Options{URL: "tls://h", Username: "u", PasswordFile: gone, TLS: TLS{CA: gone}}, "password_file tls"},
		{"no certificate in it", Options{URL: "tls://h", TLS: TLS{CA: secret}}, "tls"},
		{"half a pair", Options{URL: "tls://h", TLS: TLS{Cert: cert}}, "tls"},
		{"tls without tls", Options{URL: "tcp://h", TLS: TLS{CA: cert}}, "tls"},
	} {
		var keys []string
		for _, p := range c.o.Problems() {
			keys = append(keys, p.Key)
			if strings.Contains(p.Err.Error(), "pw") {
				t.Errorf("%s: the error shows the password: %v", c.name, p.Err)
			}
		}
		if got := strings.Join(keys, " "); got != c.keys {
			t.Errorf("%s: problems with %q, want %q (%v)", c.name, got, c.keys, c.o.Check())
		}
	}
	o := Options{Username: "u", PasswordFile: secret}
	if p, err := o.password(); p != "correct horse" || err != nil {
		t.Errorf("the password is %q, error %v", p, err)
	}
}

func TestTheBrokersCertificateIsChecked(t *testing.T) {
	dir := t.TempDir()
	cert, key := keyPair(t, dir)
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{pair}})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(io.Discard, c) }() // shakes hands
		}
	}()
	for _, c := range []struct {
		ca   string
		want bool
	}{{cert, true}, {"", false}} {
		o := Options{URL: "tls://" + l.Addr().String(), TLS: TLS{CA: c.ca}}
		config, err := o.tlsConfig()
		if err != nil {
			t.Fatal(err)
		}
		conn, err := dial(t.Context(), l.Addr().String(), config)
		if (err == nil) != c.want {
			t.Errorf("with authority %q: %v", c.ca, err)
		}
		if conn != nil {
			conn.Close()
		}
		if err != nil && !strings.Contains(refused(o, Session{}, 0, err).Error(), "check tls ca") {
			t.Errorf("the operator is told %q", refused(o, Session{}, 0, err))
		}
	}
}

func TestABrokerThatIsAwayIsSaidToComeBackOnlyWhereItIsTriedAgain(t *testing.T) {
	for once, next := range map[bool]string{false: "it is tried again", true: "start this again"} {
		_, err := Connect(t.Context(), Options{URL: "tcp://127.0.0.1:1", ClientID: "us"}, Session{Once: once})
		if err == nil || !strings.Contains(err.Error(), next) {
			t.Errorf("once %t: %v, want a word of %q", once, err, next)
		}
	}
}
