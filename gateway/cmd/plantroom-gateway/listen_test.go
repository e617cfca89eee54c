package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"

	"plantroom/gateway/broker"
	"plantroom/internal/mqttconn/brokertest"
)

// sensor is a device that keeps a message until it is acknowledged, and sends
// it again on the next connection, as MQTT asks of a client.
type sensor struct {
	addr, password string
	acked          int // all messages below have been acknowledged
}

// speak publishes readings x = acked … n-1, a few at a time, until all are
// acknowledged or the connection ends.
func (s *sensor) speak(n int) error {
	const window = 20
	c, err := net.DialTimeout("tcp", s.addr, time.Second)
	if err != nil {
		return err
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(soon)) // shows in the next read
	hello := packets.NewControlPacket(packets.Connect).(*packets.ConnectPacket)
	hello.ProtocolName, hello.ProtocolVersion, hello.CleanSession, hello.ClientIdentifier = "MQTT", 4, true, "d"
	hello.UsernameFlag, hello.Username, hello.PasswordFlag, hello.Password = true, "d", true, []byte(s.password)
	if err := hello.Write(c); err != nil {
		return err
	}
	if p, err := packets.ReadPacket(c); err != nil || p.(*packets.ConnackPacket).ReturnCode != packets.Accepted {
		return fmt.Errorf("not let in: %v, %w", p, err)
	}
	for sent := s.acked; s.acked < n; {
		for ; sent < min(n, s.acked+window); sent++ {
			p := packets.NewControlPacket(packets.Publish).(*packets.PublishPacket)
			p.Qos, p.MessageID, p.TopicName, p.Payload = 1, uint16(sent%60_000+1), "plantroom-device/d", fmt.Appendf(nil, `{"v":{"x":%d}}`, sent)
			if err := p.Write(c); err != nil {
				return err
			}
		}
		p, err := packets.ReadPacket(c)
		if err != nil {
			return err
		}
		if ack, ok := p.(*packets.PubackPacket); !ok || ack.MessageID != uint16(s.acked%60_000+1) {
			return errors.New("out of order: " + p.String())
		}
		s.acked++
	}
	return nil
}

func TestKilledAtAnyMomentAGatewayLosesNothingThatItHasAcknowledgedToADevice(t *testing.T) {
	dir := t.TempDir()
	b := brokertest.NewMochi(t)
	f := listen(t, b.URL(), true)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &sensor{addr: l.Addr().String()}
	l.Close()
	if s.password, err = broker.AddAccount(filepath.Join(dir, "accounts.yaml"), "d", []string{"plantroom-device/d"}, nil); err != nil {
		t.Fatal(err)
	}
	g := write(t, dir, b.URL(), "")
	text := fmt.Sprintf("gateway: gw-b1\nestate: story\nspool: {dir: spool}\nclock: {trust: always}\nuplink: {broker: %q}\nhealth: {listen: %q}\n"+
		"listen:\n  addresses: [{address: %q, plain: true}]\n  accounts: accounts.yaml\n  sources: [{name: plain, family: plainjson, devices: [{match: \"*\"}]}]\n",
		b.URL(), g.health, s.addr)
	if err := os.WriteFile(g.file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	g.start()
	const rounds, each = 6, 300
	for round := range rounds {
		killed := make(chan struct{})
		go func() { // in the midst of the messages, each time later
			defer close(killed)
			end := time.Now().Add(soon)
			for g.heard() < uint64(1+round*20) && time.Now().Before(end) {
				time.Sleep(time.Millisecond)
			}
			g.kill()
		}()
		for until := time.Now().Add(soon); s.speak((round+1)*each) != nil && time.Now().Before(until); {
			select {
			case <-killed:
				g.start()
				killed = nil
			default:
			}
			time.Sleep(time.Millisecond)
		}
		if killed != nil {
			<-killed
			g.start()
		}
	}
	if s.acked != rounds*each {
		t.Fatalf("%d messages are acknowledged, want %d\n%s", s.acked, rounds*each, g.logged())
	}
	var missing []int
	brokertest.Wait(t, soon, "every acknowledged reading arrived", func() bool {
		missing = missing[:0]
		for i := range s.acked {
			if f.has(fmt.Sprintf("d x %d", i)) == 0 {
				missing = append(missing, i)
			}
		}
		return len(missing) == 0
	})
	if f.gaps > 0 {
		t.Errorf("%d gaps were declared", f.gaps)
	}
	if code := g.stop(); code != exitOK {
		t.Errorf("the exit code is %d:\n%s", code, g.logged())
	}
}
