package broker

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"

	"plantroom"
	"plantroom/firmware-bridge/plainjson"
	"plantroom/firmware-bridge/wire"
	"plantroom/gateway/binding"
	"plantroom/gateway/intake"
	"plantroom/gateway/source"
	"plantroom/internal/mqttconn"
	"plantroom/internal/mqttconn/brokertest"
)

const soon = time.Minute

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func wait(t *testing.T, what string, done func() bool) {
	t.Helper()
	brokertest.Wait(t, soon, what, done)
}

// disk is a spool that makes records durable when the test says so.
type disk struct {
	mu      sync.Mutex
	held    bool // nothing becomes durable
	err     error
	waiting []func()
	records []plantroom.Record
}

func (d *disk) Submit(rec []byte, done func(uint64, error)) error {
	r, err := wire.DecodeRecord(rec)
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.err != nil {
		return d.err
	}
	store := func() {
		d.records = append(d.records, r)
		go done(uint64(len(d.records)), nil)
	}
	if d.held {
		d.waiting = append(d.waiting, store)
		return nil
	}
	store()
	return nil
}

func (d *disk) set(f func(*disk)) { d.mu.Lock(); defer d.mu.Unlock(); f(d) }

// sync makes durable what waits, and all that comes.
func (d *disk) sync() {
	d.set(func(d *disk) {
		for _, store := range d.waiting {
			store()
		}
		d.held, d.waiting = false, nil
	})
}

// values lists what is durable, as "device=value".
func (d *disk) values() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var out []string
	for _, r := range d.records {
		if r.Reject != nil {
			out = append(out, "reject")
			continue
		}
		out = append(out, string(r.Reading.Device)+"="+r.Reading.Value.String())
	}
	return strings.Join(out, " ")
}

// site is a gateway's broker with the accounts a and b, who may publish below
// their own names and on what plain JSON is heard on.
type site struct {
	t        *testing.T
	b        *Broker
	disk     *disk
	accounts string
	password map[string]string
	stop     func()
}

func begin(t *testing.T, d *disk, change func(*Options)) *site {
	t.Helper()
	s := &site{t: t, disk: d, accounts: filepath.Join(t.TempDir(), "accounts.yaml"), password: map[string]string{}}
	for _, id := range []string{"a", "b"} {
		s.add(id, []string{id + "/#", "plantroom-device/" + id}, []string{"a/#", id + "/#", "plantroom-device/" + id})
	}
	o := Options{
		Addresses: []Address{{Address: "127.0.0.1:0", Plain: true}}, Accounts: s.accounts, Look: 10 * time.Millisecond,
		Backoff: mqttconn.Backoff{First: 10 * time.Millisecond, Cap: 50 * time.Millisecond},
		Sources: []*source.Local{hears(t, d, plainjson.New(""))},
	}
	if change != nil {
		change(&o)
	}
	s.run(o)
	return s
}

