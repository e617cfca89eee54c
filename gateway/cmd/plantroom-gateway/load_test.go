package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"

	"plantroom/internal/mqttconn/brokertest"
)

// busy is a mosquitto that holds back nothing: its defaults are 20 messages
// under way and 1,000 waiting, beyond which it drops.
const busy = "allow_anonymous true\nmax_inflight_messages 0\nmax_queued_messages 0\nset_tcp_nodelay true\n"

const everything = `  - name: plain
    broker: %q
    family: plainjson
    devices: [{match: "*"}]
`

// blast publishes n one-reading messages at QoS 1 from one connection, as fast
// as the broker takes them, or at a rate.
func blast(t testing.TB, addr string, n, devices, rate int) {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	connect := packets.NewControlPacket(packets.Connect).(*packets.ConnectPacket)
	connect.ProtocolName, connect.ProtocolVersion, connect.CleanSession, connect.ClientIdentifier = "MQTT", 4, true, "load"
	if err := connect.Write(c); err != nil {
		t.Fatal(err)
	}
	if _, err := packets.ReadPacket(c); err != nil {
		t.Fatal(err)
	}
	acked := make(chan struct{}, n+1)
	go func() {
		in := bufio.NewReaderSize(c, 64<<10)
		var ack [4]byte
		for range n {
			if _, err := io.ReadFull(in, ack[:]); err != nil {
				return
			}
			acked <- struct{}{}
		}
	}()
	out := bufio.NewWriterSize(c, 32<<10)
	const window = 2000
	begun := time.Now()
	for i := range n {
		if i >= window {
			if len(acked) == 0 {
				_ = out.Flush() // shows in the next write
			}
			<-acked
		}
		if rate > 0 && i%(rate/100+1) == 0 {
			_ = out.Flush()
			time.Sleep(time.Until(begun.Add(time.Duration(i) * time.Second / time.Duration(rate))))
		}
		p := packets.NewControlPacket(packets.Publish).(*packets.PublishPacket)
		p.Qos, p.MessageID = 1, uint16(i%65000)+1
		p.TopicName = fmt.Sprintf("plantroom-device/dev-%d", i%devices)
		p.Payload = fmt.Appendf(nil, `{"v":{"distance_m":%d.%02d}}`, i%5, i%100)
		if err := p.Write(out); err != nil {
			t.Fatal(err)
		}
	}
	if err := out.Flush(); err != nil {
		t.Fatal(err)
	}
	for range min(n, window) {
		<-acked
	}
}

// mosquitto sends 20 messages ahead of their acknowledgements by default. A
// gateway that went on gathering messages and records, as it does while they
// come steadily, would take some 170 of them a second.
func TestAFloodAfterSteadyMessagesIsNotHeldUp(t *testing.T) {
	m := brokertest.Mosquitto(t, "allow_anonymous true\nmax_queued_messages 0\nset_tcp_nodelay true\n")
	f := listen(t, m.URL(), false)
	g := write(t, t.TempDir(), m.URL(), fmt.Sprintf(everything, m.URL()))
	g.start()
	brokertest.Wait(t, soon, "the gateway listens", func() bool { return g.get().Status == "ok" })
	const steady, flood = 200, 4000
	blast(t, m.Addr(), steady, 100, 100)
	brokertest.Wait(t, soon, "the steady ones arrived", func() bool { return f.received() >= steady })
	begun := time.Now()
	blast(t, m.Addr(), flood, 100, 0)
	brokertest.Wait(t, 15*time.Second, "the flood arrived", func() bool { return f.received() >= steady+flood })
	t.Logf("%.0f messages a second", flood/time.Since(begun).Seconds())
	g.stop()
}

// BenchmarkMessages measures one-reading JSON messages from mosquitto through
// the gateway's spool to the services' broker and back: messages per second,
// and processor seconds of the gateway for a million of them.
func BenchmarkMessages(b *testing.B) {
	m := brokertest.Mosquitto(b, busy)
	f := listen(b, m.URL(), false)
	g := write(b, b.TempDir(), m.URL(), fmt.Sprintf(everything, m.URL()))
	g.start()
	brokertest.Wait(b, 10*time.Second, "the gateway listens", func() bool { h := g.get(); return h.Status == "ok" })
	const messages = 100_000
	used := g.cpu()
	b.ResetTimer()
	for i := range b.N {
		blast(b, m.Addr(), messages, 1000, 0)
		brokertest.Wait(b, time.Minute, "all arrived", func() bool { return f.received() >= uint64((i+1)*messages) })
	}
	b.StopTimer()
	total := float64(b.N * messages)
	b.ReportMetric(total/b.Elapsed().Seconds(), "msg/s")
	b.ReportMetric((g.cpu()-used).Seconds()/total*1e6, "cpu-s/million")
	_, peak := g.memory()
	b.ReportMetric(peak, "peak-MiB")
	b.ReportMetric(0, "ns/op")
	g.stop()
}

// BenchmarkThousandSensors measures the memory of a gateway that hears 1,000
// sensors every 10 s, for one round of theirs after a burst in which all of
// them speak at once.
func BenchmarkThousandSensors(b *testing.B) {
	m := brokertest.Mosquitto(b, busy)
	f := listen(b, m.URL(), false)
	g := write(b, b.TempDir(), m.URL(), fmt.Sprintf(everything, m.URL()))
	g.start()
	brokertest.Wait(b, 10*time.Second, "the gateway listens", func() bool { h := g.get(); return h.Status == "ok" })
	for i := range b.N {
		blast(b, m.Addr(), 1000, 1000, 0)
		blast(b, m.Addr(), 1000, 1000, 100)
		brokertest.Wait(b, time.Minute, "all arrived", func() bool { return f.received() >= uint64((i+1)*2000) })
	}
	now, peak := g.memory()
	b.ReportMetric(now, "MiB")
	b.ReportMetric(peak, "peak-MiB")
	b.ReportMetric(0, "ns/op")
	g.stop()
}
