package device_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"plantroom"
	"plantroom/firmware-bridge/node"
	"plantroom/sim/device"
)

// said lets a node speak until a time, and answers the readings that ack
// accepts.
func said(t *testing.T, n *device.Node, to time.Time, ack func(m node.Message) bool) (out []node.Message, at []time.Time) {
	t.Helper()
	for !n.Next().After(to) {
		now := n.Next()
		b, err := n.Speak(now)
		if err != nil {
			t.Fatal(err)
		}
		m, err := node.Decode(b[1 : len(b)-1]) // without its delimiters
		if err != nil {
			t.Fatal(err)
		}
		out, at = append(out, m), append(at, now)
		if m.Kind == node.Reading && ack(m) {
			answer, err := node.Append(nil, node.Message{Kind: node.Ack, Node: m.Node, Boot: m.Boot, Seq: m.Seq})
			if err != nil {
				t.Fatal(err)
			}
			n.Hear(now, answer)
		}
	}
	return out, at
}

func dice() *rand.Rand { return rand.New(rand.NewPCG(1, 2)) }

func never(node.Message) bool  { return false }
func always(node.Message) bool { return true }

func TestANodeRepeatsItsOldestReadingMoreAndMoreSeldom(t *testing.T) {
	n := device.NewNode(7, eight, dice())
	n.Measure(eight.Add(time.Second), "state", plantroom.String("wet"))
	n.Measure(eight.Add(2*time.Second), "state", plantroom.String("dry"))
	out, at := said(t, n, eight.Add(50*time.Second), never)
	if out[0].Kind != node.Hello || out[0].Uptime != 0 {
		t.Errorf("it begins with %+v", out[0])
	}
	out, at = out[1:], at[1:]
	if len(out) < 7 || len(out) > 12 {
		t.Fatalf("repeated %d times in 49 s", len(out))
	}
	for i, m := range out {
		if m.Seq != 1 || m.Value.Str() != "wet" || m.At != 1000 || m.At+m.Age != uint32(at[i].Sub(eight).Milliseconds()) {
			t.Errorf("%d: %+v at %s", i, m, at[i])
		}
		if i == 0 {
			continue
		}
		least := min(500*time.Millisecond<<(i-1), 8*time.Second)
		if gap := at[i].Sub(at[i-1]); gap < least || gap > least+least/4 {
			t.Errorf("repetition %d came after %s", i, gap)
		}
	}
	out, _ = said(t, n, eight.Add(59*time.Second), always)
	if len(out) != 2 || out[1].Seq != 2 || out[1].Value.Str() != "dry" {
		t.Errorf("after the acknowledgement: %+v", out)
	}
}

func TestANodeThatStartsAnewCountsAnew(t *testing.T) {
	n := device.NewNode(7, eight, dice())
	n.Measure(eight, "state", plantroom.String("wet"))
	first, _ := said(t, n, eight.Add(time.Second), never)
	n.Restart(eight.Add(time.Minute), 0, 0)
	n.Measure(eight.Add(time.Minute), "contact", plantroom.Bool(true))
	second, _ := said(t, n, eight.Add(61*time.Second), always)
	if len(second) != 2 || second[1].Seq != 1 || second[1].Signal != "contact" || second[1].Boot == first[1].Boot || second[0].Uptime != 0 {
		t.Errorf("%+v", second)
	}
}

func TestAFullQueueDropsItsOldest(t *testing.T) {
	n := device.NewNode(7, eight, dice())
	for i := range 20 {
		n.Measure(eight, "level_m", plantroom.Float(float64(i)))
	}
	out, _ := said(t, n, eight.Add(time.Second), always)
	if len(out) != 17 || out[0].Dropped != 4 || out[1].Seq != 5 || out[1].Value.Num() != 4 {
		t.Errorf("%d messages: %+v", len(out), out[:2])
	}
}

func TestANodesClockWrapsAndIsSlow(t *testing.T) {
	const wrap = (1 << 32) * time.Millisecond
	n := device.NewNode(7, eight, dice())
	n.Restart(eight, wrap-5*time.Second, 0.01)
	n.Measure(eight, "state", plantroom.String("wet"))
	out, _ := said(t, n, eight.Add(30*time.Second), func(m node.Message) bool { return m.Age > 10_000 })
	first, last := out[1], out[len(out)-1]
	if at := int64(first.At); at < 1<<32-5001 || at > 1<<32-4990 {
		t.Errorf("measured at an uptime of %d ms", at)
	}
	if last.At+last.Age > 1<<20 {
		t.Errorf("the uptime has not wrapped: %+v", last)
	}
}