// hears is a source of plain JSON.
func hears(t *testing.T, d *disk, decoder plantroom.Decoder) *source.Local {
	t.Helper()
	binder, err := binding.New([]binding.Rule{{Match: "*"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return source.NewLocal(source.LocalOptions{Name: "plain", Topics: plainjson.Topics(""), Decoder: decoder, Intake: intake.New(d, binder)})
}

func (s *site) run(o Options) {
	s.t.Helper()
	var err error
	if s.b, err = New(o); err != nil {
		s.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	b := s.b
	go func() {
		defer close(ended)
		b.Run(ctx)
	}()
	s.stop = func() { cancel(); <-ended }
	s.t.Cleanup(s.stop)
	wait(s.t, "the broker serves", func() bool { return s.b.State().Serving })
}

func (s *site) add(id string, publish, subscribe []string) {
	s.t.Helper()
	password, err := AddAccount(s.accounts, id, publish, subscribe)
	if err != nil {
		s.t.Fatal(err)
	}
	s.password[id] = password
}

func (s *site) addr() string { return s.b.State().Addresses[0] }

func (s *site) stored(want string) {
	s.t.Helper()
	wait(s.t, "stored "+want, func() bool { return s.disk.values() == want })
}

// raw is a client that does exactly what the test says.
type raw struct {
	t *testing.T
	net.Conn
	in *bufio.Reader
}

func (s *site) dial() *raw {
	s.t.Helper()
	c, err := net.Dial("tcp", s.addr())
	if err != nil {
		s.t.Fatal(err)
	}
	return newRaw(s.t, c)
}

func newRaw(t *testing.T, c net.Conn) *raw {
	t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(soon)); err != nil {
		t.Fatal(err)
	}
	return &raw{t, c, bufio.NewReader(c)}
}

func hello(id, password string) *packets.ConnectPacket {
	p := packets.NewControlPacket(packets.Connect).(*packets.ConnectPacket)
	p.ProtocolName, p.ProtocolVersion, p.CleanSession, p.Keepalive = "MQTT", 4, true, 60
	p.ClientIdentifier, p.UsernameFlag, p.Username, p.PasswordFlag, p.Password = id, true, id, true, []byte(password)
	return p
}

// connect logs in and returns the broker's answer; 0xff: there was none.
func (c *raw) connect(p *packets.ConnectPacket) byte {
	c.t.Helper()
	c.send(p)
	answer, err := packets.ReadPacket(c.in)
	if err != nil {
		return 0xff
	}
	return answer.(*packets.ConnackPacket).ReturnCode
}

// login is a client of an account that has connected.
func (s *site) login(id string, change func(*packets.ConnectPacket)) *raw {
	s.t.Helper()
	p := hello(id, s.password[id])
	if change != nil {
		change(p)
	}
	c := s.dial()
	if code := c.connect(p); code != packets.Accepted {
		s.t.Fatalf("%s is not let in: %d", id, code)
	}
	return c
}

func (c *raw) send(p packets.ControlPacket) {
	c.t.Helper()
	if err := p.Write(c); err != nil {
		c.t.Fatal(err)
	}
}

func (c *raw) publish(qos byte, id uint16, topic, payload string) {
	c.t.Helper()
	p := packets.NewControlPacket(packets.Publish).(*packets.PublishPacket)
	p.Qos, p.MessageID, p.TopicName, p.Payload = qos, id, topic, []byte(payload)
	c.send(p)
}

// value publishes a reading of the device that has the account's name.
func (c *raw) value(id uint16, device string, v int) {
	c.t.Helper()
	c.publish(1, id, "plantroom-device/"+device, fmt.Sprintf(`{"v":{"distance_m":%d}}`, v))
}

// next is the broker's next packet, in words; "gone" once it has hung up.
func (c *raw) next() string {
	c.t.Helper()
	p, err := packets.ReadPacket(c.in)
	var late net.Error
	switch {
	case errors.As(err, &late) && late.Timeout():
		c.t.Fatal("the broker says nothing")
	case err != nil:
		return "gone"
	}
	switch p := p.(type) {
	case *packets.PubackPacket:
		return fmt.Sprint("ack ", p.MessageID)
	case *packets.PingrespPacket:
		return "pong"
	case *packets.SubackPacket:
		return fmt.Sprintf("suback %x", p.ReturnCodes)
	case *packets.PublishPacket:
		return fmt.Sprintf("%s %s %t", p.TopicName, p.Payload, p.Retain)
	}
	return p.String()
}

func (c *raw) hears(want ...string) {
	c.t.Helper()
	for _, w := range want {
		if got := c.next(); got != w {
			c.t.Fatalf("heard %q, want %q of %q", got, w, want)
		}
	}
}

// ping asks for an answer: what the broker has not sent before it, it had not
// to send yet.
func (c *raw) ping() { c.t.Helper(); c.send(packets.NewControlPacket(packets.Pingreq)) }

func (c *raw) subscribe(filters ...string) {
	c.t.Helper()
	p := packets.NewControlPacket(packets.Subscribe).(*packets.SubscribePacket)
	p.MessageID, p.Topics, p.Qoss = 9, filters, slices.Repeat([]byte{0}, len(filters))
	c.send(p)
}

func write(t *testing.T, file string, b []byte) {
	t.Helper()
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
}
