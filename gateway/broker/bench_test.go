package broker

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"sync"
	"testing"

	"plantroom/firmware-bridge/plainjson"
	"plantroom/gateway/binding"
	"plantroom/gateway/intake"
	"plantroom/gateway/source"
	"plantroom/gateway/spool"
)

// BenchmarkMessages is one-reading messages from four connections at QoS 1 into
// a real spool: ns/op is the time for one, until it is acknowledged.
func BenchmarkMessages(b *testing.B) {
	sp, _, err := spool.Open(spool.Options{Dir: filepath.Join(b.TempDir(), "spool"), MaxBytes: 8 << 30})
	if err != nil {
		b.Fatal(err)
	}
	defer sp.Close()
	accounts := filepath.Join(b.TempDir(), "accounts.yaml")
	password, err := AddAccount(accounts, "a", []string{"plantroom-device/+"}, nil)
	if err != nil {
		b.Fatal(err)
	}
	binder, err := binding.New([]binding.Rule{{Match: "*"}}, nil)
	if err != nil {
		b.Fatal(err)
	}
	broker, err := New(Options{Addresses: []Address{{Address: "127.0.0.1:0", Plain: true}}, Accounts: accounts, Sources: []*source.Local{
		source.NewLocal(source.LocalOptions{Name: "plain", Topics: plainjson.Topics(""), Decoder: plainjson.New(""), Intake: intake.New(sp, binder)})}})
	if err != nil {
		b.Fatal(err)
	}
	run, err := broker.open()
	if err != nil {
		b.Fatal(err)
	}
	defer run.close()
	const clients, window = 4, 1000
	var all sync.WaitGroup
	b.ReportAllocs()
	b.ResetTimer()
	for i := range clients {
		all.Go(func() {
			c, err := net.Dial("tcp", run.closers[0].Address())
			if err != nil {
				b.Error(err)
				return
			}
			defer c.Close()
			p := hello("a", password)
			p.ClientIdentifier = fmt.Sprint("a-", i)
			if err := p.Write(c); err != nil {
				b.Error(err)
				return
			}
			in, acks := bufio.NewReader(c), make(chan struct{}, window)
			if _, err := io.ReadFull(in, make([]byte, 4)); err != nil {
				b.Error(err)
				return
			}
			for range window {
				acks <- struct{}{}
			}
			n := b.N/clients + 1
			var reader sync.WaitGroup
			reader.Go(func() {
				var ack [4]byte
				for range n {
					if _, err := io.ReadFull(in, ack[:]); err != nil {
						b.Error(err)
						return
					}
					acks <- struct{}{}
				}
			})
			out := bufio.NewWriterSize(c, 32<<10)
			topic := fmt.Sprint("plantroom-device/d", i)
			payload := []byte(`{"v":{"distance_m":1.25}}`)
			for k := range n {
				if len(acks) == 0 {
					_ = out.Flush() // shows in the next write
				}
				<-acks
				head := []byte{0x32, byte(2 + len(topic) + 2 + len(payload)), 0, byte(len(topic))}
				_, _ = out.Write(head)
				_, _ = out.WriteString(topic)
				_, _ = out.Write(binary.BigEndian.AppendUint16(head[:0], uint16(k%65_000+1)))
				if _, err := out.Write(payload); err != nil {
					b.Error(err)
					return
				}
			}
			_ = out.Flush()
			reader.Wait()
		})
	}
	all.Wait()
}
