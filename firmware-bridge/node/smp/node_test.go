package smp_test

import (
	"bytes"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"plantroom/firmware-bridge/node"
	"plantroom/firmware-bridge/node/nodetest"
	"plantroom/firmware-bridge/node/smp"
)

// server is the firmware in C, under the sanitizers.
type server struct {
	t     *testing.T
	node  *nodetest.Node
	found chan []byte
}

func serve(t *testing.T) *server {
	s := &server{t: t, found: make(chan []byte, 100)}
	s.node = nodetest.Start(t, nodetest.Build(t), "--id", "7", "--flash", filepath.Join(t.TempDir(), "flash"))
	go func() {
		var split node.Splitter
		var lines smp.Assembler
		buf := make([]byte, 512)
		for {
			n, err := s.node.Read(buf)
			split.Feed(buf[:n], nil, func(l []byte) {
				if m, err := lines.Line(l); err == nil && m != nil {
					s.found <- bytes.Clone(m)
				}
			})
			if err != nil {
				close(s.found)
				return
			}
		}
	}()
	return s
}

func (s *server) send(m []byte) {
	s.t.Helper()
	if _, err := s.node.Write(smp.AppendLines(nil, m)); err != nil {
		s.t.Fatalf("%v; the node says %q", err, s.node.Log())
	}
}

func encode(t *testing.T, c smp.Command, sequence uint8, body any) []byte {
	t.Helper()
	m, err := smp.Encode(c, sequence, body)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// echo asks for an echo, past the answers to what was asked before.
func (s *server) echo(text string, sequence uint8) {
	s.t.Helper()
	s.send(encode(s.t, smp.Echo, sequence, smp.EchoBody{Text: text}))
	timeout := time.After(20 * time.Second)
	for {
		select {
		case m, ok := <-s.found:
			if !ok {
				s.t.Fatalf("the node has gone: %q", s.node.Log())
			}
			var e smp.EchoAnswer
			if smp.Answers(m, smp.Echo, sequence) && smp.Decode(m, &e) == nil && e.Text == text {
				return
			}
		case <-timeout:
			s.t.Fatalf("no echo; the node says %q", s.node.Log())
		}
	}
}

func TestTheNodeAnswersAnEcho(t *testing.T) {
	s := serve(t)
	s.echo("plant room", 1)
	s.echo("", 2)
}

// Whatever comes in whole lines with a good CRC, the node lives on.
func TestTheNodesServerSurvivesAnyMessage(t *testing.T) {
	s := serve(t)
	r := rand.New(rand.NewPCG(3, 4))
	pieces := [][]byte{
		encode(t, smp.State, 0, nil),
		encode(t, smp.SetState, 0, smp.SetStateBody{Hash: make([]byte, 32)}),
		encode(t, smp.SetState, 0, smp.SetStateBody{Confirm: true}),
		encode(t, smp.Parameters, 0, nil),
		encode(t, smp.Upload, 0, smp.UploadBody{Len: 1000, SHA: make([]byte, 32), Data: append([]byte{0x3d, 0xb8, 0xf3, 0x96, 0, 0, 0, 0, 32, 0, 12, 0}, make([]byte, 100)...)}),
		encode(t, smp.Upload, 0, smp.UploadBody{Off: 112, Data: make([]byte, 200)}),
		encode(t, smp.Echo, 0, smp.EchoBody{Text: "hello"}),
	}
	for i := range 3000 {
		m := bytes.Clone(pieces[r.IntN(len(pieces))])
		for range r.IntN(4) {
			at := r.IntN(len(m))
			switch r.IntN(4) {
			case 0:
				m[at] = byte(r.Uint32())
			case 1:
				m[at] ^= 1 << r.IntN(8)
			case 2:
				m = m[:max(at, 8)]
			default:
				m = append(m, byte(r.Uint32()))
			}
		}
		if m[7] == smp.Reset.ID && m[5] == 0 {
			continue // it would do as it is told
		}
		m[2], m[3] = byte((len(m)-8)>>8), byte(len(m)-8)
		s.send(m)
		if i%50 == 0 {
			s.echo("still there", uint8(i))
		}
	}
	s.echo("to the end", 255)
}
