package source_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"plantroom/gateway/source"
	"plantroom/internal/mqttconn"
	"plantroom/internal/mqttconn/brokertest"
)

// A source that changes its certificate loses no message that a device sends
// meanwhile.
func TestACertificateIsExchangedWithoutLosingAMessage(t *testing.T) {
	const day = 24 * time.Hour
	ca, dir := brokertest.NewAuthority(t, "ours"), t.TempDir()
	issue := func(name string) mqttconn.TLS {
		f := mqttconn.TLS{CA: filepath.Join(dir, "ca"), Cert: filepath.Join(dir, name+".pem"), Key: filepath.Join(dir, name+".key")}
		cert, key := ca.Issue(name, day)
		brokertest.Put(t, f.CA, ca.PEM)
		brokertest.Put(t, f.Key, key)
		brokertest.Put(t, f.Cert, cert)
		return f
	}
	issue("broker")
	b := brokertest.Mosquitto(t, strings.ReplaceAll("cafile DIR/ca\ncertfile DIR/broker.pem\nkeyfile DIR/broker.key\nrequire_certificate true\n"+
		"use_identity_as_username true\nmax_inflight_messages 0\nmax_queued_messages 0", "DIR", dir))
	ours, devices := issue("gw-b1"), issue("device")
	d := &disk{}
	s := start(t, b, d, func(o *source.Options) {
		o.Broker.URL, o.Broker.TLS, o.Look = "tls://"+b.Addr(), ours, 20*time.Millisecond
	})
	s.up()
	ctx, cancel := context.WithTimeout(context.Background(), soon)
	defer cancel()
	c, err := mqttconn.Connect(ctx, mqttconn.Options{URL: "tls://" + b.Addr(), ClientID: "device", TLS: devices}, mqttconn.Session{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	n := 0
	for connects := uint64(2); connects <= 3; connects++ {
		issue("gw-b1")
		wait(t, "it has connected anew, while messages go on", func() bool {
			if err := c.SendAndWait(ctx, "plantroom-device/d", false, fmt.Appendf(nil, `{"v":{"n":%d}}`, n)); err != nil {
				t.Fatal(err)
			}
			n++
			st := s.src.State()
			return st.Connects == connects && st.Connected
		})
	}
	wait(t, "all messages are heard", func() bool {
		got := map[string]bool{}
		for _, v := range strings.Fields(d.values()) {
			got[v] = true
		}
		return len(got) == n
	})
}
